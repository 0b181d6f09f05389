/*
 * All entries of page tables, in order of address: for what is mapped in a range, and for which
 * pages are page tables.
 *
 * A hostile dump's tables may point at each other in circles; levels bound the depth and the
 * caller's limit bounds the work.
 */
#include <stdlib.h>

#include "arch/arch.h"
#include "base/mem.h"

struct each {
	const struct paging *paging;
	struct image *image;
	u64 start, last; /* last va, so that the top of the address space is a number */
	u64 left;	 /* tables that may still be read */
	paging_entry_fn fn;
	void *arg;
	u64 *entries[PAGING_MAX_LEVELS]; /* one table of each level */
};

static u64 canonical(const struct paging *paging, u64 va)
{
	if (!paging->signed_va)
		return va;
	u32 unused = 64 - paging->va_bits;
	return (u64)((s64)(va << unused) >> unused);
}

static bool is_leaf(const struct paging *paging, u32 level, u64 entry)
{
	return level + 1 == paging->nr_levels ||
	       (paging->level[level].leaf_allowed &&
		(entry & paging->leaf_mask) == paging->leaf_value);
}

static size_t table_bytes(const struct paging *paging, u32 level)
{
	return (size_t)8 << paging->level[level].bits;
}

/* The table of that level at paddr, which covers va onward; false: the limit is reached. */
static bool each_table(struct each *e, u32 level, u64 paddr, u64 va)
{
	const struct paging *paging = e->paging;
	const struct paging_level *l = &paging->level[level];
	u64 nr = 1ull << l->bits, size = 1ull << l->shift;
	struct paging_entry table = {.va = va,
				     .size = level ? size * nr : 0,
				     .paddr = paddr,
				     .level = level,
				     .table = true};
	if (!e->fn(e->arg, &table))
		return true;
	if (!e->left)
		return false;
	e->left--;
	table.status = image_read(e->image, paddr, e->entries[level], table_bytes(paging, level));
	if (table.status) {
		e->fn(e->arg, &table);
		return true;
	}
	for (u64 i = 0; i < nr; i++) {
		u64 entry = e->entries[level][i], at = canonical(paging, va + i * size);
		if (!(entry & paging->present_mask) || at + (size - 1) < e->start || at > e->last)
			continue;
		struct paging_entry leaf = {
			.va = at, .size = size, .level = level, .status = READ_OK};
		if (is_leaf(paging, level, entry)) {
			leaf.paddr = paging_entry_paddr(paging, entry, l->shift);
			e->fn(e->arg, &leaf);
		} else if (!each_table(e, level + 1,
				       paging_entry_paddr(paging, entry, paging->page_shift), at)) {
			return false;
		}
	}
	return true;
}

bool paging_for_each(const struct paging *paging, struct image *image, u64 start, u64 end,
		     u64 limit, paging_entry_fn fn, void *arg)
{
	struct each e = {.paging = paging,
			 .image = image,
			 .start = start,
			 .last = end - 1,
			 .left = limit,
			 .fn = fn,
			 .arg = arg};
	for (u32 i = 0; i < paging->nr_levels; i++)
		e.entries[i] = mem_alloc(table_bytes(paging, i));
	/* Roots for one half only (arm64's TTBR0, TTBR1) begin where addresses of that half do. */
	bool low = paging->signed_va || start >> paging->va_bits == 0;
	u64 first = low ? 0 : ~0ull << paging->va_bits;
	bool whole = each_table(&e, 0, paging->root_paddr, first);
	for (u32 i = 0; i < paging->nr_levels; i++)
		free(e.entries[i]);
	return whole;
}
