/*
 * The objects of slabs: which slots hold one, where, and whose it is.
 *
 * Whoever walks over all page frames finds the slabs (page_is_slab(), heads only) and asks here:
 *
 *	struct slab_index index;
 *	slab_index_open(&index, k, &map, error);	once; constant afterwards
 *	struct slab_view view = {0};			one a thread
 *	if (slab_view_read(&index, page_kva, NULL, false, &view) == READ_OK)
 *		for (u32 i = 0; slab_view_next(&view, &i); i++)
 *			... slab_view_object(&view, i) ...
 *	slab_view_done(&view);
 *
 * A slot is free when it is on the slab's own list, on the list of the CPU that allocates from the
 * slab, or in a sheaf of a CPU or a node; all else counts as allocated.
 */
#ifndef OBJECT_SLAB_OBJECT_H
#define OBJECT_SLAB_OBJECT_H

#include "object/memmap.h"
#include "object/slab.h"
#include "object/slab_free_set.h"

enum { SLAB_MAX_OBJECTS = 1 << 15 }; /* slab.objects has 15 bits */

struct slab_index_cache {
	struct slab_cache cache; /* with the exact counts of object/slab.h */
	u64 random;		 /* hides free pointers */
	u32 free_pointer_at;	 /* in a free object */
	u32 red_left_pad;	 /* between slots and their objects (SLAB_RED_ZONE) */
};

struct slab_index {
	struct kernel *k;
	const struct memmap *map;
	VEC(struct slab_index_cache) caches; /* by kva */
	bool whole;			     /* all caches of the kernel are in it */
	enum slab_hiding hiding;
	struct slab_free_set free;
	u32 page_bytes; /* of a struct page */
	enum variant_choice objcg;
	u64 objcg_mask;
	u32 objcg_stride, objcg_at;
};

int slab_index_open(struct slab_index *index, struct kernel *k, const struct memmap *map,
		    struct error *error);
void slab_index_close(struct slab_index *index);
/* NULL: no cache is there. */
const struct slab_index_cache *slab_index_find(const struct slab_index *index, u64 cache);
/* The first of that name; merged caches have the name of the one that was first. */
const struct slab_index_cache *slab_index_named(const struct slab_index *index, const char *name);

struct slab_view {
	const struct slab_index_cache *cache;
	u64 slab; /* its first struct page */
	u64 pfn;
	u64 first;   /* kva of slot 0's object */
	u64 size;    /* bytes from one to the next */
	u32 objects; /* slots */
	u32 inuse;   /* as the slab says; with slots on a CPU's list and in sheaves */
	u32 nr_allocated;
	/*
	 * Free slots that inuse tells of and no list shows (a list is damaged, or was changing when
	 * the machine stopped): among those that look allocated.
	 */
	u32 nr_uncertain;
	bool frozen; /* a CPU allocates from it */
	u64 objcgs;  /* kva of the vector of cgroups; 0: none of its objects is charged */
	u32 objcg_stride;
	u64 allocated[SLAB_MAX_OBJECTS / 64]; /* a bit each slot */
	u8 *bytes; /* of the slots, from first on; when asked for, or when free slots were read */
	u64 nr_bytes; /* 0: not read */
	u64 room;
};

/*
 * The slab whose head is the struct page at page_kva; page: its bytes when they were read before,
 * else NULL.  want_bytes: read the objects too.  READ_ABSENT: not a slab with objects: half made,
 * half gone, or a page of KFENCE's pool (whose one object may lie anywhere).
 */
enum read_status slab_view_read(const struct slab_index *index, u64 page_kva, const u8 *page,
				bool want_bytes, struct slab_view *view);
void slab_view_done(struct slab_view *view);

/* The next allocated slot from *i on; false: no more. */
static inline bool slab_view_next(const struct slab_view *view, u32 *i)
{
	while (*i < view->objects) {
		u64 rest = view->allocated[*i / 64] >> (*i % 64);
		if (rest) {
			*i += (u32)__builtin_ctzll(rest);
			return *i < view->objects;
		}
		*i = (*i | 63) + 1;
	}
	return false;
}

static inline u64 slab_view_object(const struct slab_view *view, u32 i)
{
	return view->first + i * view->size;
}

/* struct obj_cgroup that slot i is charged to; 0: none.  READ_ABSENT: this kernel keeps none. */
enum read_status slab_view_objcg(const struct slab_index *index, const struct slab_view *view,
				 u32 i, u64 *objcg);

#endif
