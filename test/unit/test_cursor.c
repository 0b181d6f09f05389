/* The cursor: inside, at the end, past the end, and that it stays failed. */
#include "support/cmocka_all.h"

#include "base/cursor.h"

static const u8 bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void test_reads(void **state)
{
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_u16(&c), 0x0302);
	assert_int_equal(cursor_u32(&c), 0x07060504);
	assert_int_equal(cursor_offset(&c), 7);
	assert_int_equal(cursor_left(&c), 9);
	assert_int_equal(cursor_uint(&c, 3), 0x0a0908);
	cursor_seek(&c, 8);
	assert_true(cursor_u64(&c) == 0x100f0e0d0c0b0a09);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_left(&c), 0);
	cursor_seek(&c, 0);
	assert_true(cursor_be64(&c) == 0x0102030405060708);
	assert_ptr_equal(cursor_bytes(&c, 8), bytes + 8);
	assert_non_null(cursor_bytes(&c, 0));
	assert_true(cursor_ok(&c));
}

static void check_failed(struct cursor *c)
{
	assert_false(cursor_ok(c));
	assert_int_equal(cursor_left(c), 0);
	assert_int_equal(cursor_u8(c), 0);
	assert_int_equal(cursor_u64(c), 0);
	assert_null(cursor_bytes(c, 0));
	cursor_seek(c, 0);
	assert_false(cursor_ok(c));
	assert_int_equal(cursor_left(c), 0);
}

static void read_u64(struct cursor *c)
{
	cursor_u64(c);
}

static void seek_past(struct cursor *c)
{
	cursor_seek(c, sizeof(bytes) + 1);
}

static void seek_far(struct cursor *c)
{
	cursor_seek(c, SIZE_MAX);
}

static void skip_past(struct cursor *c)
{
	cursor_skip(c, sizeof(bytes) - 9 + 1);
}

static void skip_far(struct cursor *c)
{
	cursor_skip(c, SIZE_MAX);
}

static void skip_to_wrap(struct cursor *c)
{
	cursor_skip(c, SIZE_MAX - 8);
}

static void align_past(struct cursor *c)
{
	cursor_align(c, 32);
}

static void test_past_the_end(void **state)
{
	static void (*const ways[])(struct cursor * c) = {
		read_u64, seek_past, seek_far, skip_past, skip_far, skip_to_wrap, align_past};
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct cursor c = cursor_over(bytes, sizeof(bytes));
		cursor_skip(&c, 9);
		assert_true(cursor_ok(&c));
		ways[i](&c);
		check_failed(&c);
	}
}

static void test_edges(void **state)
{
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	cursor_seek(&c, sizeof(bytes));
	assert_true(cursor_ok(&c));
	cursor_skip(&c, 0);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));

	struct cursor empty = cursor_over(bytes, 0);
	assert_true(cursor_ok(&empty));
	assert_int_equal(cursor_left(&empty), 0);
	assert_int_equal(cursor_u16(&empty), 0);
	assert_false(cursor_ok(&empty));
}

static void test_align(void **state)
{
	static const struct {
		size_t from, align, to;
	} cases[] = {{0, 4, 0}, {1, 4, 4}, {4, 4, 4}, {5, 8, 8}, {15, 16, 16}, {3, 1, 3}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cursor c = cursor_over(bytes, sizeof(bytes));
		cursor_skip(&c, cases[i].from);
		cursor_align(&c, cases[i].align);
		assert_true(cursor_ok(&c));
		assert_int_equal(cursor_offset(&c), cases[i].to);
	}
	assert_true(align_up(UINT64_MAX, 4096) == 0);
	assert_int_equal(align_up(4097, 4096), 8192);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_past_the_end),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_align),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
