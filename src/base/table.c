/*
 * Rows of values.
 *
 * A row is an array of nr_columns values in the table's arena; the table holds pointers to rows, so
 * that sorting and filtering move pointers.  Rows that are filtered away keep their memory until
 * the table is freed: tables live as long as a command.
 *
 * Setting a column with the setter of another type is a bug of the caller, and an assertion says
 * so.
 */
#include "base/table.h"

#include <assert.h>
#include <math.h>

#include "base/table_private.h"

struct table *table_new(const struct table_spec *spec)
{
	struct table *table = mem_alloc(sizeof(*table));
	table->spec = spec;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->children.n; i++)
		table_free(table->children.v[i]);
	vec_done(&table->children);
	vec_done(&table->rows);
	arena_done(&table->arena);
	free(table);
}

const struct table_spec *table_spec(const struct table *table)
{
	return table->spec;
}

size_t table_nr_rows(const struct table *table)
{
	return table->rows.n;
}

const struct value *table_row(const struct table *table, size_t row)
{
	assert(row < table->rows.n);
	return table->rows.v[row];
}

void table_add(struct table *table)
{
	struct value *row = arena_alloc(&table->arena, table->spec->nr_columns * sizeof(*row));
	*vec_push(&table->rows) = row;
}

/* The value to fill in the newest row. */
static struct value *cell(struct table *table, unsigned column)
{
	assert(table->rows.n && column < table->spec->nr_columns);
	return &table->rows.v[table->rows.n - 1][column];
}

static struct value *known_cell(struct table *table, unsigned column, enum value_kind kind)
{
	struct value *value = cell(table, column);
	assert(column_kind(&table->spec->columns[column]) == kind);
	*value = (struct value){.state = VALUE_KNOWN};
	return value;
}

void table_set(struct table *table, unsigned column, u64 value)
{
	known_cell(table, column, KIND_UNSIGNED)->u = value;
}

void table_set_signed(struct table *table, unsigned column, s64 value)
{
	known_cell(table, column, KIND_SIGNED)->s = value;
}

void table_set_real(struct table *table, unsigned column, double value)
{
	/* A share is told to a hundredth of a percent: more digits would only look exact. */
	if (table_spec(table)->columns[column].type == COL_PERCENT)
		value = round(value * 100) / 100;
	known_cell(table, column, KIND_REAL)->real = value;
	if (!isfinite(value))
		table_set_unknown(table, column, "it is not a finite number");
}

void table_set_text(struct table *table, unsigned column, const char *text)
{
	table_set_textn(table, column, text, SIZE_MAX);
}

void table_set_textn(struct table *table, unsigned column, const char *text, size_t max)
{
	struct value *value = known_cell(table, column, KIND_TEXT);
	if (text)
		value->text = arena_strndup(&table->arena, text, max);
	else
		*value = (struct value){.state = VALUE_UNSET};
}

void table_printf(struct table *table, unsigned column, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	size_t size = (size_t)(n < 0 ? 0 : n) + 1;
	char *text = arena_alloc(&table->arena, size);
	va_start(args, fmt);
	vsnprintf(text, size, fmt, args);
	va_end(args);
	known_cell(table, column, KIND_TEXT)->text = text;
}

void table_set_list(struct table *table, unsigned column, const char *const *texts, size_t n)
{
	struct value *value = known_cell(table, column, KIND_LIST);
	const char **copy = arena_alloc(&table->arena, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(&table->arena, texts[i]);
	value->list.texts = copy;
	value->list.n = n;
}

void table_set_numbers(struct table *table, unsigned column, const u64 *numbers, size_t n)
{
	struct value *value = known_cell(table, column, KIND_NUMBERS);
	value->numbers.v = arena_copy(&table->arena, numbers, n * sizeof(*numbers));
	value->numbers.n = n;
}

void table_set_table(struct table *table, unsigned column, struct table *child)
{
	assert(child->spec == table->spec->columns[column].spec);
	known_cell(table, column, KIND_TABLE)->table = child;
	*vec_push(&table->children) = child;
}

void table_set_unknown(struct table *table, unsigned column, const char *why)
{
	struct value *value = cell(table, column);
	value->state = VALUE_UNKNOWN;
	value->why = arena_strdup(&table->arena, why);
}

void table_set_status(struct table *table, unsigned column, enum read_status status, u64 value)
{
	if (status == READ_OK)
		table_set(table, column, value);
	else
		table_set_unknown(table, column, read_status_text(status));
}

void table_truncate(struct table *table, size_t n)
{
	if (n < table->rows.n)
		table->rows.n = n;
}
