/*
 * The resource tree is walked by child, sibling and parent pointers, as r_next() of
 * kernel/resource.c does, without a stack.
 *
 * What keeps damage from making it endless: a child must name the node it is reached from as its
 * parent, a sibling must begin behind the end of the one before.  So no node can be met twice.  A
 * node that breaks a rule ends its row of siblings; the rest of the tree is still read.
 */
#include "object/resource.h"

enum { MAX_DEPTH = 64, MOST_RESOURCES = 1 << 20 };

struct tree_walk {
	struct kernel *k;
	u64 parent[MAX_DEPTH]; /* kva of the node whose children are at this depth */
	u32 depth;
	u64 nr;
	enum read_status first_status; /* of the first node: the whole tree hangs on it */
};

static enum read_status read_resource(struct tree_walk *w, u64 kva, u64 after, struct resource *r)
{
	struct kernel *k = w->k;
	u64 parent;
	*r = (struct resource){.kva = kva, .depth = w->depth};
	enum read_status status = kernel_get(k, kva, resource_parent, &parent);
	if (!status)
		status = kernel_get(k, kva, resource_start, &r->start);
	if (!status)
		status = kernel_get(k, kva, resource_end, &r->end);
	if (!status)
		status = kernel_get(k, kva, resource_flags, &r->flags);
	if (status)
		return status;
	if (parent != w->parent[w->depth] || r->start < after || r->end < r->start)
		return READ_DAMAGED;
	r->system_ram = r->flags & k->schema.quirk[quirk_resource_sysram];
	kernel_get_text_at(k, kva, resource_name, r->name, sizeof(r->name));
	return READ_OK;
}

/* Pointer to the first child or the next sibling; 0 at the end or when it can't be read. */
static u64 follow(struct tree_walk *w, u64 kva, enum datum_id pointer)
{
	u64 next;
	enum read_status status = kernel_get(w->k, kva, pointer, &next);
	if (!status)
		return next;
	kernel_unreadable(w->k, "resource", status, kva);
	return 0;
}

/* The node behind this one, in the order of /proc/iomem; *after: where it must not begin before. */
static u64 next_node(struct tree_walk *w, const struct resource *r, u64 *after)
{
	u64 child = w->depth + 1 < MAX_DEPTH ? follow(w, r->kva, resource_child) : 0;
	if (child) {
		w->parent[++w->depth] = r->kva;
		*after = r->start;
		return child;
	}
	*after = r->end + 1;
	return *after ? follow(w, r->kva, resource_sibling) : 0;
}

/* No siblings are left: those of the parent follow. */
static u64 climb(struct tree_walk *w, u64 *after)
{
	while (w->depth) {
		u64 parent = w->parent[w->depth--], end;
		u64 next = follow(w, parent, resource_sibling);
		if (!next || kernel_get(w->k, parent, resource_end, &end) || end == UINT64_MAX)
			continue;
		*after = end + 1;
		return next;
	}
	return 0;
}

static void walk_tree(struct tree_walk *w, u64 node, resource_fn fn, void *arg)
{
	u64 after = 0;
	while (node && w->nr++ < MOST_RESOURCES) {
		struct resource r;
		enum read_status status = read_resource(w, node, after, &r);
		if (w->nr == 1)
			w->first_status = status;
		if (status)
			kernel_unreadable(w->k, "resource", status, node);
		else if (!fn(arg, &r))
			return;
		node = status ? 0 : next_node(w, &r, &after);
		if (!node)
			node = climb(w, &after);
	}
}

int resource_for_each(struct kernel *k, resource_fn fn, void *arg, struct error *error)
{
	struct tree_walk w = {.k = k};
	u64 first;
	if (!kernel_has_group(k, group_resource, error))
		return -1;
	kernel_global(k, iomem_resource, &w.parent[0]);
	enum read_status status = kernel_get(k, w.parent[0], resource_child, &first);
	if (!status) {
		walk_tree(&w, first, fn, arg);
		status = w.first_status;
	}
	return status ? error_set(error, EXIT_PARTIAL, "the map of physical addresses at 0x%llx %s",
				  (unsigned long long)w.parent[0], read_status_text(status))
		      : 0;
}

/* --- RAM ----------------------------------------------------------------------------------- */

struct ram_walk {
	resource_ram_fn fn;
	void *arg;
	u64 end; /* behind the last range given: what lies before is a part of it */
};

static bool give_ram(void *arg, const struct resource *r)
{
	struct ram_walk *w = arg;
	if (!r->system_ram || r->start < w->end || r->end - r->start == UINT64_MAX)
		return true;
	w->end = r->end + 1;
	return w->fn(w->arg, r->start, r->end - r->start + 1);
}

int resource_for_each_ram(struct kernel *k, resource_ram_fn fn, void *arg, struct error *error)
{
	struct ram_walk w = {.fn = fn, .arg = arg};
	return resource_for_each(k, give_ram, &w, error);
}
