/* The leak search from end to end: map, mark, sweep. */
#include "analysis/leak.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/leak_sweep.h"

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Where each group's rows begin in a list that is sorted by group. */
static void index_counts(struct leak *leak, const struct leak_count *counts, size_t n,
			 bool are_contents)
{
	for (size_t i = 0; i < n; i++) {
		struct leak_group *g = &leak->groups[counts[i].target];
		size_t *first = are_contents ? &g->first_content : &g->first_holder;
		size_t *nr = are_contents ? &g->nr_contents : &g->nr_holders;
		if (!(*nr)++)
			*first = i;
	}
}

int leak_search(struct leak *leak, const struct census *census, const struct leak_options *o,
		struct error *error)
{
	*leak = (struct leak){.census = census};
	double start = now_s(), marked;
	if (leak_map_open(&leak->map, census, o->nr_threads, o->progress, error))
		return -1;
	leak_names_open(&leak->names, &leak->map);
	leak->nr_groups = leak_nr_groups(&leak->map);
	leak->groups = mem_calloc(leak->nr_groups, sizeof(*leak->groups));
	leak_count_objects(leak);
	leak->map_s = now_s() - start;
	leak_mark(&leak->map, &leak->names, o->nr_threads, o->progress, &leak->mark);
	marked = now_s();
	leak->mark_s = marked - start - leak->map_s;
	leak->holders = leak_tally_sorted(&leak->mark.first, &leak->nr_holders);
	leak_sweep(leak, o);
	leak->sweep_s = now_s() - marked;
	index_counts(leak, leak->holders, leak->nr_holders, false);
	index_counts(leak, leak->contents, leak->nr_contents, true);
	leak->nr_bytes = leak->map.bytes + leak->mark.queue_bytes;
	if (leak->mark.bytes_unreadable)
		kernel_unreadable(census->k, "kernel memory that may hold pointers", leak->mark.why,
				  leak->mark.why_at);
	return 0;
}

void leak_done(struct leak *leak)
{
	leak_tally_done(&leak->mark.first);
	leak_names_close(&leak->names);
	leak_map_close(&leak->map);
	free(leak->groups);
	free(leak->contents);
	free(leak->holders);
	*leak = (struct leak){0};
}

enum leak_kind leak_group_kind(const struct leak *leak, u32 group)
{
	if (group < leak->map.nr_caches)
		return LEAK_SLAB;
	u32 kind = (u32)(group - leak->map.nr_caches) / LEAK_ORDERS;
	return kind < LEAK_AREA ? (enum leak_kind)kind : LEAK_AREA;
}

u64 leak_group_caller(const struct leak *leak, u32 group)
{
	const struct leak_map *map = &leak->map;
	u64 first = map->nr_caches + LEAK_AREA * LEAK_ORDERS;
	for (size_t i = 0; i < map->areas.n; i++) {
		if (first + map->areas.v[i].group == group)
			return map->areas.v[i].caller;
	}
	return 0;
}

const char *leak_group_name(const struct leak *leak, u32 group, char *text, size_t size)
{
	const struct leak_map *map = &leak->map;
	enum leak_kind kind = leak_group_kind(leak, group);
	u32 number = (u32)(group - map->nr_caches);
	u64 caller;
	switch (kind) {
	case LEAK_SLAB:
		snprintf(text, size, "%s", map->slabs.caches.v[group].cache.name);
		break;
	case LEAK_AREA:
		caller = leak_group_caller(leak, group);
		if (caller)
			kernel_symbolize(map->k, caller, text, size);
		else
			snprintf(text, size, "caller not known");
		break;
	default:
		snprintf(text, size, "order %u", number % LEAK_ORDERS);
		break;
	}
	return text;
}
