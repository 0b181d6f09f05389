/*
 * Page walks: for each geometry a handful of table entries, written by hand from the architecture
 * manuals (Intel SDM vol. 3 4.5, Arm ARM D8), and a list of addresses with where they must lie.
 */
#include "support/cmocka_all.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "arch/vspace.h"

#define MEMORY MIB(1) /* of the machine: tables only; leaves may point anywhere */

struct fact {
	const char *name;
	u64 value;
};

struct entry {
	u64 at, value; /* physical address of the entry, its 64 bits */
};

struct pair {
	u64 va;
	enum read_status status;
	u64 paddr;
	u64 run; /* bytes from va on that the same entry reaches; 0: not checked */
};

struct machine {
	const char *name;
	u16 elf_machine;
	u32 page_size;
	struct fact symbols[4], numbers[8];
	struct entry entries[16];
	struct pair pairs[12];
};

#define KERNEL_MAP 0xffffffff80000000ull
#define X86_ROOT 0x1000

static const struct machine machines[] = {
	{
		.name = "x86-64, 4 levels",
		.elf_machine = EM_X86_64,
		.symbols = {{"init_top_pgt", KERNEL_MAP + 0x2001000}},
		.numbers = {{"phys_base", (u64)-0x2000000}, {"KERNEL_IMAGE_SIZE", 0x40000000}},
		.entries =
			{
				{X86_ROOT + 8 * 0x111, 0x2067}, /* 0xffff888000000000 */
				{0x2000 + 8 * 0, 0x3067},
				{0x2000 + 8 * 1,
				 0x80000001400000e7}, /* 1 GiB page (PS), NX, at 5 GiB: bits 12-29
							 must be dropped */
				{0x3000 + 8 * 0, 0x4067},
				{0x3000 + 8 * 2,
				 0x8000000000a001e3}, /* 2 MiB page, bit 12 is PAT */
				{0x4000 + 8 * 5, 0x8000000012345163},
				{0x4000 + 8 * 6,
				 0x000fffffedcb9100}, /* PROTNONE: mapped, address inverted, not
							 present for the CPU */
				{0x4000 + 8 * 7, 0x0000000012347062}, /* not present */
			},
		.pairs =
			{
				{0xffff888000005abc, READ_OK, 0x12345abc, 0x544},
				{0xffff888000006000, READ_OK, 0x12346000, 0x1000},
				{0xffff888000007000, READ_UNMAPPED, 0, 0x1000},
				{0xffff888000400123, READ_OK, 0xa00123, 0x200000 - 0x123},
				{0xffff888040012345, READ_OK, 0x140012345, 0x40000000 - 0x12345},
				{0xffff888080000000, READ_UNMAPPED, 0, 0x40000000},
				{0xffff800000000000, READ_UNMAPPED, 0, 0x8000000000},
				{0x0000900000000000,
				 READ_UNMAPPED}, /* not canonical with 48 bits */
			},
	},
	{
		.name = "x86-64, 5 levels, memory encryption bit 47",
		.elf_machine = EM_X86_64,
		.symbols = {{"init_top_pgt", KERNEL_MAP + 0x1000}},
		.numbers = {{"phys_base", 0}, {"pgtable_l5_enabled", 1}, {"sme_mask", 1ull << 47}},
		.entries =
			{
				{X86_ROOT + 8 * 0x111,
				 0x2067 | 1ull << 47}, /* 0xff11000000000000 */
				{0x2000 + 8 * 0, 0x3067 | 1ull << 47},
				{0x3000 + 8 * 0, 0x4067 | 1ull << 47},
				{0x4000 + 8 * 0, 0x5067},
				{0x5000 + 8 * 1, 0x8000000076543063 | 1ull << 47},
				{0x4000 + 8 * 1, 0x80000000000000e3 | 0x40000000 | 1ull << 47},
			},
		.pairs =
			{
				{0xff11000000001010, READ_OK, 0x76543010, 0xff0},
				{0xff11000000200008, READ_OK, 0x40000008, 0x200000 - 8},
				{0xff12000000000000, READ_UNMAPPED, 0, 1ull << 48},
				{0xff00ff0000000000, READ_UNMAPPED},
			},
	},
	{
		.name = "arm64, 4 KiB, 48 bits",
		.elf_machine = EM_AARCH64,
		.page_size = 4096,
		.symbols = {{"swapper_pg_dir", 0xffff800009001000}},
		.numbers = {{"VA_BITS", 48},
			    {"kimage_voffset", 0xffff800009000000},
			    {"TCR_EL1_T1SZ", 16}},
		.entries =
			{
				{0x1000 + 8 * 0, 0x2003},	    /* 0xffff000000000000 */
				{0x2000 + 8 * 1, 0x60000140000701}, /* 1 GiB block at 5 GiB */
				{0x2000 + 8 * 0, 0x3003},
				{0x3000 + 8 * 0, 0x4003},
				{0x3000 + 8 * 1, 0x60000040200701}, /* 2 MiB block */
				{0x4000 + 8 * 3, 0x60000048765703},
				{0x4000 + 8 * 4, 0x60000048766702}, /* invalid */
			},
		.pairs =
			{
				{0xffff000000003024, READ_OK, 0x48765024, 0xfdc},
				{0xffff000000004000, READ_UNMAPPED, 0, 0x1000},
				{0xffff000000200800, READ_OK, 0x40200800, 0x1ff800},
				{0xffff000040000001, READ_OK, 0x140000001, 0x3fffffff},
				{0xfffe000000000000, READ_UNMAPPED},
			},
	},
	{
		.name = "arm64, 4 KiB, 39 bits: 3 levels",
		.elf_machine = EM_AARCH64,
		.page_size = 4096,
		.symbols = {{"swapper_pg_dir", 0xffffffc009001000}},
		.numbers = {{"VA_BITS", 39}, {"kimage_voffset", 0xffffffc009000000}},
		.entries = {{0x1000 + 8 * 1, 0x2003},
			    {0x2000 + 8 * 0, 0x3003},
			    {0x3000 + 8 * 1, 0x68000041234f03}},
		.pairs = {{0xffffff8040001010, READ_OK, 0x41234010, 0xff0},
			  {0xffffff0040001010, READ_UNMAPPED}},
	},
	{
		.name = "arm64, 16 KiB, 47 bits: 3 levels",
		.elf_machine = EM_AARCH64,
		.page_size = 16384,
		.symbols = {{"swapper_pg_dir", 0xffffc00009004000}},
		.numbers = {{"VA_BITS", 47},
			    {"kimage_voffset", 0xffffc00009000000},
			    {"TCR_EL1_T1SZ", 17}},
		.entries =
			{
				{0x4000 + 8 * 0, 0x8003},
				{0x8000 + 8 * 1, 0xc003},
				{0x8000 + 8 * 2, 0x60000084000701}, /* 32 MiB block */
				{0xc000 + 8 * 2, 0x6000004567cf03},
			},
		.pairs =
			{
				{0xffff800002008010, READ_OK, 0x4567c010, 0x3ff0},
				{0xffff800004000004, READ_OK, 0x84000004, 0x1fffffc},
			},
	},
	{
		.name = "arm64, 64 KiB, 52 bits configured and 48 in use, 52-bit physical addresses",
		.elf_machine = EM_AARCH64,
		.page_size = 65536,
		.symbols = {{"swapper_pg_dir", 0xfffffe0009010000}},
		.numbers = {{"VA_BITS", 52},
			    {"kimage_voffset", 0xfffffe0009000000},
			    {"TCR_EL1_T1SZ", 16}},
		.entries =
			{
				{0x10000 + 8 * 0x3c0,
				 0x20003}, /* 0xffff000000000000: the last 64 of 1024 entries are
					      those of 48 bits */
				{0x20000 + 8 * 0, 0x30003},
				{0x20000 + 8 * 1, 0x600000c000a701}, /* 512 MiB block; bits 15:12
									are address bits 51:48 */
				{0x30000 + 8 * 1,
				 0x6000004321af03}, /* and so is the 0xa of this page */
			},
		.pairs =
			{
				{0xffff000000010123, READ_OK, 0xa000043210123, 0xfedd},
				{0xffff000020000000, READ_OK, 0xa0000c0000000, 0x20000000},
			},
	},
	{
		.name = "arm64, 4 KiB, 52 bits (LPA2): 5 levels",
		.elf_machine = EM_AARCH64,
		.page_size = 4096,
		.symbols = {{"swapper_pg_dir", 0xffff800009001000}},
		.numbers = {{"VA_BITS", 52},
			    {"kimage_voffset", 0xffff800009000000},
			    {"TCR_EL1_T1SZ", 12}},
		.entries =
			{
				{0x1000 + 8 * 0, 0x2003},
				{0x2000 + 8 * 0, 0x3003},
				{0x3000 + 8 * 0, 0x4003},
				{0x4000 + 8 * 0, 0x5003},
				{0x5000 + 8 * 2, 0x62000048765603}, /* bits 9:8 = 2: address bit 51;
								       bit 49 stands in its place */
			},
		.pairs = {{0xfff0000000002008, READ_OK, 0xa000048765008, 0xff8}},
	},
};

static bool find_fact(const struct fact *facts, size_t n, const char *name, u64 *value)
{
	for (size_t i = 0; i < n && facts[i].name; i++) {
		if (!strcmp(facts[i].name, name)) {
			*value = facts[i].value;
			return true;
		}
	}
	return false;
}

static bool fact_symbol(void *context, const char *name, u64 *kva)
{
	const struct machine *m = context;
	return find_fact(m->symbols, ARRAY_SIZE(m->symbols), name, kva);
}

static bool fact_number(void *context, const char *name, s64 *value)
{
	const struct machine *m = context;
	return find_fact(m->numbers, ARRAY_SIZE(m->numbers), name, (u64 *)value);
}

/* An ELF dump of the machine's first MiB, with the entries in place. */
static struct image *image_of(const struct machine *m)
{
	const u64 at = 4096;
	u8 *file = calloc(1, at + MEMORY);
	Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_CORE,
			     .e_machine = m->elf_machine,
			     .e_version = EV_CURRENT,
			     .e_phoff = sizeof(header),
			     .e_ehsize = sizeof(header),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 1};
	Elf64_Phdr load = {
		.p_type = PT_LOAD, .p_offset = at, .p_filesz = MEMORY, .p_memsz = MEMORY};
	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), &load, sizeof(load));
	for (size_t i = 0; i < ARRAY_SIZE(m->entries) && m->entries[i].at; i++)
		memcpy(file + at + m->entries[i].at, &m->entries[i].value, 8);
	char path[] = "/tmp/memwho-arch-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, at + MEMORY), (ssize_t)(at + MEMORY));
	close(fd);
	free(file);
	struct image *image;
	struct error error = ERROR_INIT;
	const char *paths[] = {path};
	if (image_open(&image, paths, 1, NULL, &error))
		fail_msg("%s", error.text);
	unlink(path);
	return image;
}

static void walk_pairs(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		const struct machine *m = &machines[i];
		const struct arch_facts facts = {.context = (void *)m,
						 .symbol = fact_symbol,
						 .number = fact_number,
						 .page_size = m->page_size};
		struct image *image = image_of(m);
		struct paging paging;
		struct linear_map map = {0};
		struct error error = ERROR_INIT;
		if (arch_find(m->elf_machine)->paging_setup(&paging, &map, &facts, &error))
			fail_msg("%s: %s", m->name, error.text);
		for (size_t j = 0; j < ARRAY_SIZE(m->pairs) && m->pairs[j].va; j++) {
			const struct pair *p = &m->pairs[j];
			u64 paddr = 0, run = 0;
			enum read_status status = paging_walk(&paging, image, p->va, &paddr, &run);
			if (status != p->status || (status == READ_OK && paddr != p->paddr) ||
			    (p->run && run != p->run))
				fail_msg(
					"%s: 0x%llx is %s, 0x%llx for 0x%llx bytes; wanted %s, 0x%llx, 0x%llx",
					m->name, (unsigned long long)p->va,
					read_status_name(status), (unsigned long long)paddr,
					(unsigned long long)run, read_status_name(p->status),
					(unsigned long long)p->paddr, (unsigned long long)p->run);
		}
		image_close(image);
	}
}

/* A root outside of memory, and a table that points to itself, end. */
static void broken_tables(void **state)
{
	static const struct machine self = {
		.elf_machine = EM_X86_64,
		.symbols = {{"init_top_pgt", KERNEL_MAP + 0x1000}},
		.numbers = {{"phys_base", 0}},
		.entries = {{0x1000 + 8 * 0x1ff, 0x1067}},
	};
	const struct arch_facts facts = {
		.context = (void *)&self, .symbol = fact_symbol, .number = fact_number};
	struct image *image = image_of(&self);
	struct paging paging;
	struct linear_map map;
	u64 paddr, run;
	assert_int_equal(arch_x86_64.paging_setup(&paging, &map, &facts, NULL), 0);
	assert_int_equal(paging_walk(&paging, image, ~0ull, &paddr, &run),
			 READ_OK); /* the table itself, as its own page */
	assert_int_equal(paddr, 0x1fff);
	paging.root_paddr = GIB(4);
	assert_int_equal(paging_walk(&paging, image, ~0ull, &paddr, &run), READ_UNMAPPED);
	image_close(image);
}

/*
 * The direct map, by the formulas of Documentation/arch/x86/x86_64/mm.rst and
 * Documentation/arch/arm64/memory.rst.
 */
static void direct_maps(void **state)
{
	static const struct machine arm = {
		.numbers = {{"VA_BITS", 48}, {"PHYS_OFFSET", 0x40000000}},
	};
	struct linear_map map;
	struct paging paging = {.nr_levels = 4, .va_bits = 48};
	const struct arch_facts facts = {
		.context = (void *)&arm, .symbol = fact_symbol, .number = fact_number};
	assert_true(arch_x86_64.direct_map(&map, &paging, &facts, 0, GIB(8)));
	assert_int_equal(map.start, 0xffff888000000000);
	assert_int_equal(map.end - map.start, GIB(8));
	assert_int_equal(map.paddr, 0);
	assert_true(arch_x86_64.direct_map(&map, &paging, &facts, 0xffff9a0000000000, GIB(8)));
	assert_int_equal(map.start, 0xffff9a0000000000);
	assert_false(arch_x86_64.direct_map(&map, &paging, &facts, 0x1000, GIB(8)));
	assert_true(arch_arm64.direct_map(&map, &paging, &facts, 0, GIB(2)));
	assert_int_equal(map.start, 0xffff000000000000);
	assert_int_equal(map.paddr, 0x40000000);
	assert_int_equal(map.end - map.start, GIB(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_pairs),
		cmocka_unit_test(broken_tables),
		cmocka_unit_test(direct_maps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
