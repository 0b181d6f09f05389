/*
 * The maple tree (lib/maple_tree.c, 6.1): ranges of unsigned longs to pointers; VMAs of a process
 * since 524e00b36e8c.
 *
 * Nodes are aligned to 256 bytes, the low byte of a pointer to one tells its type; a leaf and an
 * inner node differ in what the slots point to.  Entries are given out in rising order, with the
 * range that each covers.
 */
#ifndef KERNEL_MAPLE_H
#define KERNEL_MAPLE_H

#include "kernel/kernel.h"

enum { MAPLE_MAX_DEPTH = 16, MAPLE_MAX_SLOTS = 32, MAPLE_LIMIT = 1 << 24 /* slots looked at */ };

struct maple_level {
	u64 node;
	u64 pivots[MAPLE_MAX_SLOTS], slots[MAPLE_MAX_SLOTS]; /* read at once */
	u64 min, max; /* what the slots from `next` on can cover */
	u32 nr_pivots, nr_slots, next;
	bool leaf;
};

struct maple_walk {
	struct kernel *k;
	struct maple_level level[MAPLE_MAX_DEPTH];
	u32 depth;
	u64 root_entry;		 /* a tree that is one entry for index 0 */
	u64 nr;			 /* slots looked at */
	enum read_status status; /* the last thing that was wrong; the walk goes on beside it */
	u64 at;
	u64 nr_bad;
};

/* root: what the tree's ma_root holds. */
void maple_walk_init(struct maple_walk *walk, struct kernel *k, u64 root);
/* Holes and the tree's own marks (reserved ranges) are not given out. */
bool maple_walk_next(struct maple_walk *walk, u64 *entry, u64 *first, u64 *last);

#endif
