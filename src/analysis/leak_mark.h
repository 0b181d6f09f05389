/* From the roots to all that they lead to; between leak.c and its parts. */
#ifndef ANALYSIS_LEAK_MARK_H
#define ANALYSIS_LEAK_MARK_H

#include "analysis/leak_holder.h"

struct leak_mark_result {
	struct leak_tally
		first; /* who was the first to point to an object, by group of the object */
	u64 bytes_scanned, objects_scanned, units_scanned, bytes_unreadable, bytes_excluded;
	enum read_status why;
	u64 why_at;
	u64 queue_bytes;
	u64 rest_pages; /* kept as the rest of a block whose first page is reached */
};

/*
 * Is this pointer to an area the kernel's own note of it (vmap_area, vm_struct, the array of its
 * pages)?  Then it is no reference: every area has these.
 */
bool leak_is_note_of_area(const struct leak_map *map, const struct leak_source *source, u64 at,
			  u64 value, const struct leak_hit *hit);

/* Afterwards white objects are those that nothing leads to. */
void leak_mark(const struct leak_map *map, const struct leak_names *names, unsigned nr_threads,
	       struct progress *progress, struct leak_mark_result *result);

#endif
