/*
 * Typed tables: the only way in which anything is printed.
 *
 * A command fills tables; a sink (src/sink) prints them as text, JSON or HTML.  A table's spec is a
 * const record: a stable key and a row of columns, each with a stable key (JSON, --sort, --columns,
 * --filter), a title for people, a type that tells the unit, and a sentence of help.
 *
 * A value may be unknown, with the reason; unknown is printed as null with "why" in JSON and as "?"
 * in text, never as 0.  A value may be a list of texts or a table of its own (a zone's rows within
 * its node), so that a whole report is one tree of tables.
 *
 * Texts are copied into the table's arena and may hold any byte: escaping is the sinks' work.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/error.h"
#include "base/mem.h"
#include "base/status.h"
#include "base/types.h"

enum column_type {
	COL_TEXT,
	COL_COUNT,  /* a plain number */
	COL_SIGNED, /* a plain number that may be negative */
	COL_BYTES,
	COL_PAGES, /* page frames of the kernel's page size */
	COL_KIB,
	COL_PERCENT,   /* real, 0-100, of the base that the help names */
	COL_SECONDS,   /* real */
	COL_TIME_NS,   /* a moment since boot, ns */
	COL_UNIX_TIME, /* seconds since 1970, UTC */
	COL_ADDRESS,   /* JSON: "0x..." */
	COL_PID,
	COL_BOOL,
	COL_LIST,    /* list of texts */
	COL_NUMBERS, /* list of u64 */
	COL_TABLE,   /* rows of a spec of their own */
	COL_RECORD,  /* one row of a spec of its own */
	NR_COLUMN_TYPES
};

enum column_flags {
	COLUMN_WIDE = 1,      /* text: only with --verbose or when named by --columns */
	COLUMN_JSON_ONLY = 2, /* text: only when named by --columns */
	COLUMN_OPTIONAL = 4,  /* left out (not null) in JSON when the value was never set */
};

/* What a value of a type is held as, and how the type is called in help ("bytes", "pid"). */
enum value_kind {
	KIND_UNSIGNED,
	KIND_SIGNED,
	KIND_REAL,
	KIND_TEXT,
	KIND_LIST,
	KIND_NUMBERS,
	KIND_TABLE,
};

struct column_type_info {
	const char *name;
	enum value_kind kind;
	const char *help; /* how values of it are written in --filter */
};

const struct column_type_info *column_type_info(enum column_type type);

struct table_spec;

struct column {
	const char *key, *title, *help;
	enum column_type type;
	unsigned flags;
	const struct table_spec *spec; /* COL_TABLE and COL_RECORD */
};

struct table_spec {
	const char *key, *title, *help;
	const struct column *columns;
	size_t nr_columns;
	const char *sort; /* default order, as --sort takes it: "-bytes,name"; NULL: as filled */
};

struct table;

enum value_state { VALUE_UNSET, VALUE_KNOWN, VALUE_UNKNOWN };

struct value {
	enum value_state state;
	union {
		u64 u; /* every unsigned type, addresses, bool */
		s64 s; /* COL_SIGNED */
		double real;
		const char *text;
		struct {
			const char *const *texts;
			size_t n;
		} list;
		struct {
			const u64 *v;
			size_t n;
		} numbers;
		struct table *table; /* COL_TABLE, COL_RECORD */
		const char *why;     /* VALUE_UNKNOWN */
	};
};

struct table *table_new(const struct table_spec *spec);
void table_free(struct table *table); /* also the tables in its values */
const struct table_spec *table_spec(const struct table *table);
size_t table_nr_rows(const struct table *table);
const struct value *table_row(const struct table *table, size_t row); /* nr_columns values */

/* Start a row; the setters below fill the newest row.  A column never set is VALUE_UNSET. */
void table_add(struct table *table);
void table_set(struct table *table, unsigned column, u64 value);
void table_set_signed(struct table *table, unsigned column, s64 value);
void table_set_real(struct table *table, unsigned column,
		    double value); /* unknown when not finite */
void table_set_text(struct table *table, unsigned column, const char *text); /* NULL: unset */
void table_set_textn(struct table *table, unsigned column, const char *text, size_t max);
void table_printf(struct table *table, unsigned column, const char *fmt, ...) PRINTF_LIKE(3, 4);
void table_set_list(struct table *table, unsigned column, const char *const *texts, size_t n);
void table_set_numbers(struct table *table, unsigned column, const u64 *numbers, size_t n);
void table_set_table(struct table *table, unsigned column, struct table *value); /* takes it over */
void table_set_unknown(struct table *table, unsigned column, const char *why);
/* READ_OK sets the value, every other status "unknown" with the status' text as reason. */
void table_set_status(struct table *table, unsigned column, enum read_status status, u64 value);

/*
 * --sort "key,-key": stable; '-' is descending; unknown and unset values last in both directions.
 * Texts compare with their numbers as numbers (kmalloc-8 before kmalloc-64); lists and tables by
 * the number of their entries.  NULL: the spec's default.
 */
int table_sort(struct table *table, const char *keys, struct error *error);

/*
 * --filter "key=value,key>10M,key~text": keep the rows that satisfy all terms.
 *	operators	= != < <= > >=	~ (contains, ASCII case ignored)  !~
 *	values		up to the next comma; "in double quotes" a comma is text, \" and \\ are "
 *and \ sizes		K M G T P E, binary; a plain number is in the unit of the column (KiB,
 *pages) addresses	hexadecimal, 0x or not; booleans yes no true false; moments
 *2024-05-31[T12:00:00] lists		= and ~ want one entry that does, != and !~ want none ?
 *key=? keeps the rows in which the value is unknown or unset, key!=? the others Any other term on
 *an unknown value holds for != and !~ only.  page_size is what sizes are turned into pages with; 0
 *when not known, then a size for a column of pages is an error. On failure the table is unchanged.
 */
int table_filter(struct table *table, const char *expression, u32 page_size, struct error *error);

/*
 * --columns "a,b" (these), "+c,-d" (the defaults, and c, without d), "all": fills chosen[0..*n),
 * room for nr_columns.  NULL or "": the defaults; wide: the COLUMN_WIDE ones are defaults too.
 */
int table_columns(const struct table_spec *spec, const char *keys, bool wide, unsigned *chosen,
		  size_t *n, struct error *error);

/* The column of that key (len bytes); on failure the error lists the keys there are. */
int table_spec_column(const struct table_spec *spec, const char *key, size_t len, unsigned *column,
		      struct error *error);

/* Keep the first n rows. */
void table_truncate(struct table *table, size_t n);

/*
 * A finding: a sentence that an analysis or a reader wants the user to see.
 */
enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_CRITICAL };
enum finding_column {
	FINDING_SEVERITY,
	FINDING_KEY,
	FINDING_TITLE,
	FINDING_EVIDENCE,
	FINDING_NEXT_STEP
};
extern const struct table_spec findings_spec;
const char *severity_name(enum severity severity); /* "note", "warning", "critical" */
void finding_add(struct table *findings, enum severity severity, const char *key, const char *title,
		 const char *evidence, const char *next_step); /* next_step may be NULL */

#endif
