/* What the commands of a dump share: the open image and its kernel. */
#ifndef COMMAND_SESSION_H
#define COMMAND_SESSION_H

#include "command/command.h"
#include "kernel/kernel.h"

enum { NEED_IMAGE = 1, NEED_KERNEL = 2 };

struct session {
	double start_s;	       /* when the work began, CLOCK_MONOTONIC */
	struct image *image;   /* closed with the kernel once that is open */
	struct kernel *kernel; /* NULL with NEED_IMAGE alone, until session_boot() */
};

int session_prepare(struct command_context *context);
void session_release(struct session *session);

/* Seconds since the session began: opening and unpacking the dump included. */
double session_seconds(const struct session *session);

/* Boot the kernel of a session that was opened for its image alone. */
int session_boot(struct command_context *context);

/*
 * The end of a list command: what could not be read is told (JSON "unreadable", a note on stderr),
 * and the exit status says whether the result is partial.
 */
int session_finish(struct command_context *context);

/*
 * A whole list command: emit the table that a builder made (NULL: it failed and context->error
 * tells), then finish.
 */
int session_list(struct command_context *context, struct table *table);

/* What could not be read for another reason than that this kernel has no such thing? */
bool session_partial(const struct kernel *k);

#endif
