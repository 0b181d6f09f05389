/* Arenas and vectors. */
#include "support/cmocka_all.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

static bool all_zero(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const u8 *)bytes)[i])
			return false;
	return true;
}

/* Sizes around the blocks' limits: zeroed, aligned, apart from each other. */
static void test_arena(void **state)
{
	static const size_t sizes[] = {
		0, 1, 15, 16, 17, 4080, 4096, 4097, 1 << 20, (1 << 20) + 1, 3 << 20, 8};
	struct arena arena = ARENA_INIT;
	void *taken[ARRAY_SIZE(sizes)];
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			taken[i] = arena_alloc(&arena, sizes[i]);
			assert_int_equal((uintptr_t)taken[i] % _Alignof(max_align_t), 0);
			assert_true(all_zero(taken[i], sizes[i]));
			memset(taken[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			for (size_t at = 0; at < sizes[i]; at++)
				assert_int_equal(((u8 *)taken[i])[at], i + 1);
		assert_true(arena.bytes >= 5 << 20);
		arena_done(&arena);
		assert_int_equal(arena.bytes, 0);
	}
	arena_done(&arena);
}

static void test_arena_texts(void **state)
{
	struct arena arena = ARENA_INIT;
	char longest[10000];
	memset(longest, 'y', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	static const char not_terminated[4] = {'a', 'b', 'c', 'd'};
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_strdup(&arena, longest), longest);
	assert_string_equal(arena_strndup(&arena, not_terminated, 4), "abcd");
	assert_string_equal(arena_strndup(&arena, "abc", 10), "abc");
	assert_string_equal(arena_strndup(&arena, "abc", SIZE_MAX), "abc");
	assert_string_equal(arena_strndup(&arena, "abc", 0), "");
	assert_string_equal(arena_printf(&arena, "%s-%d", "kmalloc", 64), "kmalloc-64");
	assert_string_equal(arena_printf(&arena, "%s", longest), longest);
	assert_memory_equal(arena_copy(&arena, not_terminated, 4), "abcd", 4);
	assert_non_null(arena_copy(&arena, NULL, 0));
	arena_done(&arena);
}

static void test_vector(void **state)
{
	struct pair {
		u64 a, b;
	};
	VEC(struct pair) pairs = {0};
	for (u64 i = 0; i < 10000; i++) {
		struct pair *pair = vec_push(&pairs);
		assert_true(all_zero(pair, sizeof(*pair)));
		pair->a = i;
	}
	assert_int_equal(pairs.n, 10000);
	for (u64 i = 0; i < 10000; i++)
		assert_int_equal(pairs.v[i].a, i);
	vec_done(&pairs);
	assert_null(pairs.v);
	assert_int_equal(pairs.n + pairs.room, 0);
}

static void test_heap(void **state)
{
	char *copy = mem_strdup("text");
	assert_string_equal(copy, "text");
	copy = mem_realloc(copy, 100);
	assert_string_equal(copy, "text");
	free(copy);
	u8 *zeroed = mem_calloc(10, 10);
	assert_true(all_zero(zeroed, 100));
	free(zeroed);
	void *empty = mem_alloc(0);
	assert_non_null(empty);
	free(empty);
}

/* What no machine has ends the program with EXIT_INTERNAL and one sentence; checked in a child. */
static void test_no_memory(void **state)
{
	int ends[2], status;
	char text[128] = "";
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (!child) {
		struct arena arena = ARENA_INIT;
		dup2(ends[1], 2);
		arena_alloc(&arena, SIZE_MAX / 2);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_INTERNAL);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "no memory left"));
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),	  cmocka_unit_test(test_arena_texts),
		cmocka_unit_test(test_vector),	  cmocka_unit_test(test_heap),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
