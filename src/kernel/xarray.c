/*
 * Walking an xarray from the left to the right.
 *
 * An entry whose low bits are those of a node, and that is too large for one of the tree's own
 * marks, leads to a node: bits 10 in an xarray, 01 in a radix tree.
 */
#include "kernel/xarray.h"

enum { LOW_BITS = 3, LARGEST_MARK = 4096, SHIFT_OF_64 = 63 };

static u64 node_bits(const struct kernel *k)
{
	return k->schema.variant[variant_xarray] == XARRAY_RADIX_TREE ? 1 : 2;
}

static bool is_internal(const struct kernel *k, u64 entry)
{
	return (entry & LOW_BITS) == node_bits(k);
}

static void note(struct xarray_walk *walk, enum read_status status, u64 at)
{
	walk->status = status;
	walk->at = at;
	walk->nr_bad++;
}

static enum read_status read_node(struct kernel *k, u64 node, struct xarray_level *level)
{
	const struct datum *slots = kernel_datum(k, xa_node_slots);
	u64 shift;
	enum read_status status = kernel_get(k, node, xa_node_shift, &shift);
	if (status)
		return status;
	if (slots->stride != 8 || !slots->nr_elements || slots->nr_elements > XARRAY_MAX_SLOTS)
		return READ_ABSENT;
	if (shift > SHIFT_OF_64)
		return READ_DAMAGED;
	level->node = node;
	level->shift = (u32)shift;
	level->nr_slots = (u32)slots->nr_elements;
	return kernel_read(k, node + slots->value, level->slots, slots->nr_elements * 8);
}

/* Is this the node that its parent's slot says? */
static enum read_status check_place(struct kernel *k, const struct xarray_level *level,
				    const struct xarray_level *above)
{
	u64 parent, offset;
	enum read_status status = kernel_get(k, level->node, xa_node_parent, &parent);
	if (!status)
		status = kernel_get(k, level->node, xa_node_offset, &offset);
	if (status)
		return status;
	if (!above)
		return parent ? READ_DAMAGED : READ_OK;
	return parent == above->node && offset == above->next - 1 && level->shift < above->shift
		       ? READ_OK
		       : READ_DAMAGED;
}

static void push(struct xarray_walk *walk, u64 entry, u64 first_index)
{
	u64 node = entry - node_bits(walk->k);
	if (walk->depth == XARRAY_MAX_DEPTH) {
		note(walk, READ_DAMAGED, node);
		return;
	}
	struct xarray_level *level = &walk->level[walk->depth];
	enum read_status status = read_node(walk->k, node, level);
	if (!status)
		status = check_place(walk->k, level, walk->depth ? level - 1 : NULL);
	if (status) {
		note(walk, status, node);
		return;
	}
	level->first_index = first_index;
	level->next = 0;
	walk->depth++;
}

void xarray_walk_init(struct xarray_walk *walk, struct kernel *k, u64 at)
{
	u64 head;
	walk->k = k;
	walk->depth = 0;
	walk->root_entry = walk->nr_bad = 0;
	walk->at = at;
	walk->status = k->schema.variant[variant_xarray] ? kernel_get(k, at, xarray_head, &head)
							 : READ_ABSENT;
	if (walk->status)
		walk->nr_bad++;
	else if (is_internal(k, head) && head > LARGEST_MARK)
		push(walk, head, 0);
	else if (!is_internal(k, head))
		walk->root_entry = head;
}

bool xarray_walk_next(struct xarray_walk *walk, u64 *index, u64 *entry)
{
	if (walk->root_entry) {
		*entry = walk->root_entry;
		*index = 0;
		walk->root_entry = 0;
		return true;
	}
	while (walk->depth) {
		struct xarray_level *level = &walk->level[walk->depth - 1];
		if (level->next == level->nr_slots) {
			walk->depth--;
			continue;
		}
		u64 i = level->next++, slot = level->slots[i],
		    at = level->first_index + (i << level->shift);
		if (!slot)
			continue;
		if (!is_internal(walk->k, slot)) {
			*index = at;
			*entry = slot;
			return true;
		}
		if (slot > LARGEST_MARK && level->shift)
			push(walk, slot, at);
	}
	return false;
}
