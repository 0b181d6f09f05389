/*
 * What the marking reaches, on heaps of a few objects that the test draws: chains, circles, tagged
 * and inner pointers, pointers to struct pages, free slots, memory that is not readable.
 *
 * Memory: a root page; struct pages; slab A of 32 objects of 128 bytes; slab B of 256 objects of 16
 * bytes (more than a word of bits); two single pages; an area of vmalloc space over the last page.
 */
#include "support/cmocka_all.h"

#include "analysis/leak.h"
#include "analysis/leak_sweep.h"
#include "support/fakekernel.h"

enum { ROOT_AT = 0, PAGES_AT = 0x1000, PAGE_BYTES = 64, NR_PAGES = 16, PAGE = 4096 };
enum { A_PFN = 8, B_PFN = 9, P_PFN = 10, Q_PFN = 13, V_PFN = 12, A_SIZE = 128, B_SIZE = 16 };
enum { NR_A = PAGE / A_SIZE, NR_B = PAGE / B_SIZE };
enum { VM_SIZE_AT = 8, VM_CALLER_AT = 16, GUARD = PAGE, CALLER = 0x1234 };
#define AREA_BASE 0xffffc90000000000ull

/* Objects by name: a place in slab A or B, a page, the area, the root. */
enum { NONE = -1, ROOT = 0, A = 100, B = 1000, P = 2000, Q, V, PAGE_OF_P, PAGE_OF_A, PAGE_OF_Q };
enum { PAGE_OF_USER = 3000 }; /* the struct page of a page that is no object */

struct heap {
	struct fake_kernel f;
	struct memmap_section section;
	struct census census;
	struct leak_map map;
	struct leak_names names;
	struct leak_maker maker;
	u32 a, b, p, q, v;
};

static u64 kva_of(int object)
{
	if (object >= PAGE_OF_USER)
		return FAKE_BASE + PAGES_AT + 5 * PAGE_BYTES;
	switch (object) {
	case ROOT:
		return FAKE_BASE + ROOT_AT;
	case P:
		return FAKE_BASE + P_PFN * PAGE;
	case Q:
		return FAKE_BASE + Q_PFN * PAGE;
	case V:
		return AREA_BASE;
	case PAGE_OF_P:
		return FAKE_BASE + PAGES_AT + P_PFN * PAGE_BYTES;
	case PAGE_OF_Q:
		return FAKE_BASE + PAGES_AT + Q_PFN * PAGE_BYTES;
	case PAGE_OF_A:
		return FAKE_BASE + PAGES_AT + A_PFN * PAGE_BYTES;
	}
	return object >= B ? FAKE_BASE + B_PFN * PAGE + (u64)(object - B) * B_SIZE
			   : FAKE_BASE + A_PFN * PAGE + (u64)(object - A) * A_SIZE;
}

static void put_pointer(struct heap *h, int from, u32 at, u64 value)
{
	u64 offset = (from == V ? FAKE_BASE + V_PFN * PAGE : kva_of(from)) + at - FAKE_BASE;
	fake_write_u64(&h->f, offset, value);
}

static void allocate(struct heap *h, int object, bool is)
{
	struct leak_unit *u = leak_map_unit(&h->map, object >= B ? h->b : h->a);
	u32 slot = (u32)(object - (object >= B ? B : A));
	if (is)
		*leak_unit_white(u, slot / 64) |= 1ull << slot % 64;
	else
		*leak_unit_white(u, slot / 64) &= ~(1ull << slot % 64);
}

static bool is_white(struct heap *h, int object)
{
	u32 unit = object == P ? h->p : object == Q ? h->q : object == V ? h->v : 0;
	u32 slot = 0;
	if (!unit) {
		unit = object >= B ? h->b : h->a;
		slot = (u32)(object - (object >= B ? B : A));
	}
	return *leak_unit_white(leak_map_unit(&h->map, unit), slot / 64) >> slot % 64 & 1;
}

static void add_cache(struct heap *h, const char *name, u64 size)
{
	struct slab_index_cache *c = vec_push(&h->map.slabs.caches);
	struct leak_cache *hot = &h->map.caches[h->map.nr_caches++];
	snprintf(c->cache.name, sizeof(c->cache.name), "%s", name);
	c->cache.size = size;
	*hot = (struct leak_cache){.size = size, .object_bytes = size, .inverse = ~0ull / size + 1};
}

static void make_area(struct heap *h)
{
	struct leak_map *m = &h->map;
	*vec_push(&m->areas) = (struct leak_area){.start = AREA_BASE,
						  .end = AREA_BASE + PAGE,
						  .size = PAGE + GUARD,
						  .caller = CALLER,
						  .pages = 1};
	h->v = leak_unit_make(&h->maker, LEAK_AREA, AREA_BASE, 0, 1);
	m->areas.v[0].unit = h->v;
	m->nr_callers = 1;
	m->areas_start = AREA_BASE;
	m->areas_end = AREA_BASE + PAGE;
	leak_map_set(m, V_PFN, 1, h->v);
	h->f.k.vspace.image_map = (struct linear_map){AREA_BASE, AREA_BASE + PAGE, V_PFN * PAGE};
	fake_datum(&h->f, vm_addr, 0, 8);
	fake_datum(&h->f, vm_size, VM_SIZE_AT, 8);
	fake_datum(&h->f, vm_caller, VM_CALLER_AT, 8);
}

/* All objects of A and B are free at first. */
static struct heap *heap_new(void)
{
	struct heap *h = calloc(1, sizeof(*h));
	struct leak_map *m = &h->map;
	fake_kernel_init(&h->f);
	h->section = (struct memmap_section){0, NR_PAGES, FAKE_BASE + PAGES_AT, true, 0, 0};
	h->census.k = &h->f.k;
	h->census.map = (struct memmap){.k = &h->f.k,
					.page_bytes = PAGE_BYTES,
					.sections = &h->section,
					.nr_sections = 1,
					.section_pages = NR_PAGES,
					.base = FAKE_BASE + PAGES_AT};
	h->census.layout.page_bytes = PAGE_BYTES;
	m->k = &h->f.k;
	m->census = &h->census;
	pthread_mutex_init(&m->lock, NULL);
	m->caches = calloc(4, sizeof(*m->caches));
	m->direct_start = FAKE_BASE;
	m->direct_bytes = FAKE_BYTES;
	m->pages_start = FAKE_BASE + PAGES_AT;
	m->pages_end = m->pages_start + NR_PAGES * PAGE_BYTES;
	m->page_shift = 12;
	m->page_bytes = PAGE_BYTES;
	m->section_shift = 4;
	m->nr_section_numbers = 1;
	m->section_units = calloc(1, sizeof(*m->section_units));
	m->nr_chunks = 2;
	m->chunks = calloc(2, sizeof(*m->chunks));
	h->maker.map = m;
	add_cache(h, "cache-a", A_SIZE);
	add_cache(h, "cache-b", B_SIZE);
	h->a = leak_unit_make(&h->maker, LEAK_SLAB, FAKE_BASE + A_PFN * PAGE, 0, NR_A);
	h->b = leak_unit_make(&h->maker, LEAK_SLAB, FAKE_BASE + B_PFN * PAGE, 1, NR_B);
	h->p = leak_unit_make(&h->maker, LEAK_PAGES, FAKE_BASE + P_PFN * PAGE, 1, 1);
	h->q = leak_unit_make(&h->maker, LEAK_PAGES, FAKE_BASE + Q_PFN * PAGE, 1, 1);
	leak_map_set(m, A_PFN, 1, h->a);
	leak_map_set(m, B_PFN, 1, h->b);
	leak_map_set(m, P_PFN, 1, h->p);
	leak_map_set(m, Q_PFN, 1, h->q);
	make_area(h);
	h->names.map = m;
	leak_root_add(&m->roots, ROOT_BOOT, kva_of(ROOT), PAGE, kva_of(ROOT));
	return h;
}

static void heap_free(struct heap *h)
{
	leak_map_close(&h->map);
	fake_kernel_done(&h->f);
	free(h);
}

static void mark(struct heap *h, unsigned nr_threads, u64 bytes_kept,
		 struct leak_mark_result *result)
{
	fake_kernel_start(&h->f, bytes_kept);
	leak_mark(&h->map, &h->names, nr_threads, NULL, result);
}

/* --- graphs --------------------------------------------------------------------------------- */

struct edge {
	int from;
	u32 at;
	int to;
	u32 add;
};

static const struct graph {
	const char *name;
	struct edge edges[8]; /* until to == NONE */
	int allocated[8], lost[8];
} graphs[] = {
	{"nothing points there", {{0, 0, NONE}}, {A, B, NONE}, {A, B, P, Q, V, NONE}},
	{"a chain",
	 {{ROOT, 8, A}, {A, 0, A + 31}, {A + 31, 120, B + 255}, {0, 0, NONE}},
	 {A, A + 31, B + 255, NONE},
	 {P, Q, V, NONE}},
	{"a circle that nothing holds",
	 {{A, 0, A + 1}, {A + 1, 0, A + 2}, {A + 2, 8, A}, {0, 0, NONE}},
	 {A, A + 1, A + 2, NONE},
	 {A, A + 1, A + 2, P, Q, V, NONE}},
	{"a circle that is held",
	 {{A, 0, A + 1}, {A + 1, 0, A + 2}, {A + 2, 8, A}, {ROOT, 64, A + 1}, {0, 0, NONE}},
	 {A, A + 1, A + 2, NONE},
	 {P, Q, V, NONE}},
	{"back-pointers only",
	 {{ROOT, 0, A}, {A + 1, 16, A}, {A + 2, 16, A}, {0, 0, NONE}},
	 {A, A + 1, A + 2, NONE},
	 {A + 1, A + 2, P, Q, V, NONE}},
	{"tagged, and into the middle",
	 {{ROOT, 0, A, 3},
	  {ROOT, 8, A + 1, 0x5e},
	  {ROOT, 16, B + 70, 15},
	  {ROOT, 24, P, 4095},
	  {0, 0, NONE}},
	 {A, A + 1, B + 70, NONE},
	 {Q, V, NONE}},
	{"one past the end is the next",
	 {{ROOT, 0, A, A_SIZE}, {0, 0, NONE}},
	 {A, A + 1, NONE},
	 {A, P, Q, V, NONE}},
	{"free objects hold nothing and are not held",
	 {{ROOT, 0, A}, {A, 0, A + 1}, {0, 0, NONE}},
	 {A + 1, NONE},
	 {A + 1, P, Q, V, NONE}},
	{"unaligned words are none", {{ROOT, 4, A}, {0, 0, NONE}}, {A, NONE}, {A, P, Q, V, NONE}},
	{"a struct page holds its block and no slab's objects",
	 {{ROOT, 0, PAGE_OF_P, 1}, {ROOT, 8, PAGE_OF_A}, {P, 4088, B}, {0, 0, NONE}},
	 {A, B, NONE},
	 {A, Q, V, NONE}},
	{"a chain of pages through their struct pages",
	 {{ROOT, 0, PAGE_OF_P}, {PAGE_OF_P, 40, PAGE_OF_Q}, {PAGE_OF_Q, 40, A}, {0, 0, NONE}},
	 {A, NONE},
	 {V, NONE}},
	{"fields of an unreached block's struct page don't count",
	 {{PAGE_OF_P, 40, A}, {0, 0, NONE}},
	 {A, NONE},
	 {A, P, Q, V, NONE}},
	{"fields of a user page's struct page count",
	 {{PAGE_OF_USER, 40, A}, {0, 0, NONE}},
	 {A, NONE},
	 {P, Q, V, NONE}},
	{"an area, and what it holds",
	 {{ROOT, 0, V, 8}, {V, 4000, A}, {0, 0, NONE}},
	 {A, NONE},
	 {P, Q, NONE}},
};

static bool is_in(const int *list, int object)
{
	for (; *list != NONE; list++) {
		if (*list == object)
			return true;
	}
	return false;
}

static void check_graph(const struct graph *g, unsigned nr_threads)
{
	static const int others[] = {P, Q, V, NONE};
	const int *const lists[] = {g->allocated, others};
	struct heap *h = heap_new();
	struct leak_mark_result result;
	for (const struct edge *e = g->edges; e->to != NONE; e++)
		put_pointer(h, e->from, e->at, kva_of(e->to) + e->add);
	for (const int *o = g->allocated; *o != NONE; o++)
		allocate(h, *o, true);
	mark(h, nr_threads, 0, &result);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const int *o = lists[i]; *o != NONE; o++) {
			if (is_white(h, *o) != is_in(g->lost, *o))
				fail_msg("%s: object %d is %s", g->name, *o,
					 is_white(h, *o) ? "lost" : "reached");
		}
	}
	assert_int_equal(result.bytes_unreadable, 0);
	leak_tally_done(&result.first);
	heap_free(h);
}

static void reaches(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(graphs); i++) {
		check_graph(&graphs[i], 1);
		check_graph(&graphs[i], 3);
	}
}

/* All of B in one chain that jumps about, so that its slab is queued again and again. */
static void long_chain(void **state)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		struct heap *h = heap_new();
		struct leak_mark_result result;
		size_t n;
		for (int i = 0; i < NR_B; i++) {
			allocate(h, B + i, true);
			put_pointer(h, B + i, 8, kva_of(B + (i + 101) % NR_B));
			allocate(h, A + i % NR_A, true);
			put_pointer(h, A + i % NR_A, 0, kva_of(B + i));
		}
		put_pointer(h, ROOT, 0, kva_of(B + 7));
		mark(h, threads, 0, &result);
		for (int i = 0; i < NR_B; i++)
			assert_false(is_white(h, B + i));
		for (int i = 0; i < NR_A; i++)
			assert_true(is_white(h, A + i));
		assert_int_equal(result.objects_scanned, NR_B);
		struct leak_count *first = leak_tally_sorted(&result.first, &n);
		assert_int_equal(n, 2);
		assert_int_equal(first[0].n, NR_B - 1); /* by itself ... */
		assert_int_equal(first[0].place.kind, IN_SLAB);
		assert_int_equal(first[0].place.offset, 8);
		assert_int_equal(first[1].place.kind, IN_BOOT); /* ... but for one */
		assert_int_equal(first[1].at, kva_of(ROOT));
		free(first);
		leak_tally_done(&result.first);
		heap_free(h);
	}
}

/* The kernel's own notes of an area are no references; the same address elsewhere is one. */
static void notes_of_areas(void **state)
{
	for (int real = 0; real < 2; real++) {
		struct heap *h = heap_new();
		struct leak_mark_result result;
		put_pointer(h, ROOT, 64, AREA_BASE);
		put_pointer(h, ROOT, 64 + VM_SIZE_AT, PAGE + GUARD);
		put_pointer(h, ROOT, 64 + VM_CALLER_AT, CALLER + (u64)real);
		put_pointer(h, ROOT, 512, FAKE_BASE + PAGES_AT + V_PFN * PAGE_BYTES);
		kva_set_add(&h->map.page_arrays, kva_of(ROOT));
		mark(h, 1, 0, &result);
		assert_int_equal(is_white(h, V), !real);
		leak_tally_done(&result.first);
		heap_free(h);
	}
}

/*
 * Single pages from page frame 3 on, one of which is reached: those behind it are its rest when
 * they all fit into the block that can begin there.
 */
static void rest_of_split_blocks(void **state)
{
	static const struct {
		int reached, nr;
		u32 lost; /* bits */
	} rows[] = {{3, 5, 0x1e}, {4, 5, 0x01}, {6, 5, 0x07},
		    {4, 4, 0x01}, {6, 4, 0x07}, {7, 5, 0x0f}};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct heap *h = heap_new();
		struct leak_mark_result result;
		u32 units[5], lost = 0;
		for (int p = 0; p < rows[i].nr; p++) {
			u64 kva = FAKE_BASE + (3 + (u64)p) * PAGE;
			units[p] = leak_unit_make(&h->maker, LEAK_PAGES, kva, 1, 1);
			leak_map_set(&h->map, 3 + (u64)p, 1, units[p]);
		}
		put_pointer(h, ROOT, 0, FAKE_BASE + (u64)rows[i].reached * PAGE);
		mark(h, 2, 0, &result);
		for (int p = 0; p < rows[i].nr; p++)
			lost |= (u32)leak_map_unit(&h->map, units[p])->white << p;
		if (lost != (rows[i].lost & ((1u << rows[i].nr) - 1)))
			fail_msg("row %zu: %x", i, lost);
		leak_tally_done(&result.first);
		heap_free(h);
	}
}

/* The dump ends before slab A: it is reached and can't be looked at. */
static void unreadable(void **state)
{
	struct heap *h = heap_new();
	struct leak_mark_result result;
	allocate(h, A, true);
	allocate(h, A + 1, true);
	put_pointer(h, ROOT, 0, kva_of(A));
	put_pointer(h, A, 0, kva_of(A + 1));
	mark(h, 2, A_PFN * PAGE, &result);
	assert_false(is_white(h, A));
	assert_true(is_white(h, A + 1));
	assert_int_equal(result.bytes_unreadable, A_SIZE);
	assert_int_not_equal(result.why, READ_OK);
	leak_tally_done(&result.first);
	heap_free(h);
}

static void finds(void **state)
{
	static const struct {
		u64 value;
		bool found;
		u32 slot;
	} rows[] = {
		{0, false, 0},
		{~0ull, false, 0},
		{FAKE_BASE - 1, false, 0},
		{FAKE_BASE + FAKE_BYTES, false, 0},
		{FAKE_BASE + A_PFN * PAGE - 1, false, 0},
		{FAKE_BASE + A_PFN * PAGE, true, 0},
		{FAKE_BASE + A_PFN * PAGE + 127, true, 0},
		{FAKE_BASE + A_PFN * PAGE + 128, true, 1},
		{FAKE_BASE + B_PFN * PAGE - 1, true, 31},
		{FAKE_BASE + B_PFN * PAGE + 4095, true, 255},
		{AREA_BASE - 1, false, 0},
		{AREA_BASE + PAGE - 1, true, 0},
		{AREA_BASE + PAGE, false, 0},
		{FAKE_BASE + V_PFN * PAGE + 9, true, 0},
	};
	struct heap *h = heap_new();
	fake_kernel_start(&h->f, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct leak_hit hit;
		bool found = leak_map_find(&h->map, rows[i].value, &hit);
		if (found != rows[i].found || (found && hit.slot != rows[i].slot))
			fail_msg("0x%llx", (unsigned long long)rows[i].value);
	}
	heap_free(h);
}

/* The slot of any distance, by multiplication: the same as by division. */
static void slots_of_all_sizes(void **state)
{
	struct heap *h = heap_new();
	fake_kernel_start(&h->f, 0);
	for (u64 size = 1; size <= PAGE; size += size < 64 ? 1 : 24) {
		struct leak_unit *u = leak_map_unit(&h->map, h->a);
		h->map.caches[0].size = size;
		h->map.caches[0].inverse = ~0ull / size + 1;
		u->objects = (u16)(PAGE / size);
		for (u64 at = 0; at < PAGE; at += 7) {
			struct leak_hit hit;
			bool found = leak_map_find(&h->map, u->first + at, &hit);
			assert_int_equal(found, at / size < u->objects);
			if (found)
				assert_int_equal(hit.slot, at / size);
		}
		u->objects = NR_A;
	}
	heap_free(h);
}

/* --- what is lost --------------------------------------------------------------------------- */

static void sweeps(void **state)
{
	struct heap *h = heap_new();
	struct leak leak = {.census = &h->census};
	const struct leak_options options = {.nr_threads = 2};
	for (int i = 0; i < NR_A; i++)
		allocate(h, A + i, i != 3);
	allocate(h, B + 200, true);
	put_pointer(h, ROOT, 0, kva_of(A + 5));
	put_pointer(h, ROOT, 8, kva_of(P));
	h->map.caches[0].allocated = NR_A - 1;
	h->map.caches[1].allocated = 1;
	leak.map = h->map;
	leak.nr_groups = leak_nr_groups(&leak.map);
	leak.groups = calloc(leak.nr_groups, sizeof(*leak.groups));
	fake_kernel_start(&h->f, 0);
	leak_count_objects(&leak);
	leak_mark(&leak.map, &h->names, 1, NULL, &leak.mark);
	leak_sweep(&leak, &options);
	const struct leak_group *a = &leak.groups[0], *b = &leak.groups[1];
	const struct leak_group *pages =
		&leak.groups[leak_group_of(&leak.map, leak_map_unit(&leak.map, h->p))];
	assert_int_equal(a->objects, NR_A - 1);
	assert_int_equal(a->lost, NR_A - 2);
	assert_int_equal(a->lost_bytes, (NR_A - 2) * A_SIZE);
	assert_int_equal(a->nr_examples, LEAK_EXAMPLES);
	assert_int_equal(a->examples[0], kva_of(A));
	assert_int_equal(a->examples[3], kva_of(A + 4)); /* 3 is free */
	assert_int_equal(a->examples[4], kva_of(A + 6)); /* 5 is reached */
	assert_int_equal(b->lost, 1);
	assert_int_equal(b->examples[0], kva_of(B + 200));
	assert_int_equal(pages->objects, 2);
	assert_int_equal(pages->lost, 1);
	leak_tally_done(&leak.mark.first);
	free(leak.groups);
	free(leak.contents);
	heap_free(h);
}

/* More places than a tally has room for: counted, the first stay. */
static void full_tally(void **state)
{
	struct leak_tally t, u;
	size_t n;
	leak_tally_init(&t);
	leak_tally_init(&u);
	for (u32 i = 0; i < 2 * LEAK_TALLY_ROOM; i++) {
		struct leak_place place = {i, i % 7, IN_DATA};
		leak_tally_add(&t, i % 3, &place, 1, 1000 + i, 5);
	}
	assert_int_equal(t.n + t.dropped, 2 * LEAK_TALLY_ROOM);
	leak_tally_merge(&u, &t);
	leak_tally_merge(&u, &t);
	assert_int_equal(u.dropped, 2 * t.dropped);
	struct leak_count *counts = leak_tally_sorted(&u, &n);
	assert_int_equal(n, t.n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(counts[i].n, 2);
	free(counts);
	leak_tally_done(&t);
	leak_tally_done(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reaches),
		cmocka_unit_test(long_chain),
		cmocka_unit_test(notes_of_areas),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(rest_of_split_blocks),
		cmocka_unit_test(finds),
		cmocka_unit_test(slots_of_all_sizes),
		cmocka_unit_test(sweeps),
		cmocka_unit_test(full_tally),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
