/* One value as text for people; for src/sink/text*.c. */
#ifndef SINK_TEXT_CELL_H
#define SINK_TEXT_CELL_H

#include "base/table.h"
#include "sink/sink.h"

/* A formatted value.  Text still holds the bytes of the dump: written with text_put_safe only. */
struct cell {
	const char *text;
	size_t len;
	char number[64];
	char *joined; /* lists; grows, freed by cell_done */
	size_t joined_room;
};

void cell_format(struct cell *cell, const struct column *column, const struct value *value,
		 const struct sink_options *options);
void cell_done(struct cell *cell);

/* Numbers, sizes and times stand to the right. */
bool cell_right_aligned(enum column_type type);
/*
 * What the title of the column must add, so that the numbers have a unit: " (bytes)", " (pages)" or
 * "".
 */
const char *cell_title_unit(enum column_type type, const struct sink_options *options);

#endif
