/*
 * Slab caches of SLUB, and exact counts of their objects.
 *
 * SLUB keeps counters of slabs and object slots per node (CONFIG_SLUB_DEBUG, on in all
 *distributions); what is free among the slots lies in five kinds of places, all read here, over
 *possible CPUs: partial slabs of each node, the slab that a CPU allocates from (its own list and
 *the slab's), partial slabs of a CPU, sheaves of a CPU (6.18), full sheaves in a node's barn.
 */
#ifndef OBJECT_SLAB_H
#define OBJECT_SLAB_H

#include "kernel/kernel.h"

/*
 * How the kernel hides pointers to the next free object: not at all, XORed with a number of the
 * cache and the pointer's own address (4.14, 2482ddec670f), or with that address' bytes swapped
 * (5.7, 1ad53d9fa3f6).  Types don't tell the last two apart: the free lists do.
 */
enum slab_hiding { SLAB_PLAIN, SLAB_XOR, SLAB_XOR_SWAB };

struct slab_cache {
	u64 kva;
	char name[128];	       /* "" when not readable */
	u64 size, object_size; /* bytes per slot with metadata; bytes that users asked for */
	u64 objects_per_slab, pages_per_slab; /* of a slab of the preferred order */
	u64 min_objects,
		min_pages; /* of the small ones that are made under pressure; 0 when not known */
	u64 flags;
	bool reclaimable;	 /* SLAB_RECLAIM_ACCOUNT */
	enum slab_hiding hiding; /* of its free lists' pointers */
	s32 refcount; /* caches merged into this one, itself included; 0 when not known */

	bool counters_known; /* false: built without CONFIG_SLUB_DEBUG, or not readable
				(counters_lost) */
	bool counters_lost;
	u64 slabs, objects_total;
	/* Slots that hold no object, by where they are found. */
	u64 free_node_partial, free_cpu_slab, free_cpu_partial, free_sheaves, free_barn;
	u64 free_rcu; /* freed, waiting for a grace period in a sheaf: not allocated, not yet usable
		       */
	u64 objects_allocated; /* objects_total less all of these; meaningful when counters_known */
	u64 slabs_partial;
	/*
	 * Slabs whose own numbers could not be read or make no sense (a machine is stopped at any
	 * moment): their free slots, this many at most, count as allocated.
	 */
	u64 objects_uncertain;
	enum read_status lost; /* not READ_OK: a list of slabs or per-cpu data is lost,
				  objects_allocated is not known */
};

typedef bool (*slab_cache_fn)(void *arg, const struct slab_cache *cache);
/*
 * *whole (may be NULL): all caches were given out; false when the list is cut or one of them is not
 * readable.
 */
int slab_cache_for_each(struct kernel *k, bool *whole, slab_cache_fn fn, void *arg,
			struct error *error);

/*
 * Pages of a cache.  Slabs are of two orders only (allocate_slab() tries kmem_cache.oo, then .min),
 * so that the counts of slabs and slots tell how many are of which.  false when the counters don't
 * fit that.
 */
bool slab_cache_pages(const struct slab_cache *cache, u64 *pages);

/*
 * /proc/slabinfo's active_objs: it takes every slot outside of node partial lists as in use.  For
 * comparing with a log or a sosreport of the same machine.
 */
u64 slab_cache_slabinfo_active(const struct slab_cache *cache);

/*
 * Names of caches that were merged into another, from sysfs: fn(arg, kva of the cache, alias).  -1
 * also when some are lost.
 */
typedef void (*slab_alias_fn)(void *arg, u64 cache, const char *alias);
int slab_alias_for_each(struct kernel *k, slab_alias_fn fn, void *arg, struct error *error);

enum slab_hiding slab_find_hiding(struct kernel *k);
/* Decode one free pointer stored at kva `at` in a free object. */
u64 slab_free_pointer(enum slab_hiding hiding, u64 random, u64 at, u64 stored);

#endif
