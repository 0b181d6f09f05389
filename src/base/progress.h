/*
 * Progress of long work, told to whoever wants to show it (main draws it on a terminal's stderr).
 *
 * Library code calls progress_step with figures that only grow; a NULL progress is allowed
 * everywhere and does nothing.  Safe to call from several threads: the sink decides how often it
 * draws.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include "base/types.h"

struct progress {
	/*
	 * what: a few words ("decompressing the dump"); total 0 when not known.  done == total ends
	 * it, and so does what == NULL, whatever was going on: something else is about to be
	 * written.
	 */
	void (*show)(struct progress *progress, const char *what, u64 done, u64 total);
};

static inline void progress_step(struct progress *progress, const char *what, u64 done, u64 total)
{
	if (progress)
		progress->show(progress, what, done, total);
}

#endif
