/*
 * Sinks: where tables go.  Chosen by the dispatcher, handed down; a command never prints a table.
 *
 * All sinks take any bytes in texts and write only valid UTF-8 that is safe for its medium.
 */
#ifndef SINK_SINK_H
#define SINK_SINK_H

#include <stdio.h>

#include "base/table.h"

struct sink_options {
	const char *columns; /* --columns; NULL: the sink's defaults (text: by flags, JSON: all) */
	bool wide;	     /* --verbose */
	bool colour;	     /* decided once: terminal, no NO_COLOR, TERM not dumb */
	bool utf8;   /* the terminal shows UTF-8: block characters for bars, an ellipsis for what is
			cut */
	bool header; /* false with --no-header: nothing but rows */
	bool bytes;  /* --bytes: sizes and counts as plain numbers instead of 1.5 GiB and 1,234 */
	bool pretty; /* JSON: 1 space indent; else one line */
	u32 page_size;	/* of the kernel, to show COL_PAGES as sizes; 0 when not known */
	unsigned width; /* of the terminal, for cutting the last column; 0: don't cut */
};

/*
 * Text.  Aligned columns under a line of titles, numbers to the right, unknown as "?", unset as
 * "-". Sizes (bytes, KiB, pages) look like 1.5 GiB; with `bytes` all three are plain bytes and the
 * title says so; pages of an unknown size are a count and the title says so.  Below the table,
 * unless `header` is off, the reasons of what is unknown.
 */
int sink_text_table(FILE *out, const struct table *table, const struct sink_options *options,
		    struct error *error);
/* The first row as "title: value" lines; nested tables and records follow, indented. */
int sink_text_record(FILE *out, const struct table *table, const struct sink_options *options,
		     struct error *error);
/* A table of findings_spec as sentences, the gravest first; evidence and next step below each. */
int sink_text_findings(FILE *out, const struct table *findings, const struct sink_options *options,
		       struct error *error);
/* A heading of its own line, bold when colour. */
void sink_text_heading(FILE *out, const char *title, const struct sink_options *options);

/*
 * JSON.  A table is an array of objects, a record one object; keys are the columns' keys.  An
 * unknown value is `null` with a sibling "<key>_why"; unset values of COLUMN_OPTIONAL columns are
 * left out, others are null. COL_ADDRESS is "0x...", COL_BOOL true or false, reals are shortest
 * that read back the same. These write one whole document; sink/json.h and sink/json_writer.h build
 * larger ones.
 */
int sink_json_table(FILE *out, const struct table *table, const struct sink_options *options,
		    struct error *error);
int sink_json_record(FILE *out, const struct table *table, const struct sink_options *options,
		     struct error *error);

/* One object whose members are the parts in order, by their specs' keys. */
struct document_part {
	const struct table *table;
	bool record; /* an object (the first row; null when there is none) and not an array */
};
int sink_json_document(FILE *out, const struct document_part *parts, size_t n, bool pretty,
		       struct error *error);

/* 0, or -1 with an error when something written to out so far has failed.  Flushes. */
int sink_check(FILE *out, struct error *error);

#endif
