/*
 * Walking a maple tree from the left to the right.
 *
 * A node's slot i covers what follows pivot i-1, up to pivot i; the last slot has no pivot and ends
 * where the node does.  A pivot of 0 behind the first says that the node ends before.  A node names
 * its parent, which is compared: so damage cannot bend the tree into a loop.
 */
#include "kernel/maple.h"

enum {
	NODE_MASK = 0xff, /* MAPLE_NODE_MASK */
	TYPE_SHIFT = 3,	  /* MAPLE_NODE_TYPE_SHIFT */
	TYPE_MASK = 0xf,
	PARENT_IS_ROOT = 1, /* MA_ROOT_PARENT: the parent is the tree itself */
	INTERNAL_MASK = 3,  /* xa_is_internal(): the low bits of an internal entry are 10 */
	INTERNAL = 2,
	LARGEST_MARK = 4096 /* xa_is_node(): above it an internal entry is a node */
};

/* enum maple_type */
static const struct node_type {
	enum datum_id pivots, slots; /* 0: not known how */
	bool leaf;
} node_types[TYPE_MASK + 1] = {
	[1] = {maple_range_pivots, maple_range_slots, true},
	[2] = {maple_range_pivots, maple_range_slots, false},
	[3] = {maple_arange_pivots, maple_arange_slots, false},
};

static void note(struct maple_walk *walk, enum read_status status, u64 at)
{
	walk->status = status;
	walk->at = at;
	walk->nr_bad++;
}

static bool is_node(u64 entry)
{
	return (entry & INTERNAL_MASK) == INTERNAL && entry > LARGEST_MARK;
}

static enum read_status read_words(struct kernel *k, u64 node, enum datum_id id, u64 *words, u32 *n)
{
	const struct datum *d = kernel_datum(k, id);
	if (d->state != DATUM_PRESENT || d->stride != 8 || d->nr_elements > MAPLE_MAX_SLOTS)
		return READ_ABSENT;
	*n = (u32)d->nr_elements;
	return kernel_read(k, node + d->value, words, d->nr_elements * 8);
}

static enum read_status check_parent(struct kernel *k, u64 node, const struct maple_level *above)
{
	u64 parent;
	enum read_status status = kernel_read_u64(k, node, &parent); /* the first member of all */
	if (status)
		return status;
	bool right =
		above ? (parent & ~(u64)NODE_MASK) == above->node : (parent & PARENT_IS_ROOT) != 0;
	return right ? READ_OK : READ_DAMAGED;
}

static void push(struct maple_walk *walk, u64 encoded, u64 min, u64 max)
{
	const struct node_type *type = &node_types[encoded >> TYPE_SHIFT & TYPE_MASK];
	u64 node = encoded & ~(u64)NODE_MASK;
	if (walk->depth == MAPLE_MAX_DEPTH || !type->slots) {
		note(walk, READ_DAMAGED, node);
		return;
	}
	struct maple_level *level = &walk->level[walk->depth];
	enum read_status status = check_parent(walk->k, node, walk->depth ? level - 1 : NULL);
	if (!status)
		status = read_words(walk->k, node, type->pivots, level->pivots, &level->nr_pivots);
	if (!status)
		status = read_words(walk->k, node, type->slots, level->slots, &level->nr_slots);
	if (status) {
		note(walk, status, node);
		return;
	}
	level->node = node;
	level->min = min;
	level->max = max;
	level->next = 0;
	level->leaf = type->leaf;
	walk->depth++;
}

void maple_walk_init(struct maple_walk *walk, struct kernel *k, u64 root)
{
	*walk = (struct maple_walk){.k = k, .at = root};
	if (is_node(root))
		push(walk, root, 0, UINT64_MAX);
	else if (root && (root & INTERNAL_MASK) != INTERNAL)
		walk->root_entry = root;
}

/* The next slot of a level with its range; false when there are no more. */
static bool next_slot(struct maple_level *level, u64 *slot, u64 *first, u64 *last)
{
	u32 i = level->next;
	if (i >= level->nr_slots || level->min > level->max)
		return false;
	u64 end = level->max;
	if (i < level->nr_pivots && (level->pivots[i] || !i))
		end = u64_min(level->pivots[i], level->max);
	else if (i < level->nr_pivots)
		end = level->max; /* the node's last: it ends where the node does */
	*slot = level->slots[i];
	*first = level->min;
	*last = end;
	bool ends = end == level->max;
	level->next = ends ? level->nr_slots : i + 1;
	level->min = end + 1;
	return end >= *first;
}

bool maple_walk_next(struct maple_walk *walk, u64 *entry, u64 *first, u64 *last)
{
	if (walk->root_entry) {
		*entry = walk->root_entry;
		*first = *last = 0;
		walk->root_entry = 0;
		return true;
	}
	while (walk->depth) {
		struct maple_level *level = &walk->level[walk->depth - 1];
		u64 slot;
		if (walk->nr++ >= MAPLE_LIMIT) {
			note(walk, READ_DAMAGED, level->node);
			walk->depth = 0;
		} else if (!next_slot(level, &slot, first, last)) {
			walk->depth--;
		} else if (!level->leaf) {
			push(walk, slot, *first, *last);
		} else if (slot && (slot & INTERNAL_MASK) != INTERNAL) {
			*entry = slot;
			return true;
		}
	}
	return false;
}
