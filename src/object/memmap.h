/*
 * Page frames: which there are, and where their struct pages lie.
 *
 * Physical memory comes in sections (SPARSEMEM, 128 MiB on x86-64); a present section has a struct
 * page for each of its page frames, holes included.  With SPARSEMEM_VMEMMAP, which all 64-bit
 * distributions use, all struct pages form one array in virtual memory.  FLATMEM is one section.
 */
#ifndef OBJECT_MEMMAP_H
#define OBJECT_MEMMAP_H

#include "kernel/kernel.h"

struct memmap_section {
	u64 pfn, nr_pages;
	u64 kva; /* of the struct page of pfn */
	bool online;
	u64 section_kva; /* of struct mem_section; 0: none */
	u64 block_flags; /* for the census: kva of the flags of its page blocks, 0: not known */
};

struct memmap {
	struct kernel *k;
	u64 page_bytes;			 /* sizeof(struct page) */
	struct memmap_section *sections; /* by pfn, none overlap */
	size_t nr_sections;
	u64 section_pages; /* pages of one section: sections start at multiples */
	u64 base;	   /* kva of page frame 0's struct page, when all sections agree; else 0 */
};

/* -1 when the kernel's sections can't be found: no page can be looked at then. */
int memmap_open(struct memmap *map, struct kernel *k, struct error *error);
void memmap_close(struct memmap *map);

/* The section of a page frame; NULL: no struct page. */
const struct memmap_section *memmap_section(const struct memmap *map, u64 pfn);
/* The first section that ends behind pfn; NULL: none. */
const struct memmap_section *memmap_next_section(const struct memmap *map, u64 pfn);
/* kva of its struct page; 0 when there is none. */
u64 memmap_page(const struct memmap *map, u64 pfn);
/* The page frame of a struct page at kva; false when kva is none. */
bool memmap_pfn(const struct memmap *map, u64 page_kva, u64 *pfn);

#endif
