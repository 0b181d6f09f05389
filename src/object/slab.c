/*
 * Slab caches: mm/slub.c, mm/slab.h.
 *
 * A CPU's slab is frozen: all its slots count as in use, and what is free of it hangs on two lists:
 * the CPU's (kmem_cache_cpu .freelist, free to take without a lock) and the slab's (freed by
 * others; its inuse is lowered).  Per-CPU partial slabs are frozen too, with their free slots told
 * by inuse.  A sheaf is an array of free objects.
 *
 * A machine that was stopped at any moment has slabs in the middle of a change: a slab with
 * impossible numbers is counted as damaged and left out, it never ends a cache.
 */
#include "object/slab.h"

#include <stdio.h>
#include <string.h>

#include "kernel/walk.h"

enum { OO_ORDER_MASK_BITS = 16, MAX_SLAB_NODES = 1024 };

u64 slab_free_pointer(enum slab_hiding hiding, u64 random, u64 at, u64 stored)
{
	switch (hiding) {
	case SLAB_XOR:
		return stored ^ random ^ at;
	case SLAB_XOR_SWAB:
		return stored ^ random ^ __builtin_bswap64(at);
	default:
		return stored;
	}
}

/* Length of a freelist that starts at object; READ_DAMAGED when it is longer than a slab. */
static enum read_status freelist_length(struct kernel *k, const struct slab_cache *c, u64 object,
					u64 *length)
{
	u64 random = 0, offset;
	enum read_status status = kernel_get(k, c->kva, cache_offset, &offset);
	if (c->hiding != SLAB_PLAIN && !status)
		status = kernel_get(k, c->kva, cache_random, &random);
	for (*length = 0; !status && object; (*length)++) {
		u64 stored;
		if (*length >= c->objects_per_slab || offset >= c->size)
			return READ_DAMAGED;
		status = kernel_read_u64(k, object + offset, &stored);
		if (!status)
			object = slab_free_pointer(c->hiding, random, object + offset, stored);
	}
	return status;
}

/*
 * One slab, or one CPU's freelist, is not to be judged: in the middle of a change, or not in the
 * dump.
 */
static void uncertain(struct kernel *k, struct slab_cache *c, const char *what,
		      enum read_status why, u64 at)
{
	c->objects_uncertain += c->objects_per_slab;
	if (why != READ_DAMAGED)
		c->lost = why;
	kernel_unreadable(k, what, why, at);
}

/* Nobody knows how many slabs hang behind this. */
static void lost(struct kernel *k, struct slab_cache *c, const char *what, enum read_status why,
		 u64 at)
{
	c->lost = why;
	kernel_unreadable(k, what, why, at);
}

/* Free slots of one slab by its own numbers. */
static enum read_status slab_free_slots(struct kernel *k, const struct slab_cache *c, u64 slab,
					u64 *free)
{
	u64 objects, inuse;
	enum read_status status = kernel_get(k, slab, slab_objects, &objects);
	if (!status)
		status = kernel_get(k, slab, slab_inuse, &inuse);
	if (status)
		return status;
	if (!objects || inuse > objects || objects > c->objects_per_slab)
		return READ_DAMAGED;
	*free = objects - inuse;
	return READ_OK;
}

static void add_slab(struct kernel *k, struct slab_cache *c, u64 slab, u64 *free_slots)
{
	u64 free;
	enum read_status status = slab_free_slots(k, c, slab, &free);
	if (status)
		uncertain(k, c, "slab", status, slab);
	else
		*free_slots += free;
}

/* --- nodes --------------------------------------------------------------------------------- */

/*
 * The node's struct and, where sheaves exist, its barn.  0 for a node that the cache has nothing
 * on.
 */
static void node_parts(struct kernel *k, const struct slab_cache *c, u64 index, u64 *node,
		       u64 *barn)
{
	*node = *barn = 0;
	u64 at = kernel_element(k, c->kva, cache_node, index);
	if (!at)
		return;
	if (kernel_has(k, cache_per_node_node)) {
		kernel_get(k, at, cache_per_node_node, node);
		kernel_get(k, at, cache_per_node_barn, barn);
		return;
	}
	if (kernel_read_u64(k, at, node) == READ_OK && *node)
		kernel_get(k, *node, cache_node_barn, barn);
}

static void add_node_counters(struct kernel *k, struct slab_cache *c, u64 node)
{
	u64 slabs, objects;
	enum read_status status = kernel_get(k, node, cache_node_nr_slabs, &slabs);
	if (!status)
		status = kernel_get(k, node, cache_node_total_objects, &objects);
	if (status) {
		c->counters_lost = true;
		if (status != READ_ABSENT)
			lost(k, c, "counters of a slab cache", status, node);
		return;
	}
	c->counters_known = true;
	c->slabs += slabs;
	c->objects_total += objects;
}

static void add_node_partial(struct kernel *k, struct slab_cache *c, u64 node)
{
	struct list_walk walk;
	u64 link;
	for (list_walk_init(&walk, k, kernel_member(k, node, cache_node_partial));
	     list_walk_next(&walk, &link);) {
		add_slab(k, c, kernel_container(k, link, slab_list), &c->free_node_partial);
		c->slabs_partial++;
	}
	if (walk.status)
		lost(k, c, "list of partial slabs", walk.status, walk.at);
}

static void add_sheaf(struct kernel *k, struct slab_cache *c, u64 sheaf, u64 *free)
{
	enum { LARGEST_SHEAF = 1 << 16 };
	u64 size;
	enum read_status status = kernel_get(k, sheaf, sheaf_size, &size);
	if (!status && size > LARGEST_SHEAF)
		status = READ_DAMAGED;
	if (status)
		lost(k, c, "sheaf", status, sheaf);
	else
		*free += size;
}

static void add_barn(struct kernel *k, struct slab_cache *c, u64 barn)
{
	struct list_walk walk;
	u64 link;
	if (!barn || !k->schema.group_usable[group_slab_sheaf])
		return;
	for (list_walk_init(&walk, k, kernel_member(k, barn, barn_full));
	     list_walk_next(&walk, &link);) {
		add_sheaf(k, c, kernel_container(k, link, sheaf_barn_list), &c->free_barn);
	}
	if (walk.status)
		lost(k, c, "list of sheaves", walk.status, walk.at);
}

static void read_nodes(struct kernel *k, struct slab_cache *c)
{
	u64 nr = u64_min(kernel_datum(k, cache_node)->nr_elements, MAX_SLAB_NODES);
	/*
	 * kmem_cache ends with node[MAX_NUMNODES], allocated only up to nr_node_ids: what follows
	 * is not ours.
	 */
	if (kernel_has(k, nr_node_ids)) {
		u64 ids;
		if (kernel_variable(k, nr_node_ids, 4, &ids) == READ_OK && ids)
			nr = nr ? u64_min(nr, ids) : u64_min(ids, MAX_SLAB_NODES);
	} else if (nr > 1) {
		nr = 1;
	}
	for (u64 i = 0; i < nr; i++) {
		u64 node, barn;
		node_parts(k, c, i, &node, &barn);
		if (node) {
			add_node_counters(k, c, node);
			add_node_partial(k, c, node);
		}
		add_barn(k, c, barn);
	}
}

/* --- CPUs ---------------------------------------------------------------------------------- */

static void add_cpu_slab(struct kernel *k, struct slab_cache *c, u64 cpu_slab)
{
	u64 freelist, slab, length;
	enum read_status status = kernel_get(k, cpu_slab, cpu_slab_freelist, &freelist);
	if (!status)
		status = kernel_get(k, cpu_slab, cpu_slab_slab, &slab);
	if (status) {
		lost(k, c, "per-cpu slab", status, cpu_slab);
		return;
	}
	status = freelist_length(k, c, freelist, &length);
	if (status)
		uncertain(k, c, "slab freelist", status, freelist);
	else
		c->free_cpu_slab += length;
	if (slab)
		add_slab(k, c, slab, &c->free_cpu_slab);
}

static void add_cpu_partial(struct kernel *k, struct slab_cache *c, u64 cpu_slab)
{
	enum { MOST_CPU_PARTIAL = 1 << 16 };
	struct chain_walk walk;
	u64 first, slab;
	if (kernel_get(k, cpu_slab, cpu_slab_partial, &first))
		return;
	for (chain_walk_init(&walk, k, first, slab_next, MOST_CPU_PARTIAL);
	     chain_walk_next(&walk, &slab);)
		add_slab(k, c, slab, &c->free_cpu_partial);
	if (walk.status)
		lost(k, c, "chain of per-cpu partial slabs", walk.status, walk.at);
}

static void read_cpu_slabs(struct kernel *k, struct slab_cache *c)
{
	u64 base;
	if (kernel_get(k, c->kva, cache_cpu_slab, &base) || !base)
		return;
	kernel_for_each_cpu(k, cpu)
	{
		add_cpu_slab(k, c, kernel_percpu(k, base, cpu));
		add_cpu_partial(k, c, kernel_percpu(k, base, cpu));
	}
}

static void add_cpu_sheaf(struct kernel *k, struct slab_cache *c, u64 sheaves, enum datum_id which,
			  u64 *free)
{
	u64 sheaf;
	if (!kernel_has(k, which))
		return;
	enum read_status status = kernel_get(k, sheaves, which, &sheaf);
	if (status)
		lost(k, c, "per-cpu sheaves", status, sheaves);
	else if (sheaf)
		add_sheaf(k, c, sheaf, free);
}

static void read_sheaves(struct kernel *k, struct slab_cache *c)
{
	u64 base;
	if (kernel_get(k, c->kva, cache_sheaves, &base) || !base)
		return;
	kernel_for_each_cpu(k, cpu)
	{
		u64 sheaves = kernel_percpu(k, base, cpu);
		add_cpu_sheaf(k, c, sheaves, sheaves_main, &c->free_sheaves);
		add_cpu_sheaf(k, c, sheaves, sheaves_spare, &c->free_sheaves);
		add_cpu_sheaf(k, c, sheaves, sheaves_rcu_free, &c->free_rcu);
	}
}

/* --- a cache ------------------------------------------------------------------------------- */

static enum read_status read_cache(struct kernel *k, u64 kva, struct slab_cache *c)
{
	u64 oo, refcount;
	*c = (struct slab_cache){.kva = kva};
	enum read_status status = kernel_get(k, kva, cache_size, &c->size);
	if (!status)
		status = kernel_get(k, kva, cache_object_size, &c->object_size);
	if (!status)
		status = kernel_get(k, kva, cache_oo, &oo);
	if (!status)
		status = kernel_get(k, kva, cache_flags, &c->flags);
	if (status)
		return status;
	u64 shift = k->schema.quirk[quirk_oo_shift];
	c->objects_per_slab = oo & ((1ull << shift) - 1);
	u64 order = oo >> shift;
	if (!c->size || !c->objects_per_slab || order > 20)
		return READ_DAMAGED;
	c->pages_per_slab = 1ull << order;
	if (kernel_get(k, kva, cache_min, &oo) == READ_OK && oo >> shift <= order) {
		c->min_objects = oo & ((1ull << shift) - 1);
		c->min_pages = 1ull << (oo >> shift);
	}
	c->reclaimable = c->flags & k->schema.quirk[quirk_slab_reclaimable];
	if (kernel_get_text_at(k, kva, cache_name, c->name, sizeof(c->name)))
		c->name[0] = '\0';
	if (kernel_get(k, kva, cache_refcount, &refcount) == READ_OK)
		c->refcount = (s32)(s64)refcount;
	return READ_OK;
}

static void count_objects(struct kernel *k, struct slab_cache *c)
{
	read_nodes(k, c);
	c->counters_known &= !c->counters_lost;
	read_cpu_slabs(k, c);
	read_sheaves(k, c);
	u64 free = c->free_node_partial + c->free_cpu_slab + c->free_cpu_partial + c->free_sheaves +
		   c->free_barn + c->free_rcu;
	if (free > c->objects_total && c->counters_known)
		lost(k, c, "counters of a slab cache", READ_DAMAGED, c->kva);
	c->objects_allocated = free < c->objects_total ? c->objects_total - free : 0;
}

/* --- how free pointers are hidden ---------------------------------------------------------- */

/* The next free object lies in the same slab, or there is none. */
static bool same_slab(const struct slab_cache *c, u32 page_size, u64 object, u64 next)
{
	u64 distance = next > object ? next - object : object - next;
	return !next ||
	       (distance < c->pages_per_slab * page_size && distance % c->size == 0 && distance);
}

/* One free object tells when only one way of reading its pointer makes sense; -1: it does not. */
static int judge_object(struct kernel *k, const struct slab_cache *c, u64 object)
{
	u64 random, offset, stored;
	if (kernel_get(k, c->kva, cache_random, &random) ||
	    kernel_get(k, c->kva, cache_offset, &offset) || offset >= c->size ||
	    kernel_read_u64(k, object + offset, &stored))
		return -1;
	u64 at = object + offset;
	bool swab = same_slab(c, k->page_size, object,
			      slab_free_pointer(SLAB_XOR_SWAB, random, at, stored));
	bool plain =
		same_slab(c, k->page_size, object, slab_free_pointer(SLAB_XOR, random, at, stored));
	return swab == plain ? -1 : swab ? SLAB_XOR_SWAB : SLAB_XOR;
}

/* The first free object of some partial slab of the cache. */
static int judge_cache(struct kernel *k, const struct slab_cache *c)
{
	enum { SLABS_TRIED = 8 };
	u64 node, barn, link, object;
	struct list_walk walk;
	int verdict = -1;
	node_parts(k, c, 0, &node, &barn);
	if (!node)
		return -1;
	list_walk_init(&walk, k, kernel_member(k, node, cache_node_partial));
	while (verdict < 0 && walk.nr < SLABS_TRIED && list_walk_next(&walk, &link)) {
		if (kernel_get(k, kernel_container(k, link, slab_list), slab_freelist, &object) ==
			    READ_OK &&
		    object)
			verdict = judge_object(k, c, object);
	}
	return verdict;
}

enum slab_hiding slab_find_hiding(struct kernel *k)
{
	u64 head, link;
	struct list_walk walk;
	int verdict = -1;
	if (!kernel_has(k, cache_random))
		return SLAB_PLAIN;
	if (kernel_global(k, slab_caches, &head))
		return SLAB_XOR_SWAB;
	list_walk_init(&walk, k, head);
	while (verdict < 0 && list_walk_next(&walk, &link)) {
		struct slab_cache cache;
		if (read_cache(k, kernel_container(k, link, cache_list), &cache) == READ_OK)
			verdict = judge_cache(k, &cache);
	}
	return verdict < 0 ? SLAB_XOR_SWAB : (enum slab_hiding)verdict;
}

int slab_cache_for_each(struct kernel *k, bool *whole, slab_cache_fn fn, void *arg,
			struct error *error)
{
	bool missed = false;
	struct list_walk walk;
	u64 head, link;
	if (!kernel_has_group(k, group_slab, error))
		return -1;
	kernel_global(k, slab_caches, &head);
	enum slab_hiding hiding = slab_find_hiding(k);
	for (list_walk_init(&walk, k, head); list_walk_next(&walk, &link);) {
		struct slab_cache cache;
		u64 kva = kernel_container(k, link, cache_list);
		enum read_status status = read_cache(k, kva, &cache);
		if (status) {
			kernel_unreadable(k, "slab cache", status, kva);
			missed = true;
			continue;
		}
		cache.hiding = hiding;
		count_objects(k, &cache);
		if (!fn(arg, &cache))
			return 0;
	}
	if (walk.status)
		kernel_unreadable(k, "list of slab caches", walk.status, walk.at);
	if (whole)
		*whole = !walk.status && !missed;
	if (walk.status && walk.nr == 0)
		return error_set(error, EXIT_PARTIAL, "the list of slab caches at 0x%llx %s",
				 (unsigned long long)head, read_status_text(walk.status));
	return 0;
}

bool slab_cache_pages(const struct slab_cache *c, u64 *pages)
{
	u64 missing = c->slabs * c->objects_per_slab - c->objects_total, small = 0;
	if (missing) {
		u64 each = c->objects_per_slab - c->min_objects;
		if (!c->min_objects || !each || missing % each || missing / each > c->slabs)
			return false;
		small = missing / each;
	}
	*pages = (c->slabs - small) * c->pages_per_slab + small * c->min_pages;
	return true;
}

u64 slab_cache_slabinfo_active(const struct slab_cache *cache)
{
	return cache->objects_total > cache->free_node_partial
		       ? cache->objects_total - cache->free_node_partial
		       : 0;
}

/* --- aliases ------------------------------------------------------------------------------- */

int slab_alias_for_each(struct kernel *k, slab_alias_fn fn, void *arg, struct error *error)
{
	u64 kset, directory, node, link_flag;
	struct rb_walk walk;
	if (!kernel_has_group(k, group_slab_alias, error))
		return -1;
	if (kernel_variable(k, slab_kset, 8, &kset) ||
	    kernel_get(k, kset, kset_kobject_sd, &directory))
		return error_set(error, EXIT_PARTIAL,
				 "sysfs' directory of slab caches can't be read");
	kernel_constant(k, kernfs_link_flag, &link_flag);
	for (rb_walk_init(&walk, k, kernel_member(k, directory, kernfs_children));
	     rb_walk_next(&walk, &node);) {
		u64 entry = kernel_container(k, node, kernfs_rb), flags, target, kobject;
		char name[128];
		if (kernel_get(k, entry, kernfs_flags, &flags) || !(flags & link_flag))
			continue;
		if (kernel_get(k, entry, kernfs_link_target, &target) ||
		    kernel_get(k, target, kernfs_priv, &kobject) ||
		    kernel_get_text_at(k, entry, kernfs_name, name, sizeof(name)))
			kernel_unreadable(k, "alias of a slab cache", READ_DAMAGED, entry);
		else
			fn(arg, kernel_container(k, kobject, cache_kobject), name);
	}
	if (!walk.status)
		return 0;
	kernel_unreadable(k, "sysfs' directory of slab caches", walk.status, walk.at);
	return error_set(error, EXIT_PARTIAL, "sysfs' directory of slab caches %s",
			 read_status_text(walk.status));
}
