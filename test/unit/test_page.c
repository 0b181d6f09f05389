/*
 * What struct pages say, in the dialects from 4.18 on.  The words are put together by hand from
 * include/linux/page-flags.h and include/linux/mm_types.h of the release that each case names.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "object/page.h"
#include "support/fakekernel.h"

/* A struct page of 64 bytes, as x86-64 and arm64 have it with memory cgroups. */
enum {
	BYTES = 64,
	FLAGS = 0,
	LRU = 8,
	COMPOUND = 8,
	MAPPING = 24,
	PRIVATE = 40,
	MAPCOUNT = 48,
	REFCOUNT = 52,
	MEMCG = 56
};
/* Numbers of flags are ours: the kernel's own come from its types. */
enum { LRU_BIT = 4, HEAD_BIT = 6, RESERVED_BIT = 13, SWAPBACKED_BIT = 17, SLAB_BIT = 9 };

struct fact {
	enum datum_id id;
	u64 value, size;
};

static const struct fact every_kernel[] = {
	{page_struct_size, BYTES, 0},
	{page_flags, FLAGS, 8},
	{page_mapping, MAPPING, 8},
	{page_private, PRIVATE, 8},
	{page_refcount, REFCOUNT, 4},
	{page_mapcount, MAPCOUNT, 4},
	{page_lru, LRU, 16},
	{page_compound_info, COMPOUND, 8},
	{pg_lru, LRU_BIT, 0},
	{pg_head, HEAD_BIT, 0},
	{pg_reserved, RESERVED_BIT, 0},
	{pg_swapbacked, SWAPBACKED_BIT, 0},
};

static struct fake_kernel *kernel_with(const struct fact *facts, size_t n, const char *vmcoreinfo)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	for (size_t i = 0; i < ARRAY_SIZE(every_kernel); i++)
		fake_datum(f, every_kernel[i].id, every_kernel[i].value, every_kernel[i].size);
	for (size_t i = 0; i < n && facts[i].id; i++)
		fake_datum(f, facts[i].id, facts[i].value, facts[i].size);
	f->k.schema.datum[zone_free_area].nr_elements = 11;
	vmcoreinfo_parse(&f->k.vmcoreinfo, vmcoreinfo, strlen(vmcoreinfo));
	fake_kernel_start(f, 0);
	return f;
}

static void done(struct fake_kernel *f)
{
	vmcoreinfo_done(&f->k.vmcoreinfo);
	fake_kernel_done(f);
	free(f);
}

static void put32(u8 *page, u32 at, u32 value)
{
	memcpy(page + at, &value, 4);
}

static void put64(u8 *page, u32 at, u64 value)
{
	memcpy(page + at, &value, 8);
}

/* --- types ----------------------------------------------------------------------------------- */

struct dialect {
	const char *name;
	struct fact facts[14];
	const char *vmcoreinfo;
	struct {
		u32 word;
		enum page_type type;
	} words[16];
};

static const struct dialect dialects[] = {
	{
		/* PAGE_TYPE_BASE 0xf0000000; a type is a bit that is clear: PG_buddy 0x80,
		   PG_offline 0x100, PG_kmemcg 0x200, PG_table 0x400, PG_guard 0x800 */
		.name = "4.18 to 5.10",
		.facts = {{page_mem_cgroup, MEMCG, 8}, {pg_slab, SLAB_BIT, 0}},
		.vmcoreinfo = "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
			      "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n",
		.words = {{0xffffffff, PAGE_PLAIN}, /* not mapped */
			  {0, PAGE_PLAIN},	    /* mapped once */
			  {0x7fffffff, PAGE_PLAIN},
			  {0xffffff7f, PAGE_BUDDY},
			  {0xfffffeff, PAGE_OFFLINE},
			  {0xfffffbff, PAGE_TABLE},
			  {0xfffffdff, PAGE_PLAIN}, /* PG_kmemcg */
			  {0xffffff80, PAGE_PLAIN}, /* a count of -128 is damage, and no type */
			  {0xfffffffe, PAGE_PLAIN}},
	},
	{
		/* 18b2db3b0385: PG_kmemcg is gone, PG_table 0x200, PG_guard 0x400 */
		.name = "5.11 to 6.8",
		.facts = {{page_memcg_data, MEMCG, 8}, {pg_slab, SLAB_BIT, 0}},
		.vmcoreinfo = "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
			      "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n",
		.words = {{0xffffff7f, PAGE_BUDDY},
			  {0xfffffeff, PAGE_OFFLINE},
			  {0xfffffdff, PAGE_TABLE},
			  {0xfffffbff, PAGE_PLAIN}, /* a guard page of debug_pagealloc */
			  {0xffffffff, PAGE_PLAIN}},
	},
	{
		/* No VMCOREINFO: the buddy's bit is known, offline is not */
		.name = "5.11 to 6.8, VMCOREINFO found in memory is not whole",
		.facts = {{page_memcg_data, MEMCG, 8}},
		.vmcoreinfo = "",
		.words = {{0xffffff7f, PAGE_BUDDY},
			  {0xfffffdff, PAGE_TABLE},
			  {0xfffffeff, PAGE_PLAIN}},
	},
	{
		/* d99e3140a4d3 (6.9): PG_hugetlb 0x800; 46df8e73a4a3 (6.10): PG_slab 0x1000 */
		.name = "6.10",
		.facts = {{page_memcg_data, MEMCG, 8}},
		.vmcoreinfo = "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
			      "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n"
			      "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)=-2049\n"
			      "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-4097\n",
		.words = {{0xffffff7f, PAGE_BUDDY},
			  {0xfffffdff, PAGE_TABLE},
			  {0xfffff7ff, PAGE_HUGETLB},
			  {0xffffefff, PAGE_SLAB}},
	},
	{
		/* PAGE_TYPE_BASE 0x80000000; PG_buddy 0x40000000 down to PG_zsmalloc 0x01000000 */
		.name = "6.11",
		.facts = {{page_memcg_data, MEMCG, 8},
			  {pgtype_base, 0x80000000, 0},
			  {pgtype_buddy, 0x40000000, 0},
			  {pgtype_offline, 0x20000000, 0},
			  {pgtype_table, 0x10000000, 0},
			  {pgtype_guard, 0x08000000, 0},
			  {pgtype_hugetlb, 0x04000000, 0},
			  {pgtype_slab, 0x02000000, 0},
			  {pgtype_zsmalloc, 0x01000000, 0}},
		.vmcoreinfo = "",
		.words = {{0xbfffffff, PAGE_BUDDY},
			  {0xdfffffff, PAGE_OFFLINE},
			  {0xefffffff, PAGE_TABLE},
			  {0xf7ffffff, PAGE_GUARD},
			  {0xfbffffff, PAGE_HUGETLB},
			  {0xfdffffff, PAGE_SLAB},
			  {0xfeffffff, PAGE_ZSMALLOC},
			  {0xfe000010, PAGE_ZSMALLOC}, /* the low bits are the owner's */
			  {0xffffffff, PAGE_PLAIN},
			  {5, PAGE_PLAIN}},
	},
	{
		/* 4ffca5a96678: enum pagetype from 0xf0 in the top byte */
		.name = "6.12 and newer",
		.facts = {{page_memcg_data, MEMCG, 8},
			  {pgty_buddy, 0xf0, 0},
			  {pgty_offline, 0xf1, 0},
			  {pgty_table, 0xf2, 0},
			  {pgty_guard, 0xf3, 0},
			  {pgty_hugetlb, 0xf4, 0},
			  {pgty_slab, 0xf5, 0},
			  {pgty_zsmalloc, 0xf6, 0},
			  {pgty_unaccepted, 0xf7, 0},
			  {pgty_large_kmalloc, 0xf8, 0},
			  {pgty_netpp, 0xf9, 0}},
		.vmcoreinfo = "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n",
		.words = {{0xf0ffffff, PAGE_BUDDY},
			  {0xf0000000, PAGE_BUDDY},
			  {0xf1ffffff, PAGE_OFFLINE},
			  {0xf2ffffff, PAGE_TABLE},
			  {0xf3ffffff, PAGE_GUARD},
			  {0xf4000001, PAGE_HUGETLB},
			  {0xf5ffffff, PAGE_SLAB},
			  {0xf600001f, PAGE_ZSMALLOC},
			  {0xf7ffffff, PAGE_UNACCEPTED},
			  {0xf8ffffff, PAGE_LARGE_KMALLOC},
			  {0xf9ffffff, PAGE_NETPP},
			  {0xfaffffff, PAGE_PLAIN}, /* a type that is newer than this program */
			  {0xffffffff, PAGE_PLAIN},
			  {0, PAGE_PLAIN},
			  {0x7000000, PAGE_PLAIN}},
	},
};

static void types(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		const struct dialect *d = &dialects[i];
		struct fake_kernel *f = kernel_with(d->facts, ARRAY_SIZE(d->facts), d->vmcoreinfo);
		struct page_layout layout;
		struct error error = ERROR_INIT;
		if (page_layout_init(&layout, &f->k, &error))
			fail_msg("%s: %s", d->name, error.text);
		for (size_t j = 0; j < ARRAY_SIZE(d->words); j++) {
			u8 bytes[BYTES] = {0};
			struct page_frame page;
			put32(bytes, MAPCOUNT, d->words[j].word);
			page_decode(&layout, bytes, &page);
			if (page.type != d->words[j].type)
				fail_msg("%s: 0x%08x is type %d, wanted %d", d->name,
					 d->words[j].word, page.type, d->words[j].type);
		}
		done(f);
	}
}

/* All members of a page, each at its own place. */
static void members(void **state)
{
	static const struct fact facts[] = {{page_memcg_data, MEMCG, 8}, {pg_slab, SLAB_BIT, 0}};
	struct fake_kernel *f = kernel_with(facts, ARRAY_SIZE(facts), "");
	struct page_layout layout;
	struct page_frame page;
	u8 bytes[BYTES] = {0};
	assert_int_equal(page_layout_init(&layout, &f->k, NULL), 0);
	assert_int_equal(layout.page_bytes, BYTES);
	assert_int_equal(layout.max_order, 10);
	put64(bytes, FLAGS, 0x17ffffc000000000 | 1ull << SLAB_BIT);
	put64(bytes, LRU, 0xffff888000001230);
	put64(bytes, MAPPING, 0xffff888012345671);
	put64(bytes, PRIVATE, 9);
	put32(bytes, MAPCOUNT, 2);
	put32(bytes, REFCOUNT, 0xfffffffd);
	put64(bytes, MEMCG, 0xffff888100000002);
	page_decode(&layout, bytes, &page);
	assert_int_equal(page.flags, 0x17ffffc000000000 | 1ull << SLAB_BIT);
	assert_int_equal(page.lru, 0xffff888000001230);
	assert_int_equal(page.mapping, 0xffff888012345671);
	assert_int_equal(page.private_, 9);
	assert_int_equal(page.mapcount, 2);
	assert_int_equal(page.refcount, -3);
	assert_int_equal(page.memcg_data, 0xffff888100000002);
	assert_false(page.tail);
	assert_true(page_is_slab(&layout, &page));
	assert_int_equal(page_mapping_kind(&page), MAPPING_ANON);
	page.mapping += 1;
	assert_int_equal(page_mapping_kind(&page), MAPPING_MOVABLE);
	page.mapping += 1;
	assert_int_equal(page_mapping_kind(&page), MAPPING_KSM);
	page.mapping += 1;
	assert_int_equal(page_mapping_kind(&page), MAPPING_FILE);
	put64(bytes, FLAGS, 1ull << RESERVED_BIT);
	page_decode(&layout, bytes, &page);
	assert_false(page_is_slab(&layout, &page));
	assert_int_equal(page.flags, layout.reserved_flag);
	done(f);
}

/* Since 6.10 slabs are a type: the flag's old bit, which means something else now, is not asked. */
static void slab_by_type(void **state)
{
	static const struct fact facts[] = {
		{pgty_buddy, 0xf0, 0}, {pgty_slab, 0xf5, 0}, {pg_slab, SLAB_BIT, 0}};
	struct fake_kernel *f = kernel_with(facts, ARRAY_SIZE(facts), "");
	struct page_layout layout;
	struct page_frame page;
	u8 bytes[BYTES] = {0};
	assert_int_equal(page_layout_init(&layout, &f->k, NULL), 0);
	put64(bytes, FLAGS, 1ull << SLAB_BIT);
	page_decode(&layout, bytes, &page);
	assert_false(page_is_slab(&layout, &page));
	put32(bytes, MAPCOUNT, 0xf5000000);
	page_decode(&layout, bytes, &page);
	assert_true(page_is_slab(&layout, &page));
	assert_int_equal(page.memcg_data, 0); /* a kernel without memory cgroups */
	done(f);
}

/* --- compound pages -------------------------------------------------------------------------- */

static void heads_of_tails(void **state)
{
	static const struct {
		u64 info, page_kva, head;
	} cases[] = {
		/* A pointer to the head, bit 0 set. */
		{0xffffea0000200001, 0xffffea0000200040, 0xffffea0000200000},
		{0xffffea0000200001, 0xffffea0000207fc0, 0xffffea0000200000},
		/* The head is the first struct page of arm64's whole array: looks like a mask too.
		 */
		{0xfffffc0000000001, 0xfffffc0000000040, 0xfffffc0000000000},
		{0xfffffc0000000001, 0xfffffc0000007fc0, 0xfffffc0000000000},
		/* Since 7.x a mask: order 1, order 9, and 1 GiB of 4 KiB pages of 64 bytes. */
		{0xffffffffffffff81, 0xffffea00001234c0, 0xffffea0000123480},
		{0xffffffffffff8001, 0xffffea00001abcc0, 0xffffea00001a8000},
		{0xffffffffff000001, 0xffffea0003fffc40, 0xffffea0003000000},
	};
	const struct page_layout layout = {.page_bytes = BYTES, .compound_info = COMPOUND};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 bytes[BYTES] = {0};
		struct page_frame page;
		put64(bytes, COMPOUND, cases[i].info);
		page_decode(&layout, bytes, &page);
		assert_true(page.tail);
		assert_int_equal(page_head_of(&layout, &page, cases[i].page_kva), cases[i].head);
	}
}

struct compound {
	const char *name;
	struct fact facts[8];
	struct {
		u32 at; /* from the head page */
		u32 bytes;
		u64 value;
	} stores[6];
	bool head;
	u32 order;
	bool hugetlb;
	u64 entire;
};

#define IN_FLAGS_1                                              \
	{folio_flags_1, 64, 8}, {folio_entire_mapcount, 88, 4}, \
	{                                                       \
		page_memcg_data, MEMCG, 8                       \
	}
#define UNTIL_6_2                                                  \
	{page_compound_order, 17, 1}, {page_compound_dtor, 16, 1}, \
		{page_compound_mapcount, 20, 4},                   \
	{                                                          \
		hugetlb_dtor, 2, 0                                 \
	}

static const struct compound compounds[] = {
	{.name = "6.6: order 9 in the low byte of the second page's flags",
	 .facts = {IN_FLAGS_1, {pg_hugetlb, 8, 0}},
	 .stores = {{64, 8, 0x17ffffc000000009}, {88, 4, 0}},
	 .head = true,
	 .order = 9,
	 .entire = 1},
	{.name = "6.6: PG_hugetlb is a flag of the second page",
	 .facts = {IN_FLAGS_1, {pg_hugetlb, 8, 0}},
	 .stores = {{64, 8, 0x109}, {88, 4, 0xffffffff}},
	 .head = true,
	 .order = 9,
	 .hugetlb = true},
	{.name = "6.12: hugetlb is a type, the flag's old bit is not asked",
	 .facts = {IN_FLAGS_1, {pg_hugetlb, 8, 0}, {pgty_buddy, 0xf0, 0}, {pgty_hugetlb, 0xf4, 0}},
	 .stores = {{64, 8, 0x109}, {88, 4, 0xffffffff}},
	 .head = true,
	 .order = 9},
	{.name = "6.12: hugetlb by type",
	 .facts = {IN_FLAGS_1, {pgty_buddy, 0xf0, 0}, {pgty_hugetlb, 0xf4, 0}},
	 .stores = {{64, 8, 18}, {MAPCOUNT, 4, 0xf4000000}, {88, 4, 2}},
	 .head = true,
	 .order = 18,
	 .hugetlb = true,
	 .entire = 3},
	{.name = "6.6: what has no PG_head is no compound page, whatever follows it",
	 .facts = {IN_FLAGS_1, {pg_hugetlb, 8, 0}},
	 .stores = {{64, 8, 0x109}, {88, 4, 7}}},
	{.name = "6.6: an order of more than 64 GiB makes no sense",
	 .facts = {IN_FLAGS_1},
	 .stores = {{64, 8, 25}, {88, 4, 0xffffffff}},
	 .head = true},
	{.name = "until 6.2: members of the second page",
	 .facts = {UNTIL_6_2},
	 .stores = {{64 + 16, 1, 1}, {64 + 17, 1, 4}, {64 + 20, 4, 1}},
	 .head = true,
	 .order = 4,
	 .entire = 2},
	{.name = "until 6.2: hugetlb by its destructor",
	 .facts = {UNTIL_6_2},
	 .stores = {{64 + 16, 1, 2}, {64 + 17, 1, 9}, {64 + 20, 4, 0xffffffff}},
	 .head = true,
	 .order = 9,
	 .hugetlb = true},
	{.name = "until 6.2: a destructor without a head is no hugetlb",
	 .facts = {UNTIL_6_2},
	 .stores = {{64 + 16, 1, 2}, {64 + 17, 1, 9}}},
	{.name = "6.3 to 6.5: members of struct folio",
	 .facts = {{folio_order, 81, 1},
		   {folio_dtor, 80, 1},
		   {folio_entire_mapcount, 84, 4},
		   {hugetlb_dtor, 2, 0}},
	 .stores = {{80, 1, 2}, {81, 1, 9}, {84, 4, 0}},
	 .head = true,
	 .order = 9,
	 .hugetlb = true,
	 .entire = 1},
	{.name = "nothing tells the order", .head = true},
};

static void compound_pages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(compounds); i++) {
		const struct compound *c = &compounds[i];
		struct fake_kernel *f = kernel_with(c->facts, ARRAY_SIZE(c->facts), "");
		struct page_layout layout;
		struct page_frame page;
		struct error error = ERROR_INIT;
		u8 bytes[2 * BYTES] = {0};
		if (page_layout_init(&layout, &f->k, &error))
			fail_msg("%s: %s", c->name, error.text);
		put32(bytes, MAPCOUNT, ~0u);
		put64(bytes, FLAGS, c->head ? 1ull << HEAD_BIT : 0);
		for (size_t j = 0; j < ARRAY_SIZE(c->stores); j++)
			memcpy(bytes + c->stores[j].at, &c->stores[j].value, c->stores[j].bytes);
		page_decode(&layout, bytes, &page);
		u32 order = page_compound_order_of(&layout, &page, bytes);
		bool hugetlb = page_is_hugetlb(&layout, &page, bytes);
		u64 entire = page_entire_mapcount(&layout, &page, bytes);
		if (order != c->order || hugetlb != c->hugetlb || entire != c->entire)
			fail_msg("%s: order %u, hugetlb %d, mapped %llu times as a whole", c->name,
				 order, hugetlb, (unsigned long long)entire);
		done(f);
	}
}

/* --- page_pool ------------------------------------------------------------------------------- */

static void page_pool(void **state)
{
	static const struct {
		u64 lru;
		bool pool;
	} cases[] = {
		{0xdead000000000040, true},  /* PP_SIGNATURE */
		{0xdead000000000041, true},  /* bit 0 and 1 are pfmemalloc's */
		{0xdead000000001040, true},  /* an index of the DMA mapping, 6.16 */
		{0xdead007fffffffc0, true},  /* the largest of them */
		{0xdead000000000100, false}, /* LIST_POISON1 */
		{0xdead000000000122, false}, /* LIST_POISON2 */
		{0xffff888000000040, false}, {0, false},
	};
	static const struct fact with[] = {{page_pp_magic, LRU, 8}};
	struct fake_kernel *f = kernel_with(with, ARRAY_SIZE(with), ""), *without;
	struct page_layout layout, none;
	assert_int_equal(page_layout_init(&layout, &f->k, NULL), 0);
	without = kernel_with(NULL, 0, "");
	assert_int_equal(page_layout_init(&none, &without->k, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct page_frame page = {.lru = cases[i].lru};
		if (page_of_page_pool(&layout, &page) != cases[i].pool)
			fail_msg("0x%llx", (unsigned long long)cases[i].lru);
		assert_false(page_of_page_pool(&none, &page));
	}
	const struct page_frame by_type = {.type = PAGE_NETPP};
	assert_true(page_of_page_pool(&none, &by_type));
	done(f);
	done(without);
}

/* --- layouts that make no sense -------------------------------------------------------------- */

static void hostile_layouts(void **state)
{
	static const struct fact cases[][2] = {
		{{page_struct_size, 0, 0}},
		{{page_struct_size, 31, 0}},
		{{page_struct_size, 1 << 20, 0}},
		{{page_flags, BYTES - 7, 8}},
		{{page_mapping, 0xfffffffc, 8}}, /* + 8 is 4, in 32 bits */
		{{page_mapcount, BYTES - 3, 4}},
		{{page_refcount, 0xfffffffe, 4}},
		{{page_memcg_data, BYTES, 8}},
		{{page_compound_order, BYTES, 1}},
		{{folio_flags_1, 2 * BYTES - 7, 8}, {folio_entire_mapcount, 88, 4}},
		{{folio_order, 2 * BYTES, 1}},
		{{folio_flags_1, 64, 8}, {folio_entire_mapcount, 0xfffffffe, 4}},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = kernel_with(cases[i], ARRAY_SIZE(cases[i]), "");
		struct page_layout layout;
		struct error error = ERROR_INIT;
		if (page_layout_init(&layout, &f->k, &error) != -1)
			fail_msg("case %zu is taken for a struct page", i);
		assert_int_equal(error.exit_status, EXIT_PARTIAL);
		done(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),	   cmocka_unit_test(members),
		cmocka_unit_test(slab_by_type),	   cmocka_unit_test(heads_of_tails),
		cmocka_unit_test(compound_pages),  cmocka_unit_test(page_pool),
		cmocka_unit_test(hostile_layouts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
