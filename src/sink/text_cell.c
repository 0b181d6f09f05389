/*
 * Values as text: a function per type of column, in one table.
 */
#include "sink/text_cell.h"

#include <inttypes.h>

#include "base/text.h"

enum { NUMBER_ROOM = sizeof(((struct cell *)0)->number) };

typedef void (*format_fn)(struct cell *cell, const struct value *value,
			  const struct sink_options *options);

struct cell_type {
	format_fn format;
	bool right_aligned;
};

static void format_text(struct cell *cell, const struct value *value,
			const struct sink_options *options)
{
	cell->text = value->text;
}

static void format_plain(struct cell *cell, const struct value *value,
			 const struct sink_options *options)
{
	snprintf(cell->number, NUMBER_ROOM, "%" PRIu64, value->u);
}

static void format_count(struct cell *cell, const struct value *value,
			 const struct sink_options *options)
{
	if (options->bytes)
		format_plain(cell, value, options);
	else
		text_grouped(cell->number, value->u);
}

static void format_signed(struct cell *cell, const struct value *value,
			  const struct sink_options *options)
{
	snprintf(cell->number, NUMBER_ROOM, "%" PRId64, value->s);
}

/*
 * n units of unit_bytes; what does not fit 64 bits (no RAM is that large) stays exact as a product.
 */
static void format_size(struct cell *cell, u64 n, u32 unit_bytes,
			const struct sink_options *options)
{
	u64 bytes;
	if (__builtin_mul_overflow(n, (u64)unit_bytes, &bytes))
		snprintf(cell->number, NUMBER_ROOM, "%" PRIu64 "*%u B", n, unit_bytes);
	else if (options->bytes)
		snprintf(cell->number, NUMBER_ROOM, "%" PRIu64, bytes);
	else
		text_bytes(cell->number, bytes);
}

static void format_bytes(struct cell *cell, const struct value *value,
			 const struct sink_options *options)
{
	format_size(cell, value->u, 1, options);
}

static void format_kib(struct cell *cell, const struct value *value,
		       const struct sink_options *options)
{
	format_size(cell, value->u, 1024, options);
}

static void format_pages(struct cell *cell, const struct value *value,
			 const struct sink_options *options)
{
	if (options->page_size)
		format_size(cell, value->u, options->page_size, options);
	else
		format_count(cell, value, options);
}

static void format_percent(struct cell *cell, const struct value *value,
			   const struct sink_options *options)
{
	snprintf(cell->number, NUMBER_ROOM, "%.1f %%", value->real);
}

static void format_seconds(struct cell *cell, const struct value *value,
			   const struct sink_options *options)
{
	if (options->bytes)
		snprintf(cell->number, NUMBER_ROOM, "%.3f", value->real);
	else
		text_duration(cell->number, value->real);
}

/* As the kernel log shows it. */
static void format_time_ns(struct cell *cell, const struct value *value,
			   const struct sink_options *options)
{
	snprintf(cell->number, NUMBER_ROOM, "%" PRIu64 ".%06u", value->u / 1000000000,
		 (unsigned)(value->u % 1000000000 / 1000));
}

static void format_moment(struct cell *cell, const struct value *value,
			  const struct sink_options *options)
{
	text_moment(cell->number, value->u);
}

static void format_address(struct cell *cell, const struct value *value,
			   const struct sink_options *options)
{
	snprintf(cell->number, NUMBER_ROOM, "0x%" PRIx64, value->u);
}

static void format_bool(struct cell *cell, const struct value *value,
			const struct sink_options *options)
{
	cell->text = value->u ? "yes" : "no";
}

static void join(struct cell *cell, size_t *used, const char *text)
{
	size_t len = strlen(text), needed = *used + len + 3;
	if (cell->joined_room < needed) {
		cell->joined_room = needed * 2;
		cell->joined = mem_realloc(cell->joined, cell->joined_room);
	}
	if (*used) {
		memcpy(cell->joined + *used, ", ", 2);
		*used += 2;
	}
	memcpy(cell->joined + *used, text, len + 1);
	*used += len;
}

static void format_list(struct cell *cell, const struct value *value,
			const struct sink_options *options)
{
	size_t used = 0;
	for (size_t i = 0; i < value->list.n; i++)
		join(cell, &used, value->list.texts[i]);
	cell->text = used ? cell->joined : "";
}

static void format_numbers(struct cell *cell, const struct value *value,
			   const struct sink_options *options)
{
	char number[32];
	size_t used = 0;
	for (size_t i = 0; i < value->numbers.n; i++) {
		snprintf(number, sizeof(number), "%" PRIu64, value->numbers.v[i]);
		join(cell, &used, number);
	}
	cell->text = used ? cell->joined : "";
}

static void format_table(struct cell *cell, const struct value *value,
			 const struct sink_options *options)
{
	size_t n = table_nr_rows(value->table);
	snprintf(cell->number, NUMBER_ROOM, "%zu row%s", n, n == 1 ? "" : "s");
}

static const struct cell_type types[NR_COLUMN_TYPES] = {
	[COL_TEXT] = {format_text},
	[COL_COUNT] = {format_count, true},
	[COL_SIGNED] = {format_signed, true},
	[COL_BYTES] = {format_bytes, true},
	[COL_PAGES] = {format_pages, true},
	[COL_KIB] = {format_kib, true},
	[COL_PERCENT] = {format_percent, true},
	[COL_SECONDS] = {format_seconds, true},
	[COL_TIME_NS] = {format_time_ns, true},
	[COL_UNIX_TIME] = {format_moment},
	[COL_ADDRESS] = {format_address, true},
	[COL_PID] = {format_plain, true},
	[COL_BOOL] = {format_bool},
	[COL_LIST] = {format_list},
	[COL_NUMBERS] = {format_numbers},
	[COL_TABLE] = {format_table, true},
	[COL_RECORD] = {format_table, true},
};

void cell_format(struct cell *cell, const struct column *column, const struct value *value,
		 const struct sink_options *options)
{
	cell->text = cell->number;
	if (value->state == VALUE_KNOWN)
		types[column->type].format(cell, value, options);
	else
		cell->text = value->state == VALUE_UNKNOWN ? "?" : "-";
	cell->len = strlen(cell->text);
}

void cell_done(struct cell *cell)
{
	free(cell->joined);
	cell->joined = NULL;
	cell->joined_room = 0;
}

bool cell_right_aligned(enum column_type type)
{
	return types[type].right_aligned;
}

const char *cell_title_unit(enum column_type type, const struct sink_options *options)
{
	if (type == COL_PAGES && !options->page_size)
		return " (pages)";
	bool size = type == COL_BYTES || type == COL_PAGES || type == COL_KIB;
	return size && options->bytes		       ? " (bytes)"
	       : type == COL_SECONDS && options->bytes ? " (s)"
						       : "";
}
