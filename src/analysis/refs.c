/*
 * One linear pass over all allocated objects, roots and struct pages.  What the leak search calls
 * grey is here: somebody else points to it.
 */
#include "analysis/refs.h"

#include <stdlib.h>

#include "analysis/leak_mark.h"
#include "base/parallel.h"

enum { UNITS_AT_ONCE = 1 << 10 };

struct refs_worker {
	struct refs_pass *pass;
	struct leak_scan scan;
	struct leak_tally places;
	u64 pointers, own, pointed;
};

struct refs_pass {
	struct refs *refs;
	struct refs_worker *workers;
	struct progress *progress;
};

static bool is_target(const struct refs *refs, const struct leak_hit *hit)
{
	const struct refs_target *t = &refs->target;
	const struct leak_unit *u = hit->unit;
	if (t->kind == REFS_OBJECT)
		return hit->index == t->unit && hit->slot == t->slot;
	if (t->cache != REFS_NO_CACHE)
		return u->kind == LEAK_SLAB && u->group == t->cache;
	return t->kinds >> u->kind & 1;
}

static void count(struct refs_worker *w, const struct leak_source *source, u64 at, u64 value)
{
	struct leak_place place = leak_place_of(&w->pass->refs->names, source, at);
	w->pointers++;
	leak_tally_add(&w->places, 0, &place, 1, at, value);
}

static void see_word(void *arg, const struct leak_source *source, u64 at, u64 value)
{
	struct refs_worker *w = arg;
	const struct refs *refs = w->pass->refs;
	struct leak_hit hit;
	if (refs->target.kind == REFS_RANGE) {
		if (value - refs->target.start < refs->target.bytes)
			count(w, source, at, value);
		return;
	}
	if (!leak_map_find(&refs->map, value, &hit) || !is_target(refs, &hit))
		return;
	u64 bit = 1ull << hit.slot % 64;
	if (!(atomic_load_explicit(leak_unit_white(hit.unit, hit.slot / 64), memory_order_relaxed) &
	      bit) &&
	    refs->target.kind != REFS_OBJECT)
		return; /* a free slot */
	if (hit.unit->kind == LEAK_AREA &&
	    leak_is_note_of_area(&refs->map, source, at, value, &hit))
		return;
	if (source->unit == hit.index && source->slot == hit.slot) {
		w->own++;
		return;
	}
	u64 old = atomic_fetch_or_explicit(leak_unit_grey(hit.unit, hit.slot / 64), bit,
					   memory_order_relaxed);
	w->pointed += !(old & bit);
	count(w, source, at, value);
}

static void look_at_units(void *arg, unsigned worker, u64 first, u64 last)
{
	struct refs_pass *pass = arg;
	const struct leak_map *map = &pass->refs->map;
	struct refs_worker *w = &pass->workers[worker];
	u64 bits[SLAB_MAX_OBJECTS / 64];
	for (u64 i = first ? first : 1; i < last; i++) {
		struct leak_unit *u = leak_map_unit(map, (u32)i);
		if (!u->objects)
			continue;
		for (u32 j = 0; j < leak_unit_words(u); j++)
			bits[j] = atomic_load_explicit(leak_unit_white(u, j), memory_order_relaxed);
		leak_scan_unit(&w->scan, (u32)i, bits);
	}
	if (worker == 0)
		progress_step(pass->progress, "looking for pointers", first, leak_map_nr(map));
}

static void look_at_roots(void *arg, unsigned worker, u64 first, u64 last)
{
	struct refs_pass *pass = arg;
	const struct leak_roots *roots = &pass->refs->map.roots;
	for (u64 i = first; i < last; i++) {
		const struct leak_root *r = &roots->list.v[i];
		leak_scan_root(&pass->workers[worker].scan, r, 0, r->bytes);
	}
}

static void look_at_struct_pages(void *arg, unsigned worker, u64 first, u64 last)
{
	struct refs_pass *pass = arg;
	const struct memmap *map = &pass->refs->census->map;
	for (u64 i = first; i < last; i++)
		leak_scan_struct_pages(&pass->workers[worker].scan, &map->sections[i]);
}

static void count_objects(struct refs *refs)
{
	const struct refs_target *t = &refs->target;
	if (t->kind != REFS_GROUPS) {
		refs->objects = 1;
		return;
	}
	if (t->cache != REFS_NO_CACHE) {
		refs->objects = refs->map.caches[t->cache].allocated;
		return;
	}
	for (u64 i = 1; i < leak_map_nr(&refs->map); i++) {
		const struct leak_unit *u = leak_map_unit(&refs->map, (u32)i);
		refs->objects += u->objects && (t->kinds >> u->kind & 1);
	}
}

static void run(struct refs *refs, unsigned nr_threads, struct progress *progress)
{
	unsigned n = parallel_threads(nr_threads);
	struct refs_pass pass = {.refs = refs,
				 .workers = mem_calloc(n, sizeof(*pass.workers)),
				 .progress = progress};
	struct leak_tally places;
	for (unsigned i = 0; i < n; i++) {
		struct refs_worker *w = &pass.workers[i];
		w->pass = &pass;
		leak_scan_init(&w->scan, &refs->map, see_word, w);
		leak_tally_init(&w->places);
		if (refs->target.kind == REFS_RANGE) {
			w->scan.also_start = refs->target.start;
			w->scan.also_bytes = refs->target.bytes;
		}
	}
	leak_scan_registers(&pass.workers[0].scan);
	parallel_for(n, refs->map.roots.list.n, 1, look_at_roots, &pass);
	parallel_for(n, refs->census->map.nr_sections, 1, look_at_struct_pages, &pass);
	parallel_for(n, leak_map_nr(&refs->map), UNITS_AT_ONCE, look_at_units, &pass);
	leak_tally_init(&places);
	for (unsigned i = 0; i < n; i++) {
		struct refs_worker *w = &pass.workers[i];
		leak_tally_merge(&places, &w->places);
		refs->pointers += w->pointers;
		refs->own += w->own;
		refs->pointed += w->pointed;
		refs->bytes_scanned += w->scan.bytes_scanned;
		refs->bytes_unreadable += w->scan.bytes_unreadable;
		if (w->scan.why) {
			refs->why = w->scan.why;
			refs->why_at = w->scan.why_at;
		}
		leak_tally_done(&w->places);
		leak_scan_done(&w->scan);
	}
	refs->dropped = places.dropped;
	refs->places = leak_tally_sorted(&places, &refs->nr_places);
	leak_tally_done(&places);
	free(pass.workers);
}

int refs_find(struct refs *refs, const struct census *census, const char *text, unsigned nr_threads,
	      struct progress *progress, struct error *error)
{
	*refs = (struct refs){.census = census};
	if (leak_map_open(&refs->map, census, nr_threads, progress, error))
		return -1;
	leak_names_open(&refs->names, &refs->map);
	if (refs_target_parse(refs, text, error)) {
		refs_done(refs);
		return -1;
	}
	count_objects(refs);
	run(refs, nr_threads, progress);
	if (refs->bytes_unreadable)
		kernel_unreadable(census->k, "kernel memory that may hold pointers", refs->why,
				  refs->why_at);
	return 0;
}

void refs_done(struct refs *refs)
{
	leak_names_close(&refs->names);
	leak_map_close(&refs->map);
	free(refs->places);
	*refs = (struct refs){0};
}
