/*
 * Who points where: places of pointers, named and counted.
 *
 * A place is not an address but what addresses have in common: a cache and the offset in its
 * objects, a variable of the kernel or of a module, a per-cpu variable, vmalloc areas of one
 * caller, a field of struct page, kernel stacks.
 */
#ifndef ANALYSIS_LEAK_HOLDER_H
#define ANALYSIS_LEAK_HOLDER_H

#include "analysis/leak_scan.h"

struct leak_percpu_name {
	u64 at;
	const char *name;
};

struct leak_names {
	const struct leak_map *map;
	/* Up to 6.14 x86-64 has per-cpu variables as absolute symbols, by offset. */
	VEC(struct leak_percpu_name) percpu;
	u64 percpu_end; /* of the static ones; 0: they are symbols like others */
};

/* Loads the modules' symbols: before threads share the kernel. */
void leak_names_open(struct leak_names *names, const struct leak_map *map);
void leak_names_close(struct leak_names *names);

struct leak_place {
	u64 name;   /* address of a symbol, index of a cache ...; 0: none */
	u32 offset; /* in the object, or in struct page; of IN_PERCPU: 1 for the variable at 0 */
	u32 kind;   /* enum leak_source_kind */
};

struct leak_place leak_place_of(const struct leak_names *names, const struct leak_source *source,
				u64 at);
/* "kmalloc-256+16", "leaky_requests [leaky]", "per-cpu runqueues", "kernel stacks". */
const char *leak_place_text(const struct leak_names *names, const struct leak_place *place,
			    char *text, size_t size);
/* Offset in the object or in struct page; 0 where places have none. */
static inline u32 leak_place_offset(const struct leak_place *place)
{
	return place->kind == IN_PERCPU ? 0 : place->offset;
}
/* The module that the place belongs to; NULL: the kernel itself, or nobody's. */
const char *leak_place_module(const struct leak_names *names, const struct leak_place *place);

/* --- counting ------------------------------------------------------------------------------- */

struct leak_count {
	u32 target; /* what is pointed to: the caller's number */
	bool used;
	struct leak_place place;
	u64 n, at, value; /* pointers; where one of them lies, and what it points to */
};

enum { LEAK_TALLY_ROOM = 1 << 14 };

struct leak_tally {
	struct leak_count *slots; /* open addressing */
	size_t n;
	u64 dropped; /* pointers from places that found no room */
};

void leak_tally_init(struct leak_tally *tally);
void leak_tally_done(struct leak_tally *tally);
void leak_tally_add(struct leak_tally *tally, u32 target, const struct leak_place *place, u64 n,
		    u64 at, u64 value);
void leak_tally_merge(struct leak_tally *into, const struct leak_tally *from);
/* By target, most pointers first: counts[0..n), the caller's to free. */
struct leak_count *leak_tally_sorted(const struct leak_tally *tally, size_t *n);

#endif
