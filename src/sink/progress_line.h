/*
 * Progress as one line on a terminal that comes late, is redrawn in place and leaves nothing
 * behind.
 */
#ifndef SINK_PROGRESS_LINE_H
#define SINK_PROGRESS_LINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/progress.h"

struct progress_line {
	struct progress progress; /* what the library is given */
	FILE *out;
	bool utf8;
	u64 (*now_ns)(void); /* CLOCK_MONOTONIC; another one in tests */
	u64 started_ns;	     /* nothing is drawn in the first second */
	_Atomic u64 next_ns; /* when to draw again */
	bool drawn;	     /* under lock */
	pthread_mutex_t lock;
};

void progress_line_init(struct progress_line *line, FILE *out, bool utf8);
/* Wipe the line; before anything else is written to the same terminal. */
void progress_line_wipe(struct progress_line *line);
void progress_line_done(struct progress_line *line);

#endif
