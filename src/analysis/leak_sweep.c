/*
 * After the marking: white objects are lost.  They are counted, and some of each group are read:
 * what they hold at which offset tells whose they were.
 */
#include "analysis/leak_sweep.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "object/module.h"

enum { MOST_SAMPLED = 1 << 14, CONTENT_BYTES = 4096 };

struct code_range {
	u64 start, end;
};

struct sweep_worker {
	struct leak_group *groups; /* one's own */
	struct leak_tally contents;
	u64 *seen; /* lost objects so far, by group */
	u8 bytes[CONTENT_BYTES];
};

struct sweep {
	struct leak *leak;
	struct sweep_worker *workers;
	VEC(struct code_range) ranges; /* the kernel's image and modules: sorted */
};

static bool counts(const struct leak_map *map, const struct leak_unit *u)
{
	return u->objects && u->kind != LEAK_DRIVER &&
	       (u->kind != LEAK_AREA ||
		(!map->areas.v[u->group].maps_others && !map->areas.v[u->group].never_lost));
}

/* --- what is in use ------------------------------------------------------------------------- */

static u64 bytes_of_one(const struct leak_map *map, const struct leak_unit *u)
{
	if (u->kind == LEAK_SLAB)
		return map->caches[u->group].size;
	if (u->kind == LEAK_AREA)
		return map->areas.v[u->group].pages << map->page_shift;
	return (u64)u->group << map->page_shift;
}

void leak_count_objects(struct leak *leak)
{
	const struct leak_map *map = &leak->map;
	for (u32 i = 0; i < map->nr_caches; i++) {
		leak->groups[i].objects = map->caches[i].allocated;
		leak->groups[i].bytes = map->caches[i].allocated * map->caches[i].size;
	}
	for (u64 i = 1; i < leak_map_nr(map); i++) {
		const struct leak_unit *u = leak_map_unit(map, (u32)i);
		if (u->kind == LEAK_SLAB || !counts(map, u))
			continue;
		struct leak_group *g = &leak->groups[leak_group_of(map, u)];
		g->objects++;
		g->bytes += bytes_of_one(map, u);
	}
	for (u32 i = 0; i < leak->nr_groups; i++)
		leak->objects += leak->groups[i].objects;
}

/* --- what is lost --------------------------------------------------------------------------- */

static void add_example(struct leak_group *g, u64 kva)
{
	u32 at = g->nr_examples;
	while (at > 0 && g->examples[at - 1] > kva)
		at--;
	if (at == LEAK_EXAMPLES)
		return;
	u32 last = g->nr_examples < LEAK_EXAMPLES ? g->nr_examples++ : LEAK_EXAMPLES - 1;
	memmove(&g->examples[at + 1], &g->examples[at], (last - at) * sizeof(g->examples[0]));
	g->examples[at] = kva;
}

static void count_unit(struct sweep *s, struct sweep_worker *w, struct leak_unit *u)
{
	const struct leak_map *map = &s->leak->map;
	struct leak_group *g = &w->groups[leak_group_of(map, u)];
	for (u32 i = 0; i < leak_unit_words(u); i++) {
		u64 white = atomic_load_explicit(leak_unit_white(u, i), memory_order_relaxed);
		g->lost += (u64)__builtin_popcountll(white);
		g->lost_bytes += (u64)__builtin_popcountll(white) * bytes_of_one(map, u);
		for (; white; white &= white - 1) {
			u64 kva, bytes;
			leak_object(map, u, i * 64 + (u32)__builtin_ctzll(white), &kva, &bytes);
			if (g->nr_examples == LEAK_EXAMPLES && kva > g->examples[LEAK_EXAMPLES - 1])
				break;
			add_example(g, kva);
		}
	}
}

static void count_units(void *arg, unsigned worker, u64 first, u64 last)
{
	struct sweep *s = arg;
	for (u64 i = first ? first : 1; i < last; i++) {
		struct leak_unit *u = leak_map_unit(&s->leak->map, (u32)i);
		if (counts(&s->leak->map, u))
			count_unit(s, &s->workers[worker], u);
	}
}

static void merge_groups(struct leak *leak, const struct leak_group *from)
{
	for (u32 i = 0; i < leak->nr_groups; i++) {
		struct leak_group *g = &leak->groups[i];
		g->lost += from[i].lost;
		g->lost_bytes += from[i].lost_bytes;
		leak->lost += from[i].lost;
		leak->lost_bytes += from[i].lost_bytes;
		for (u32 e = 0; e < from[i].nr_examples; e++)
			add_example(g, from[i].examples[e]);
	}
}

/* --- what lost objects hold ----------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct code_range *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool add_module(void *arg, const struct module *m)
{
	struct sweep *s = arg;
	for (u32 i = 0; i < m->nr_ranges; i++)
		*vec_push(&s->ranges) = (struct code_range){m->ranges[i].kva,
							    m->ranges[i].kva + m->ranges[i].bytes};
	return true;
}

static void find_ranges(struct sweep *s)
{
	struct kernel *k = s->leak->map.k;
	struct symbol start, end;
	struct error error;
	if (k->symbols && symbols_find(k->symbols, "_stext", NULL, &start) &&
	    symbols_find(k->symbols, "_end", NULL, &end) && start.address < end.address)
		*vec_push(&s->ranges) = (struct code_range){start.address, end.address};
	module_for_each(k, add_module, s, &error);
	if (s->ranges.n)
		qsort(s->ranges.v, s->ranges.n, sizeof(*s->ranges.v), by_start);
}

static bool is_named(const struct sweep *s, u64 value)
{
	size_t low = 0, high = s->ranges.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (value < s->ranges.v[mid].start)
			high = mid;
		else if (value >= s->ranges.v[mid].end)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

static void look_into(struct sweep *s, struct sweep_worker *w, u32 group, u64 kva, u64 bytes)
{
	const struct symbols *symbols = s->leak->map.k->symbols;
	u64 lowest = s->ranges.n ? s->ranges.v[0].start : ~0ull, n = u64_min(bytes, CONTENT_BYTES);
	if (kernel_read(s->leak->map.k, kva, w->bytes, n))
		return;
	w->groups[group].nr_sampled++;
	for (u64 at = 0; at + sizeof(u64) <= n; at += sizeof(u64)) {
		struct symbol symbol;
		u64 value, offset;
		memcpy(&value, w->bytes + at, sizeof(value));
		if (value < lowest || !is_named(s, value) ||
		    !symbols_at(symbols, value, &symbol, &offset))
			continue;
		struct leak_place place = {symbol.address, (u32)at, IN_DATA};
		leak_tally_add(&w->contents, group, &place, 1, kva + at, value);
	}
}

/* Every n-th lost object of a group, so that MOST_SAMPLED are looked into in all. */
static void look_into_unit(struct sweep *s, struct sweep_worker *w, struct leak_unit *u)
{
	const struct leak_map *map = &s->leak->map;
	u32 group = leak_group_of(map, u);
	u64 every = s->leak->groups[group].lost / MOST_SAMPLED + 1;
	for (u32 i = 0; i < leak_unit_words(u); i++) {
		u64 white = atomic_load_explicit(leak_unit_white(u, i), memory_order_relaxed);
		for (; white; white &= white - 1) {
			u64 kva, bytes;
			if (w->seen[group]++ % every)
				continue;
			leak_object(map, u, i * 64 + (u32)__builtin_ctzll(white), &kva, &bytes);
			look_into(s, w, group, kva, bytes);
		}
	}
}

static void look_into_units(void *arg, unsigned worker, u64 first, u64 last)
{
	struct sweep *s = arg;
	for (u64 i = first ? first : 1; i < last; i++) {
		struct leak_unit *u = leak_map_unit(&s->leak->map, (u32)i);
		if (counts(&s->leak->map, u))
			look_into_unit(s, &s->workers[worker], u);
	}
}

void leak_sweep(struct leak *leak, const struct leak_options *options)
{
	unsigned n = parallel_threads(options->nr_threads);
	struct sweep s = {.leak = leak, .workers = mem_calloc(n, sizeof(*s.workers))};
	struct leak_tally contents;
	for (unsigned i = 0; i < n; i++) {
		s.workers[i].groups = mem_calloc(leak->nr_groups, sizeof(struct leak_group));
		s.workers[i].seen = mem_calloc(leak->nr_groups, sizeof(u64));
		leak_tally_init(&s.workers[i].contents);
	}
	find_ranges(&s);
	parallel_for(n, leak_map_nr(&leak->map), LEAK_CHUNK, count_units, &s);
	for (unsigned i = 0; i < n; i++)
		merge_groups(leak, s.workers[i].groups);
	parallel_for(n, leak_map_nr(&leak->map), LEAK_CHUNK, look_into_units, &s);
	leak_tally_init(&contents);
	for (unsigned i = 0; i < n; i++) {
		for (u32 g = 0; g < leak->nr_groups; g++)
			leak->groups[g].nr_sampled += s.workers[i].groups[g].nr_sampled;
		leak_tally_merge(&contents, &s.workers[i].contents);
		leak_tally_done(&s.workers[i].contents);
		free(s.workers[i].groups);
		free(s.workers[i].seen);
	}
	leak->contents = leak_tally_sorted(&contents, &leak->nr_contents);
	leak_tally_done(&contents);
	vec_done(&s.ranges);
	free(s.workers);
}
