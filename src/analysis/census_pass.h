/* The pass over all struct pages; between census.c and its parts. */
#ifndef ANALYSIS_CENSUS_PASS_H
#define ANALYSIS_CENSUS_PASS_H

#include "analysis/census_tally.h"
#include "object/kva_set.h"

/* What the pass must know beforehand. */
struct pass_input {
	struct census *census;
	struct progress *progress;
	unsigned nr_threads;
	/* RAM by page frames, sorted; nr 0: not known, all that has a struct page is RAM. */
	const struct pfn_range {
		u64 pfn, nr_pages;
	} * ram;
	size_t nr_ram;
	u64 blockdev_super;	    /* 0: not known */
	struct kva_set slab_caches; /* whose slabs the tally shall remember */
	u64 flags_mask;		    /* of struct page's flags that are flags */
	enum page_class movable;    /* what movable pages of unknown owner are */
};

void census_pass(const struct pass_input *input);

/*
 * After the pass: pages that only what was found in it tells of.  A page of kernel_unknown, with
 * its whole block, becomes the owner's; all other pages stay what they are.
 */
struct second_look;
struct second_look *second_look_new(const struct pass_input *input);
void second_look_page(struct second_look *look, u64 page_kva, u8 owner);
void second_look_free(struct second_look *look);

#endif
