/*
 * Streams and their open blocks: which report does a line belong to?
 *
 * A text can have several streams in it: the same kernel through console and syslog, several hosts,
 * and CPUs that print at the same time (told apart by printk's caller id).  Lines of one stream
 * have the same kinds of prefix, the same host, the same caller, and a clock that goes on.
 */
#ifndef OOMLOG_CONTEXT_H
#define OOMLOG_CONTEXT_H

#include "oomlog/block.h"

enum { MOST_CONTEXTS = 8 };

struct context {
	u64 key;
	bool used, prefixed;
	struct known last_us;
	u64 last_line;
	const struct block *memory; /* whose Mem-Info: came last; may be gone: only compared */
	struct block *event;
	struct block *other; /* a failure, or a dump that may become an event */
};

typedef void (*block_fn)(void *arg, struct block *block); /* takes it over */

struct contexts {
	struct context list[MOST_CONTEXTS];
	struct context *last; /* of the line before */
	u64 lines;
	block_fn closed;
	void *arg;
};

/* Puts a line where it belongs; closes what it ends.  False: it belongs to nothing. */
bool contexts_line(struct contexts *contexts, const struct line *line, const struct parse *parse);
/* A line that cannot belong to any report went by: blocks grow old by it. */
void contexts_tick(struct contexts *contexts);
/* What the grammar should know for a line with this stamp. */
void contexts_grammar(struct contexts *contexts, const struct stamp *stamp,
		      struct line_context *context);
void contexts_close_all(struct contexts *contexts);
bool contexts_idle(const struct contexts *contexts);
/* The open event that has this pid among its victims, else NULL. */
struct block *contexts_event_of(struct contexts *contexts, s64 pid);

#endif
