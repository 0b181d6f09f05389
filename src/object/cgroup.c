/*
 * The tree of memory cgroups: breadth first from the root, so that parents stand before children.
 *
 * The root is found from any task: its css_set names a css of the memory controller, whose parents
 * end at the root.  That needs no symbol but init_task.  Children, living and dead, are on
 * css.children of their parent until the last reference to them is gone; a child must name its
 * parent, and is taken once.
 *
 * Names come from kernfs: a removed directory keeps its node as long as the cgroup lives.
 */
#include "object/cgroup.h"

#include <string.h>

#include "kernel/walk.h"
#include "object/memcg_stat.h"

enum { MOST_MEMCGS = 1 << 22, MAX_DEPTH = 1024, MAX_PATH_BYTES = 4096 };

/* --- lookup -------------------------------------------------------------------------------- */

static size_t first_slot(const struct memcg_tree *tree, u64 kva)
{
	return (size_t)(kva * 0x9e3779b97f4a7c15ull >> 20) & (tree->nr_slots - 1);
}

static u32 *slot_of(const struct memcg_tree *tree, u64 kva)
{
	size_t at = first_slot(tree, kva);
	while (tree->slots[at] && tree->v[tree->slots[at] - 1].kva != kva)
		at = (at + 1) & (tree->nr_slots - 1);
	return &tree->slots[at];
}

const struct memcg *memcg_find(const struct memcg_tree *tree, u64 kva)
{
	u32 slot = tree->nr_slots && kva ? *slot_of(tree, kva) : 0;
	return slot ? &tree->v[slot - 1] : NULL;
}

static void grow_slots(struct memcg_tree *tree)
{
	if (tree->n * 2 < tree->nr_slots)
		return;
	free(tree->slots);
	tree->nr_slots = tree->nr_slots ? tree->nr_slots * 2 : 64;
	tree->slots = mem_calloc(tree->nr_slots, sizeof(*tree->slots));
	for (size_t i = 0; i < tree->n; i++)
		*slot_of(tree, tree->v[i].kva) = (u32)i + 1;
}

/* --- one cgroup ---------------------------------------------------------------------------- */

/* Limits are LONG_MAX / PAGE_SIZE when there is none (PAGE_COUNTER_MAX). */
static u64 limit_of(const struct kernel *k, u64 pages)
{
	return pages >= (u64)INT64_MAX / k->page_size ? MEMCG_NO_LIMIT : pages;
}

static void read_counter(struct kernel *k, u64 memcg, enum datum_id id, struct memcg_counter *c)
{
	u64 counter = kernel_member(k, memcg, id), usage, max;
	if (!counter || kernel_get(k, counter, page_counter_usage, &usage) ||
	    kernel_get(k, counter, page_counter_max, &max))
		return;
	*c = (struct memcg_counter){
		.known = true,
		.usage = (s64)usage > 0 ? usage : 0,
		.max = limit_of(k, max),
	};
}

static void read_counters(struct kernel *k, struct memcg *m)
{
	u64 value;
	read_counter(k, m->kva, memcg_memory, &m->memory);
	/* swap and memsw share their place; which it is, and whether the others count, the
	   hierarchy tells. */
	if (m->unified) {
		read_counter(k, m->kva, memcg_swap, &m->swap);
	} else {
		read_counter(k, m->kva, memcg_memsw, &m->memsw);
		read_counter(k, m->kva, memcg_kmem, &m->kmem);
		read_counter(k, m->kva, memcg_tcpmem, &m->tcpmem);
	}
	m->memory_high = MEMCG_NO_LIMIT;
	if (kernel_get(k, m->kva, memcg_high, &value) == READ_OK)
		m->memory_high = limit_of(k, value);
	if (kernel_get(k, m->kva, memcg_low, &value) == READ_OK)
		m->memory_low = limit_of(k, value);
	if (kernel_get(k, m->kva, memcg_min, &value) == READ_OK)
		m->memory_min = limit_of(k, value);
	kernel_get(k, m->kva, memcg_peak, &m->memory_peak);
}

static void read_events(struct kernel *k, struct memcg *m)
{
	u64 oom, kill, value;
	if (kernel_constant(k, memcg_oom_event, &oom) == READ_OK &&
	    kernel_constant(k, memcg_oom_kill_event, &kill) == READ_OK)
		m->has_events =
			kernel_get_element(k, m->kva, memcg_events, oom, &m->oom_events) ==
				READ_OK &&
			kernel_get_element(k, m->kva, memcg_events, kill, &m->oom_kills) == READ_OK;
	m->has_oom_group = kernel_get(k, m->kva, memcg_oom_group, &value) == READ_OK;
	m->oom_group = m->has_oom_group && value;
}

/*
 * References of a percpu_ref, when it counts in one place: after it was killed, that is, for dead
 * cgroups.  While it switches over, a bias in the highest bit stays (PERCPU_COUNT_BIAS).
 */
static void read_references(struct kernel *k, u64 css, struct memcg *m)
{
	u64 ref = kernel_member(k, css, css_refcnt), pointer, data, count;
	if (!ref || kernel_get(k, ref, percpu_ref_pointer, &pointer) ||
	    !(pointer & k->schema.quirk[quirk_percpu_ref_atomic]))
		return;
	enum read_status status = READ_ABSENT;
	if (!kernel_has(k, percpu_ref_data))
		status = kernel_get(k, ref, percpu_ref_count, &count);
	else if (kernel_get(k, ref, percpu_ref_data, &data) == READ_OK && data)
		status = kernel_get(k, data, percpu_ref_data_count, &count);
	if (status || count >= 1ull << 48)
		return;
	m->has_references = true;
	m->references = count;
}

/* Its directory: name, inode, whether it is still there, and which hierarchy it is of. */
static void read_cgroup(struct kernel *k, u64 css, struct memcg *m, char name[static 256])
{
	u64 cgroup, node, root, unified_root, flags, online = 0;
	m->unified = true;
	if (kernel_get(k, css, css_cgroup, &cgroup))
		return;
	kernel_constant(k, css_online, &online);
	if (kernel_get(k, kernel_member(k, cgroup, cgroup_self), css_flags, &flags) == READ_OK)
		m->cgroup_online = flags & online;
	if (kernel_get(k, cgroup, cgroup_root, &root) == READ_OK &&
	    kernel_global(k, cgrp_dfl_root, &unified_root) == READ_OK)
		m->unified = root == unified_root;
	if (kernel_get(k, cgroup, cgroup_kn, &node))
		return;
	kernel_get(k, node, kernfs_ino, &m->inode);
	kernel_get_text_at(k, node, kernfs_name, name, 256);
}

static const char *path_below(struct memcg_tree *tree, const struct memcg *parent, const char *name)
{
	const char *above = parent->depth ? parent->path : "";
	if (strlen(above) + strlen(name) + 2 > MAX_PATH_BYTES)
		above = "..."; /* the leaf end is kept */
	return arena_printf(&tree->arena, "%s/%s", above, name);
}

/* NULL when there is nothing that could be a cgroup. */
static struct memcg *add_memcg(struct memcg_tree *tree, u64 css, size_t parent, size_t *room)
{
	struct kernel *k = tree->k;
	struct memcg m = {.kva = kernel_container(k, css, memcg_css), .parent = parent};
	u64 flags, online = 0;
	char name[256] = "";
	enum read_status status = kernel_get(k, css, css_flags, &flags);
	if (status) {
		kernel_unreadable(k, "memory cgroup", status, css);
		tree->whole = false;
		return NULL;
	}
	kernel_constant(k, css_online, &online);
	m.online = flags & online;
	kernel_get(k, m.kva, memcg_id, &m.id);
	read_cgroup(k, css, &m, name);
	read_counters(k, &m);
	read_events(k, &m);
	read_references(k, css, &m);
	m.path = "/";
	if (tree->n) {
		m.depth = tree->v[parent].depth + 1;
		m.path = path_below(tree, &tree->v[parent], *name ? name : "?");
	}
	grow_slots(tree);
	if (tree->n == *room)
		tree->v = vec_grow(tree->v, room, tree->n, sizeof(*tree->v));
	tree->v[tree->n++] = m;
	*slot_of(tree, m.kva) = (u32)tree->n;
	return &tree->v[tree->n - 1];
}

/* --- the tree ------------------------------------------------------------------------------ */

static void add_children(struct memcg_tree *tree, size_t parent, size_t *room)
{
	struct kernel *k = tree->k;
	struct list_walk walk;
	u64 css = kernel_member(k, tree->v[parent].kva, memcg_css), node;
	for (list_walk_init(&walk, k, kernel_member(k, css, css_children));
	     list_walk_next(&walk, &node) && tree->n < MOST_MEMCGS;) {
		u64 child = kernel_container(k, node, css_sibling), above = 0;
		enum read_status status = kernel_get(k, child, css_parent, &above);
		if (!status &&
		    (above != css || memcg_find(tree, kernel_container(k, child, memcg_css))))
			status = READ_DAMAGED;
		if (status) {
			kernel_unreadable(k, "memory cgroup", status, child);
			tree->whole = false;
		} else if (add_memcg(tree, child, parent, room)) {
			tree->v[parent].nr_children++;
		}
	}
	if (walk.status) {
		kernel_unreadable(k, "list of memory cgroups", walk.status, walk.at);
		tree->whole = false;
	}
}

static void count_dead(struct memcg_tree *tree)
{
	for (size_t i = tree->n; i-- > 1;) {
		struct memcg *m = &tree->v[i];
		tree->v[m->parent].nr_dead_below += m->nr_dead_below + !m->online;
	}
}

static enum read_status css_of_first_task(struct kernel *k, u64 *css)
{
	u64 task, set, index;
	enum read_status status = kernel_global(k, init_task, &task);
	if (!status)
		status = kernel_constant(k, memory_cgrp_id, &index);
	if (!status)
		status = kernel_get(k, task, task_cgroups, &set);
	if (!status)
		status = kernel_get_element(k, set, css_set_subsys, index, css);
	return !status && !*css ? READ_ABSENT : status;
}

static enum read_status root_css(struct kernel *k, u64 *css)
{
	u64 memcg, parent;
	enum read_status status = css_of_first_task(k, css);
	if (status) {
		if (kernel_variable(k, root_mem_cgroup, 8, &memcg) || !memcg)
			return status;
		*css = kernel_member(k, memcg, memcg_css);
	}
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		status = kernel_get(k, *css, css_parent, &parent);
		if (status || !parent)
			return status;
		*css = parent;
	}
	return READ_DAMAGED;
}

int memcg_tree_load(struct memcg_tree *tree, struct kernel *k, bool with_stats, struct error *error)
{
	u64 css;
	size_t room = 0;
	*tree = (struct memcg_tree){.k = k, .whole = true};
	if (!kernel_has_group(k, group_memcg, error))
		return -1;
	enum read_status status = root_css(k, &css);
	if (status)
		return error_set(error, EXIT_PARTIAL, "the root of the memory cgroups %s",
				 read_status_text(status));
	if (!add_memcg(tree, css, 0, &room)) {
		memcg_tree_done(tree);
		return error_set(error, EXIT_PARTIAL,
				 "the root of the memory cgroups at 0x%llx is not readable",
				 (unsigned long long)css);
	}
	for (size_t i = 0; i < tree->n; i++) {
		if (tree->v[i].depth < MAX_DEPTH)
			add_children(tree, i, &room);
	}
	count_dead(tree);
	if (with_stats)
		memcg_stats_load(tree);
	return 0;
}

void memcg_tree_done(struct memcg_tree *tree)
{
	free(tree->v);
	free(tree->slots);
	arena_done(&tree->arena);
	*tree = (struct memcg_tree){0};
}

/* --- who is charged ------------------------------------------------------------------------ */

enum read_status memcg_of_objcg(struct kernel *k, u64 objcg, u64 *memcg_kva)
{
	return kernel_get(k, objcg, objcg_memcg, memcg_kva);
}

enum read_status objcg_charged_bytes(struct kernel *k, u64 objcg, u64 *bytes)
{
	return kernel_get(k, objcg, objcg_nr_charged_bytes, bytes);
}

const struct memcg *memcg_of_charge(const struct memcg_tree *tree, u64 memcg_data)
{
	enum { FLAG_BITS = 7 }; /* both structs are aligned to words */
	u64 kva = memcg_data & ~(u64)FLAG_BITS, memcg;
	const struct memcg *found = memcg_find(tree, kva);
	if (found || !kva || memcg_of_objcg(tree->k, kva, &memcg))
		return found;
	return memcg_find(tree, memcg);
}
