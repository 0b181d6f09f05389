/*
 * One worker of the pass, and what the files of the census' pass share: census_account.c adds up,
 * census_judge.c says what a page is, census_pass.c walks, census_second_look.c comes afterwards.
 */
#ifndef ANALYSIS_CENSUS_WORKER_H
#define ANALYSIS_CENSUS_WORKER_H

#include "analysis/census_pass.h"
#include "analysis/page_window.h"

struct worker {
	const struct pass_input *in;
	struct census *census;
	const struct page_layout *layout;
	struct tally tally;
	struct page_window window;
	size_t zone;	  /* index of the zone found last */
	const u8 *claims; /* of the section; NULL: none */
	u8 *page_bytes;	  /* of the section; NULL: nobody asked for them */
	u64 section_pfn;
	u64 head_kva;		      /* the block that was met in its middle last */
	u64 end_pfn;		      /* of the stretch */
	struct unknown_group unknown; /* of the page that is looked at */
	u8 migrate_types[64];	      /* of the section's page blocks, from its start */
	bool migrate_known;
};

/* What a page turned out to be. */
struct verdict {
	enum page_class class;
	u8 owner;
	u32 order;    /* of the block, for statistics */
	u64 nr;	      /* pages from here on that share the verdict */
	bool counted; /* false: no RAM */
};

void worker_init(struct worker *w, const struct pass_input *in);
void worker_done(struct worker *w);
/* What must be known of a section before its pages are looked at. */
void worker_enter_section(struct worker *w, size_t section);

/* --- census_account.c ----------------------------------------------------------------------- */

/* Sets w->zone; false: no zone spans the page. */
bool worker_find_zone(struct worker *w, u64 pfn, u64 flags);
/*
 * How many of nr pages from pfn on can be one block: no zone shares a block with the next one, so
 * that what a damaged struct page claims beyond its zone is looked at by itself.  1 outside of
 * zones.
 */
u64 worker_clip_to_zone(struct worker *w, u64 pfn, u64 flags, u64 nr);
/* The flags that a struct page of pfn must have for some zone to be its own; false: no zone spans
 * it. */
bool worker_some_zone(const struct worker *w, u64 pfn, u64 *flags);
bool worker_is_ram(const struct worker *w, u64 pfn);
void worker_account(struct worker *w, const struct page_frame *page, u64 pfn,
		    const struct verdict *v);
/* The cgroup (kva) that a page is charged to; 0: none. */
u64 worker_memcg_of(struct worker *w, const struct page_frame *page);
bool verdict_may_be_large_kmalloc(const struct page_frame *page, const struct verdict *v);
struct unknown_group worker_group_of(const struct worker *w, const struct page_frame *page, u64 pfn,
				     const struct verdict *v);

/* --- census_judge.c ------------------------------------------------------------------------- */

/*
 * What a page is.  bytes: of it and the next.  order and nr of a compound page are set already; nr
 * may grow (a free block).  Pages of files are accounted for here: their block may be two classes.
 */
void worker_judge(struct worker *w, const struct page_frame *page, u64 pfn, const u8 *bytes,
		  struct verdict *v);
/* By its claim alone. */
void worker_judge_by_claim(struct worker *w, const struct page_frame *page, u64 pfn,
			   struct verdict *v, enum page_class otherwise);

static inline bool page_is_mapped(const struct page_frame *page)
{
	return (s32)page->mapcount >= 0;
}

#endif
