/*
 * What no dump of the lab shows of slabs: the older hiding of free pointers, and freelists that
 * damage has bent. The encodings by the kernel's own words: freelist_ptr() of mm/slub.c in 4.14 and
 * in 5.7.
 */
#include "support/cmocka_all.h"

#include "object/slab.h"
#include "support/fakekernel.h"

static void free_pointers(void **state)
{
	const u64 at = 0xffff888012345670, next = 0xffff888012345780, random = 0x1122334455667788;
	assert_int_equal(slab_free_pointer(SLAB_PLAIN, random, at, next), next);
	assert_int_equal(slab_free_pointer(SLAB_XOR, random, at, next ^ random ^ at), next);
	assert_int_equal(
		slab_free_pointer(SLAB_XOR_SWAB, random, at, next ^ random ^ 0x705634128088ffff),
		next);
}

/* One cache with one partial slab of 4 objects of 64 bytes, two of them free; offsets are ours. */
enum { HEAD = 0x100, CACHE = 0x200, NODE = 0x400, SLAB = 0x600, OBJECTS = 0x1000, NAME = 0x800 };
enum {
	C_LIST = 0,
	C_NAME = 16,
	C_SIZE = 24,
	C_OBJSIZE = 28,
	C_FLAGS = 32,
	C_OO = 36,
	C_OFFSET = 40,
	C_RANDOM = 48,
	C_NODE = 64
};
enum { N_PARTIAL = 0, N_SLABS = 16, N_OBJECTS = 24, N_NR = 32 };
enum { S_LIST = 0, S_FREELIST = 16, S_INUSE = 24, S_OBJECTS = 26, S_CACHE = 32 };
#define RANDOM 0xfeedbeefcafe1234ull

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void put_schema(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{slab_caches, FAKE_BASE + HEAD, 16},
		{cache_list, C_LIST, 16},
		{cache_name, C_NAME, 8},
		{cache_size, C_SIZE, 4},
		{cache_object_size, C_OBJSIZE, 4},
		{cache_flags, C_FLAGS, 4},
		{cache_oo, C_OO, 4},
		{cache_offset, C_OFFSET, 4},
		{cache_random, C_RANDOM, 8},
		{cache_node, C_NODE, 8},
		{cache_node_partial, N_PARTIAL, 16},
		{cache_node_nr_partial, N_NR, 8},
		{cache_node_nr_slabs, N_SLABS, 8},
		{cache_node_total_objects, N_OBJECTS, 8},
		{slab_list, S_LIST, 16},
		{slab_freelist, S_FREELIST, 8},
		{slab_inuse, S_INUSE, 2},
		{slab_objects, S_OBJECTS, 2},
		{slab_cache, S_CACHE, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
	f->k.schema.datum[cache_node].stride = 8;
	f->k.schema.datum[cache_node].nr_elements = 1;
}

static void put_cache(struct fake_kernel *f, enum slab_hiding hiding, u16 inuse)
{
	const u32 size = 64, oo = 4, offset = 32;
	const u16 objects = 4;
	u64 first = kva(OBJECTS), second = kva(OBJECTS + 128);
	fake_write_u64(f, HEAD, kva(CACHE));
	fake_write_u64(f, CACHE + C_LIST, kva(HEAD));
	fake_write_u64(f, CACHE + C_NAME, kva(NAME));
	fake_write(f, NAME, "thing", 6);
	fake_write(f, CACHE + C_SIZE, &size, 4);
	fake_write(f, CACHE + C_OBJSIZE, &size, 4);
	fake_write(f, CACHE + C_OO, &oo, 4);
	fake_write(f, CACHE + C_OFFSET, &offset, 4);
	fake_write_u64(f, CACHE + C_RANDOM, RANDOM);
	fake_write_u64(f, CACHE + C_NODE, kva(NODE));
	fake_write_u64(f, NODE + N_PARTIAL, kva(SLAB));
	fake_write_u64(f, NODE + N_SLABS, 3);
	fake_write_u64(f, NODE + N_OBJECTS, 12);
	fake_write_u64(f, SLAB + S_LIST, kva(NODE + N_PARTIAL));
	fake_write_u64(f, SLAB + S_FREELIST, first);
	fake_write(f, SLAB + S_INUSE, &inuse, 2);
	fake_write(f, SLAB + S_OBJECTS, &objects, 2);
	/* XOR is its own inverse: hiding is what reading undoes */
	fake_write_u64(f, OBJECTS + offset,
		       slab_free_pointer(hiding, RANDOM, first + offset, second));
	fake_write_u64(f, OBJECTS + 128 + offset,
		       slab_free_pointer(hiding, RANDOM, second + offset, 0));
}

static bool keep_cache(void *arg, const struct slab_cache *c)
{
	*(struct slab_cache *)arg = *c;
	return true;
}

static void hiding_is_found(void **state)
{
	static const enum slab_hiding ways[] = {SLAB_XOR, SLAB_XOR_SWAB};
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct slab_cache c = {0};
		struct error error = ERROR_INIT;
		fake_kernel_init(f);
		put_schema(f);
		put_cache(f, ways[i], 2);
		fake_kernel_start(f, 0);
		assert_int_equal(slab_find_hiding(&f->k), ways[i]);
		if (slab_cache_for_each(&f->k, NULL, keep_cache, &c, &error))
			fail_msg("%s", error.text);
		assert_string_equal(c.name, "thing");
		assert_int_equal(c.objects_total, 12);
		assert_int_equal(c.objects_allocated, 10);
		assert_int_equal(c.objects_uncertain, 0);
		fake_kernel_done(f);
		free(f);
	}
}

/* More objects in use than a slab has: this slab is uncertain, the cache is still told. */
static void impossible_slab(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct slab_cache c = {0};
	fake_kernel_init(f);
	put_schema(f);
	put_cache(f, SLAB_XOR_SWAB, 9);
	fake_kernel_start(f, 0);
	assert_int_equal(slab_cache_for_each(&f->k, NULL, keep_cache, &c, NULL), 0);
	assert_int_equal(c.objects_total, 12);
	assert_int_equal(c.objects_allocated, 12);
	assert_int_equal(c.objects_uncertain, 4);
	assert_int_equal(f->k.unreadable.n, 1);
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pointers),
		cmocka_unit_test(hiding_is_found),
		cmocka_unit_test(impossible_slab),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
