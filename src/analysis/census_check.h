/* Each class beside the counter that the kernel keeps of it; between the census' parts. */
#ifndef ANALYSIS_CENSUS_CHECK_H
#define ANALYSIS_CENSUS_CHECK_H

#include "analysis/census.h"

struct class_counter {
	const char *name; /* NULL: the kernel counts no such thing, or it is not known */
	u64 pages;
};

/*
 * What the counters say that each class should be.  Where counters overlap (NR_FILE_PAGES holds
 * tmpfs and swap cache) the name is the sum that was made: "NR_FILE_PAGES - NR_SHMEM ...".
 */
void census_counters(const struct census *census, struct class_counter counters[NR_PAGE_CLASSES]);

/* Pages that counter and census may differ by and nobody wonders: CPUs were at work. */
u64 census_noise(u64 present_pages);

/* What a difference above that most likely means; NULL: nothing known. */
const char *census_difference_reason(enum page_class c, bool more_than_counted);

#endif
