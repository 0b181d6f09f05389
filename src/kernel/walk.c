/* Bounded walks over lists, chains and trees. */
#include "kernel/walk.h"

void list_walk_init(struct list_walk *walk, struct kernel *k, u64 head)
{
	*walk = (struct list_walk){.k = k, .head = head, .at = head};
	walk->status = kernel_read_u64(k, head, &walk->next);
	walk->mark_at = 1;
}

static bool list_stop(struct list_walk *walk, enum read_status status)
{
	walk->status = status;
	walk->at = walk->next;
	return false;
}

bool list_walk_next(struct list_walk *walk, u64 *node)
{
	if (walk->status || walk->next == walk->head)
		return false;
	if (walk->next == 0 || walk->next == walk->mark || walk->nr >= WALK_LIMIT)
		return list_stop(walk, READ_DAMAGED);
	u64 after;
	enum read_status status = kernel_read_u64(walk->k, walk->next, &after);
	if (status)
		return list_stop(walk, status);
	if (walk->nr == walk->mark_at) {
		walk->mark = walk->next;
		walk->mark_at *= 2;
	}
	*node = walk->next;
	walk->next = after;
	walk->nr++;
	return true;
}

void chain_walk_init(struct chain_walk *walk, struct kernel *k, u64 first, enum datum_id next_id,
		     u64 limit)
{
	*walk = (struct chain_walk){
		.k = k, .next = first, .next_id = next_id, .limit = limit, .at = first};
}

bool chain_walk_next(struct chain_walk *walk, u64 *object)
{
	if (walk->status || !walk->next)
		return false;
	walk->at = walk->next;
	if (walk->nr >= walk->limit) {
		walk->status = READ_DAMAGED;
		return false;
	}
	u64 after;
	walk->status = kernel_get(walk->k, walk->next, walk->next_id, &after);
	if (walk->status)
		return false;
	*object = walk->next;
	walk->next = after;
	walk->nr++;
	return true;
}

static void rb_push(struct rb_walk *walk, u64 node)
{
	if (!node)
		return;
	if (walk->depth == RB_MAX_DEPTH) {
		walk->status = READ_DAMAGED;
		walk->at = node;
		return;
	}
	walk->stack[walk->depth++] = node;
}

void rb_walk_init(struct rb_walk *walk, struct kernel *k, u64 root_kva)
{
	u64 root = 0;
	*walk = (struct rb_walk){.k = k, .at = root_kva};
	walk->status = kernel_get(k, root_kva, rb_root_node, &root);
	if (!walk->status)
		rb_push(walk, root);
}

static enum read_status rb_children(struct rb_walk *walk, u64 node, u64 *left, u64 *right)
{
	enum read_status status = kernel_get(walk->k, node, rb_left, left);
	return status ? status : kernel_get(walk->k, node, rb_right, right);
}

bool rb_walk_next(struct rb_walk *walk, u64 *node)
{
	while (walk->depth) {
		u64 here = walk->stack[--walk->depth], left, right;
		enum read_status status =
			walk->nr < RB_LIMIT ? rb_children(walk, here, &left, &right) : READ_DAMAGED;
		if (status) {
			walk->status = status;
			walk->at = here;
			if (walk->nr >= RB_LIMIT)
				return false;
			continue; /* the other branches are still there */
		}
		rb_push(walk, right);
		rb_push(walk, left);
		*node = here;
		walk->nr++;
		return true;
	}
	return false;
}
