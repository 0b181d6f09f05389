/*
 * Tables as text: measured in a first pass over the rows, written in a second.
 *
 * The table is in memory anyway; formatting twice costs less than keeping the formatted cells.
 */
#include "sink/sink.h"

#include "base/text.h"
#include "sink/text_cell.h"

enum { GAP = 2, LEAST_LAST_COLUMN = 8, MOST_REASONS = 8 };

struct layout {
	FILE *out;
	const struct table *table;
	const struct sink_options *options;
	unsigned *chosen;
	size_t *widths;
	size_t n;
	unsigned indent;
	size_t owed_blanks; /* within the row being written */
	struct cell cell;
};

static const struct column *column_of(const struct layout *l, size_t i)
{
	return &table_spec(l->table)->columns[l->chosen[i]];
}

static size_t title_width(const struct layout *l, size_t i)
{
	const struct column *column = column_of(l, i);
	return text_safe_width(column->title, strlen(column->title)) +
	       strlen(cell_title_unit(column->type, l->options));
}

static void measure(struct layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->widths[i] = l->options->header ? title_width(l, i) : 0;
	for (size_t row = 0; row < table_nr_rows(l->table); row++) {
		const struct value *values = table_row(l->table, row);
		for (size_t i = 0; i < l->n; i++) {
			cell_format(&l->cell, column_of(l, i), &values[l->chosen[i]], l->options);
			l->widths[i] =
				u64_max(l->widths[i], text_safe_width(l->cell.text, l->cell.len));
		}
	}
}

static void put_blanks(FILE *out, size_t n)
{
	static const char blanks[] =
		"                                                                ";
	for (; n > sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
		fwrite(blanks, 1, sizeof(blanks) - 1, out);
	fwrite(blanks, 1, n, out);
}

/* How wide the last column may become: what the terminal leaves. */
static size_t last_width(const struct layout *l)
{
	size_t before = l->indent;
	for (size_t i = 0; i + 1 < l->n; i++)
		before += l->widths[i] + GAP;
	size_t room = l->options->width > before ? l->options->width - before : 0;
	return u64_max(room, LEAST_LAST_COLUMN);
}

/* Blanks are owed until something follows them: no line ends in any. */
static void put_cell(struct layout *l, size_t i, const char *text, size_t len)
{
	bool last = i + 1 == l->n, right = cell_right_aligned(column_of(l, i)->type);
	size_t width = text_safe_width(text, len);
	size_t blanks = l->widths[i] > width ? l->widths[i] - width : 0;
	l->owed_blanks += right ? blanks : 0;
	if (len) {
		put_blanks(l->out, l->owed_blanks);
		l->owed_blanks = 0;
	}
	if (last && !right && l->options->width)
		text_put_safe_cut(l->out, text, len, last_width(l),
				  l->options->utf8 ? "\u2026" : "~");
	else
		text_put_safe(l->out, text, len);
	l->owed_blanks = last ? 0 : l->owed_blanks + GAP + (right ? 0 : blanks);
}

static void put_titles(struct layout *l)
{
	char title[256];
	put_blanks(l->out, l->indent);
	fputs(l->options->colour ? "\033[1m" : "", l->out);
	for (size_t i = 0; i < l->n; i++) {
		const struct column *column = column_of(l, i);
		snprintf(title, sizeof(title), "%s%s", column->title,
			 cell_title_unit(column->type, l->options));
		put_cell(l, i, title, strlen(title));
	}
	fputs(l->options->colour ? "\033[0m\n" : "\n", l->out);
}

static void put_row(struct layout *l, size_t row)
{
	const struct value *values = table_row(l->table, row);
	put_blanks(l->out, l->indent);
	for (size_t i = 0; i < l->n; i++) {
		cell_format(&l->cell, column_of(l, i), &values[l->chosen[i]], l->options);
		put_cell(l, i, l->cell.text, l->cell.len);
	}
	fputc('\n', l->out);
}

/* --- why something is unknown -------------------------------------------------------------- */

struct reason {
	unsigned column;
	const char *why;
	size_t rows;
};

static void count_reason(struct reason *reasons, size_t *n, unsigned column, const char *why)
{
	for (size_t i = 0; i < *n; i++) {
		if (reasons[i].column != column || strcmp(reasons[i].why, why))
			continue;
		reasons[i].rows++;
		return;
	}
	if (*n < MOST_REASONS)
		reasons[(*n)++] = (struct reason){column, why, 1};
}

static void put_reasons(const struct layout *l)
{
	struct reason reasons[MOST_REASONS];
	size_t n = 0;
	for (size_t row = 0; row < table_nr_rows(l->table); row++) {
		const struct value *values = table_row(l->table, row);
		for (size_t i = 0; i < l->n; i++)
			if (values[l->chosen[i]].state == VALUE_UNKNOWN)
				count_reason(reasons, &n, l->chosen[i], values[l->chosen[i]].why);
	}
	for (size_t i = 0; i < n; i++) {
		put_blanks(l->out, l->indent);
		fprintf(l->out,
			"? %s, %zu row%s: ", table_spec(l->table)->columns[reasons[i].column].title,
			reasons[i].rows, reasons[i].rows == 1 ? "" : "s");
		text_put_safe(l->out, reasons[i].why, strlen(reasons[i].why));
		fputc('\n', l->out);
	}
}

/* --- a table ------------------------------------------------------------------------------- */

static void put_table(struct layout *l)
{
	measure(l);
	if (l->options->header)
		put_titles(l);
	for (size_t row = 0; row < table_nr_rows(l->table); row++)
		put_row(l, row);
	if (!l->options->header)
		return;
	if (!table_nr_rows(l->table)) {
		put_blanks(l->out, l->indent);
		fputs("(none)\n", l->out);
	}
	put_reasons(l);
}

static int indented_table(FILE *out, const struct table *table, const struct sink_options *options,
			  unsigned indent, struct error *error)
{
	size_t nr_columns = table_spec(table)->nr_columns;
	struct layout l = {.out = out, .table = table, .options = options, .indent = indent};
	l.chosen = mem_calloc(nr_columns, sizeof(*l.chosen));
	l.widths = mem_calloc(nr_columns, sizeof(*l.widths));
	int result = table_columns(table_spec(table), options->columns, options->wide, l.chosen,
				   &l.n, error);
	if (!result)
		put_table(&l);
	free(l.chosen);
	free(l.widths);
	cell_done(&l.cell);
	return result;
}

int sink_text_table(FILE *out, const struct table *table, const struct sink_options *options,
		    struct error *error)
{
	if (indented_table(out, table, options, 0, error))
		return -1;
	return sink_check(out, error);
}

void sink_text_heading(FILE *out, const char *title, const struct sink_options *options)
{
	fputs(options->colour ? "\033[1m" : "", out);
	text_put_safe(out, title, strlen(title));
	fputs(options->colour ? "\033[0m\n" : "\n", out);
}

/* --- a record ------------------------------------------------------------------------------ */

static int put_record(FILE *out, const struct table *table, const struct sink_options *options,
		      unsigned indent, struct error *error);

static size_t record_title_width(const struct table_spec *spec, const unsigned *chosen, size_t n,
				 const struct sink_options *options)
{
	size_t width = 0;
	for (size_t i = 0; i < n; i++) {
		const struct column *column = &spec->columns[chosen[i]];
		width = u64_max(width, strlen(column->title) +
					       strlen(cell_title_unit(column->type, options)));
	}
	return width;
}

static int put_nested(FILE *out, const struct column *column, const struct value *value,
		      const struct sink_options *options, unsigned indent, struct error *error)
{
	struct sink_options nested = *options;
	nested.columns = NULL;
	put_blanks(out, indent);
	fprintf(out, "%s:\n", column->title);
	if (column->type == COL_RECORD)
		return put_record(out, value->table, &nested, indent + GAP, error);
	return indented_table(out, value->table, &nested, indent + GAP, error);
}

static void put_line(FILE *out, const struct column *column, const struct value *value,
		     size_t width, const struct sink_options *options, unsigned indent)
{
	struct cell cell = {0};
	const char *unit = cell_title_unit(column->type, options);
	cell_format(&cell, column, value, options);
	put_blanks(out, indent);
	int written = fprintf(out, "%s%s:", column->title, unit);
	put_blanks(out, width + GAP - u64_min((u64)(written < 0 ? 0 : written), width + GAP));
	text_put_safe(out, cell.text, cell.len);
	if (value->state == VALUE_UNKNOWN) {
		fputs("  (", out);
		text_put_safe(out, value->why, strlen(value->why));
		fputc(')', out);
	}
	fputc('\n', out);
	cell_done(&cell);
}

static int put_record_columns(FILE *out, const struct table *table, const unsigned *chosen,
			      size_t n, const struct sink_options *options, unsigned indent,
			      struct error *error)
{
	const struct table_spec *spec = table_spec(table);
	const struct value *values = table_row(table, 0);
	size_t width = record_title_width(spec, chosen, n, options);
	int result = 0;
	for (size_t i = 0; i < n && !result; i++) {
		const struct column *column = &spec->columns[chosen[i]];
		const struct value *value = &values[chosen[i]];
		bool nested = column->type == COL_TABLE || column->type == COL_RECORD;
		if (value->state == VALUE_UNSET && (column->flags & COLUMN_OPTIONAL))
			continue;
		if (nested && value->state == VALUE_KNOWN)
			result = put_nested(out, column, value, options, indent, error);
		else
			put_line(out, column, value, width, options, indent);
	}
	return result;
}

static int put_record(FILE *out, const struct table *table, const struct sink_options *options,
		      unsigned indent, struct error *error)
{
	size_t n;
	if (!table_nr_rows(table))
		return 0;
	unsigned *chosen = mem_calloc(table_spec(table)->nr_columns, sizeof(*chosen));
	int result = table_columns(table_spec(table), options->columns, options->wide, chosen, &n,
				   error);
	if (!result)
		result = put_record_columns(out, table, chosen, n, options, indent, error);
	free(chosen);
	return result;
}

int sink_text_record(FILE *out, const struct table *table, const struct sink_options *options,
		     struct error *error)
{
	if (put_record(out, table, options, 0, error))
		return -1;
	return sink_check(out, error);
}
