/*
 * What one worker of the census adds up, and adding the workers up.  All of it is bounded.
 */
#ifndef ANALYSIS_CENSUS_TALLY_H
#define ANALYSIS_CENSUS_TALLY_H

#include "analysis/census.h"

/* A bounded hash from a kva to a row; rows are found by kva, 0 is no kva. */
struct kva_rows {
	u64 *kva; /* nr_slots, a power of two; 0: empty */
	u32 *row; /* index of the row */
	size_t nr_slots, nr_rows, most_rows;
};
void kva_rows_init(struct kva_rows *t, size_t most_rows);
void kva_rows_done(struct kva_rows *t);
/* *row: where it is or shall be; false: it is not there and there is no room. */
bool kva_rows_find(struct kva_rows *t, u64 kva, u32 *row, bool *is_new);

enum { MOST_FILES = 1 << 17, MOST_TARGETS = 1 << 18, MOST_SLABS = 1 << 20 };

/* What memcg_data points to: a cgroup, straight or through an obj_cgroup. */
struct charge_target {
	u64 memcg;  /* 0: nothing that is a cgroup */
	u32 cgroup; /* index into cgroups */
};

struct tally {
	u64 *pages;	 /* [zone][class] */
	u64 *candidates; /* [zone]: pages of compound blocks that may be large kmalloc's */
	u64 owner_pages[MAX_OWNERS + 1];
	u64 pages_of_order[NR_PAGE_CLASSES][MAX_CENSUS_ORDER];
	u64 thp_pages, ksm_pages, mlocked_pages, lru_pages, shmem_mapped, guard_pages,
		swap_cache_pages, reserved_pages, unaccepted_pages, unreadable_pages,
		memmap_bytes_read, uncharged_user_pages, slab_pages;
	struct unknown_group unknown[MAX_UNKNOWN_GROUPS];
	size_t nr_unknown, last_group;
	u64 last_unknown_pfn, unknown_ungrouped;

	struct kva_rows file_rows;
	VEC(struct census_file) files;
	u64 files_dropped_pages;
	VEC(u64) slabs;		     /* struct pages of slabs of the caches that pass_input names */
	struct kva_rows target_rows; /* by memcg_data, flags taken off */
	VEC(struct charge_target) targets;
	struct kva_rows cgroup_rows;
	VEC(struct census_cgroup) cgroups;
};

void tally_init(struct tally *t, size_t nr_zones);
void tally_done(struct tally *t);

/* nr pages from pfn on that look like `like`, neighbours of the last ones or not. */
void tally_unknown(struct tally *t, const struct unknown_group *like, u64 pfn, u64 nr);
/* The file of a mapping; *is_new: nothing is known of it yet.  The pointer is good until the next
 * call. */
struct census_file *tally_file(struct tally *t, u64 mapping, bool *is_new);

/* Pages of that kind have turned out to be known, after all were merged. */
void unknown_subtract(struct census *census, const struct unknown_group *like, u64 nr);

/* Add all up into the census: sums, groups, files (largest first), cgroups. */
void tally_merge(struct census *census, struct tally *tallies, size_t n);

#endif
