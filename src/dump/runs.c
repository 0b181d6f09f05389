/*
 * Overlaps are resolved class by class: what can be read first, then the others fill the gaps.
 * Two passes over sorted lists each, so that hundred thousand segments (makedumpfile -E) cost
 * nothing.
 */
#include "dump/runs.h"

static int by_start(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void add_part(struct runs *out, const struct run *run, u64 from, u64 to)
{
	runs_add(out, (struct run){from, to, run->offset + (from - run->start), run->status});
}

/* The runs of one status, each shortened by those before it. */
static struct runs pick(const struct runs *sorted, enum read_status status)
{
	struct runs out = {0};
	u64 covered = 0;
	for (size_t i = 0; i < sorted->n; i++) {
		const struct run *run = &sorted->v[i];
		if (run->status != status)
			continue;
		add_part(&out, run, u64_max(run->start, covered), run->end);
		covered = u64_max(covered, run->end);
	}
	return out;
}

/* high, and of low what high leaves open. */
static struct runs overlay(const struct runs *high, const struct runs *low)
{
	struct runs out = {0};
	size_t h = 0;
	u64 covered = 0;
	for (size_t l = 0; l < low->n; l++) {
		const struct run *run = &low->v[l];
		u64 from = u64_max(run->start, covered);
		for (; h < high->n && high->v[h].start < run->end; h++) {
			if (from < high->v[h].start)
				add_part(&out, run, from, high->v[h].start);
			runs_add(&out, high->v[h]);
			covered = from = u64_max(from, high->v[h].end);
		}
		if (from < run->end)
			add_part(&out, run, from, run->end);
	}
	for (; h < high->n; h++)
		runs_add(&out, high->v[h]);
	return out;
}

void runs_settle(struct runs *runs)
{
	static const enum read_status order[] = {READ_OK, READ_TRUNCATED, READ_EXCLUDED};
	if (!runs->n)
		return;
	qsort(runs->v, runs->n, sizeof(*runs->v), by_start);
	struct runs all = {0};
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct runs class = pick(runs, order[i]);
		struct runs both = overlay(&all, &class);
		vec_done(&all);
		vec_done(&class);
		all = both;
	}
	vec_done(runs);
	*runs = all;
}

size_t runs_find(const struct runs *runs, u64 paddr)
{
	size_t low = 0, high = runs->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (runs->v[mid].end <= paddr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
