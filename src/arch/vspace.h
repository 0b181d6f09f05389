/*
 * A kernel's virtual memory: the machine's page tables over a dump's physical memory.
 *
 * Linear maps (the kernel image, the direct map of RAM) are tried first and need no table; all else
 * is walked, with a small translation cache.  Safe to share between threads.
 */
#ifndef ARCH_VSPACE_H
#define ARCH_VSPACE_H

#include <stdatomic.h>

#include "arch/arch.h"
#include "base/reader.h"

enum { VSPACE_TLB_ENTRIES = 4096 };

struct vspace {
	struct image *image;
	const struct arch *arch;
	struct paging paging;
	struct linear_map image_map, direct_map; /* empty (start == end) until known */
	/*
	 * Entries are two words without a lock: (page ^ paddr) and paddr.  A torn pair does not
	 * give the page back when combined and counts as a miss.
	 */
	struct {
		_Atomic u64 key, paddr;
	} tlb[VSPACE_TLB_ENTRIES];
};

/* kva -> paddr; *run_bytes (at least 1): how far it is contiguous. */
enum read_status vspace_translate(struct vspace *vs, u64 kva, u64 *paddr, u64 *run_bytes);
enum read_status vspace_read(struct vspace *vs, u64 kva, void *buffer, size_t len);
/* A struct reader over it. */
struct reader vspace_reader(struct vspace *vs);
/* paddr -> kva in the direct map; 0 when that is not known. */
u64 vspace_direct_kva(const struct vspace *vs, u64 paddr);

#endif
