/*
 * Which slots of a slab hold an object: every place where free ones can be, red zones, and lists
 * that damage has bent.  One slab of 8 objects; offsets are ours, hiding by freelist_ptr() of 5.7.
 */
#include "support/cmocka_all.h"

#include "object/slab_object.h"
#include "support/fakekernel.h"

/* struct pages from PAGES on; page frame 8 (at 0x8000) is the slab. */
enum { PAGES = 0x1000, PAGE_BYTES = 64, PFN = 8, SLAB = PAGES + PFN * PAGE_BYTES };
enum { OBJECTS = 8, SIZE = 128, FREE_AT = 64, MEMORY = PFN * 4096, VECTOR = 0xa000 };
enum { S_CACHE = 8, S_FREELIST = 16, S_INUSE = 24, S_OBJECTS = 26, S_EXTS = 32 };
#define RANDOM 0x1234567890abcdefull

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
		{slab_cache, S_CACHE, 8},   {slab_freelist, S_FREELIST, 8},
		{slab_inuse, S_INUSE, 2},   {slab_objects, S_OBJECTS, 2},
		{slab_obj_exts, S_EXTS, 8}, {obj_ext_objcg, 8, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
}

/* A list through the slots given, ending in `end`; returns the first object. */
static u64 put_list(struct fake_kernel *f, u64 first, const int *slots, u64 end)
{
	u64 head = end;
	for (int i = 0; slots[i] >= 0; i++) {
		u64 object = first + (u64)slots[i] * SIZE;
		u64 next = slots[i + 1] >= 0 ? first + (u64)slots[i + 1] * SIZE : end;
		fake_write_u64(f, object + FREE_AT - FAKE_BASE,
			       slab_free_pointer(SLAB_XOR_SWAB, RANDOM, object + FREE_AT, next));
		if (i == 0)
			head = object;
	}
	return head;
}

struct slab_case {
	const char *name;
	int list[OBJECTS + 1]; /* the slab's own; -1 ends */
	u64 end;	       /* what its last free object points to */
	int cpu_list[OBJECTS + 1];
	int sheaf[OBJECTS + 1];
	u16 objects, inuse;
	u32 pad; /* red_left_pad */
	bool other_cache;
	u64 allocated; /* bits */
	u32 uncertain;
	enum read_status status;
};

static const struct slab_case cases[] = {
	{"full", {-1}, 0, {-1}, {-1}, 8, 8, 0, false, 0xff, 0, READ_OK},
	{"two free", {1, 4, -1}, 0, {-1}, {-1}, 8, 6, 0, false, 0xed, 0, READ_OK},
	{"all free", {7, 6, 5, 4, 3, 2, 1, 0, -1}, 0, {-1}, {-1}, 8, 0, 0, false, 0, 0, READ_OK},
	{"red zones", {1, 4, -1}, 0, {-1}, {-1}, 8, 6, 32, false, 0xed, 0, READ_OK},
	{"on a CPU's list", {-1}, 0, {0, 2, -1}, {-1}, 8, 8, 0, false, 0xfa, 0, READ_OK},
	{"both lists", {5, -1}, 0, {0, 2, -1}, {-1}, 8, 7, 0, false, 0xda, 0, READ_OK},
	{"in a sheaf", {3, -1}, 0, {-1}, {0, 7, -1}, 8, 7, 0, false, 0x76, 0, READ_OK},
	{"small slab", {1, -1}, 0, {-1}, {-1}, 4, 3, 0, false, 0x0d, 0, READ_OK},
	{"list leaves the slab",
	 {1, -1},
	 FAKE_BASE + 0x20,
	 {-1},
	 {-1},
	 8,
	 5,
	 0,
	 false,
	 0xfd,
	 2,
	 READ_OK},
	{"list in a circle",
	 {1, 2, -1},
	 FAKE_BASE + MEMORY + SIZE,
	 {-1},
	 {-1},
	 8,
	 4,
	 0,
	 false,
	 0xf9,
	 2,
	 READ_OK},
	{"list between objects",
	 {1, -1},
	 FAKE_BASE + MEMORY + 3,
	 {-1},
	 {-1},
	 8,
	 6,
	 0,
	 false,
	 0xfd,
	 1,
	 READ_OK},
	{"half made", {-1}, 0, {-1}, {-1}, 0, 0, 0, false, 0, 0, READ_ABSENT},
	{"a page of KFENCE", {-1}, 0, {-1}, {-1}, 1, 0, 0, false, 0, 0, READ_ABSENT},
	{"more in use than there are", {-1}, 0, {-1}, {-1}, 8, 9, 0, false, 0, 0, READ_DAMAGED},
	{"too many objects", {-1}, 0, {-1}, {-1}, 9, 9, 0, false, 0, 0, READ_DAMAGED},
	{"no such cache", {-1}, 0, {-1}, {-1}, 8, 8, 0, true, 0, 0, READ_DAMAGED},
};

static void make_index(struct slab_index *index, struct fake_kernel *f, struct memmap *map,
		       const struct slab_case *c)
{
	*index = (struct slab_index){.k = &f->k,
				     .map = map,
				     .hiding = SLAB_XOR_SWAB,
				     .page_bytes = PAGE_BYTES,
				     .objcg = OBJCG_EXTS,
				     .objcg_mask = 7,
				     .objcg_stride = 16,
				     .objcg_at = 8};
	struct slab_index_cache *cache = vec_push(&index->caches);
	cache->cache.kva = kva(c->other_cache ? 0x300 : 0x200);
	cache->cache.size = SIZE;
	cache->cache.objects_per_slab = OBJECTS;
	cache->cache.min_objects = 4;
	cache->random = RANDOM;
	cache->free_pointer_at = FREE_AT;
	cache->red_left_pad = c->pad;
}

static void put_slab(struct fake_kernel *f, struct slab_index *index, const struct slab_case *c)
{
	u64 first = kva(MEMORY) + c->pad;
	fake_write_u64(f, SLAB + S_CACHE, kva(0x200));
	fake_write_u64(f, SLAB + S_FREELIST, put_list(f, first, c->list, c->end));
	fake_write(f, SLAB + S_INUSE, &c->inuse, 2);
	fake_write(f, SLAB + S_OBJECTS, &c->objects, 2);
	fake_write_u64(f, SLAB + S_EXTS, kva(VECTOR) | 1);
	fake_write_u64(f, VECTOR + 2 * 16 + 8, kva(0x700)); /* slot 2 is charged */
	if (c->cpu_list[0] >= 0)
		*vec_push(&index->free.cpu_lists) =
			(struct slab_cpu_list){kva(SLAB), put_list(f, first, c->cpu_list, 0)};
	*vec_push(&index->free.objects) = kva(MEMORY) - 8; /* of other slabs, before and behind */
	for (int i = 0; c->sheaf[i] >= 0; i++)
		*vec_push(&index->free.objects) = first + (u64)c->sheaf[i] * SIZE;
	*vec_push(&index->free.objects) = kva(MEMORY) + 8192;
	slab_free_set_sort(&index->free);
}

static void check_objects(const struct slab_case *c, const struct slab_index *index,
			  const struct slab_view *view)
{
	u64 bits = 0, objcg;
	u32 n = 0;
	for (u32 i = 0; slab_view_next(view, &i); i++, n++) {
		bits |= 1ull << i;
		assert_int_equal(slab_view_object(view, i), kva(MEMORY) + c->pad + i * SIZE);
		assert_int_equal(slab_view_objcg(index, view, i, &objcg), READ_OK);
		assert_int_equal(objcg, i == 2 ? kva(0x700) : 0);
	}
	if (bits != c->allocated || n != view->nr_allocated || view->nr_uncertain != c->uncertain)
		fail_msg("%s: %llx, %u allocated, %u uncertain", c->name, (unsigned long long)bits,
			 view->nr_allocated, view->nr_uncertain);
}

static void slots(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct slab_case *c = &cases[i];
		struct fake_kernel *f = malloc(sizeof(*f));
		struct memmap_section section = {0, 16, FAKE_BASE + PAGES, true};
		struct memmap map = {.k = &f->k,
				     .page_bytes = PAGE_BYTES,
				     .sections = &section,
				     .nr_sections = 1};
		struct slab_index index;
		struct slab_view view = {0};
		fake_kernel_init(f);
		put_schema(f);
		make_index(&index, f, &map, c);
		put_slab(f, &index, c);
		fake_kernel_start(f, 0);
		enum read_status status = slab_view_read(&index, kva(SLAB), NULL, i % 2, &view);
		if (status != c->status)
			fail_msg("%s: %s", c->name, read_status_name(status));
		if (!status)
			check_objects(c, &index, &view);
		slab_view_done(&view);
		slab_index_close(&index);
		fake_kernel_done(f);
		free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
