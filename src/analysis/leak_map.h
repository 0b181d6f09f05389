/*
 * Where the kernel's objects are: the page frames that hold them, as units.
 *
 * A unit is a slab (each slot an object), a block of pages that carries no mark (kernel_unknown,
 * large kmalloc, pages that a driver is known to have), or an area of vmalloc space with the pages
 * it owns.  Any address leads to its unit in three loads: section, page frame, unit.
 *
 *	white	allocated, and not reached so far
 *	grey	reached, its words not looked at so far
 *	neither	free; or reached and looked at
 *
 * Two bits a slot, and all in the unit itself when it has 64 slots or less: 4 bytes a page frame of
 * a section that has units, and 32 a unit.  That is 1/113 of memory that is slabs of one page, and
 * less for larger ones.
 *
 * What is no unit and holds pointers is a root: see leak_root.h.
 */
#ifndef ANALYSIS_LEAK_MAP_H
#define ANALYSIS_LEAK_MAP_H

#include <stdatomic.h>

#include "analysis/census.h"
#include "analysis/leak_root.h"
#include "object/kva_set.h"
#include "object/slab_object.h"

enum leak_kind {
	LEAK_SLAB,
	LEAK_PAGES,	    /* kernel_unknown */
	LEAK_LARGE_KMALLOC, /* marked as such (6.13); before, it looks like LEAK_PAGES */
	LEAK_DRIVER, /* a block of pages whose owner the census knows: looked at, never lost */
	LEAK_AREA,
	NR_LEAK_KINDS
};

struct leak_unit {
	u64 first; /* kva of the first object */
	union {
		_Atomic u64 white;
		_Atomic u64 *words; /* more than 64 slots: white ones, then as many grey ones */
	};
	_Atomic u64 grey;
	u32 group;   /* a slab: index of the cache; an area: of the area; a block: pages */
	u16 objects; /* slots; 1 for all but slabs */
	u8 kind;
	_Atomic u8 queued;
};

/* What slots of a cache need to be found: a copy of what is hot. */
struct leak_cache {
	u64 size, object_bytes; /* from slot to slot; of an object, as far as its user may use it */
	u64 inverse;		/* 2^64 / size, rounded up */
	u64 allocated, uncertain, slabs; /* counted while the map is made */
	bool holds_areas;		 /* struct vmap_area, perhaps among others */
};

struct leak_area {
	u64 start, end; /* of what is mapped: without the guard page */
	u64 size;	/* as its vm_struct says, with it */
	u64 caller, pages_array;
	u64 pages;	  /* found mapped */
	u32 group;	  /* of its caller: 0, 1 ... */
	u32 unit;	  /* 0: none, only a hole that pointers may point to */
	u8 kind;	  /* enum vmalloc_kind */
	bool maps_others; /* its pages are units of their own, or nobody's */
	bool never_lost;  /* of a module, a stack that is kept for the next task ... */
	bool stack;
};

enum { LEAK_CHUNK = 4096 }; /* units */

struct leak_map {
	struct kernel *k;
	const struct census *census;
	struct slab_index slabs;
	struct leak_cache *caches; /* by index of slabs.caches */
	size_t nr_caches;
	VEC(struct leak_area) areas; /* by start */
	u32 nr_callers;
	VEC(u32)
	held; /* blocks that are somebody's without a pointer: mapped by processes, or known */
	struct kva_set page_arrays; /* of areas: their struct page pointers are no references */
	struct leak_roots roots;

	/* address -> page frame */
	u64 direct_start, direct_bytes, direct_paddr;
	u64 pages_start, pages_end; /* struct pages; start == end: not in one array */
	u64 areas_start, areas_end;
	u64 text_start, text_end; /* code of the kernel */
	u32 page_shift, section_shift, page_bytes;
	/* page frame -> unit; 0: none */
	u32 **section_units; /* by section number */
	u64 nr_section_numbers;
	struct leak_unit **chunks; /* unit 0 is never used */
	u64 nr_chunks;
	_Atomic u64 next_chunk;
	pthread_mutex_t lock; /* of the arena and the roots, while the map is made */
	struct arena arena;
	u64 slabs_not_judged; /* pages of slabs that could not be decoded: roots */
	u64 bytes;	      /* that all this takes */
};

int leak_map_open(struct leak_map *map, const struct census *census, unsigned nr_threads,
		  struct progress *progress, struct error *error);
void leak_map_close(struct leak_map *map);

/* Units 1 .. nr - 1, some of them unused (objects == 0). */
static inline u64 leak_map_nr(const struct leak_map *map)
{
	return atomic_load_explicit(&map->next_chunk, memory_order_relaxed) * LEAK_CHUNK;
}

static inline struct leak_unit *leak_map_unit(const struct leak_map *map, u32 unit)
{
	return &map->chunks[unit / LEAK_CHUNK][unit % LEAK_CHUNK];
}

/* The page frame behind an address in the direct map. */
static inline u64 leak_map_pfn(const struct leak_map *map, u64 kva)
{
	return (kva - map->direct_start + map->direct_paddr) >> map->page_shift;
}

/* The unit of a page frame; 0: none. */
static inline u32 leak_map_at(const struct leak_map *map, u64 pfn)
{
	u64 section = pfn >> map->section_shift;
	const u32 *units = section < map->nr_section_numbers ? map->section_units[section] : NULL;
	return units ? units[pfn & ((1ull << map->section_shift) - 1)] : 0;
}

static inline bool leak_unit_is_block(const struct leak_unit *u)
{
	return u->kind == LEAK_PAGES || u->kind == LEAK_LARGE_KMALLOC || u->kind == LEAK_DRIVER;
}

static inline _Atomic u64 *leak_unit_white(struct leak_unit *u, u32 word)
{
	return u->objects > 64 ? &u->words[word] : &u->white;
}

static inline _Atomic u64 *leak_unit_grey(struct leak_unit *u, u32 word)
{
	return u->objects > 64 ? &u->words[(u->objects + 63u) / 64 + word] : &u->grey;
}

static inline u32 leak_unit_words(const struct leak_unit *u)
{
	return (u->objects + 63u) / 64;
}

/* What a word points to. */
struct leak_hit {
	struct leak_unit *unit;
	u32 index; /* of the unit */
	u32 slot;
	bool by_page; /* a pointer to a struct page */
};

/* Does this value look like a pointer into what can hold units?  The quick no. */
static inline bool leak_map_may_be(const struct leak_map *map, u64 value)
{
	return value - map->direct_start < map->direct_bytes ||
	       value - map->areas_start < map->areas_end - map->areas_start ||
	       value - map->pages_start < map->pages_end - map->pages_start;
}

/*
 * The object that a value points to, or into.  Pointers to struct pages hit blocks and the areas
 * that own the page, never the objects of a slab.  false: none; a hit's slot may be free.
 */
bool leak_map_find(const struct leak_map *map, u64 value, struct leak_hit *hit);
/* The area that holds kva; NULL: none. */
const struct leak_area *leak_map_area(const struct leak_map *map, u64 kva);

/* Address and size of one object; of an area, what is mapped. */
void leak_object(const struct leak_map *map, const struct leak_unit *unit, u32 slot, u64 *kva,
		 u64 *bytes);

/*
 * What objects are counted by: the cache; blocks of one kind and order; areas of one caller.
 * Numbers below leak_nr_groups().
 */
enum { LEAK_ORDERS = 32 };

static inline u32 leak_order_of(const struct leak_unit *block)
{
	return block->group > 1 ? 32 - (u32)__builtin_clz(block->group - 1) : 0;
}

static inline u32 leak_group_of(const struct leak_map *map, const struct leak_unit *u)
{
	if (u->kind == LEAK_SLAB)
		return u->group;
	if (u->kind == LEAK_AREA)
		return (u32)map->nr_caches + LEAK_AREA * LEAK_ORDERS + map->areas.v[u->group].group;
	return (u32)map->nr_caches + u->kind * LEAK_ORDERS + leak_order_of(u);
}

static inline u32 leak_nr_groups(const struct leak_map *map)
{
	return (u32)map->nr_caches + LEAK_AREA * LEAK_ORDERS + map->nr_callers;
}

/* --- for leak_map's parts ------------------------------------------------------------------- */

/* One worker's own supply of units and words. */
struct leak_maker {
	struct leak_map *map;
	u32 next, end;
	_Atomic u64 *words;
	u64 nr_words;
};

u32 leak_unit_make(struct leak_maker *maker, enum leak_kind kind, u64 first, u32 group,
		   u32 objects);
/* Of all n pages that have none so far. */
void leak_map_set(struct leak_map *map, u64 pfn, u64 nr_pages, u32 unit);
/* The pass over struct pages; the maker's supply goes on with worker 0. */
void leak_map_add_pages(struct leak_map *map, struct leak_maker *maker, unsigned nr_threads,
			struct progress *progress);
void leak_map_add_areas(struct leak_map *map, struct leak_maker *maker);

#endif
