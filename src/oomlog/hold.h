/*
 * Finished events on their way out: held back for a while, so that copies of them can be recognised
 * and counted, and so that they leave in the order of the text.
 */
#ifndef OOMLOG_HOLD_H
#define OOMLOG_HOLD_H

#include "oomlog/block.h"

enum { HOLD_SIGNATURES = 4096, HOLD_MOST = 256 };

struct hold {
	struct block *first; /* by the number of their first line */
	size_t nr, bytes, most;
	u64 signatures[HOLD_SIGNATURES]; /* of events that have left, by their own low bits */
	u64 copies, late_copies;
};

/* Takes a finished event over: as a new one, or as a copy of one that is held or has left. */
void hold_add(struct hold *hold, struct block *block);
/*
 * The next one that should leave, or NULL; the caller delivers and frees it.  Nothing that begins
 * after `open_order` (the first line of the oldest open block) leaves, but for want of room.
 */
struct block *hold_take(struct hold *hold, u64 open_order, bool all);
/* The held event with this victim. */
struct block *hold_event_of(struct hold *hold, s64 pid);

#endif
