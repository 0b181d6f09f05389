/*
 * Walkers over the kernel's containers: each with a bound and a check for cycles, since a dump may
 *hold any bytes.
 *
 *	struct list_walk w;
 *	for (list_walk_init(&w, k, head); list_walk_next(&w, &node);)
 *		...kernel_container(k, node, task_tasks)...
 *	if (w.status) kernel_unreadable(k, "task list", w.status, w.at);
 */
#ifndef KERNEL_WALK_H
#define KERNEL_WALK_H

#include "kernel/kernel.h"

enum { WALK_LIMIT = 1 << 26 }; /* nodes: more than any list of a machine of this world holds */

/* struct list_head, circular; the head itself is not given out. */
struct list_walk {
	struct kernel *k;
	u64 head, next;
	u64 nr;			 /* nodes given out so far */
	enum read_status status; /* READ_OK while all is well; READ_DAMAGED: a loop that misses the
				    head, or a bad back pointer */
	u64 at;			 /* the node that the status belongs to */
	u64 mark, mark_at; /* Brent's cycle check: a remembered node, moved at powers of two */
};

void list_walk_init(struct list_walk *walk, struct kernel *k, u64 head);
bool list_walk_next(struct list_walk *walk, u64 *node);

/* A chain of single pointers (`next` a datum), NULL-terminated: partial slabs, hash chains. */
struct chain_walk {
	struct kernel *k;
	u64 next;
	enum datum_id next_id;
	u64 nr, limit;
	enum read_status status;
	u64 at;
};

void chain_walk_init(struct chain_walk *walk, struct kernel *k, u64 first, enum datum_id next_id,
		     u64 limit);
bool chain_walk_next(struct chain_walk *walk, u64 *object);

/* struct rb_root: all nodes in no promised order (parents before children). */
enum { RB_MAX_DEPTH = 128, RB_LIMIT = 1 << 22 };
struct rb_walk {
	struct kernel *k;
	u64 stack[RB_MAX_DEPTH];
	u32 depth;
	u64 nr;
	enum read_status status;
	u64 at;
};

void rb_walk_init(struct rb_walk *walk, struct kernel *k, u64 root_kva);
bool rb_walk_next(struct rb_walk *walk, u64 *node);

#endif
