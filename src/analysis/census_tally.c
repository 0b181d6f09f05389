/* Sums of one worker of the census, and their union. */
#include "analysis/census_tally.h"

#include <stdlib.h>

/* --- rows by kva ---------------------------------------------------------------------------- */

static size_t slot_of(const struct kva_rows *t, u64 kva)
{
	return (size_t)((kva >> 3) * 0x9e3779b97f4a7c15ull >> 20) & (t->nr_slots - 1);
}

void kva_rows_init(struct kva_rows *t, size_t most_rows)
{
	*t = (struct kva_rows){.nr_slots = 1024, .most_rows = most_rows};
	t->kva = mem_calloc(t->nr_slots, sizeof(*t->kva));
	t->row = mem_calloc(t->nr_slots, sizeof(*t->row));
}

void kva_rows_done(struct kva_rows *t)
{
	free(t->kva);
	free(t->row);
	*t = (struct kva_rows){0};
}

static size_t find_slot(const struct kva_rows *t, u64 kva)
{
	size_t i = slot_of(t, kva);
	while (t->kva[i] && t->kva[i] != kva)
		i = (i + 1) & (t->nr_slots - 1);
	return i;
}

static void grow(struct kva_rows *t)
{
	struct kva_rows old = *t;
	t->nr_slots *= 2;
	t->kva = mem_calloc(t->nr_slots, sizeof(*t->kva));
	t->row = mem_calloc(t->nr_slots, sizeof(*t->row));
	for (size_t i = 0; i < old.nr_slots; i++) {
		if (!old.kva[i])
			continue;
		size_t slot = find_slot(t, old.kva[i]);
		t->kva[slot] = old.kva[i];
		t->row[slot] = old.row[i];
	}
	free(old.kva);
	free(old.row);
}

bool kva_rows_find(struct kva_rows *t, u64 kva, u32 *row, bool *is_new)
{
	size_t slot = find_slot(t, kva);
	*is_new = !t->kva[slot];
	if (!*is_new) {
		*row = t->row[slot];
		return true;
	}
	if (!kva || t->nr_rows == t->most_rows)
		return false;
	if (t->nr_rows * 2 >= t->nr_slots) {
		grow(t);
		slot = find_slot(t, kva);
	}
	t->kva[slot] = kva;
	*row = t->row[slot] = (u32)t->nr_rows++;
	return true;
}

/* --- one worker ----------------------------------------------------------------------------- */

void tally_init(struct tally *t, size_t nr_zones)
{
	*t = (struct tally){.last_unknown_pfn = ~0ull};
	t->pages = mem_calloc(nr_zones * NR_PAGE_CLASSES, sizeof(*t->pages));
	t->candidates = mem_calloc(nr_zones, sizeof(*t->candidates));
	kva_rows_init(&t->file_rows, MOST_FILES);
	kva_rows_init(&t->target_rows, MOST_TARGETS);
	kva_rows_init(&t->cgroup_rows, MOST_TARGETS);
}

void tally_done(struct tally *t)
{
	free(t->pages);
	free(t->candidates);
	kva_rows_done(&t->file_rows);
	kva_rows_done(&t->target_rows);
	kva_rows_done(&t->cgroup_rows);
	vec_done(&t->files);
	vec_done(&t->targets);
	vec_done(&t->cgroups);
	vec_done(&t->slabs);
}

static bool alike(const struct unknown_group *a, const struct unknown_group *b)
{
	return a->order == b->order && a->zone == b->zone && a->flags == b->flags &&
	       a->refcount == b->refcount && a->mapped == b->mapped &&
	       a->migrate_type == b->migrate_type;
}

static size_t find_group(const struct unknown_group *groups, size_t n,
			 const struct unknown_group *like)
{
	size_t i = 0;
	while (i < n && !alike(&groups[i], like))
		i++;
	return i;
}

void unknown_subtract(struct census *census, const struct unknown_group *like, u64 nr)
{
	size_t i = find_group(census->unknown, census->nr_unknown, like);
	if (i < census->nr_unknown)
		census->unknown[i].pages -= u64_min(nr, census->unknown[i].pages);
	else
		census->unknown_ungrouped -= u64_min(nr, census->unknown_ungrouped);
}

static size_t group_of(struct tally *t, const struct unknown_group *like)
{
	if (t->last_group < t->nr_unknown && alike(&t->unknown[t->last_group], like))
		return t->last_group;
	size_t i = find_group(t->unknown, t->nr_unknown, like);
	if (i == t->nr_unknown && i < MAX_UNKNOWN_GROUPS) {
		t->unknown[t->nr_unknown++] = *like;
		t->unknown[i].pages = t->unknown[i].runs = 0;
	}
	return i;
}

void tally_unknown(struct tally *t, const struct unknown_group *like, u64 pfn, u64 nr)
{
	size_t group = group_of(t, like);
	if (group == MAX_UNKNOWN_GROUPS) {
		t->unknown_ungrouped += nr;
		return;
	}
	struct unknown_group *g = &t->unknown[group];
	if (!g->pages)
		g->first_pfn = pfn;
	if (pfn != t->last_unknown_pfn || group != t->last_group)
		g->runs++;
	g->pages += nr;
	t->last_unknown_pfn = pfn + nr;
	t->last_group = group;
}

/*
 * The table is full: files with fewer pages than the average make room.  What has many pages is
 * seen often enough to stay, or to come back.
 */
static void drop_small_files(struct tally *t)
{
	u64 sum = 0;
	for (size_t i = 0; i < t->files.n; i++)
		sum += t->files.v[i].pages;
	u64 limit = sum / t->files.n;
	size_t kept = 0;
	kva_rows_done(&t->file_rows);
	kva_rows_init(&t->file_rows, MOST_FILES);
	for (size_t i = 0; i < t->files.n; i++) {
		u32 row;
		bool is_new;
		if (t->files.v[i].pages <= limit) {
			t->files_dropped_pages += t->files.v[i].pages;
			continue;
		}
		t->files.v[kept] = t->files.v[i];
		kva_rows_find(&t->file_rows, t->files.v[kept].mapping, &row, &is_new);
		kept++;
	}
	t->files.n = kept;
}

struct census_file *tally_file(struct tally *t, u64 mapping, bool *is_new)
{
	u32 row;
	if (!kva_rows_find(&t->file_rows, mapping, &row, is_new)) {
		drop_small_files(t);
		kva_rows_find(&t->file_rows, mapping, &row, is_new);
	}
	if (*is_new)
		*vec_push(&t->files) = (struct census_file){.mapping = mapping};
	return &t->files.v[row];
}

/* --- all of them ---------------------------------------------------------------------------- */

static void merge_files(struct tally *into, const struct tally *from)
{
	for (size_t i = 0; i < from->files.n; i++) {
		const struct census_file *f = &from->files.v[i];
		bool is_new;
		struct census_file *sum = tally_file(into, f->mapping, &is_new);
		if (is_new) {
			*sum = *f;
			continue;
		}
		sum->pages += f->pages;
		sum->mapped_pages += f->mapped_pages;
		if (sum->memcg != f->memcg)
			sum->memcg = CHARGED_TO_SEVERAL;
	}
	into->files_dropped_pages += from->files_dropped_pages;
}

static void merge_unknown(struct tally *into, const struct tally *from)
{
	for (size_t i = 0; i < from->nr_unknown; i++) {
		const struct unknown_group *g = &from->unknown[i];
		size_t at = group_of(into, g);
		if (at == MAX_UNKNOWN_GROUPS) {
			into->unknown_ungrouped += g->pages;
			continue;
		}
		struct unknown_group *sum = &into->unknown[at];
		sum->first_pfn = sum->pages ? u64_min(sum->first_pfn, g->first_pfn) : g->first_pfn;
		sum->pages += g->pages;
		sum->runs += g->runs;
	}
	into->unknown_ungrouped += from->unknown_ungrouped;
}

static void merge_cgroups(struct tally *into, const struct tally *from)
{
	for (size_t i = 0; i < from->cgroups.n; i++) {
		u32 row;
		bool is_new;
		if (!kva_rows_find(&into->cgroup_rows, from->cgroups.v[i].kva, &row, &is_new))
			continue;
		if (is_new)
			vec_push(&into->cgroups)->kva = from->cgroups.v[i].kva;
		for (unsigned kind = 0; kind < NR_CHARGE_KINDS; kind++)
			into->cgroups.v[row].pages[kind] += from->cgroups.v[i].pages[kind];
	}
}

/* The sums that are one number each, by their place in both structs. */
#define SUM(member)                                                             \
	{                                                                       \
		offsetof(struct tally, member), offsetof(struct census, member) \
	}
static const struct {
	size_t in_tally, in_census;
} sums[] = {
	SUM(thp_pages),
	SUM(ksm_pages),
	SUM(mlocked_pages),
	SUM(lru_pages),
	SUM(shmem_mapped),
	SUM(guard_pages),
	SUM(unaccepted_pages),
	SUM(unreadable_pages),
	SUM(swap_cache_pages),
	SUM(reserved_pages),
	SUM(slab_pages),
	SUM(memmap_bytes_read),
	SUM(uncharged_user_pages),
};

static void merge_sums(struct census *census, const struct tally *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		*(u64 *)((char *)census + sums[i].in_census) +=
			*(const u64 *)((const char *)t + sums[i].in_tally);
	for (unsigned i = 0; i <= MAX_OWNERS; i++)
		census->owner_pages[i] += t->owner_pages[i];
	for (unsigned c = 0; c < NR_PAGE_CLASSES; c++) {
		for (unsigned order = 0; order < MAX_CENSUS_ORDER; order++)
			census->pages_of_order[c][order] += t->pages_of_order[c][order];
		for (size_t z = 0; z < census->nr_zones; z++)
			census->zones[z].pages[c] += t->pages[z * NR_PAGE_CLASSES + c];
	}
	for (size_t z = 0; z < census->nr_zones; z++)
		census->zones[z].large_kmalloc_candidates += t->candidates[z];
}

static int more_pages_file(const void *a, const void *b)
{
	const struct census_file *x = a, *y = b;
	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return x->mapping < y->mapping ? -1 : x->mapping > y->mapping;
}

static int by_address(const void *a, const void *b)
{
	const u64 *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static int more_pages_group(const void *a, const void *b)
{
	const struct unknown_group *x = a, *y = b;
	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return x->first_pfn < y->first_pfn ? -1 : x->first_pfn > y->first_pfn;
}

#define TAKE(census, t, array, nr) \
	((census)->array = (t)->array.v, (census)->nr = (t)->array.n, (t)->array.v = NULL)

void tally_merge(struct census *census, struct tally *tallies, size_t n)
{
	struct tally *all = &tallies[0];
	for (size_t i = 0; i < n; i++) {
		merge_sums(census, &tallies[i]);
		if (i == 0)
			continue;
		merge_files(all, &tallies[i]);
		merge_unknown(all, &tallies[i]);
		merge_cgroups(all, &tallies[i]);
		for (size_t j = 0; j < tallies[i].slabs.n; j++)
			*vec_push(&all->slabs) = tallies[i].slabs.v[j];
	}
	/* In an order that does not depend on who was quicker. */
	if (all->slabs.n)
		qsort(all->slabs.v, all->slabs.n, sizeof(*all->slabs.v), by_address);
	if (all->files.n)
		qsort(all->files.v, all->files.n, sizeof(*all->files.v), more_pages_file);
	qsort(all->unknown, all->nr_unknown, sizeof(*all->unknown), more_pages_group);
	TAKE(census, all, files, nr_files);
	TAKE(census, all, cgroups, nr_cgroups);
	TAKE(census, all, slabs, nr_slabs);
	census->unknown = mem_calloc(all->nr_unknown ? all->nr_unknown : 1, sizeof(*all->unknown));
	memcpy(census->unknown, all->unknown, all->nr_unknown * sizeof(*all->unknown));
	census->nr_unknown = all->nr_unknown;
	census->unknown_ungrouped = all->unknown_ungrouped;
	census->files_dropped_pages = all->files_dropped_pages;
}
