/*
 * From physical lines to lines of messages: takes off what programs wrap around the kernel's text.
 *
 *	JSON, one object in a line	journalctl -o json, docker, Loki, fluentd ...
 *	JSON over many lines		dmesg -J, journalctl -o json-pretty
 *	journalctl -o export, verbose	fields; MESSAGE may be binary, or have several lines
 *	#012 \x0a \n			line feeds of rsyslog, /dev/kmsg, JSON
 *	ANSI colours, BBCode, HTML	taken out
 */
#ifndef OOMLOG_ENVELOPE_H
#define OOMLOG_ENVELOPE_H

#include "oomlog/prefix.h"

/* One line of a message, and what is known about its surroundings. */
struct piece {
	struct str text; /* prefix stripped, escapes decoded; valid during the call */
	struct stamp stamp;
	bool begins;		 /* its beginning is known: it continues nothing */
	bool record;		 /* its end is known: no other physical line continues it */
	bool indented;		 /* began with blanks, without any prefix */
	bool cut_start, cut_end; /* may lack its first or last bytes */
	u64 line, offset, end_offset;
	size_t physical_len; /* of the line as it stood in the text */
};

struct envelope;
typedef void (*piece_fn)(void *arg, const struct piece *piece);

struct envelope *envelope_new(piece_fn fn, void *arg);
void envelope_free(struct envelope *e);
void envelope_feed(struct envelope *e, const struct oomlog_line *line);
void envelope_feed_record(struct envelope *e, const struct oomlog_record *record);
void envelope_finish(struct envelope *e); /* whatever is collected is given out */
void envelope_reset(struct envelope *e);  /* whatever is collected is dropped */

#endif
