/*
 * Sections of page frames, as no dump of the lab has them: holes between sections and roots, struct
 * pages that form no common array, one flat array, and damage.  Encodings: sparse_encode_mem_map()
 * of mm/sparse.c.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "object/memmap.h"
#include "support/fakekernel.h"

/* Sections of 64 pages; 256 of 16 bytes fill a page of struct mem_section. */
enum { SECTION_BITS = 18, SECTION = 64, PAGE_BYTES = 64, M_MAP = 8, M_BYTES = 16, PER_ROOT = 256 };
enum { POINTER = 0x100, ROOTS = 0x200, ROOT_0 = 0x1000, ROOT_2 = 0x2000 };
enum { PRESENT = 1, HAS_MAP = 2, ONLINE = 4, ALL = 7 };
#define VMEMMAP (FAKE_BASE + 0x4000)
#define ELSEWHERE (FAKE_BASE + 0x8000)

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static struct fake_kernel *kernel_new(u64 max_pfn, const char *vmcoreinfo)
{
	static const enum datum_id members[] = {page_flags,	   page_mapping,  page_private,
						page_refcount,	   page_mapcount, page_lru,
						page_compound_info};
	static const enum datum_id flags[] = {pg_lru, pg_head, pg_reserved, pg_swapbacked};
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		fake_datum(f, members[i], i * 8, 8);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		fake_datum(f, flags[i], i, 0);
	fake_datum(f, page_struct_size, PAGE_BYTES, 0);
	fake_datum(f, mem_section_size, M_BYTES, 0);
	fake_datum(f, mem_section_map, M_MAP, 8);
	vmcoreinfo_parse(&f->k.vmcoreinfo, vmcoreinfo, strlen(vmcoreinfo));
	f->k.max_pfn = max_pfn;
	return f;
}

static void done(struct fake_kernel *f)
{
	vmcoreinfo_done(&f->k.vmcoreinfo);
	fake_kernel_done(f);
	free(f);
}

/* Section nr (within the root at that place) has its struct pages at map. */
static void put_section(struct fake_kernel *f, u64 root, u64 nr, u64 pfn, u64 map, u64 flags)
{
	fake_write_u64(f, root + nr * M_BYTES + M_MAP, (map - pfn * PAGE_BYTES) | flags);
}

#define SPARSE "NUMBER(SECTION_SIZE_BITS)=18\nLENGTH(mem_section)=2048\n"
#define FIRST_OF_ROOT_2 (2ull * PER_ROOT * SECTION)

/* Sections 0, 1 and 3, and the first of root 2; root 1 is not there at all. */
static struct fake_kernel *sparse_kernel(const char *vmcoreinfo)
{
	struct fake_kernel *f = kernel_new(FIRST_OF_ROOT_2 + SECTION, vmcoreinfo);
	fake_write_u64(f, POINTER, kva(ROOTS));
	fake_write_u64(f, ROOTS, kva(ROOT_0));
	fake_write_u64(f, ROOTS + 16, kva(ROOT_2));
	put_section(f, ROOT_0, 0, 0, VMEMMAP, ALL);
	put_section(f, ROOT_0, 1, 64, VMEMMAP + 4096, ALL);
	put_section(f, ROOT_0, 2, 128, VMEMMAP + 2 * 4096, PRESENT | ONLINE); /* no struct pages */
	put_section(f, ROOT_0, 3, 192, VMEMMAP + 3 * 4096, PRESENT | HAS_MAP);
	put_section(f, ROOT_0, 4, 256, VMEMMAP + 4 * 4096, HAS_MAP); /* hot-plug has begun */
	put_section(f, ROOT_2, 0, FIRST_OF_ROOT_2, VMEMMAP + FIRST_OF_ROOT_2 * PAGE_BYTES, ALL);
	/* Beyond the memory of the dump. */
	put_section(f, ROOT_2, 1, FIRST_OF_ROOT_2 + SECTION, VMEMMAP, ALL);
	return f;
}

static void open_map(struct memmap *map, struct fake_kernel *f)
{
	struct error error = ERROR_INIT;
	if (memmap_open(map, &f->k, &error))
		fail_msg("%s", error.text);
}

static void check_sparse(struct fake_kernel *f)
{
	static const struct {
		u64 pfn, nr_pages;
		bool online;
	} wanted[] = {{0, 64, true}, {64, 64, true}, {192, 64, false}, {FIRST_OF_ROOT_2, 64, true}};
	struct memmap map;
	open_map(&map, f);
	assert_int_equal(map.nr_sections, ARRAY_SIZE(wanted));
	assert_int_equal(map.section_pages, SECTION);
	assert_int_equal(map.base, VMEMMAP);
	for (size_t i = 0; i < map.nr_sections; i++) {
		const struct memmap_section *s = &map.sections[i];
		assert_int_equal(s->pfn, wanted[i].pfn);
		assert_int_equal(s->nr_pages, wanted[i].nr_pages);
		assert_int_equal(s->online, wanted[i].online);
		assert_int_equal(s->kva, VMEMMAP + wanted[i].pfn * PAGE_BYTES);
	}
	assert_int_equal(map.sections[1].section_kva, kva(ROOT_0 + M_BYTES));
	assert_int_equal(map.sections[3].section_kva, kva(ROOT_2));
	assert_int_equal(f->k.unreadable.n, 0);
	memmap_close(&map);
}

static void sparse_sections(void **state)
{
	/* kallsyms' symbol is the pointer ... */
	struct fake_kernel *f = sparse_kernel(SPARSE);
	fake_datum(f, mem_section, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	check_sparse(f);
	done(f);
	/* ... VMCOREINFO's is what it points to. */
	f = sparse_kernel("SYMBOL(mem_section)=ffff888000000200\n" SPARSE);
	fake_datum(f, mem_section, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	check_sparse(f);
	done(f);
}

/* From a page frame to its struct page and back. */
static void look_up(void **state)
{
	static const struct {
		u64 pfn;
		int section, next; /* index; -1: none */
	} cases[] = {
		{0, 0, 0},
		{63, 0, 0},
		{64, 1, 1},
		{127, 1, 1},
		{128, -1, 2},
		{191, -1, 2},
		{192, 2, 2},
		{255, 2, 2},
		{256, -1, 3},
		{FIRST_OF_ROOT_2 - 1, -1, 3},
		{FIRST_OF_ROOT_2, 3, 3},
		{FIRST_OF_ROOT_2 + 63, 3, 3},
		{FIRST_OF_ROOT_2 + 64, -1, -1},
		{~0ull, -1, -1},
	};
	struct fake_kernel *f = sparse_kernel(SPARSE);
	struct memmap map;
	fake_datum(f, mem_section, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	open_map(&map, f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 pfn = cases[i].pfn, back = 0, page = VMEMMAP + pfn * PAGE_BYTES;
		bool here = cases[i].section >= 0;
		const struct memmap_section *section =
						    here ? &map.sections[cases[i].section] : NULL,
					    *next = cases[i].next >= 0
							    ? &map.sections[cases[i].next]
							    : NULL;
		assert_ptr_equal(memmap_section(&map, pfn), section);
		assert_ptr_equal(memmap_next_section(&map, pfn), next);
		assert_int_equal(memmap_page(&map, pfn), here ? page : 0);
		assert_int_equal(memmap_pfn(&map, page, &back), here);
		assert_true(!here || back == pfn);
		assert_false(memmap_pfn(&map, page + 8, &back)); /* no struct page begins there */
	}
	u64 pfn;
	assert_false(memmap_pfn(&map, VMEMMAP - PAGE_BYTES, &pfn));
	assert_false(memmap_pfn(&map, 0, &pfn));
	memmap_close(&map);
	done(f);
}

/* Without VMEMMAP each section has its struct pages somewhere else. */
static void no_common_array(void **state)
{
	struct fake_kernel *f = kernel_new(192, SPARSE);
	struct memmap map;
	u64 pfn = 0;
	fake_write_u64(f, POINTER, kva(ROOTS));
	fake_write_u64(f, ROOTS, kva(ROOT_0));
	put_section(f, ROOT_0, 0, 0, ELSEWHERE, ALL);
	put_section(f, ROOT_0, 2, 128, VMEMMAP, ALL);
	fake_datum(f, mem_section, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	open_map(&map, f);
	assert_int_equal(map.nr_sections, 2);
	assert_int_equal(map.base, 0);
	assert_int_equal(memmap_page(&map, 1), ELSEWHERE + 64);
	assert_int_equal(memmap_page(&map, 130), VMEMMAP + 128);
	assert_true(memmap_pfn(&map, ELSEWHERE + 63 * 64, &pfn) && pfn == 63);
	assert_true(memmap_pfn(&map, VMEMMAP, &pfn) && pfn == 128);
	assert_false(memmap_pfn(&map, VMEMMAP + 1, &pfn));
	assert_false(memmap_pfn(&map, ELSEWHERE + 64 * 64, &pfn));
	memmap_close(&map);
	done(f);
}

static void flat(void **state)
{
	struct fake_kernel *f = kernel_new(300, "");
	struct memmap map;
	u64 pfn = 0;
	fake_write_u64(f, POINTER, VMEMMAP);
	fake_datum(f, mem_map, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	open_map(&map, f);
	assert_int_equal(map.nr_sections, 1);
	assert_int_equal(map.sections[0].nr_pages, 300);
	assert_true(map.sections[0].online);
	assert_int_equal(memmap_page(&map, 299), VMEMMAP + 299 * 64);
	assert_int_equal(memmap_page(&map, 300), 0);
	assert_true(memmap_pfn(&map, VMEMMAP + 299 * 64, &pfn) && pfn == 299);
	assert_false(memmap_pfn(&map, VMEMMAP + 300 * 64, &pfn));
	memmap_close(&map);
	done(f);
}

/* --- damage ---------------------------------------------------------------------------------- */

/* A page of sections that is lost costs these sections alone, and is told. */
static void lost_root(void **state)
{
	struct fake_kernel *f = sparse_kernel(SPARSE);
	struct memmap map;
	fake_write_u64(f, ROOTS, 0xffff888fffff0000);
	fake_datum(f, mem_section, kva(POINTER), 8);
	fake_kernel_start(f, 0);
	open_map(&map, f);
	assert_int_equal(map.nr_sections, 1);
	assert_int_equal(map.sections[0].pfn, FIRST_OF_ROOT_2);
	assert_int_equal(f->k.unreadable.n, 1);
	memmap_close(&map);
	done(f);
}

static void hopeless(void **state)
{
	static const struct {
		const char *what, *vmcoreinfo;
		u64 global, size, max_pfn;
	} cases[] = {
		{"sections of less than a page",
		 "NUMBER(SECTION_SIZE_BITS)=12\nLENGTH(mem_section)=9\n", FAKE_BASE + POINTER,
		 M_BYTES, 1 << 20},
		{"sections of 2^63", "NUMBER(SECTION_SIZE_BITS)=63\nLENGTH(mem_section)=9\n",
		 FAKE_BASE + POINTER, M_BYTES, 1 << 20},
		{"a negative number of bits",
		 "NUMBER(SECTION_SIZE_BITS)=-1\nLENGTH(mem_section)=9\n", FAKE_BASE + POINTER,
		 M_BYTES, 1 << 20},
		{"mem_section of no bytes", SPARSE, FAKE_BASE + POINTER, 0, 1 << 20},
		{"mem_section larger than a page", SPARSE, FAKE_BASE + POINTER, 8192, 1 << 20},
		{"no length", "NUMBER(SECTION_SIZE_BITS)=18\n", FAKE_BASE + POINTER, M_BYTES,
		 1 << 20},
		{"the variable is not there", SPARSE, 0xffff888fffff0000, M_BYTES, 1 << 20},
		{"no section at all", SPARSE, FAKE_BASE + POINTER + 8, M_BYTES, 1 << 20},
		/* As many roots as a number can say, and memory to match: it ends. */
		{"2^64 - 1 roots",
		 "NUMBER(SECTION_SIZE_BITS)=27\nLENGTH(mem_section)=18446744073709551615\n",
		 FAKE_BASE + POINTER + 8, M_BYTES, 1ull << 40},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = kernel_new(cases[i].max_pfn, cases[i].vmcoreinfo);
		struct memmap map;
		struct error error = ERROR_INIT;
		fake_write_u64(f, POINTER, kva(ROOTS));
		fake_write_u64(f, POINTER + 8, 0xffff888fffff0000);
		fake_datum(f, mem_section, cases[i].global, 8);
		fake_datum(f, mem_section_size, cases[i].size, 0);
		fake_kernel_start(f, 0);
		if (memmap_open(&map, &f->k, &error) != -1)
			fail_msg("%s: opened", cases[i].what);
		assert_true(error.text[0]);
		assert_int_equal(error.exit_status, EXIT_PARTIAL);
		done(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sparse_sections), cmocka_unit_test(look_up),
		cmocka_unit_test(no_common_array), cmocka_unit_test(flat),
		cmocka_unit_test(lost_root),	   cmocka_unit_test(hopeless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
