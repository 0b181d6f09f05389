/*
 * Which range of physical memory lies where in a file: a sorted list without overlaps, made from
 * the segments of an ELF dump, which may come in any order and overlap.
 */
#ifndef DUMP_RUNS_H
#define DUMP_RUNS_H

#include "base/mem.h"
#include "base/status.h"
#include "base/types.h"

struct run {
	u64 start, end;		 /* physical addresses; end is not in it */
	u64 offset;		 /* in the file, of start */
	enum read_status status; /* READ_OK, READ_TRUNCATED, READ_EXCLUDED */
};

struct runs {
	struct run *v;
	size_t n, room;
};

static inline void runs_add(struct runs *runs, struct run run)
{
	if (run.start < run.end)
		*vec_push(runs) = run;
}

/*
 * Sort; where runs overlap, one that can be read wins, then the one that would be there in a whole
 * file.
 */
void runs_settle(struct runs *runs);

/* The run that holds paddr, or the first one behind it; n when there is none. */
size_t runs_find(const struct runs *runs, u64 paddr);

#endif
