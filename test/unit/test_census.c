/*
 * The census of a kernel of 512 pages in 8 sections of 64: each stretch of page frames is of one
 * kind, and what it must count as stands beside it.  The sums are added up from that table, never
 * from what the census says.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "analysis/census.h"
#include "support/fakekernel.h"

enum { NR_PAGES = 512, PAGE_BYTES = 64, MAX_ORDER = 5 };

/* Where things lie in memory, from FAKE_BASE. */
enum {
	NODE = 0x1000,
	NODE_ZONES = 0x100,
	ZONE_BYTES = 0x200,
	MAPPINGS = 0x1800, /* five of them, each with its inode */
	MAPPING_BYTES = 0x80,
	INODE = 0x40,
	SECTION_ROOTS = 0x2000,
	SECTIONS = 0x2100,
	ROOT_TABLE = 0x3000, /* of the page tables: page frame 3 */
	MAP = 0x4000	     /* struct pages: page frames 4 to 11 */
};
enum { SUPER_FILES = 0xabc000, SUPER_DEVICES = 0xdef000 };
enum { P_FLAGS = 0, P_LRU = 8, P_MAPPING = 24, P_PRIVATE = 40, P_MAPCOUNT = 48, P_REFCOUNT = 52 };
enum { Z_START = 0, Z_SPANNED = 8, Z_PRESENT = 16, Z_MANAGED = 24, Z_NAME = 32, Z_REST = 64 };

/* Bits of struct page's flags. */
enum {
	LOCKED = 1 << 0,
	LRU = 1 << 1,
	HEAD = 1 << 2,
	RESERVED = 1 << 3,
	SWAPBACKED = 1 << 4,
	SWAPCACHE = 1 << 5,
	POISON = 1 << 6,
	MLOCKED = 1 << 7
};

static const struct {
	enum datum_id id;
	u64 value, size;
} data[] = {
	{page_struct_size, PAGE_BYTES, 0},
	{page_flags, P_FLAGS, 8},
	{page_lru, P_LRU, 16},
	{page_compound_info, P_LRU, 8},
	{page_mapping, P_MAPPING, 8},
	{page_private, P_PRIVATE, 8},
	{page_mapcount, P_MAPCOUNT, 4},
	{page_refcount, P_REFCOUNT, 4},
	{page_pp_magic, P_LRU, 8},
	{folio_flags_1, 64, 8},
	{folio_entire_mapcount, 88, 4},
	{pg_lru, 1, 0},
	{pg_head, 2, 0},
	{pg_reserved, 3, 0},
	{pg_swapbacked, 4, 0},
	{pg_swapcache, 5, 0},
	{pg_hwpoison, 6, 0},
	{pg_mlocked, 7, 0},
	{nr_page_flags, 8, 0},
	{pgty_buddy, 0xf0, 0},
	{pgty_offline, 0xf1, 0},
	{pgty_table, 0xf2, 0},
	{pgty_guard, 0xf3, 0},
	{pgty_hugetlb, 0xf4, 0},
	{pgty_slab, 0xf5, 0},
	{pgty_zsmalloc, 0xf6, 0},
	{pgty_large_kmalloc, 0xf8, 0},
	{pgty_netpp, 0xf9, 0},
	{max_nr_zones, 4, 0}, /* two bits of the flags; one node takes none */
	{mem_section, FAKE_BASE + 0x800, 8},
	{mem_section_size, 16, 0},
	{mem_section_map, 0, 8},
	{contig_page_data, FAKE_BASE + NODE, 0},
	{node_zones, NODE_ZONES, 2 * ZONE_BYTES},
	{node_nr_zones, 0, 4},
	{node_id, 4, 4},
	{node_start_pfn, 8, 8},
	{node_spanned_pages, 16, 8},
	{node_present_pages, 24, 8},
	{zone_size, ZONE_BYTES, 0},
	{zone_start_pfn, Z_START, 8},
	{zone_spanned_pages, Z_SPANNED, 8},
	{zone_present_pages, Z_PRESENT, 8},
	{zone_managed_pages, Z_MANAGED, 8},
	{zone_name, Z_NAME, 8},
	{zone_watermark, Z_REST, 24},
	{zone_free_area, Z_REST, 0x60},
	{zone_vm_stat, Z_REST, 8},
	{free_area_nr_free, 8, 8},
	{nr_free_pages_item, 0, 0},
	{mapping_host, 0, 8},
	{mapping_nrpages, 8, 8},
	{inode_sb, 0, 8},
	{inode_mapping, 8, 8},
	{inode_data, 16, 8},
	{blockdev_superblock, FAKE_BASE + 0x900, 8},
};

struct world {
	struct fake_kernel f;
	struct census census;
	u64 zone_flags; /* of the pages that are put now */
};

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

static u64 page_at(u64 pfn)
{
	return MAP + pfn * PAGE_BYTES;
}

/* --- the kernel ------------------------------------------------------------------------------ */

enum mapping { NO_MAPPING, FILE_A, FILE_B, SHMEM, DEVICE, NONSENSE, ANON, KSM };

static u64 mapping_value(enum mapping m)
{
	switch (m) {
	case NO_MAPPING:
		return 0;
	case ANON:
		return 0xffff888011110001;
	case KSM:
		return 0xffff888011110003;
	default:
		return kva(MAPPINGS + m * MAPPING_BYTES);
	}
}

static void put_mapping(struct world *w, enum mapping m, u64 super)
{
	u64 mapping = MAPPINGS + m * MAPPING_BYTES, inode = mapping + INODE;
	fake_write_u64(&w->f, mapping, kva(inode));
	fake_write_u64(&w->f, inode, super);
	fake_write_u64(&w->f, inode + 8, kva(mapping));
}

static void put_zone(struct world *w, unsigned i, u64 start, u64 spanned)
{
	u64 zone = NODE + NODE_ZONES + i * ZONE_BYTES;
	fake_write_u64(&w->f, zone + Z_START, start);
	fake_write_u64(&w->f, zone + Z_SPANNED, spanned);
	fake_write_u64(&w->f, zone + Z_PRESENT, spanned);
	fake_write_u64(&w->f, zone + Z_MANAGED, spanned);
}

static void put_section(struct world *w, unsigned i, u64 flags)
{
	fake_write_u64(&w->f, SECTIONS + i * 16, kva(MAP) | flags);
}

static struct world *world_new(void)
{
	static const char vmcoreinfo[] = "NUMBER(SECTION_SIZE_BITS)=18\nLENGTH(mem_section)=2048\n";
	static const struct {
		enum datum_id id;
		u64 nr, stride;
	} arrays[] = {{node_zones, 2, ZONE_BYTES},
		      {zone_watermark, 3, 8},
		      {zone_free_area, MAX_ORDER + 1, 16},
		      {zone_vm_stat, 1, 8}};
	struct world *w = malloc(sizeof(*w));
	fake_kernel_init(&w->f);
	w->zone_flags = 0;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		fake_datum(&w->f, data[i].id, data[i].value, data[i].size);
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		w->f.k.schema.datum[arrays[i].id].nr_elements = arrays[i].nr;
		w->f.k.schema.datum[arrays[i].id].stride = arrays[i].stride;
	}
	vmcoreinfo_parse(&w->f.k.vmcoreinfo, vmcoreinfo, strlen(vmcoreinfo));
	w->f.k.max_pfn = NR_PAGES;
	fake_write_u64(&w->f, 0x800, kva(SECTION_ROOTS));
	fake_write_u64(&w->f, 0x900, SUPER_DEVICES);
	fake_write_u64(&w->f, SECTION_ROOTS, kva(SECTIONS));
	for (unsigned i = 0; i < NR_PAGES / 64; i++)
		put_section(w, i, 7);
	for (unsigned m = FILE_A; m <= SHMEM; m++)
		put_mapping(w, m, SUPER_FILES);
	put_mapping(w, DEVICE, SUPER_DEVICES);
	return w;
}

static void world_start(struct world *w, u64 bytes_kept)
{
	static const struct paging four_levels = {
		.root_paddr = ROOT_TABLE,
		.page_shift = 12,
		.nr_levels = 4,
		.level = {{39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}},
		.va_bits = 48,
		.present_mask = 1,
		.leaf_mask = 0x80,
		.leaf_value = 0x80,
		.address_mask = 0xffffffffff000,
		.signed_va = 1};
	fake_kernel_start(&w->f, bytes_kept);
	w->f.k.vspace.paging = four_levels;
	w->f.k.symbols = symbols_new();
	symbols_seal(w->f.k.symbols);
}

static void world_free(struct world *w)
{
	census_done(&w->census);
	symbols_free(w->f.k.symbols);
	vmcoreinfo_done(&w->f.k.vmcoreinfo);
	fake_kernel_done(&w->f);
	free(w);
}

static void take(struct world *w, unsigned nr_threads, bool page_bytes)
{
	const struct census_options options = {.nr_threads = nr_threads, .page_bytes = page_bytes};
	struct error error = ERROR_INIT;
	if (census_take(&w->census, &w->f.k, &options, &error))
		fail_msg("%s", error.text);
}

/* --- its pages ------------------------------------------------------------------------------- */

enum shape { SINGLES, BLOCK, FREE, TAILS, RAW };

struct stretch {
	u64 pfn, nr;
	enum page_class class; /* what they are to be */
	enum shape shape;
	u32 order;    /* BLOCK, FREE: as many of them as fit */
	u32 type;     /* of the kind 0xf0; 0: none */
	s32 refcount; /* of singles and heads */
	s32 mapcount; /* -1: not mapped; of singles and of tails of a block */
	s32 entire;   /* of blocks: -1 is not mapped as a whole */
	enum mapping mapping;
	u64 flags, lru;
	u64 mapped; /* of these, count as PC_FILE_MAPPED */
};

static void put_page(struct world *w, u64 pfn, const struct stretch *s, u64 flags)
{
	const u32 mapcount = s->type ? s->type << 24 : (u32)s->mapcount;
	u64 at = page_at(pfn);
	fake_write_u64(&w->f, at + P_FLAGS, s->shape == RAW ? s->flags : flags | w->zone_flags);
	fake_write_u64(&w->f, at + P_LRU, s->lru);
	fake_write_u64(&w->f, at + P_MAPPING, mapping_value(s->mapping));
	fake_write(&w->f, at + P_MAPCOUNT, &mapcount, 4);
	fake_write(&w->f, at + P_REFCOUNT, &s->refcount, 4);
}

static void put_tail(struct world *w, u64 pfn, u64 head, const struct stretch *s)
{
	const struct stretch tail = {.mapcount = s->mapcount, .lru = kva(page_at(head)) | 1};
	put_page(w, pfn, &tail, 0);
}

static void put_block(struct world *w, u64 pfn, const struct stretch *s)
{
	struct stretch head = *s;
	if (s->shape == FREE) {
		head.type = 0xf0;
		put_page(w, pfn, &head, s->flags);
		fake_write_u64(&w->f, page_at(pfn) + P_PRIVATE, s->order);
		/* The others say nothing. */
		const struct stretch rest = {.mapcount = -1};
		for (u64 i = 1; i < 1ull << s->order; i++)
			put_page(w, pfn + i, &rest, 0);
		return;
	}
	head.mapcount = -1;
	put_page(w, pfn, &head, s->flags | HEAD);
	for (u64 i = 1; i < 1ull << s->order && pfn + i < NR_PAGES; i++)
		put_tail(w, pfn + i, pfn, s);
	fake_write_u64(&w->f, page_at(pfn + 1), w->zone_flags | s->order); /* flags_1 */
	fake_write(&w->f, page_at(pfn) + 88, &s->entire, 4);
}

static void put_stretch(struct world *w, const struct stretch *s)
{
	u64 step = s->shape == BLOCK || s->shape == FREE ? 1ull << s->order : 1;
	for (u64 pfn = s->pfn; pfn < s->pfn + s->nr; pfn += step) {
		if (step > 1)
			put_block(w, pfn, s);
		else if (s->shape == TAILS)
			put_tail(w, pfn, s->pfn - 8, s);
		else
			put_page(w, pfn, s, s->flags);
	}
}

/* --- every kind of page ----------------------------------------------------------------------- */

#define PLAIN .refcount = 1, .mapcount = -1, .entire = -1

static const struct stretch stretches[] = {
	{0, 1, PC_BOOT_RESERVED, PLAIN, .flags = RESERVED}, /* outside of all zones */
	{1, 2, PC_BOOT_RESERVED, PLAIN, .flags = RESERVED},
	{3, 1, PC_PAGE_TABLE, PLAIN}, /* the root: by the walk of the page tables */
	{4, 8, PC_MEMMAP, PLAIN, .flags = RESERVED},
	{12, 1, PC_KERNEL_UNKNOWN, PLAIN},
	{13, 1, PC_PAGE_TABLE, PLAIN, .type = 0xf2},
	{14, 1, PC_KERNEL_UNKNOWN, PLAIN},
	{15, 1, PC_POISONED, PLAIN, .flags = POISON},
	{16, 16, PC_FREE_BUDDY, FREE, 4},
	{32, 32, PC_SLAB, BLOCK, 2, .type = 0xf5, .refcount = 1, .mapcount = -1},
	{64, 32, PC_FREE_BUDDY, FREE, 5},
	{96, 4, PC_LARGE_KMALLOC, BLOCK, 2, .type = 0xf8, .refcount = 1, .mapcount = -1},
	{100, 8, PC_BALLOON, PLAIN, .type = 0xf1},
	{108, 4, PC_ZSMALLOC, PLAIN, .type = 0xf6},
	{112, 4, PC_PAGE_POOL, PLAIN, .type = 0xf9},
	{116, 4, PC_FREE_BUDDY, PLAIN, .type = 0xf3}, /* kept apart by debug_pagealloc */
	{120, 8, PC_KERNEL_UNKNOWN, BLOCK, 3, PLAIN},
	/* the second zone */
	{128, 32, PC_ANON, BLOCK, 5, .refcount = 2, .mapcount = -1, .mapping = ANON,
	 .flags = LRU | SWAPBACKED},
	{160, 10, PC_ANON, .refcount = 2, .mapping = ANON, .flags = LRU | SWAPBACKED | MLOCKED},
	{170, 5, PC_SWAP_CACHE, PLAIN, .mapping = ANON, .flags = LRU | SWAPBACKED | SWAPCACHE},
	{175, 1, PC_ANON, .refcount = 2, .mapcount = 6, .mapping = KSM, .flags = SWAPBACKED},
	{176, 16, PC_PAGE_CACHE, BLOCK, 4, PLAIN, .mapping = FILE_A, .flags = LRU, .mapped = 3},
	{192, 4, PC_FILE_MAPPED, .refcount = 2, .mapcount = 1, .mapping = FILE_A, .flags = LRU},
	{196, 4, PC_PAGE_CACHE, PLAIN, .mapping = FILE_B, .flags = LRU},
	{200, 8, PC_SHMEM, .refcount = 2, .mapping = SHMEM, .flags = LRU | SWAPBACKED},
	{208, 8, PC_BUFFERS, PLAIN, .mapping = DEVICE, .flags = LRU},
	{216, 4, PC_KERNEL_UNKNOWN, PLAIN, .mapping = NONSENSE},
	{220, 4, PC_BOOT_RESERVED, PLAIN, .flags = RESERVED},
	{224, 32, PC_FREE_BUDDY, FREE, 5},
	/* Two sections: the second begins with tails, and the first of them looks like a head where
	   struct pages of huge pages are shared (HugeTLB Vmemmap Optimization). */
	{256, 128, PC_HUGETLB_USED, BLOCK, 7, .type = 0xf4, .refcount = 1, .entire = -1},
	{384, 64, PC_HUGETLB_FREE, BLOCK, 6, .type = 0xf4, .refcount = 0, .entire = -1},
	{448, 8, PC_KERNEL_UNKNOWN, TAILS, .mapcount = -1}, /* of heads that are none */
	{456, 8, PC_BOOT_RESERVED, RAW, .flags = ~0ull},    /* never initialised */
	{464, 8, PC_KERNEL_UNKNOWN, .refcount = 0, .mapcount = -1},
	{472, 8, PC_PAGE_POOL, PLAIN, .lru = 0xdead000000000040},
	{480, 20, PC_KERNEL_UNKNOWN, BLOCK, 5, PLAIN}, /* says 32: beyond the end of its zone */
};
enum { FIRST_PFN = 1, SECOND_ZONE = 128, END_PFN = 500, SPANNED = END_PFN - FIRST_PFN };

static struct world *world_of_all_kinds(void)
{
	struct world *w = world_new();
	put_zone(w, 0, FIRST_PFN, SECOND_ZONE - FIRST_PFN);
	put_zone(w, 1, SECOND_ZONE, END_PFN - SECOND_ZONE);
	for (size_t i = 0; i < ARRAY_SIZE(stretches); i++) {
		w->zone_flags = (u64)(stretches[i].pfn >= SECOND_ZONE) << 62;
		put_stretch(w, &stretches[i]);
	}
	const u32 once = 0;
	for (u64 pfn = 177; pfn < 180; pfn++) /* three of the 16 pages of a large folio */
		fake_write(&w->f, page_at(pfn) + P_MAPCOUNT, &once, 4);
	fake_write(&w->f, page_at(128) + 88, &once, 4); /* a huge page, mapped as a whole */
	memcpy(w->f.memory + page_at(320), w->f.memory + page_at(256), 2 * PAGE_BYTES);
	fake_write_u64(&w->f, page_at(321) + P_LRU, kva(page_at(256)) | 1);
	return w;
}

/* What the table says, for page frames below `end`; the rest of the zones is in `rest`. */
static void wanted_pages(u64 pages[NR_PAGE_CLASSES], u64 end, enum page_class rest)
{
	memset(pages, 0, NR_PAGE_CLASSES * sizeof(*pages));
	for (size_t i = 0; i < ARRAY_SIZE(stretches); i++) {
		const struct stretch *s = &stretches[i];
		if (s->pfn < FIRST_PFN)
			continue;
		if (s->pfn >= end) {
			pages[rest] += s->nr;
			continue;
		}
		pages[s->class] += s->nr - s->mapped;
		pages[PC_FILE_MAPPED] += s->mapped;
	}
}

static void compare(const struct census *c, const u64 wanted[NR_PAGE_CLASSES])
{
	u64 sum = 0;
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
		u64 of_zones = 0, of_orders = 0;
		for (size_t z = 0; z < c->nr_zones; z++)
			of_zones += c->zones[z].pages[class];
		for (unsigned order = 0; order < MAX_CENSUS_ORDER; order++)
			of_orders += c->pages_of_order[class][order];
		if (c->pages[class] != wanted[class])
			fail_msg("%s: %llu pages, wanted %llu", page_class_key(class),
				 (unsigned long long)c->pages[class],
				 (unsigned long long)wanted[class]);
		assert_int_equal(of_zones, wanted[class]);
		if (class != PC_NOT_PRESENT) /* what is left over has no order */
			assert_int_equal(of_orders, wanted[class]);
		sum += c->pages[class];
	}
	assert_int_equal(sum, c->spanned_pages);
}

static void check_details(const struct census *c)
{
	assert_int_equal(c->spanned_pages, SPANNED);
	assert_int_equal(c->unreadable_pages, 0);
	assert_false(c->zones_overlap);
	assert_int_equal(c->thp_pages, 32 + 16);
	assert_int_equal(c->ksm_pages, 1);
	assert_int_equal(c->mlocked_pages, 10);
	assert_int_equal(c->swap_cache_pages, 5);
	assert_int_equal(c->shmem_mapped, 8);
	assert_int_equal(c->slab_pages, 32);
	assert_int_equal(c->guard_pages, 4);
	assert_int_equal(c->uncounted_tables, 1); /* the root */
	assert_int_equal(c->lru_pages, 32 + 10 + 5 + 16 + 4 + 4 + 8 + 8);
	assert_int_equal(c->reserved_pages, 1 + 2 + 8 + 4 + 8); /* page frame 0, too: it is RAM */
	assert_int_equal(c->pages_of_order[PC_HUGETLB_USED][7], 127);
	assert_int_equal(c->pages_of_order[PC_HUGETLB_USED][0], 1); /* what looks like a head */
	assert_int_equal(c->pages_of_order[PC_SLAB][2], 32);
}

static void check_files(const struct census *c)
{
	static const struct {
		enum mapping mapping;
		u64 pages, mapped;
		enum page_class class;
	} wanted[] = {{FILE_A, 20, 7, PC_PAGE_CACHE},
		      {SHMEM, 8, 8, PC_SHMEM},
		      {DEVICE, 8, 0, PC_BUFFERS},
		      {NONSENSE, 0, 0, PC_KERNEL_UNKNOWN},
		      {FILE_B, 4, 0, PC_PAGE_CACHE}};
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		u64 pages = 0, mapped = 0;
		for (size_t j = 0; j < c->nr_files; j++) {
			const struct census_file *f = &c->files[j];
			assert_true(j == 0 || f[-1].pages >= f->pages); /* largest first */
			if (f->mapping != mapping_value(wanted[i].mapping))
				continue;
			pages += f->pages;
			mapped += f->mapped_pages;
			assert_int_equal(f->class, wanted[i].class);
		}
		assert_int_equal(pages, wanted[i].pages);
		assert_int_equal(mapped, wanted[i].mapped);
	}
}

static void check_unknown(const struct census *c)
{
	static const struct {
		u64 first, pages, runs;
		u32 order, zone, refcount;
		u64 flags;
	} wanted[] = {
		{480, 20, 1, 5, 1, 1, HEAD}, {448, 16, 2, 0, 1, 0, 0}, /* tails without heads, and
									  pages that say nothing */
		{120, 8, 1, 3, 0, 1, HEAD},  {216, 4, 1, 0, 1, 1, 0},  {12, 2, 2, 0, 0, 1, 0},
	};
	assert_int_equal(c->nr_unknown, ARRAY_SIZE(wanted));
	assert_int_equal(c->unknown_ungrouped, 0);
	for (size_t i = 0; i < c->nr_unknown; i++) {
		const struct unknown_group *g = &c->unknown[i];
		if (g->first_pfn != wanted[i].first || g->pages != wanted[i].pages ||
		    g->runs != wanted[i].runs || g->order != wanted[i].order ||
		    g->zone != wanted[i].zone || g->refcount != wanted[i].refcount ||
		    g->flags != wanted[i].flags || g->mapped || g->migrate_type != MIGRATE_UNKNOWN)
			fail_msg(
				"group %zu: %llu pages in %llu runs from %llu on, order %u, flags 0x%llx",
				i, (unsigned long long)g->pages, (unsigned long long)g->runs,
				(unsigned long long)g->first_pfn, g->order,
				(unsigned long long)g->flags);
	}
}

static void every_class(void **state)
{
	static const unsigned threads[] = {1, 2, 8};
	u64 wanted[NR_PAGE_CLASSES];
	wanted_pages(wanted, NR_PAGES, 0);
	/* By hand, against an error in the table's own sum. */
	assert_int_equal(wanted[PC_FREE_BUDDY], 84);
	assert_int_equal(wanted[PC_ANON], 43);
	assert_int_equal(wanted[PC_FILE_MAPPED], 7);
	assert_int_equal(wanted[PC_KERNEL_UNKNOWN], 50);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		struct world *w = world_of_all_kinds();
		world_start(w, 0);
		take(w, threads[i], false);
		assert_int_equal(w->census.nr_threads, threads[i]);
		compare(&w->census, wanted);
		check_details(&w->census);
		check_files(&w->census);
		check_unknown(&w->census);
		world_free(w);
	}
}

/* The dump ends within the struct pages: what they would have said is unknown, and is told. */
static void cut_off(void **state)
{
	static const struct {
		u64 kept, end; /* bytes of memory; the first page frame that is lost */
	} cases[] = {{MAP + 6 * 4096, 384}, {MAP + 2 * 4096, 128}};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 wanted[NR_PAGE_CLASSES], end = cases[i].end;
		struct world *w = world_of_all_kinds();
		wanted_pages(wanted, end, PC_KERNEL_UNKNOWN);
		world_start(w, cases[i].kept);
		take(w, 2, false);
		compare(&w->census, wanted);
		assert_int_equal(w->census.unreadable_pages, END_PFN - end);
		assert_int_equal(w->f.k.unreadable.v[w->f.k.unreadable.n - 1].count, END_PFN - end);
		world_free(w);
	}
}

/* --- zones ------------------------------------------------------------------------------------ */

/* Every other 16 page frames are of the one zone, where both span them: the pages tell. */
static void overlapping_zones(void **state)
{
	const struct stretch plain = {.nr = 16, PLAIN},
			     free_block = {.nr = 16, .shape = FREE, .order = 4};
	struct world *w = world_new();
	put_zone(w, 0, 0, 256);
	put_zone(w, 1, 128, 384);
	for (u64 pfn = 0; pfn < NR_PAGES; pfn += 16) {
		struct stretch s = pfn % 64 < 32 ? plain : free_block;
		s.pfn = pfn;
		w->zone_flags = (u64)(pfn >= 256 || (pfn >= 128 && pfn % 32)) << 62;
		put_stretch(w, &s);
	}
	world_start(w, MAP + 7 * 4096); /* the last 64 can't be read */
	take(w, 1, false);
	const struct census *c = &w->census;
	assert_true(c->zones_overlap);
	assert_int_equal(c->zone_shift, 62);
	assert_int_equal(c->spanned_pages, 256 + 384);
	/* [0, 128) is the first's; of [128, 256) half; a half of each is free. */
	assert_int_equal(c->zones[0].pages[PC_FREE_BUDDY], 64 + 32);
	assert_int_equal(c->zones[0].pages[PC_NOT_PRESENT], 64);
	assert_int_equal(c->zones[1].pages[PC_FREE_BUDDY], 32 + 96);
	assert_int_equal(c->zones[1].pages[PC_NOT_PRESENT], 64);
	assert_int_equal(c->unreadable_pages, 64);
	u64 sum = 0;
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
		sum += c->pages[class];
	assert_int_equal(sum, c->spanned_pages);
	world_free(w);
}

/* Blocks that claim to be larger than their zone, of every kind: nothing is counted twice. */
static void blocks_beyond_zones(void **state)
{
	static const struct stretch blocks[] = {
		{64, 32, PC_FREE_BUDDY, FREE, 5},
		{64, 64, PC_ANON, BLOCK, 6, .mapcount = -1, .refcount = 1, .mapping = ANON},
		{64, 64, PC_PAGE_CACHE, BLOCK, 6, .mapcount = 0, .refcount = 1, .mapping = FILE_A},
		{64, 64, PC_SLAB, BLOCK, 6, .type = 0xf5, .refcount = 1},
		{64, 64, PC_HUGETLB_USED, BLOCK, 6, .type = 0xf4, .refcount = 1},
		{0, 512, PC_KERNEL_UNKNOWN, BLOCK, 9, PLAIN},
	};
	const struct stretch plain = {0, NR_PAGES, PC_KERNEL_UNKNOWN, PLAIN};
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		struct world *w = world_new();
		put_zone(w, 0, 0, 73);
		put_zone(w, 1, 80, 200); /* a hole between them */
		put_stretch(w, &plain);
		put_stretch(w, &blocks[i]);
		world_start(w, 0);
		take(w, 1, false);
		for (size_t z = 0; z < 2; z++) {
			u64 sum = 0;
			for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
				sum += w->census.zones[z].pages[class];
			if (sum != w->census.zones[z].spanned_pages)
				fail_msg("%s: zone %zu has %llu pages",
					 page_class_key(blocks[i].class), z,
					 (unsigned long long)sum);
		}
		world_free(w);
	}
}

/* Nodes without end, types of zones without end: no machine has them, and nothing hangs. */
static void hostile_numbers(void **state)
{
	static const char vmcoreinfo[] = "NUMBER(SECTION_SIZE_BITS)=18\nLENGTH(mem_section)=2048\n"
					 "LENGTH(node_data)=18446744073709551615\n";
	static const u64 zone_types[] = {0, 1, ~0ull, 1ull << 63};
	for (size_t i = 0; i < ARRAY_SIZE(zone_types); i++) {
		struct world *w = world_new();
		put_zone(w, 0, 0, ~0ull); /* overlaps with what comes behind it */
		put_zone(w, 1, 5, 1ull << 63);
		fake_datum(&w->f, max_nr_zones, zone_types[i], 0);
		vmcoreinfo_done(&w->f.k.vmcoreinfo);
		vmcoreinfo_parse(&w->f.k.vmcoreinfo, vmcoreinfo, sizeof(vmcoreinfo) - 1);
		world_start(w, 0);
		take(w, 1, false);
		world_free(w);
	}
}

/* A section that is offline counts as that, as far as zones span it; one that is missing is a hole.
 */
static void sections_without_pages(void **state)
{
	const struct stretch plain = {0, NR_PAGES, PC_KERNEL_UNKNOWN, PLAIN};
	struct world *w = world_new();
	put_zone(w, 0, 0, 100);
	put_zone(w, 1, 100, 300);
	put_stretch(w, &plain);
	put_section(w, 1, 3); /* 64 to 127: the end of the first zone, the start of the second */
	put_section(w, 4, 0); /* 256 to 319 */
	put_section(w, 6, 3); /* 384 to 447: the second zone ends at 400 */
	world_start(w, 0);
	take(w, 1, false);
	const struct census *c = &w->census;
	assert_int_equal(c->zones[0].pages[PC_OFFLINE], 36);
	assert_int_equal(c->zones[1].pages[PC_OFFLINE], 28 + 16);
	assert_int_equal(c->pages[PC_NOT_PRESENT], 64);
	u64 sum = 0;
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
		sum += c->pages[class];
	assert_int_equal(sum, 400);
	world_free(w);
}

/* --- the byte of a page ----------------------------------------------------------------------- */

enum { KIND_SHIFT = 5 };

static void rounding(void **state)
{
	/* Codes: 0 to 24 are counts; then 32, 64, 128, 512, 2048, 8192, 65536. */
	static const struct {
		u64 mapcount;
		u8 code;
	} cases[] = {
		{0, 0},	     {1, 1},	       {24, 24},   {25, 24},   {27, 24},    {28, 25},
		{32, 25},    {47, 25},	       {48, 26},   {64, 26},   {95, 26},    {96, 27},
		{128, 27},   {319, 27},	       {320, 28},  {512, 28},  {1279, 28},  {1280, 29},
		{2048, 29},  {5119, 29},       {5120, 30}, {8192, 30}, {36863, 30}, {36864, 31},
		{65536, 31}, {1ull << 33, 31},
	};
	for (unsigned kind = 0; kind < NR_USER_KINDS; kind++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			u8 byte = census_page_byte(kind, cases[i].mapcount);
			if (byte != (u8)(kind << KIND_SHIFT | cases[i].code))
				fail_msg("%llu gives %d", (unsigned long long)cases[i].mapcount,
					 byte & 31);
		}
	}
}

static void bytes_of_pages(void **state)
{
	static const struct {
		u64 pfn;
		enum user_kind kind;
		u8 mapped;
	} cases[] = {
		{12, USER_NONE, 0},	{32, USER_NONE, 0},  {128, USER_ANON, 1},
		{159, USER_ANON, 1},	{160, USER_ANON, 1}, {170, USER_ANON, 0},
		{175, USER_ANON, 7},	{176, USER_FILE, 0}, {177, USER_FILE, 1},
		{180, USER_FILE, 0},	{192, USER_FILE, 2}, {196, USER_FILE, 0},
		{200, USER_SHMEM, 1},	{208, USER_FILE, 0}, {300, USER_HUGETLB, 1},
		{370, USER_HUGETLB, 1}, {400, USER_NONE, 0}, {480, USER_NONE, 0},
	};
	struct world *w = world_of_all_kinds();
	world_start(w, 0);
	take(w, 2, true);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 byte = w->census.page_bytes[cases[i].pfn / 64][cases[i].pfn % 64];
		if (byte != census_page_byte(cases[i].kind, cases[i].mapped))
			fail_msg("page frame %llu: kind %d, mapped %d times",
				 (unsigned long long)cases[i].pfn, byte >> KIND_SHIFT, byte & 31);
	}
	world_free(w);
}

/* --- nothing to look at ----------------------------------------------------------------------- */

static void nothing(void **state)
{
	const struct census_options options = {.nr_threads = 1};
	enum { NO_ZONES, NO_SECTIONS, NO_PAGES, NR_CASES };
	for (int i = 0; i < NR_CASES; i++) {
		struct world *w = world_new();
		struct error error = ERROR_INIT;
		put_zone(w, 0, 0, i == NO_ZONES ? 0 : 256);
		if (i == NO_SECTIONS)
			fake_write_u64(&w->f, SECTION_ROOTS, 0);
		if (i == NO_PAGES)
			fake_datum(&w->f, page_struct_size, 8, 0);
		world_start(w, 0);
		assert_int_equal(census_take(&w->census, &w->f.k, &options, &error), -1);
		assert_true(error.text[0]);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class),	     cmocka_unit_test(cut_off),
		cmocka_unit_test(overlapping_zones), cmocka_unit_test(blocks_beyond_zones),
		cmocka_unit_test(hostile_numbers),   cmocka_unit_test(sections_without_pages),
		cmocka_unit_test(rounding),	     cmocka_unit_test(bytes_of_pages),
		cmocka_unit_test(nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
