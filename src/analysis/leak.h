/*
 * The leak search: which objects of the kernel nothing points to any more.
 *
 * Conservative mark and sweep.  From the roots (leak_root.h) every aligned word that is an address
 * within an allocated object keeps that object, and what it points to in turn: slab objects, large
 * kmalloc, vmalloc areas and page blocks of unknown owner.  What is left was allocated and is
 * unreachable: lost.  Free slots are not allocated (object/slab_object.h).
 *
 * A word that merely looks like a pointer keeps an object, so that what is called lost is lost but
 * for pointers that are stored in another form: as physical addresses or page frame numbers given
 * to hardware, XORed, compressed.  doc/leak.md has each kind that was met.
 */
#ifndef ANALYSIS_LEAK_H
#define ANALYSIS_LEAK_H

#include "analysis/leak_mark.h"
#include "base/table.h"

enum { LEAK_EXAMPLES = 8 };

/* Objects of one cache, of one kind and order of pages, of one caller of vmalloc(). */
struct leak_group {
	u64 objects, lost, lost_bytes; /* objects: allocated ones */
	u64 bytes;
	u64 examples[LEAK_EXAMPLES]; /* lowest addresses of lost ones */
	u32 nr_examples;
	u64 nr_sampled;			   /* lost objects that were looked into */
	size_t first_content, nr_contents; /* in leak.contents */
	size_t first_holder, nr_holders;   /* in leak.holders */
};

struct leak {
	const struct census *census;
	struct leak_map map;
	struct leak_names names;
	struct leak_mark_result mark;
	struct leak_group *groups;
	u32 nr_groups;
	/*
	 * What lost objects hold: pointers to symbols, by offset (place.name: the symbol's address;
	 * place.offset: in the object).  Sorted by group, most first.
	 */
	struct leak_count *contents;
	size_t nr_contents;
	/* Who pointed first to the reached ones. */
	struct leak_count *holders;
	size_t nr_holders;
	u64 objects, lost, lost_bytes, nr_bytes;
	double map_s, mark_s, sweep_s;
};

struct leak_options {
	unsigned nr_threads; /* 0: one for each CPU */
	struct progress *progress;
};

/* census: taken of the same kernel; it must outlive the result. */
int leak_search(struct leak *leak, const struct census *census, const struct leak_options *options,
		struct error *error);
void leak_done(struct leak *leak);

enum leak_kind leak_group_kind(const struct leak *leak, u32 group);
u64 leak_group_caller(const struct leak *leak,
		      u32 group); /* of areas: a code address, 0: not known */
/* "kmalloc-256", "order 2", "take_piece+0x21 [pageleak]". */
const char *leak_group_name(const struct leak *leak, u32 group, char *text, size_t size);

/* --- tables --------------------------------------------------------------------------------- */

extern const struct table_spec leaks_spec, leak_contents_spec, leak_holders_spec;
/* all: groups too that lost nothing. */
struct table *leak_table(const struct leak *leak, bool all);
struct table *leak_contents_table(const struct leak *leak);
struct table *leak_holders_table(const struct leak *leak);
void leak_findings(const struct leak *leak, struct table *findings);

#endif
