/*
 * Areas of vmalloc space as units, and whose pages they are.
 *
 * An area that owns its pages is one object, and so is each of its pages by any address: in the
 * area, in the direct map, or by its struct page.  One that maps somebody else's pages owns
 * nothing: who points to it points to the blocks that it maps.  Modules and per-cpu chunks are
 * roots, device memory is no RAM: no units.
 */
#include <stdlib.h>

#include "analysis/leak_map.h"
#include "object/module.h"
#include "object/vmalloc.h"

enum { MOST_AREAS = 1 << 20, MOST_TABLES = 1 << 24 };

static bool add_area(void *arg, const struct vmalloc_area *a)
{
	struct leak_map *map = arg;
	if (map->areas.n >= MOST_AREAS)
		return false;
	*vec_push(&map->areas) = (struct leak_area){
		.start = a->kva,
		.end = a->kva + a->mapped_bytes,
		.size = a->size_bytes,
		.caller = a->caller,
		.pages_array = a->pages,
		.kind = (u8)a->kind,
		.maps_others =
			a->kind == VMALLOC_MAP_RAM || (a->kind == VMALLOC_MAP && !a->owns_pages),
		.never_lost = a->unfinished || a->kind == VMALLOC_OTHER,
	};
	if (a->pages)
		kva_set_add(&map->page_arrays, a->pages);
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct leak_area *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static struct leak_area *find_area(const struct leak_map *map, u64 kva)
{
	size_t low = 0, high = map->areas.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct leak_area *a = &map->areas.v[mid];
		if (kva < a->start)
			high = mid;
		else if (kva >= a->end)
			low = mid + 1;
		else
			return a;
	}
	return NULL;
}

const struct leak_area *leak_map_area(const struct leak_map *map, u64 kva)
{
	return find_area(map, kva);
}

/* Areas of modules, and those that hold memory of modules among other things (6.13). */
static bool see_module(void *arg, const struct module *m)
{
	struct leak_map *map = arg;
	for (u32 i = 0; i < m->nr_ranges; i++) {
		struct leak_area *a = find_area(map, m->ranges[i].kva);
		if (a)
			a->kind = VMALLOC_PERCPU; /* a root like those */
	}
	return true;
}

static bool holds_objects(const struct leak_area *a)
{
	return a->kind != VMALLOC_PERCPU && a->kind != VMALLOC_IOREMAP;
}

/* --- their pages ---------------------------------------------------------------------------- */

static bool within(u64 va, u64 start, u64 end)
{
	return va >= start && va < end;
}

/* In these ranges every page of RAM is mapped: no areas, and tables without end. */
static bool elsewhere(const struct leak_map *map, u64 va)
{
	const struct vspace *vs = &map->k->vspace;
	return within(va, vs->direct_map.start, vs->direct_map.end) ||
	       within(va, map->pages_start, map->pages_end);
}

static bool see_entry(void *arg, const struct paging_entry *e)
{
	struct leak_map *map = arg;
	if (e->table)
		return !e->status && (e->level == 0 || !elsewhere(map, e->va));
	struct leak_area *a = elsewhere(map, e->va) ? NULL : find_area(map, e->va);
	if (!a || !a->unit || a->maps_others)
		return true;
	u64 pfn = e->paddr >> map->page_shift, nr = e->size >> map->page_shift;
	const struct page_claims *claims = &map->census->claims;
	if (claims->owners[claims_of(claims, pfn)].class == PC_KERNEL_STACK)
		a->stack = a->never_lost = true;
	a->pages += nr;
	leak_map_set(map, pfn, nr, a->unit);
	return true;
}

static int by_caller(const void *a, const void *b)
{
	const struct leak_area *x = *(struct leak_area *const *)a;
	const struct leak_area *y = *(struct leak_area *const *)b;
	return x->caller < y->caller ? -1 : x->caller > y->caller;
}

static void number_callers(struct leak_map *map)
{
	struct leak_area **order = mem_calloc(map->areas.n, sizeof(struct leak_area *));
	for (size_t i = 0; i < map->areas.n; i++)
		order[i] = &map->areas.v[i];
	qsort(order, map->areas.n, sizeof(struct leak_area *), by_caller);
	for (size_t i = 0; i < map->areas.n; i++) {
		map->nr_callers += i == 0 || order[i]->caller != order[i - 1]->caller;
		order[i]->group = map->nr_callers - 1;
	}
	free(order);
}

void leak_map_add_areas(struct leak_map *map, struct leak_maker *maker)
{
	struct kernel *k = map->k;
	struct error error;
	vmalloc_for_each(k, add_area, map, &error);
	if (!map->areas.n)
		return;
	qsort(map->areas.v, map->areas.n, sizeof(*map->areas.v), by_start);
	number_callers(map);
	module_for_each(k, see_module, map, &error);
	for (size_t i = 0; i < map->areas.n; i++) {
		struct leak_area *a = &map->areas.v[i];
		if (i && a->start < map->areas.v[i - 1].end)
			continue; /* damage: areas never overlap */
		if (holds_objects(a))
			a->unit = leak_unit_make(maker, LEAK_AREA, a->start, (u32)i, 1);
	}
	map->areas_start = map->areas.v[0].start;
	map->areas_end = map->areas.v[map->areas.n - 1].end;
	if (!paging_for_each(&k->vspace.paging, k->image, map->areas_start, map->areas_end,
			     MOST_TABLES, see_entry, map))
		kernel_unreadable(k, "page tables of the kernel", READ_DAMAGED,
				  k->vspace.paging.root_paddr);
}
