/* Inside of a table; for src/base/table*.c only. */
#ifndef BASE_TABLE_PRIVATE_H
#define BASE_TABLE_PRIVATE_H

#include "base/table.h"

struct table {
	const struct table_spec *spec;
	struct arena arena;	  /* rows and their texts */
	VEC(struct value *) rows; /* what sorting and filtering move around */
	VEC(struct table *)
	children; /* every table ever set as a value, also of rows filtered away */
};

static inline enum value_kind column_kind(const struct column *column)
{
	return column_type_info(column->type)->kind;
}

#endif
