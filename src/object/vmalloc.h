/*
 * Areas of vmalloc space: who mapped what there, as /proc/vmallocinfo tells.
 *
 * mm/vmalloc.c keeps each area in use as a struct vmap_area: on one list until 6.8, since 6.9
 * (d093602919ad) on the lists of several nodes.  What was asked for by vmalloc(), vmap() or
 * ioremap() has a struct vm_struct; a vm_map_ram() block has none.
 */
#ifndef OBJECT_VMALLOC_H
#define OBJECT_VMALLOC_H

#include "kernel/kernel.h"

enum vmalloc_kind {
	VMALLOC_OTHER,	 /* no flag that is known, or in the middle of a change */
	VMALLOC_ALLOC,	 /* vmalloc() and friends: the area owns its pages */
	VMALLOC_MAP,	 /* vmap(): pages of somebody else, unless owns_pages; also the parts of the
			    kernel image on arm64 */
	VMALLOC_IOREMAP, /* device memory, rarely RAM */
	VMALLOC_DMA_COHERENT, /* dma_alloc_coherent() remapped: RAM of the page allocator or of CMA
			       */
	VMALLOC_SPARSE,	      /* address space that bpf arenas and the like fill page by page */
	VMALLOC_PERCPU,	      /* one group of a per-cpu chunk: object/percpu.h tells its pages */
	VMALLOC_MAP_RAM,      /* vm_map_ram(): pages of somebody else */
	NR_VMALLOC_KINDS
};

struct vmalloc_area {
	u64 kva;	  /* first address */
	u64 size_bytes;	  /* of address space, the guard page behind it included */
	u64 mapped_bytes; /* the part that may be mapped: without the guard page */
	enum vmalloc_kind kind;
	u64 area_kva, vm_kva; /* struct vmap_area; its struct vm_struct, 0: none */
	bool has_vm;	 /* false: a vm_map_ram() block, all below is 0 */
	u64 flags;	 /* VM_* of include/linux/vmalloc.h */
	bool usermap;	 /* may be mapped into programs (vmalloc_user) */
	bool owns_pages; /* freeing the area frees the pages of the array */
	bool unfinished; /* VM_UNINITIALIZED: vmalloc() was filling it */
	u64 nr_pages;	 /* entries of the array: all pages of vmalloc(), 0 for most other kinds */
	u64 pages;	 /* kva of the array of struct page *; 0: none */
	u64 phys_addr;	 /* ioremap: physical address of the first byte */
	u64 caller;	 /* code address: kernel_symbolize() names it; 0 when not known */
	bool has_requested_size;
	u64 requested_size_bytes; /* as asked for, before rounding to pages (6.15) */
};

const char *vmalloc_kind_name(enum vmalloc_kind kind); /* "vmalloc", "ioremap" ... */

/*
 * Every area in use.  By address until 6.8, in no order since.  Areas whose space is freed but not
 * yet given back are left out.
 */
typedef bool (*vmalloc_fn)(void *arg, const struct vmalloc_area *area);
int vmalloc_for_each(struct kernel *k, vmalloc_fn fn, void *arg, struct error *error);

/*
 * The struct page of each entry of an area's array, index = page of the area.  What can't be read
 * is told to kernel_unreadable and left out; NULL entries (an unfinished area) too.
 */
typedef bool (*vmalloc_page_fn)(void *arg, u64 index, u64 page_kva);
void vmalloc_for_each_page(struct kernel *k, const struct vmalloc_area *area, vmalloc_page_fn fn,
			   void *arg);

#endif
