/*
 * kdump-compressed files, inside: what kdump.c makes of the headers and kdump_page.c reads pages
 * with.
 */
#ifndef DUMP_KDUMP_H
#define DUMP_KDUMP_H

#include "dump/cache.h"
#include "dump/codec.h"
#include "dump/container.h"
#include "dump/pagemap.h"

enum { KDUMP_DESC_BYTES = 24 };

/*
 * One file of the dump; there are several in a split set, each with its own range of page frames.
 */
struct kdump_part {
	struct file *file;
	u64 start_pfn, end_pfn;
	struct pagemap ram;    /* 1st bitmap: page frames that exist */
	struct pagemap dumped; /* 2nd bitmap: those that have a descriptor */
	u64 first_rank;	       /* rank of start_pfn: the page of descriptor 0 */
	u64 nr_pages;	       /* descriptors */
	u64 descs, data;       /* where the descriptors and the page data begin */
	bool truncated;	 /* something of this file is missing: descriptors have to be looked at */
	u64 zero_offset; /* where the packed page lies that all zero pages share; 0: not met yet
			  * (atomically)
			  */
};

/* Buffers and codec contexts of one reading thread; taken from the pool for the time of a call. */
struct kdump_worker;
struct kdump_workers {
	u32 lock;
	struct kdump_worker *idle;
};

struct kdump {
	struct kdump_part *parts; /* by start_pfn */
	size_t nr_parts;
	u32 block_size;
	unsigned shift; /* log2(block_size) */
	u64 max_pfn;
	struct cache *pages; /* unpacked pages by pfn */
	struct kdump_workers workers;
};

enum read_status kdump_read(struct image *image, u64 paddr, void *buffer, size_t len, u64 *fault);
enum read_status kdump_state(struct image *image, u64 paddr, u64 *run_bytes);
void kdump_workers_done(struct kdump_workers *workers);

#endif
