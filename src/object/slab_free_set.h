/*
 * Free objects that a slab's own list does not show: those that CPUs and nodes keep at hand.
 *
 * Until 6.17 a CPU has a list of free objects in the one slab that it allocates from: kept here as
 * (slab, first object).  Since 6.18 sheaves, arrays of free objects of any slab of the cache: kept
 * as the objects' addresses.  16 and 8 bytes each; bounded by what the kernel can hold of them.
 */
#ifndef OBJECT_SLAB_FREE_SET_H
#define OBJECT_SLAB_FREE_SET_H

#include "object/slab.h"

struct slab_cpu_list {
	u64 slab, object; /* struct page or slab; the first free object */
};

struct slab_free_set {
	VEC(struct slab_cpu_list) cpu_lists; /* by slab */
	VEC(u64) objects;		     /* rising */
};

/* What the cache holds free, added; slab_free_set_sort() when all are in. */
void slab_free_set_add(struct slab_free_set *set, struct kernel *k, u64 cache);
void slab_free_set_sort(struct slab_free_set *set);
void slab_free_set_done(struct slab_free_set *set);

/* The first free object that a CPU has in this slab; 0: none. */
u64 slab_free_set_cpu_list(const struct slab_free_set *set, u64 slab);
/* Index of the first object at or above kva in set->objects. */
size_t slab_free_set_from(const struct slab_free_set *set, u64 kva);

#endif
