/*
 * arm64: 4, 16 and 64 KiB pages, 36 to 52 bits of virtual address, KASLR.
 *
 * Arm ARM D8 (VMSAv8-64): a table has page_size / 8 entries; the number of levels follows from the
 * address bits. Bit 0 is "valid"; above the last level bit 1 tells table (1) from block (0). Kernel
 * facts (arch/arm64/include/asm/ memory.h, kernel/vmcore_info.c): the image lies at kva -
 * kimage_voffset; the direct map starts at -(1 << VA_BITS) since 5.4 (commit 14c127c957c1) and maps
 * PHYS_OFFSET there; TCR_EL1_T1SZ tells the bits that the CPU really uses, which may be fewer than
 * CONFIG_ARM64_VA_BITS (commit bbdbc11804ff, 5.8).
 *
 * 52-bit physical addresses are encoded twice: 64 KiB pages keep bits 51:48 in entry bits 15:12
 * (LPA); 4 and 16 KiB pages keep bits 51:50 in entry bits 9:8, with LPA2 only, which the kernel
 * turns on together with 52-bit virtual addresses.
 */
#include "arch/arch.h"

#include <elf.h>

#define PTE_VALID (1ull << 0)
#define PTE_PROT_NONE                                                              \
	(1ull << 58) /* user pages of NUMA balancing; kernel entries never have it \
		      */
#define PTE_TABLE (1ull << 1)
#define TTBR_ADDRESS 0x0000fffffffffffeull

enum { DEFAULT_VA_BITS = 48, MIN_VA_BITS = 36, MAX_VA_BITS = 52 };

static bool page_size_ok(u32 page_size)
{
	return page_size == 4096 || page_size == 16384 || page_size == 65536;
}

/* Levels and their shifts, last level first by nature: each resolves page_shift - 3 bits. */
static void set_levels(struct paging *paging, u32 va_bits)
{
	u32 stride = paging->page_shift - 3;
	paging->nr_levels = (va_bits - paging->page_shift + stride - 1) / stride;
	for (u32 i = 0; i < paging->nr_levels; i++) {
		u32 from_last = paging->nr_levels - 1 - i;
		u32 shift = paging->page_shift + from_last * stride;
		u32 bits = i == 0 ? va_bits - shift : stride;
		/*
		 * Blocks: 1 GiB and 2 MiB of 4 KiB pages, 32 MiB of 16, 512 MiB of 64; larger ones
		 * need LPA2 or LPA.
		 */
		bool leaf_allowed = from_last == 1 || from_last == 2 || from_last == 3;
		paging->level[i] = (struct paging_level){
			.shift = (u8)shift, .bits = (u8)bits, .leaf_allowed = leaf_allowed};
	}
}

static void set_address_rules(struct paging *paging, u32 va_bits)
{
	u64 page_mask = ~((1ull << paging->page_shift) - 1);
	paging->address_mask = 0x0000ffffffffffffull & page_mask;
	if (paging->page_shift == 16) {
		paging->high_mask = 0xfull << 12;
		paging->high_shift = 36;
	} else if (va_bits == 52) {
		paging->address_mask = 0x0003ffffffffffffull & page_mask;
		paging->high_mask = 0x3ull << 8;
		paging->high_shift = 42;
	}
}

static bool configured_va_bits(const struct arch_facts *facts, u32 *va_bits)
{
	s64 bits = DEFAULT_VA_BITS;
	facts->number(facts->context, "VA_BITS", &bits);
	if (bits < MIN_VA_BITS || bits > MAX_VA_BITS)
		return false;
	*va_bits = (u32)bits;
	return true;
}

static int arm64_paging_setup(struct paging *paging, struct linear_map *image,
			      const struct arch_facts *facts, struct error *error)
{
	u32 page_size = facts->page_size ? facts->page_size : 4096, va_bits;
	if (!page_size_ok(page_size))
		return error_set(error, EXIT_INPUT,
				 "arm64 has no pages of %u bytes (VMCOREINFO's PAGESIZE)",
				 page_size);
	if (!configured_va_bits(facts, &va_bits))
		return error_set(error, EXIT_INPUT, "VMCOREINFO's VA_BITS is not between %d and %d",
				 MIN_VA_BITS, MAX_VA_BITS);
	/*
	 * 64 KiB pages: swapper_pg_dir is always laid out for the configured bits.  Smaller pages:
	 * an unused top level is folded away, so that the bits in use count.
	 */
	s64 t1sz;
	if (page_size != 65536 && facts->number(facts->context, "TCR_EL1_T1SZ", &t1sz) &&
	    t1sz >= 64 - MAX_VA_BITS && t1sz <= 64 - MIN_VA_BITS)
		va_bits = (u32)(64 - t1sz);

	*paging = (struct paging){
		.page_shift = (u32)__builtin_ctz(page_size),
		.va_bits = va_bits,
		.present_mask = PTE_VALID | PTE_PROT_NONE,
		.leaf_mask = PTE_TABLE,
		.leaf_value = 0,
	};
	set_levels(paging, va_bits);
	set_address_rules(paging, va_bits);

	u64 swapper;
	s64 voffset;
	if (facts->symbol(facts->context, "swapper_pg_dir", &swapper) &&
	    facts->number(facts->context, "kimage_voffset", &voffset)) {
		paging->root_paddr = swapper - (u64)voffset;
		/*
		 * No linear map for the image: modules lie next to it, and nothing tells where it
		 * ends.
		 */
		*image = (struct linear_map){0};
		return 0;
	}
	if (facts->root_register) {
		paging->root_paddr = facts->root_register & TTBR_ADDRESS;
		return 0;
	}
	return error_set(
		error, EXIT_INPUT,
		"the dump does not tell where the kernel's page tables are (no swapper_pg_dir and "
		"kimage_voffset in VMCOREINFO)");
}

static bool arm64_direct_map(struct linear_map *map, const struct paging *paging,
			     const struct arch_facts *facts, u64 base, u64 memory_end)
{
	s64 phys_offset;
	u32 va_bits;
	if (!facts->number(facts->context, "PHYS_OFFSET", &phys_offset) ||
	    !configured_va_bits(facts, &va_bits))
		return false;
	/*
	 * PHYS_OFFSET (memstart_addr) belongs to the start of the range of the configured bits,
	 * even when that start itself is not mapped because the CPU has fewer.
	 */
	u64 start = -(1ull << va_bits);
	u64 end = -(1ull << (paging->va_bits -
			     1)); /* PAGE_END: the upper half holds the image, modules, vmalloc */
	if (memory_end <= (u64)phys_offset && phys_offset > 0)
		return false;
	u64 size = memory_end - (u64)phys_offset;
	if (size > end - start)
		size = end - start;
	*map = (struct linear_map){.start = start, .end = start + size, .paddr = (u64)phys_offset};
	return true;
}

const struct arch arch_arm64 = {
	.name = "aarch64",
	.elf_machine = EM_AARCH64,
	.kernel_half = 0xfff0000000000000ull,
	.paging_setup = arm64_paging_setup,
	.direct_map = arm64_direct_map,
	.image_start = 0xffff800000000000ull,
	.image_end = 0xffffc00000000000ull,
};
