/*
 * Giving wrapped lines back their other half.
 *
 * Mail programs break lines at blanks, terminals anywhere, and some texts went through both.  A
 * piece without a prefix may continue the line before it: as it is, or after a blank.  The grammar
 * decides: of the line alone, the two glued and the two with a blank between, what parses best is
 * taken, and glueing must gain something.  Where two digits meet and nothing tells which it is, the
 * number in question is dropped.
 */
#ifndef OOMLOG_JOIN_H
#define OOMLOG_JOIN_H

#include "oomlog/envelope.h"
#include "oomlog/grammar.h"
#include "oomlog/unescape.h"

/* A whole line, as far as anybody can tell. */
struct line {
	struct str text;
	struct stamp stamp;
	bool first; /* of the text: may lack its beginning */
	bool cut_end, joined;
	bool doubtful; /* joined where digits meet, and nothing told how */
	u64 number, last_number, offset, end_offset;
};

typedef void (*line_fn)(void *arg, const struct line *line);
typedef void (*line_context_fn)(void *arg, const struct stamp *stamp, struct line_context *context);

struct join {
	line_fn fn;
	line_context_fn context; /* what the grammar needs to know right now */
	bool (*idle)(void *arg); /* no report is open: only what could begin one matters */
	void *arg;
	bool pending, record;
	struct bytes text, trial;
	struct line line;
	size_t physical_len; /* of the last piece */
	size_t hard_width;   /* lines are broken there in the middle of words; 0: not seen */
	size_t widest;	     /* of the pieces that had a continuation */
	size_t longest;	     /* of all: what is shorter was not broken by a terminal */
	int pieces;
	bool started; /* a line has gone through */
	u64 joined;
};

void join_init(struct join *join, line_fn fn, line_context_fn context, bool (*idle)(void *),
	       void *arg);
void join_done(struct join *join);
void join_feed(struct join *join, const struct piece *piece);
void join_flush(struct join *join);
/* The line that waits may begin a report. */
bool join_promising(const struct join *join);

#endif
