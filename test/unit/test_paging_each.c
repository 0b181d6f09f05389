/*
 * Every entry of page tables: what is given, in which order, and where a walk ends.  The entries
 * are written by hand from the architecture manuals, as in test_arch.c.
 */
#include "support/cmocka_all.h"

#include <elf.h>
#include <string.h>

#include "arch/arch.h"
#include "base/mem.h"
#include "support/dumpmake.h"

#define MEMORY MIB(1)
#define KERNEL_MAP 0xffffffff80000000ull
#define ALL ~0ull

struct entry {
	u64 at, value;
};

struct machine {
	const char *name;
	u16 elf_machine;
	u32 page_size;
	u64 root_kva, va_bits, t1sz, l5; /* what VMCOREINFO says */
	u64 voffset;			 /* kva - paddr of the kernel's image */
	struct entry entries[12];
	u64 start, end;
	struct paging_entry wanted[14];
};

#define TABLE(level_, va_, size_, paddr_)                                                 \
	{                                                                                 \
		.va = va_, .size = size_, .paddr = paddr_, .level = level_, .table = true \
	}
#define LEAF(level_, va_, size_, paddr_)                                   \
	{                                                                  \
		.va = va_, .size = size_, .paddr = paddr_, .level = level_ \
	}
#define LOST(level_, va_, size_, paddr_)                                                   \
	{                                                                                  \
		.va = va_, .size = size_, .paddr = paddr_, .level = level_, .table = true, \
		.status = READ_UNMAPPED                                                    \
	}

#define X86_4_LEVELS                                                                      \
	.elf_machine = EM_X86_64, .root_kva = KERNEL_MAP + 0x1000, .voffset = KERNEL_MAP, \
	.entries = {                                                                      \
		{0x1000 + 8 * 0x002, 0x6067}, /* the lower half: 0x10000000000 */         \
		{0x1000 + 8 * 0x111, 0x2067}, /* 0xffff888000000000 */                    \
		{0x1000 + 8 * 0x1ff, 0x5067}, /* 0xffffff8000000000 */                    \
		{0x2000 + 8 * 0, 0x3067},                                                 \
		{0x2000 + 8 * 1, 0x80000001400000e7}, /* 1 GiB at 5 GiB */                \
		{0x3000 + 8 * 0, 0x4067},                                                 \
		{0x3000 + 8 * 2, 0x8000000000a001e3}, /* 2 MiB; bit 12 is PAT */          \
		{0x4000 + 8 * 5, 0x8000000012345163},                                     \
		{0x4000 + 8 * 7, 0x12347062},		 /* not present */                \
		{0x4000 + 8 * 0x1ff, 0x12348063},	 /* the table's last */           \
		{0x5000 + 8 * 0x1ff, 0x9000000c00000e3}, /* 1 GiB, the last of all */     \
	}

static const struct machine machines[] = {
	{
		.name = "x86-64, 4 levels, the kernel's half up to the top",
		X86_4_LEVELS,
		.start = 0xffff800000000000,
		.end = 0,
		.wanted = {TABLE(0, 0, 0, 0x1000), TABLE(1, 0xffff888000000000, GIB(512), 0x2000),
			   TABLE(2, 0xffff888000000000, GIB(1), 0x3000),
			   TABLE(3, 0xffff888000000000, MIB(2), 0x4000),
			   LEAF(3, 0xffff888000005000, 4096, 0x12345000),
			   LEAF(3, 0xffff8880001ff000, 4096, 0x12348000),
			   LEAF(2, 0xffff888000400000, MIB(2), 0xa00000),
			   LEAF(1, 0xffff888040000000, GIB(1), 0x140000000),
			   TABLE(1, 0xffffff8000000000, GIB(512), 0x5000),
			   LEAF(1, 0xffffffffc0000000, GIB(1), 0xc0000000)},
	},
	{
		.name = "x86-64, 4 levels, a part of one table",
		X86_4_LEVELS,
		.start = 0xffff888000006000,
		.end = 0xffff888000400001, /* one byte of the 2 MiB page */
		.wanted = {TABLE(0, 0, 0, 0x1000), TABLE(1, 0xffff888000000000, GIB(512), 0x2000),
			   TABLE(2, 0xffff888000000000, GIB(1), 0x3000),
			   TABLE(3, 0xffff888000000000, MIB(2), 0x4000),
			   LEAF(3, 0xffff8880001ff000, 4096, 0x12348000),
			   LEAF(2, 0xffff888000400000, MIB(2), 0xa00000)},
	},
	{
		.name = "x86-64, 4 levels, the lower half; its table is zeros",
		X86_4_LEVELS,
		.start = 0,
		.end = 1ull << 47,
		.wanted = {TABLE(0, 0, 0, 0x1000), TABLE(1, 0x10000000000, GIB(512), 0x6000)},
	},
	{
		.name = "x86-64, 5 levels, a table outside of memory",
		.elf_machine = EM_X86_64,
		.root_kva = KERNEL_MAP + 0x1000,
		.voffset = KERNEL_MAP,
		.l5 = 1,
		.entries = {{0x1000 + 8 * 0x111, 0x2067}, /* 0xff11000000000000 */
			    {0x2000 + 8 * 0, 0x3067},
			    {0x3000 + 8 * 0, 0x4067},
			    {0x3000 + 8 * 1, 0x100000067}, /* at 4 GiB */
			    {0x4000 + 8 * 1, 0x80000000400000e3},
			    {0x3000 + 8 * 2, 0x80000000800000e3}},
		.start = 0xff00000000000000,
		.end = 0,
		.wanted = {TABLE(0, 0, 0, 0x1000), TABLE(1, 0xff11000000000000, 1ull << 48, 0x2000),
			   TABLE(2, 0xff11000000000000, GIB(512), 0x3000),
			   TABLE(3, 0xff11000000000000, GIB(1), 0x4000),
			   LEAF(3, 0xff11000000200000, MIB(2), 0x40000000),
			   TABLE(3, 0xff11000040000000, GIB(1), 0x100000000),
			   LOST(3, 0xff11000040000000, GIB(1), 0x100000000),
			   LEAF(2, 0xff11000080000000, GIB(1), 0x80000000)},
	},
	{
		.name = "arm64, 16 KiB, 47 bits: 3 levels, the upper half",
		.elf_machine = EM_AARCH64,
		.page_size = 16384,
		.root_kva = 0xffffc00009004000,
		.voffset = 0xffffc00009000000,
		.va_bits = 47,
		.t1sz = 17,
		.entries = {{0x4000 + 8 * 0, 0x8003},
			    {0x8000 + 8 * 1, 0xc003},
			    {0x8000 + 8 * 2, 0x60000084000701}, /* 32 MiB block */
			    {0xc000 + 8 * 2, 0x6000004567cf03},
			    {0xc000 + 8 * 3, 0x60000045680f02}, /* invalid */
			    {0xc000 + 8 * 2047, 0x60000045684f03}},
		.start = 0xffff800000000000,
		.end = 0,
		.wanted = {TABLE(0, 0xffff800000000000, 0, 0x4000),
			   TABLE(1, 0xffff800000000000, GIB(64), 0x8000),
			   TABLE(2, 0xffff800002000000, MIB(32), 0xc000),
			   LEAF(2, 0xffff800002008000, 16384, 0x4567c000),
			   LEAF(2, 0xffff800003ffc000, 16384, 0x45684000),
			   LEAF(1, 0xffff800004000000, MIB(32), 0x84000000)},
	},
	{
		.name = "arm64, 16 KiB, 47 bits: the same tables as a process's",
		.elf_machine = EM_AARCH64,
		.page_size = 16384,
		.root_kva = 0xffffc00009004000,
		.voffset = 0xffffc00009000000,
		.va_bits = 47,
		.t1sz = 17,
		.entries = {{0x4000 + 8 * 0, 0x8003},
			    {0x8000 + 8 * 1, 0xc003},
			    {0xc000 + 8 * 2, 0x6000004567cf43}},
		.start = 0,
		.end = 1ull << 47,
		.wanted = {TABLE(0, 0, 0, 0x4000), TABLE(1, 0, GIB(64), 0x8000),
			   TABLE(2, 0x2000000, MIB(32), 0xc000),
			   LEAF(2, 0x2008000, 16384, 0x4567c000)},
	},
	{
		.name = "arm64, 64 KiB, 48 bits of 52: 3 levels, 52-bit physical addresses",
		.elf_machine = EM_AARCH64,
		.page_size = 65536,
		.root_kva = 0xfffffe0009010000,
		.voffset = 0xfffffe0009000000,
		.va_bits = 52,
		.t1sz = 16,
		/* The last 64 of the root's 1024 entries are those of 48 bits. */
		.entries = {{0x10000 + 8 * 0x3c0, 0x20003},
			    {0x20000 + 8 * 0, 0x30003},
			    {0x20000 + 8 * 1, 0x600000c000a701}, /* 512 MiB; bits 15:12 are 51:48 */
			    {0x30000 + 8 * 1, 0x6000004321af03}},
		.start = 0xffff000000000000,
		.end = 0,
		.wanted = {TABLE(0, 0xfff0000000000000, 0, 0x10000),
			   TABLE(1, 0xffff000000000000, 1ull << 42, 0x20000),
			   TABLE(2, 0xffff000000000000, MIB(512), 0x30000),
			   LEAF(2, 0xffff000000010000, 65536, 0xa000043210000),
			   LEAF(1, 0xffff000020000000, MIB(512), 0xa0000c0000000)},
	},
};

/* --- what the architecture asks for ----------------------------------------------------------- */

static bool fact_symbol(void *context, const char *name, u64 *kva)
{
	const struct machine *m = context;
	*kva = m->root_kva;
	return !strcmp(name, "init_top_pgt") || !strcmp(name, "swapper_pg_dir");
}

static bool fact_number(void *context, const char *name, s64 *value)
{
	const struct machine *m = context;
	const struct {
		const char *name;
		u64 value;
		bool has;
	} facts[] = {
		{"phys_base", 0, m->elf_machine == EM_X86_64},
		{"pgtable_l5_enabled", m->l5, m->l5 != 0},
		{"VA_BITS", m->va_bits, m->va_bits != 0},
		{"TCR_EL1_T1SZ", m->t1sz, m->t1sz != 0},
		{"kimage_voffset", m->voffset, m->elf_machine == EM_AARCH64},
	};
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		if (facts[i].has && !strcmp(facts[i].name, name)) {
			*value = (s64)facts[i].value;
			return true;
		}
	}
	return false;
}

static void setup(const struct machine *m, struct paging *paging)
{
	const struct arch_facts facts = {.context = (void *)m,
					 .symbol = fact_symbol,
					 .number = fact_number,
					 .page_size = m->page_size};
	struct linear_map map = {0};
	struct error error = ERROR_INIT;
	if (arch_find(m->elf_machine)->paging_setup(paging, &map, &facts, &error))
		fail_msg("%s: %s", m->name, error.text);
}

/* The machine's first MiB: zeros but for the entries. */
static struct image *image_of(const struct entry *entries, size_t n, u64 fill_from, u64 fill)
{
	const struct elf_load load = {0, MEMORY, MEMORY, 0};
	struct bytes file =
		dumpmake_elf(&(struct elf_spec){.loads = &load, .nr_loads = 1, .no_note = true});
	u8 *memory = file.v + file.n - MEMORY;
	struct image *image;
	struct error error = ERROR_INIT;
	memset(memory, 0, MEMORY);
	for (size_t i = 0; i < n && entries[i].at; i++)
		memcpy(memory + entries[i].at, &entries[i].value, 8);
	for (u64 at = fill_from; fill && at < fill_from + 4096; at += 8)
		memcpy(memory + at, &fill, 8);
	char *path = dumpmake_write(&file, file.n);
	if (image_open(&image, (const char *[]){path}, 1, NULL, &error))
		fail_msg("%s", error.text);
	dumpmake_remove(path);
	bytes_done(&file);
	return image;
}

/* --- what is seen ------------------------------------------------------------------------------
 */

struct seen {
	struct paging_entry entries[32];
	size_t n, tables;
	u32 skip_level; /* tables of this level are left out; 0: none */
};

static bool keep(void *arg, const struct paging_entry *e)
{
	struct seen *s = arg;
	if (s->n < ARRAY_SIZE(s->entries))
		s->entries[s->n] = *e;
	s->n++;
	s->tables += e->table && !e->status;
	return !s->skip_level || e->level != s->skip_level;
}

static void compare(const char *name, const struct seen *seen, const struct paging_entry *wanted,
		    size_t most)
{
	size_t n = 0;
	while (n < most && (wanted[n].paddr || wanted[n].va))
		n++;
	for (size_t i = 0; i < n && i < seen->n; i++) {
		const struct paging_entry *e = &seen->entries[i], *w = &wanted[i];
		if (e->va != w->va || e->size != w->size || e->paddr != w->paddr ||
		    e->level != w->level || e->table != w->table || e->status != w->status)
			fail_msg("%s: entry %zu: %s of level %u, 0x%llx + 0x%llx at 0x%llx, %s",
				 name, i, e->table ? "table" : "leaf", e->level,
				 (unsigned long long)e->va, (unsigned long long)e->size,
				 (unsigned long long)e->paddr, read_status_name(e->status));
	}
	if (seen->n != n)
		fail_msg("%s: %zu entries, wanted %zu", name, seen->n, n);
}

static void every_entry(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		const struct machine *m = &machines[i];
		struct image *image = image_of(m->entries, ARRAY_SIZE(m->entries), 0, 0);
		struct paging paging;
		struct seen seen = {.n = 0};
		setup(m, &paging);
		assert_true(paging_for_each(&paging, image, m->start, m->end, ALL, keep, &seen));
		compare(m->name, &seen, m->wanted, ARRAY_SIZE(m->wanted));
		image_close(image);
	}
}

/* What the walk of one address finds, and what is given for all, is the same. */
static void agrees_with_the_walk(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		const struct machine *m = &machines[i];
		struct image *image = image_of(m->entries, ARRAY_SIZE(m->entries), 0, 0);
		struct paging paging;
		struct seen seen = {.n = 0};
		setup(m, &paging);
		paging_for_each(&paging, image, m->start, m->end, ALL, keep, &seen);
		for (size_t j = 0; j < seen.n && m->end == 0; j++) {
			const struct paging_entry *e = &seen.entries[j];
			u64 paddr = 0, run = 0;
			if (e->table)
				continue;
			assert_int_equal(paging_walk(&paging, image, e->va, &paddr, &run), READ_OK);
			assert_int_equal(paddr, e->paddr);
			assert_int_equal(run, e->size);
		}
		image_close(image);
	}
}

/* --- limits ------------------------------------------------------------------------------------
 */

static const struct machine x86 = {X86_4_LEVELS, .name = "x86-64"};

static void left_out(void **state)
{
	static const struct paging_entry wanted[] = {
		TABLE(0, 0, 0, 0x1000),
		TABLE(1, 0xffff888000000000, GIB(512), 0x2000),
		TABLE(2, 0xffff888000000000, GIB(1), 0x3000),
		LEAF(1, 0xffff888040000000, GIB(1), 0x140000000),
		TABLE(1, 0xffffff8000000000, GIB(512), 0x5000),
		LEAF(1, 0xffffffffc0000000, GIB(1), 0xc0000000),
	};
	struct image *image = image_of(x86.entries, ARRAY_SIZE(x86.entries), 0, 0);
	struct paging paging;
	struct seen seen = {.skip_level = 2};
	setup(&x86, &paging);
	/* A leaf's answer does not matter. */
	assert_true(paging_for_each(&paging, image, 0xffff800000000000, 0, ALL, keep, &seen));
	compare("tables of level 2 left out", &seen, wanted, ARRAY_SIZE(wanted));
	image_close(image);
}

/* 512 entries of a table point to itself: 512 to the third power of them, if nobody counted. */
static void circles(void **state)
{
	enum { LIMIT = 1000 };
	struct image *image = image_of(NULL, 0, 0x1000, 0x1067);
	struct paging paging;
	struct seen seen = {.n = 0}, once = {.skip_level = 1};
	setup(&x86, &paging);
	assert_false(paging_for_each(&paging, image, 0, 0, LIMIT, keep, &seen));
	assert_int_equal(seen.tables, LIMIT + 1); /* the last is told and not read */
	assert_true(paging_for_each(&paging, image, 0, 0, LIMIT, keep, &once));
	assert_int_equal(once.tables, 1 + 512);
	image_close(image);
}

static void limits(void **state)
{
	struct image *image = image_of(x86.entries, ARRAY_SIZE(x86.entries), 0, 0);
	struct paging paging;
	struct seen none = {.n = 0}, enough = {.n = 0}, lost = {.n = 0};
	setup(&x86, &paging);
	assert_false(paging_for_each(&paging, image, 0xffff800000000000, 0, 4, keep, &none));
	assert_true(paging_for_each(&paging, image, 0xffff800000000000, 0, 5, keep, &enough));
	assert_int_equal(enough.tables, 5);
	paging.root_paddr = GIB(8);
	assert_true(paging_for_each(&paging, image, 0xffff800000000000, 0, 5, keep, &lost));
	assert_int_equal(lost.n, 2); /* that it is there, and that it can't be read */
	assert_int_equal(lost.entries[1].status, READ_UNMAPPED);
	image_close(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry), cmocka_unit_test(agrees_with_the_walk),
		cmocka_unit_test(left_out),    cmocka_unit_test(circles),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
