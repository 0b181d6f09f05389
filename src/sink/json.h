/* Tables as values within a larger JSON document: after json_key(), or as elements of an array. */
#ifndef SINK_JSON_H
#define SINK_JSON_H

#include "base/table.h"
#include "sink/json_writer.h"

/* columns: as --columns takes them, NULL: all.  Nested tables always show all of theirs. */
int json_table(struct json_writer *w, const struct table *table, const char *columns,
	       struct error *error);
/* The first row as an object; null when the table has none. */
int json_record(struct json_writer *w, const struct table *table, const char *columns,
		struct error *error);
/* "key": value for one column of a row, with its "_why"; nothing when it is optional and unset. */
void json_member(struct json_writer *w, const struct column *column, const struct value *value);

#endif
