/* A table with a column of every type, for the tests of tables and sinks and the fuzz target. */
#ifndef SUPPORT_SAMPLE_TABLE_H
#define SUPPORT_SAMPLE_TABLE_H

#include "base/table.h"

enum sample_column {
	SAMPLE_NAME,
	SAMPLE_PID,
	SAMPLE_OBJECTS,
	SAMPLE_ADJ,
	SAMPLE_BYTES,
	SAMPLE_PAGES,
	SAMPLE_KIB,
	SAMPLE_SHARE,
	SAMPLE_AGE,
	SAMPLE_STARTED,
	SAMPLE_TIME,
	SAMPLE_ADDRESS,
	SAMPLE_KERNEL,
	SAMPLE_TAGS,
	SAMPLE_ORDERS,
	SAMPLE_PARTS,
	SAMPLE_HOLDER,
	SAMPLE_NOTE,
};

enum part_column { PART_ZONE, PART_FREE };

extern const struct table_spec sample_spec, part_spec;

/* Three rows: everything set; a hostile name and little else; a number that is unknown. */
struct table *sample_table(void);

#endif
