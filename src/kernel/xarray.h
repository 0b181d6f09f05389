/*
 * The xarray (lib/xarray.c, 4.20) and the radix tree that it came from: numbers to pointers.  An
 * IDR is one; so are the pages of a file.
 *
 * Entries are given out in rising order of their index.  Each node names its parent and its place
 * in it, which is compared: so damage cannot bend the tree into a loop, nor show a node twice.
 */
#ifndef KERNEL_XARRAY_H
#define KERNEL_XARRAY_H

#include "kernel/kernel.h"

enum { XARRAY_MAX_DEPTH = 11, XARRAY_MAX_SLOTS = 64 };

struct xarray_level {
	u64 node, first_index;
	u64 slots[XARRAY_MAX_SLOTS];
	u32 shift, nr_slots, next;
};

struct xarray_walk {
	struct kernel *k;
	struct xarray_level level[XARRAY_MAX_DEPTH];
	u32 depth;
	u64 root_entry;		 /* an array of one entry, at index 0 */
	enum read_status status; /* the last thing that was wrong; the walk goes on beside it */
	u64 at;
	u64 nr_bad;
};

/* at: kva of a struct xarray (radix_tree_root, idr.idr_rt). */
void xarray_walk_init(struct xarray_walk *walk, struct kernel *k, u64 at);
/*
 * *entry is as stored: a pointer, or a value with bit 0 set.  Marks of the tree itself (retry,
 * sibling, reserved) are not given out.
 */
bool xarray_walk_next(struct xarray_walk *walk, u64 *index, u64 *entry);

#endif
