/*
 * Who points there: every aligned word of kernel memory that is an address within the target,
 * counted by the place that it lies in.  What is looked at is that of the leak search (leak_root.h,
 * leak_scan.h), whether anything leads to it or not.
 */
#ifndef ANALYSIS_REFS_H
#define ANALYSIS_REFS_H

#include "analysis/leak_holder.h"
#include "base/table.h"

struct refs_target {
	enum refs_kind {
		REFS_OBJECT, /* one object: a slab's slot, a block of pages, an area */
		REFS_RANGE,  /* addresses that are no object: a variable, a struct page */
		REFS_GROUPS  /* all objects of a cache, of a class of pages, of vmalloc space */
	} kind;
	char what[320]; /* in words */
	u32 unit, slot; /* REFS_OBJECT */
	u64 start, bytes;
	u32 cache;	/* REFS_GROUPS: index of the cache; or NO_CACHE and: */
	unsigned kinds; /* bits of enum leak_kind */
};

enum { REFS_NO_CACHE = ~0u };

struct refs {
	const struct census *census;
	struct leak_map map;
	struct leak_names names;
	struct refs_target target;
	u64 objects,
		pointed; /* of the target: allocated; with a pointer from outside of themselves */
	u64 pointers;	 /* all of them */
	u64 own;	 /* beside these, pointers of an object to itself */
	struct leak_count *places; /* most pointers first */
	size_t nr_places;
	u64 dropped; /* pointers from places that found no room */
	u64 bytes_scanned, bytes_unreadable;
	enum read_status why;
	u64 why_at;
};

/*
 * text: an address (hexadecimal, 0x or not); pfn:NUMBER; the name of a slab cache or of a symbol;
 * class:kernel_unknown, class:large_kmalloc, class:vmalloc.
 */
int refs_find(struct refs *refs, const struct census *census, const char *text, unsigned nr_threads,
	      struct progress *progress, struct error *error);
void refs_done(struct refs *refs);

extern const struct table_spec refs_spec, refs_target_spec;
struct table *refs_table(const struct refs *refs);
struct table *refs_target_table(const struct refs *refs); /* one row */

/* For refs_find(): what the text means. */
int refs_target_parse(struct refs *refs, const char *text, struct error *error);

#endif
