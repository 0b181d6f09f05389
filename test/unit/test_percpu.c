/* Per-cpu chunks: units, the bitmap's runs, lists of chunk types (5.9 to 5.13), and damage. */
#include "support/cmocka_all.h"

#include <string.h>

#include "object/percpu.h"
#include "support/fakekernel.h"

enum { C_LIST = 0, C_BASE = 16, C_PAGES = 24, C_POPULATED_PAGES = 28, C_END = 32, C_BITMAP = 40 };
enum { VARS = 0x100, SLOTS = 0x400, FIRST = 0x1000, SECOND = 0x1100, THIRD = 0x1200 };
#define FIRST_BASE 0xffff888001000000ull
#define VBASE 0xffffe8ffff000000ull
#define UNIT 0x100000ull

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static void put_variable(struct fake_kernel *f, enum datum_id id, u64 at, u64 value)
{
	fake_datum(f, id, kva(at), 8);
	fake_write_u64(f, at, value);
}

static void put_chunk(struct fake_kernel *f, u64 at, u64 base, u32 nr_pages, u32 populated,
		      u64 bitmap)
{
	fake_write_u64(f, at + C_BASE, base);
	fake_write(f, at + C_PAGES, &nr_pages, 4);
	fake_write(f, at + C_POPULATED_PAGES, &populated, 4);
	fake_write_u64(f, at + C_BITMAP, bitmap);
}

/* Heads of empty lists; then one chunk on each of the slots given. */
static void put_lists(struct fake_kernel *f, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		fake_write_u64(f, SLOTS + i * 16, kva(SLOTS + i * 16));
}

static void put_on_list(struct fake_kernel *f, unsigned slot, u64 chunk)
{
	fake_write_u64(f, SLOTS + slot * 16, kva(chunk + C_LIST));
	fake_write_u64(f, chunk + C_LIST, kva(SLOTS + slot * 16));
}

/* Four slots for each of two types, CPUs 0 and 2 with units 0 and 1. */
static void put_kernel(struct fake_kernel *f)
{
	static u64 offsets[] = {FIRST_BASE - 0x5000, 0, FIRST_BASE - 0x5000 + UNIT};
	fake_datum(f, pcpu_chunk_node, C_LIST, 16);
	fake_datum(f, pcpu_chunk_base, C_BASE, 8);
	fake_datum(f, pcpu_chunk_nr_pages, C_PAGES, 4);
	fake_datum(f, pcpu_chunk_pages_populated, C_POPULATED_PAGES, 4);
	fake_datum(f, pcpu_chunk_end_offset, C_END, 4);
	fake_datum(f, pcpu_chunk_populated, C_BITMAP, 0);
	fake_datum(f, pcpu_nr_chunk_types, 2, 0);
	put_variable(f, pcpu_chunk_lists, VARS, kva(SLOTS));
	put_variable(f, pcpu_nr_slots, VARS + 8, 4);
	put_variable(f, pcpu_first_chunk, VARS + 16, kva(FIRST));
	put_variable(f, pcpu_base_addr, VARS + 24, FIRST_BASE);
	put_variable(f, pcpu_nr_units, VARS + 32, 2);
	put_variable(f, pcpu_unit_pages, VARS + 40, 256);
	f->k.nr_cpu_ids = 3;
	f->k.possible.bits[0] = 5;
	f->k.cpus_known = true;
	f->k.percpu_offset = offsets;
	put_lists(f, 8);
	put_chunk(f, FIRST, FIRST_BASE + 0x3000, 7, 7, 0x7f); /* after 3 static pages */
	put_on_list(f, 1, FIRST);
	put_chunk(f, SECOND, VBASE, 70, 5, 0x8000000000000016ull); /* pages 1, 2, 4, 63, 64 */
	fake_write_u64(f, SECOND + C_BITMAP + 8, 0xfff1);
	put_on_list(f, 2, SECOND);
	put_chunk(f, THIRD, VBASE + 4 * UNIT, 4, 4, 0xf);
	put_on_list(f, 6, THIRD);
}

struct seen {
	struct percpu_range ranges[32];
	size_t n;
	u64 pages;
};

static bool keep(void *arg, const struct percpu_range *range)
{
	struct seen *s = arg;
	assert_true(s->n < ARRAY_SIZE(s->ranges));
	s->ranges[s->n++] = *range;
	s->pages += range->nr_pages;
	return true;
}

static void chunks(void **state)
{
	static const struct percpu_range expected[] = {
		{FIRST_BASE, 10, true, 0},	{FIRST_BASE + UNIT, 10, true, 2},
		{VBASE + 0x1000, 2, false, 0},	{VBASE + UNIT + 0x1000, 2, false, 2},
		{VBASE + 0x4000, 1, false, 0},	{VBASE + UNIT + 0x4000, 1, false, 2},
		{VBASE + 0x3f000, 2, false, 0}, {VBASE + UNIT + 0x3f000, 2, false, 2},
	};
	struct fake_kernel *f = malloc(sizeof(*f));
	struct seen seen = {.n = 0};
	struct percpu_layout layout;
	fake_kernel_init(f);
	put_kernel(f);
	/* bits behind the chunk's last page count nothing; those of pages 68 and 69 do */
	fake_write_u64(f, SECOND + C_BITMAP + 8, 0xffc1);
	fake_kernel_start(f, 0);
	assert_int_equal(percpu_for_each_page_range(&f->k, keep, &seen, &layout, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct percpu_range *r = &seen.ranges[i], *e = &expected[i];
		if (r->kva != e->kva || r->nr_pages != e->nr_pages ||
		    r->first_chunk != e->first_chunk || r->cpu != e->cpu)
			fail_msg("range %zu: 0x%llx %llu", i, (unsigned long long)r->kva,
				 (unsigned long long)r->nr_pages);
	}
	assert_int_equal(seen.pages, 2 * (10 + 5 + 4));
	assert_int_equal(layout.nr_populated, 10 + 5 + 4);
	assert_int_equal(layout.first_chunk_pages, 10);
	assert_int_equal(layout.nr_chunks, 3);
	assert_int_equal(layout.nr_units, 2);
	assert_int_equal(layout.unit_pages, 256);
	assert_int_equal(f->k.unreadable.n, 0);
	fake_kernel_done(f);
	free(f);
}

static void damage(void **state)
{
	static const struct {
		const char *name;
		u64 at, value;
		int result;
		u64 pages; /* of a unit */
		size_t nr_unreadable;
	} cases[] = {
		{"first chunk below its base", FIRST + C_BASE, FIRST_BASE - 0x1000, -1, 0, 0},
		{"first chunk of no pages", FIRST + C_PAGES, 0, -1, 0, 0},
		{"too many slots", VARS + 8, 1 << 20, -1, 10, 0},
		{"lists elsewhere", VARS, 0x1000, 0, 10, 1},
		{"chunk in user memory", SECOND + C_BASE, 0x1000, 0, 14, 1},
		{"more populated than there are", SECOND + C_POPULATED_PAGES, 71, 0, 14, 1},
		{"bitmap and count differ", SECOND + C_POPULATED_PAGES, 6, 0, 19, 1},
		{"list ends in NULL", SECOND + C_LIST, 0, 0, 19, 1},
		{"list of itself", SECOND + C_LIST, FAKE_BASE + SECOND, 0, 19, 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = malloc(sizeof(*f));
		struct seen seen = {.n = 0};
		struct error error = ERROR_INIT;
		fake_kernel_init(f);
		put_kernel(f);
		fake_write_u64(f, SECOND + C_BITMAP + 8, 1);
		u32 low = (u32)cases[i].value;
		bool narrow = cases[i].at % 0x10 == 0x0c || cases[i].at % 0x10 == 8;
		if (narrow)
			fake_write(f, cases[i].at, &low, 4);
		else
			fake_write_u64(f, cases[i].at, cases[i].value);
		fake_kernel_start(f, 0);
		int result = percpu_for_each_page_range(&f->k, keep, &seen, NULL, &error);
		if (result != cases[i].result || seen.pages != 2 * cases[i].pages ||
		    f->k.unreadable.n != cases[i].nr_unreadable)
			fail_msg("%s: %d, %llu pages, %zu unreadable", cases[i].name, result,
				 (unsigned long long)seen.pages, f->k.unreadable.n);
		fake_kernel_done(f);
		free(f);
	}
}

static void no_symbols(void **state)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	struct error error = ERROR_INIT;
	struct seen seen = {.n = 0};
	fake_kernel_init(f);
	put_kernel(f);
	f->k.schema.datum[pcpu_chunk_lists].state = DATUM_ABSENT;
	fake_kernel_start(f, 0);
	assert_int_equal(percpu_for_each_page_range(&f->k, keep, &seen, NULL, &error), -1);
	assert_non_null(strstr(error.text, "pcpu_chunk_lists"));
	fake_kernel_done(f);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks),
		cmocka_unit_test(damage),
		cmocka_unit_test(no_symbols),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
