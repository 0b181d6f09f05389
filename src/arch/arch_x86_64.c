/*
 * x86-64: 4 and 5 levels of 4 KiB tables, KASLR, memory encryption.
 *
 * Documentation/arch/x86/x86_64/mm.rst: the kernel image is mapped at __START_KERNEL_map + (paddr -
 * phys_base); with CONFIG_RANDOMIZE_MEMORY the direct map starts at the variable page_offset_base.
 * 5 levels are in use when VMCOREINFO says pgtable_l5_enabled (commit ed7588d5dc6f, 4.17).  A leaf
 * above the last level has _PAGE_PSE (bit 7). _PAGE_PROTNONE (bit 8) pages are mapped without being
 * present for the CPU: kernel mappings have none, user ones do (NUMA balancing), so both bits count
 * as present.  SME and SEV mark encrypted pages in a bit that VMCOREINFO names (sme_mask, commit
 * f263245a0ce2, 5.1).
 */
#include "arch/arch.h"

#include <elf.h>
#include <string.h>

#define START_KERNEL_MAP 0xffffffff80000000ull
#define KERNEL_IMAGE_MIN \
	MIB(512) /* KERNEL_IMAGE_SIZE without KASLR; 1 GiB with it: modules begin behind it */
#define KERNEL_IMAGE_MAX GIB(1)
#define CR3_ADDRESS 0x000ffffffffff000ull
#define CR3_PTI_USER \
	0x1000ull /* second half of the pair of root tables, when stopped in user space */

#define DIRECT_MAP_4_LEVELS 0xffff888000000000ull /* since 4.20; commit d52888aa2753 */
#define DIRECT_MAP_5_LEVELS 0xff11000000000000ull

static const struct paging paging_4_levels = {
	.page_shift = 12,
	.nr_levels = 4,
	.level = {{39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}},
	.va_bits = 48,
	.signed_va = 1,
	.present_mask = 1 << 0 | 1 << 8,
	.inverted_unless = 1 << 0,
	.leaf_mask = 1 << 7,
	.leaf_value = 1 << 7,
	.address_mask = 0x000ffffffffff000ull,
};

static const struct paging paging_5_levels = {
	.page_shift = 12,
	.nr_levels = 5,
	.level = {{48, 9, false}, {39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}},
	.va_bits = 57,
	.signed_va = 1,
	.present_mask = 1 << 0 | 1 << 8,
	.inverted_unless = 1 << 0,
	.leaf_mask = 1 << 7,
	.leaf_value = 1 << 7,
	.address_mask = 0x000ffffffffff000ull,
};

static int root_from_symbol(const struct arch_facts *facts, s64 phys_base, u64 *root)
{
	u64 kva;
	if (!facts->symbol(facts->context, "init_top_pgt", &kva) &&
	    !facts->symbol(facts->context, "swapper_pg_dir", &kva) &&
	    !facts->symbol(facts->context, "init_level4_pgt", &kva))
		return -1;
	if (kva < START_KERNEL_MAP)
		return -1;
	*root = kva - START_KERNEL_MAP + (u64)phys_base;
	return 0;
}

static int x86_64_paging_setup(struct paging *paging, struct linear_map *image,
			       const struct arch_facts *facts, struct error *error)
{
	s64 five = 0, phys_base = 0, sme_mask = 0, size;
	facts->number(facts->context, "pgtable_l5_enabled", &five);
	*paging = five ? paging_5_levels : paging_4_levels;
	if (facts->number(facts->context, "sme_mask", &sme_mask))
		paging->clear_mask = (u64)sme_mask;

	bool has_base = facts->number(facts->context, "phys_base", &phys_base);
	if (!has_base && facts->has_phys_base) {
		phys_base = (s64)facts->phys_base;
		has_base = true;
	}
	if (has_base) {
		/* phys_base is negative when the image lies below where it was linked. */
		image->start = START_KERNEL_MAP;
		if (phys_base < 0)
			image->start += (u64)-phys_base;
		image->end = START_KERNEL_MAP +
			     (facts->number(facts->context, "KERNEL_IMAGE_SIZE", &size) &&
					      size == (s64)KERNEL_IMAGE_MAX
				      ? KERNEL_IMAGE_MAX
				      : KERNEL_IMAGE_MIN);
		image->paddr = image->start - START_KERNEL_MAP + (u64)phys_base;
	}
	if (has_base && root_from_symbol(facts, phys_base, &paging->root_paddr) == 0)
		return 0;
	if (facts->root_register) {
		paging->root_paddr =
			facts->root_register & CR3_ADDRESS & ~CR3_PTI_USER & ~paging->clear_mask;
		return 0;
	}
	return error_set(
		error, EXIT_INPUT,
		"the dump does not tell where the kernel's page tables are (no phys_base and init_top_pgt "
		"in VMCOREINFO, no CPU registers)");
}

static bool x86_64_direct_map(struct linear_map *map, const struct paging *paging,
			      const struct arch_facts *facts, u64 base, u64 memory_end)
{
	if (!base)
		base = paging->nr_levels == 5 ? DIRECT_MAP_5_LEVELS : DIRECT_MAP_4_LEVELS;
	if (base < arch_x86_64.kernel_half || memory_end > START_KERNEL_MAP - base)
		return false;
	*map = (struct linear_map){.start = base, .end = base + memory_end, .paddr = 0};
	return true;
}

/*
 * QEMU's note (target/i386/arch_dump.c, QEMUCPUState): version, size, 18 registers, 10 segments of
 * 24 bytes, cr[5].
 */
static bool x86_64_note_root(const char *name, size_t name_len, u32 type, const void *desc,
			     size_t desc_len, u64 *root)
{
	enum { CR3_OFFSET = 8 + 18 * 8 + 10 * 24 + 3 * 8 };
	if (name_len < 4 || memcmp(name, "QEMU", 4) || desc_len < CR3_OFFSET + sizeof(*root))
		return false;
	memcpy(root, (const char *)desc + CR3_OFFSET, sizeof(*root));
	return true;
}

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.kernel_half = 0xff00000000000000ull,
	.paging_setup = x86_64_paging_setup,
	.direct_map_symbol = "page_offset_base",
	.direct_map = x86_64_direct_map,
	.note_root = x86_64_note_root,
	.image_start = START_KERNEL_MAP,
	.image_end = START_KERNEL_MAP + KERNEL_IMAGE_MAX,
};
