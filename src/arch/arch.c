/* The list of machines, and the one page walker. */
#include "arch/arch.h"

#include <string.h>

static const struct arch *const archs[] = {&arch_x86_64, &arch_arm64};

const struct arch *arch_at(size_t i)
{
	return i < ARRAY_SIZE(archs) ? archs[i] : NULL;
}

const struct arch *arch_find(u16 elf_machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		if (archs[i]->elf_machine == elf_machine)
			return archs[i];
	}
	return NULL;
}

const struct arch *arch_find_name(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		if (!strcmp(archs[i]->name, machine))
			return archs[i];
	}
	return NULL;
}

bool paging_canonical(const struct paging *paging, u64 va)
{
	u64 high = va >> (paging->va_bits - paging->signed_va);
	return high == 0 || high == ~0ull >> (paging->va_bits - paging->signed_va);
}

u64 paging_entry_paddr(const struct paging *paging, u64 entry, u32 shift)
{
	if (paging->inverted_unless && !(entry & paging->inverted_unless))
		entry = ~entry;
	u64 paddr = entry & paging->address_mask & ~paging->clear_mask;
	if (paging->high_mask)
		paddr |= (entry & paging->high_mask) << paging->high_shift;
	return paddr & ~((1ull << shift) - 1);
}

enum read_status paging_walk(const struct paging *paging, struct image *image, u64 va, u64 *paddr,
			     u64 *run_bytes)
{
	*run_bytes = 1ull << paging->page_shift;
	if (!paging_canonical(paging, va))
		return READ_UNMAPPED;
	u64 table = paging->root_paddr;
	for (u32 i = 0; i < paging->nr_levels; i++) {
		const struct paging_level *level = &paging->level[i];
		bool last = i + 1 == paging->nr_levels;
		u64 index = (va >> level->shift) & ((1ull << level->bits) - 1);
		u64 in_entry = va & ((1ull << level->shift) - 1);
		u64 entry;
		enum read_status status =
			image_read(image, table + index * sizeof(entry), &entry, sizeof(entry));
		if (status)
			return status;
		*run_bytes = (1ull << level->shift) - in_entry;
		if (!(entry & paging->present_mask))
			return READ_UNMAPPED;
		bool leaf = last || (level->leaf_allowed &&
				     (entry & paging->leaf_mask) == paging->leaf_value);
		if (leaf) {
			*paddr = paging_entry_paddr(paging, entry, level->shift) + in_entry;
			return READ_OK;
		}
		table = paging_entry_paddr(paging, entry, paging->page_shift);
	}
	return READ_UNMAPPED;
}
