/*
 * Making the map: areas of vmalloc space first, for their pages carry no mark; then the pages
 * (leak_pass.c).  And asking it.
 */
#include "analysis/leak_map.h"

#include <stdlib.h>

enum { MOST_SECTION_NUMBERS = 1 << 24, WORDS_AT_ONCE = 1 << 13 };

/* --- units ---------------------------------------------------------------------------------- */

static bool new_chunk(struct leak_maker *m)
{
	u64 chunk = atomic_fetch_add(&m->map->next_chunk, 1);
	if (chunk >= m->map->nr_chunks) {
		atomic_store(&m->map->next_chunk, m->map->nr_chunks);
		return false;
	}
	m->map->chunks[chunk] = mem_calloc(LEAK_CHUNK, sizeof(struct leak_unit));
	m->next = (u32)chunk * LEAK_CHUNK + (chunk == 0);
	m->end = (u32)(chunk + 1) * LEAK_CHUNK;
	return true;
}

static _Atomic u64 *new_words(struct leak_maker *m, u64 n)
{
	if (n > m->nr_words) {
		m->nr_words = u64_max(n, WORDS_AT_ONCE);
		pthread_mutex_lock(&m->map->lock);
		m->words = arena_alloc(&m->map->arena, m->nr_words * sizeof(*m->words));
		pthread_mutex_unlock(&m->map->lock);
	}
	_Atomic u64 *words = m->words;
	m->words += n;
	m->nr_words -= n;
	return words;
}

/* All objects white, but those of slabs: their allocated ones are set by the caller. */
u32 leak_unit_make(struct leak_maker *m, enum leak_kind kind, u64 first, u32 group, u32 objects)
{
	if (m->next == m->end && !new_chunk(m))
		return 0;
	struct leak_unit *u = leak_map_unit(m->map, m->next);
	*u = (struct leak_unit){
		.first = first, .group = group, .objects = (u16)objects, .kind = (u8)kind};
	if (objects > 64)
		u->words = new_words(m, 2ull * leak_unit_words(u));
	else if (kind != LEAK_SLAB)
		u->white = 1;
	return m->next++;
}

void leak_map_set(struct leak_map *map, u64 pfn, u64 nr_pages, u32 unit)
{
	u64 per_section = 1ull << map->section_shift;
	while (nr_pages && pfn >> map->section_shift < map->nr_section_numbers) {
		u64 number = pfn >> map->section_shift, first = pfn & (per_section - 1);
		u64 n = u64_min(nr_pages, per_section - first);
		const struct memmap_section *s = memmap_section(&map->census->map, pfn);
		if (s && !map->section_units[number])
			map->section_units[number] = mem_calloc(s->nr_pages, sizeof(u32));
		for (u64 i = 0; s && i < n; i++) {
			if (!map->section_units[number][first + i])
				map->section_units[number][first + i] = unit;
		}
		pfn += n;
		nr_pages -= n;
	}
}

/* --- opening -------------------------------------------------------------------------------- */

static void read_caches(struct leak_map *map)
{
	map->nr_caches = map->slabs.caches.n;
	map->caches = mem_calloc(map->nr_caches + 1, sizeof(*map->caches));
	for (size_t i = 0; i < map->nr_caches; i++) {
		const struct slab_cache *c = &map->slabs.caches.v[i].cache;
		struct leak_cache *hot = &map->caches[i];
		hot->size = c->size ? c->size : 1;
		hot->object_bytes =
			c->object_size && c->object_size <= hot->size ? c->object_size : hot->size;
		hot->inverse = ~0ull / hot->size + 1; /* exact for distances below 2^32 */
		hot->holds_areas = !strcmp(c->name, "vmap_area");
	}
}

static int read_layout(struct leak_map *map, struct error *error)
{
	const struct memmap *mm = &map->census->map;
	const struct linear_map *direct = &map->k->vspace.direct_map;
	const struct memmap_section *last = &mm->sections[mm->nr_sections - 1];
	struct symbol start, end;
	u64 pages = 0;
	if (direct->start == direct->end)
		return error_set(error, EXIT_PARTIAL,
				 "the direct map of RAM is not known: objects can't be found");
	map->page_shift = map->k->page_shift;
	map->page_bytes = (u32)mm->page_bytes;
	map->direct_start = direct->start;
	map->direct_bytes = direct->end - direct->start;
	map->direct_paddr = direct->paddr; /* may be below 0 (arm64) */
	if (map->k->symbols && symbols_find(map->k->symbols, "_stext", NULL, &start) &&
	    symbols_find(map->k->symbols, "_etext", NULL, &end)) {
		map->text_start = start.address;
		map->text_end = end.address;
	}
	if (mm->base) {
		map->pages_start = mm->sections[0].kva;
		map->pages_end = last->kva + last->nr_pages * mm->page_bytes;
	}
	bool whole = mm->section_pages && !(mm->section_pages & (mm->section_pages - 1));
	map->section_shift = whole ? (u32)__builtin_ctzll(mm->section_pages) : 63;
	map->nr_section_numbers = (last->pfn >> map->section_shift) + 1;
	if (map->nr_section_numbers > MOST_SECTION_NUMBERS || (!whole && mm->nr_sections > 1))
		return error_set(error, EXIT_PARTIAL, "memory sections up to page frame 0x%llx",
				 (unsigned long long)last->pfn);
	for (size_t i = 0; i < mm->nr_sections; i++)
		pages += mm->sections[i].nr_pages;
	map->section_units = mem_calloc(map->nr_section_numbers, sizeof(*map->section_units));
	/* A unit has a page at least; areas may have none; each worker leaves a chunk half full. */
	map->nr_chunks = u64_min(pages / LEAK_CHUNK + 512, UINT32_MAX / LEAK_CHUNK);
	map->chunks = mem_calloc(map->nr_chunks, sizeof(*map->chunks));
	return 0;
}

static void add_up_bytes(struct leak_map *map)
{
	map->bytes = atomic_load(&map->next_chunk) * LEAK_CHUNK * sizeof(struct leak_unit) +
		     map->arena.bytes + map->nr_section_numbers * sizeof(*map->section_units) +
		     map->nr_chunks * sizeof(*map->chunks) +
		     map->areas.room * sizeof(*map->areas.v);
	for (u64 i = 0; i < map->nr_section_numbers; i++) {
		if (map->section_units[i])
			map->bytes += sizeof(u32) << map->section_shift;
	}
}

int leak_map_open(struct leak_map *map, const struct census *census, unsigned nr_threads,
		  struct progress *progress, struct error *error)
{
	*map = (struct leak_map){.k = census->k, .census = census};
	pthread_mutex_init(&map->lock, NULL);
	if (read_layout(map, error) || slab_index_open(&map->slabs, map->k, &census->map, error)) {
		leak_map_close(map);
		return -1;
	}
	read_caches(map);
	struct leak_maker maker = {.map = map};
	leak_map_add_areas(map, &maker);
	leak_map_add_pages(map, &maker, nr_threads, progress);
	leak_roots_by_owner(map);
	add_up_bytes(map);
	return 0;
}

void leak_map_close(struct leak_map *map)
{
	for (u64 i = 0; map->section_units && i < map->nr_section_numbers; i++)
		free(map->section_units[i]);
	for (u64 i = 0; map->chunks && i < map->nr_chunks; i++)
		free(map->chunks[i]);
	free(map->section_units);
	free(map->chunks);
	free(map->caches);
	vec_done(&map->areas);
	vec_done(&map->held);
	vec_done(&map->roots.list);
	kva_set_done(&map->page_arrays);
	arena_done(&map->arena);
	slab_index_close(&map->slabs);
	pthread_mutex_destroy(&map->lock);
	*map = (struct leak_map){0};
}

/* --- asking --------------------------------------------------------------------------------- */

static bool find_slot(const struct leak_map *map, u64 value, struct leak_hit *hit)
{
	const struct leak_unit *u = hit->unit;
	u64 distance = value - u->first;
	if (u->kind != LEAK_SLAB) {
		hit->slot = 0;
		return true;
	}
	if (hit->by_page || value < u->first)
		return false;
	u64 inverse = map->caches[u->group].inverse;
	hit->slot = inverse ? (u32)(((unsigned __int128)distance * inverse) >> 64) : (u32)distance;
	return hit->slot < u->objects;
}

bool leak_map_find(const struct leak_map *map, u64 value, struct leak_hit *hit)
{
	u32 index = 0;
	hit->by_page = false;
	if (value - map->direct_start < map->direct_bytes) {
		index = leak_map_at(map, leak_map_pfn(map, value));
	} else if (value - map->areas_start < map->areas_end - map->areas_start) {
		const struct leak_area *a = leak_map_area(map, value);
		index = a ? a->unit : 0;
	}
	if (!index && value - map->pages_start < map->pages_end - map->pages_start) {
		hit->by_page = true;
		index = leak_map_at(map, (value - map->census->map.base) / map->page_bytes);
	}
	if (!index)
		return false;
	hit->index = index;
	hit->unit = leak_map_unit(map, index);
	return find_slot(map, value, hit);
}

void leak_object(const struct leak_map *map, const struct leak_unit *u, u32 slot, u64 *kva,
		 u64 *bytes)
{
	*kva = u->first;
	if (u->kind == LEAK_SLAB) {
		*kva += slot * map->caches[u->group].size;
		*bytes = map->caches[u->group].object_bytes;
	} else if (u->kind == LEAK_AREA) {
		*bytes = map->areas.v[u->group].end - u->first;
	} else {
		*bytes = (u64)u->group << map->page_shift;
	}
}
