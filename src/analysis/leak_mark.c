/*
 * Marking: a queue of units that have grey objects.
 *
 * A unit is in the queue once at most (its `queued` byte), so that a ring with a place for each
 * unit never overflows, however objects point to each other.  Whoever takes a unit takes all its
 * grey bits, reads what it needs of the slab at once and looks at these objects' words; what it
 * finds white becomes grey, and its unit is queued.  First in, first out: grey objects gather in a
 * unit while it waits, and chains in the order of allocation are followed within the slab that is
 * read.
 */
#include "analysis/leak_mark.h"

#include <stdlib.h>

#include "base/parallel.h"

enum { BATCH = 64, MOST_LOCAL = 256, ROOT_PIECE = 1 << 20 };

struct mark_queue {
	pthread_mutex_t lock;
	pthread_cond_t more;
	u32 *ring;
	u64 room, head, n;
	unsigned idle, nr_workers;
	bool done;
};

struct mark_worker {
	struct marker *marker;
	struct leak_scan scan;
	struct leak_tally first;
	u32 local[MOST_LOCAL];
	u32 nr_local;
	u64 nr_units;
};

struct root_piece {
	u32 root;
	u64 from, bytes;
};

struct marker {
	const struct leak_map *map;
	const struct leak_names *names;
	struct mark_queue queue;
	struct mark_worker *workers;
	VEC(struct root_piece) pieces;
	struct progress *progress;
	_Atomic u64 nr_taken;
};

/* --- the queue ------------------------------------------------------------------------------ */

static void give_away(struct mark_worker *w)
{
	struct mark_queue *q = &w->marker->queue;
	if (!w->nr_local)
		return;
	pthread_mutex_lock(&q->lock);
	for (u32 i = 0; i < w->nr_local; i++)
		q->ring[(q->head + q->n++) % q->room] = w->local[i];
	if (q->idle)
		pthread_cond_broadcast(&q->more);
	pthread_mutex_unlock(&q->lock);
	w->nr_local = 0;
}

static void enqueue(struct mark_worker *w, u32 unit)
{
	if (w->nr_local == MOST_LOCAL)
		give_away(w);
	w->local[w->nr_local++] = unit;
}

/* Waits while others may still find something; 0: all is done. */
static u32 take(struct mark_queue *q, u32 *units)
{
	u32 n = 0;
	pthread_mutex_lock(&q->lock);
	q->idle++;
	while (!q->n && !q->done) {
		if (q->idle == q->nr_workers) {
			q->done = true;
			pthread_cond_broadcast(&q->more);
			break;
		}
		pthread_cond_wait(&q->more, &q->lock);
	}
	/* Leave something for the others. */
	u64 most = u64_min(BATCH, q->n / q->nr_workers + 1);
	while (q->n && n < most) {
		units[n++] = q->ring[q->head];
		q->head = (q->head + 1) % q->room;
		q->n--;
	}
	q->idle--;
	pthread_mutex_unlock(&q->lock);
	return n;
}

/* --- marking -------------------------------------------------------------------------------- */

static u64 word_at(const struct leak_source *s, u64 kva)
{
	u64 value = 0;
	if (s->bytes && kva >= s->bytes_kva && s->nr_bytes >= sizeof(value) &&
	    kva - s->bytes_kva <= s->nr_bytes - sizeof(value))
		memcpy(&value, s->bytes + (kva - s->bytes_kva), sizeof(value));
	return value;
}

static bool is_vm_struct(const struct leak_map *map, const struct leak_source *s, u64 at,
			 const struct leak_area *a)
{
	const struct kernel *k = map->k;
	u64 vm = at - kernel_datum(k, vm_addr)->value;
	return word_at(s, vm + kernel_datum(k, vm_size)->value) == a->size &&
	       (!kernel_has(k, vm_caller) ||
		word_at(s, vm + kernel_datum(k, vm_caller)->value) == a->caller);
}

bool leak_is_note_of_area(const struct leak_map *map, const struct leak_source *s, u64 at,
			  u64 value, const struct leak_hit *hit)
{
	const struct leak_area *a = &map->areas.v[hit->unit->group];
	const struct kernel *k = map->k;
	if (hit->by_page)
		return kva_set_has(&map->page_arrays, s->start);
	if (value != a->start)
		return false;
	if (s->kind == IN_SLAB && map->caches[s->id].holds_areas)
		return at - s->start == kernel_datum(k, vmap_area_start)->value ||
		       at - s->start == kernel_datum(k, vmap_area_end)->value;
	return is_vm_struct(map, s, at, a);
}

/*
 * A sheaf (6.18) is an array of free objects of one cache, of which the first `size` are valid:
 * what lies behind points to objects that were taken out of it, and is no reference.
 */
static bool is_in_sheaf(const struct leak_map *map, const struct leak_source *s, u64 at,
			const struct leak_hit *hit)
{
	const struct kernel *k = map->k;
	return s->kind == IN_SLAB && hit->unit->kind == LEAK_SLAB && kernel_has(k, sheaf_cache) &&
	       at - s->start >= kernel_datum(k, sheaf_objects)->value &&
	       word_at(s, s->start + kernel_datum(k, sheaf_cache)->value) ==
		       map->slabs.caches.v[hit->unit->group].cache.kva;
}

static void reach(struct mark_worker *w, const struct leak_hit *hit)
{
	u64 bit = 1ull << hit->slot % 64;
	atomic_fetch_or_explicit(leak_unit_grey(hit->unit, hit->slot / 64), bit,
				 memory_order_seq_cst);
	if (!atomic_exchange_explicit(&hit->unit->queued, 1, memory_order_seq_cst))
		enqueue(w, hit->index);
}

static void see_word(void *arg, const struct leak_source *source, u64 at, u64 value)
{
	struct mark_worker *w = arg;
	const struct leak_map *map = w->marker->map;
	struct leak_hit hit;
	if (!leak_map_find(map, value, &hit))
		return;
	_Atomic u64 *white = leak_unit_white(hit.unit, hit.slot / 64);
	u64 bit = 1ull << hit.slot % 64;
	if (!(atomic_load_explicit(white, memory_order_relaxed) & bit))
		return;
	if (hit.unit->kind == LEAK_AREA && leak_is_note_of_area(map, source, at, value, &hit))
		return;
	if (is_in_sheaf(map, source, at, &hit))
		return;
	if (!(atomic_fetch_and_explicit(white, ~bit, memory_order_relaxed) & bit))
		return;
	struct leak_place place = leak_place_of(w->marker->names, source, at);
	leak_tally_add(&w->first, leak_group_of(map, hit.unit), &place, 1, at, value);
	reach(w, &hit);
}

static void look_at_unit(struct mark_worker *w, u32 index)
{
	u64 bits[SLAB_MAX_OBJECTS / 64];
	struct leak_unit *u = leak_map_unit(w->marker->map, index);
	u32 words = leak_unit_words(u);
	bool more = true;
	atomic_store_explicit(&u->queued, 0, memory_order_seq_cst);
	while (more) {
		more = false;
		for (u32 i = 0; i < words; i++) {
			bits[i] = atomic_exchange_explicit(leak_unit_grey(u, i), 0,
							   memory_order_seq_cst);
			more |= bits[i] != 0;
		}
		if (more) {
			w->nr_units++;
			leak_scan_unit(&w->scan, index, bits);
		}
	}
}

static void drain(void *arg, unsigned worker, u64 first, u64 last)
{
	struct marker *m = arg;
	struct mark_worker *w = &m->workers[worker];
	u32 units[BATCH], n;
	pthread_mutex_lock(&m->queue.lock);
	m->queue.nr_workers++; /* not all that were asked for need come, or come in time */
	pthread_mutex_unlock(&m->queue.lock);
	while ((n = take(&m->queue, units))) {
		for (u32 i = 0; i < n; i++)
			look_at_unit(w, units[i]);
		give_away(w);
		if (worker == 0)
			progress_step(m->progress, "following pointers", atomic_load(&m->nr_taken),
				      0);
		atomic_fetch_add(&m->nr_taken, n);
	}
}

/* --- roots ---------------------------------------------------------------------------------- */

static void cut_roots(struct marker *m)
{
	const struct leak_roots *roots = &m->map->roots;
	for (size_t i = 0; i < roots->list.n; i++) {
		u64 bytes = roots->list.v[i].bytes;
		for (u64 from = 0; from < bytes; from += ROOT_PIECE)
			*vec_push(&m->pieces) = (struct root_piece){
				(u32)i, from, u64_min(ROOT_PIECE, bytes - from)};
	}
}

static void look_at_roots(void *arg, unsigned worker, u64 first, u64 last)
{
	struct marker *m = arg;
	struct mark_worker *w = &m->workers[worker];
	for (u64 i = first; i < last; i++) {
		const struct root_piece *p = &m->pieces.v[i];
		leak_scan_root(&w->scan, &m->map->roots.list.v[p->root], p->from, p->bytes);
		if (worker == 0)
			progress_step(m->progress, "looking at roots", i, m->pieces.n);
	}
	give_away(w);
}

static void look_at_struct_pages(void *arg, unsigned worker, u64 first, u64 last)
{
	struct marker *m = arg;
	struct mark_worker *w = &m->workers[worker];
	const struct memmap *map = &m->map->census->map;
	for (u64 i = first; i < last; i++)
		leak_scan_struct_pages(&w->scan, &map->sections[i]);
	give_away(w);
}

static void reach_unit(struct mark_worker *w, u32 unit)
{
	struct leak_hit hit = {leak_map_unit(w->marker->map, unit), unit, 0, false};
	hit.unit->white = 0;
	reach(w, &hit);
}

/* Reached without a pointer: areas and blocks that are somebody's for another reason. */
static void reach_unheld(struct marker *m)
{
	struct mark_worker *w = &m->workers[0];
	for (size_t i = 0; i < m->map->areas.n; i++) {
		const struct leak_area *a = &m->map->areas.v[i];
		if (!a->unit || a->stack || !a->never_lost)
			continue;
		reach_unit(w, a->unit);
	}
	for (size_t i = 0; i < m->map->held.n; i++)
		reach_unit(w, m->map->held.v[i]);
	give_away(w);
}

/* --- the rest of blocks that were split ----------------------------------------------------- */

static bool is_single_page(const struct leak_unit *u)
{
	return leak_unit_is_block(u) && u->group == 1;
}

/*
 * alloc_pages_exact() and split_page() leave single pages of a block, of which the first alone is
 * pointed to.  A stretch of unreached single pages right behind a reached one is taken as its rest
 * when all of it lies within the largest block that can begin there.
 */
static u64 reach_rest(struct mark_worker *w, const u32 *units, u64 first_pfn, u64 nr, u64 at)
{
	const struct leak_map *map = w->marker->map;
	const struct leak_unit *head = leak_map_unit(map, units[at]);
	u64 pfn = first_pfn + at, most = u64_min(pfn & -pfn, nr - at), n = 1;
	if (!units[at] || !is_single_page(head) || head->white || !pfn)
		return 0;
	while (at + n < nr && units[at + n]) {
		const struct leak_unit *u = leak_map_unit(map, units[at + n]);
		if (u->kind != LEAK_PAGES || u->group != 1 || !u->white || n == most)
			break;
		n++;
	}
	/* A longer stretch is no rest of it: it goes on behind the block. */
	if (n == most && at + n < nr && units[at + n]) {
		const struct leak_unit *next = leak_map_unit(map, units[at + n]);
		if (next->kind == LEAK_PAGES && next->group == 1 && next->white)
			return 0;
	}
	for (u64 i = 1; i < n; i++)
		reach_unit(w, units[at + i]);
	return n - 1;
}

static u64 reach_rests(struct marker *m)
{
	const struct leak_map *map = m->map;
	u64 reached = 0;
	for (u64 number = 0; number < map->nr_section_numbers; number++) {
		u64 first = number << map->section_shift;
		const struct memmap_section *s = memmap_section(&map->census->map, first);
		const u32 *units = map->section_units[number];
		for (u64 i = 0; units && s && i < s->nr_pages; i++) {
			u64 n = reach_rest(&m->workers[0], units, first, s->nr_pages, i);
			reached += n;
			i += n;
		}
	}
	give_away(&m->workers[0]);
	return reached;
}

static void drain_queue(struct marker *m, unsigned nr_threads)
{
	m->queue.done = false;
	m->queue.nr_workers = 0;
	parallel_for(nr_threads, nr_threads, 1, drain, m);
}

void leak_mark(const struct leak_map *map, const struct leak_names *names, unsigned nr_threads,
	       struct progress *progress, struct leak_mark_result *result)
{
	unsigned n = parallel_threads(nr_threads);
	struct marker m = {.map = map,
			   .names = names,
			   .progress = progress,
			   .workers = mem_calloc(n, sizeof(*m.workers))};
	struct mark_queue *q = &m.queue;
	q->room = leak_map_nr(map) + 1;
	q->ring = mem_calloc(q->room, sizeof(*q->ring));
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->more, NULL);
	for (unsigned i = 0; i < n; i++) {
		struct mark_worker *w = &m.workers[i];
		w->marker = &m;
		leak_scan_init(&w->scan, map, see_word, w);
		leak_tally_init(&w->first);
	}
	cut_roots(&m);
	reach_unheld(&m);
	leak_scan_registers(&m.workers[0].scan);
	give_away(&m.workers[0]);
	parallel_for(n, m.pieces.n, 1, look_at_roots, &m);
	parallel_for(n, map->census->map.nr_sections, 1, look_at_struct_pages, &m);
	*result = (struct leak_mark_result){.queue_bytes = q->room * sizeof(*q->ring)};
	leak_tally_init(&result->first);
	drain_queue(&m, n);
	for (u64 rest; (rest = reach_rests(&m)); drain_queue(&m, n))
		result->rest_pages += rest;
	for (unsigned i = 0; i < n; i++) {
		struct mark_worker *w = &m.workers[i];
		leak_tally_merge(&result->first, &w->first);
		result->bytes_scanned += w->scan.bytes_scanned;
		result->objects_scanned += w->scan.nr_objects;
		result->units_scanned += w->nr_units;
		result->bytes_unreadable += w->scan.bytes_unreadable;
		result->bytes_excluded += w->scan.bytes_excluded;
		if (w->scan.why) {
			result->why = w->scan.why;
			result->why_at = w->scan.why_at;
		}
		leak_tally_done(&w->first);
		leak_scan_done(&w->scan);
	}
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->more);
	vec_done(&m.pieces);
	free(q->ring);
	free(m.workers);
}
