/*
 * --filter, --sort and --columns on a table with a column of every type.
 *
 * Input: three texts separated by NUL bytes.  Besides not crashing, each promise of table.h that
 * can be checked without knowing the answer is: a failure changes nothing, a filter only removes
 * rows and keeps their order, asking twice changes nothing, a chosen column is a column and chosen
 * once.
 */
#include <stdint.h>

#include "base/text.h"
#include "support/sample_table.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

enum { MOST_COLUMNS = 64 };

static void check_columns(const char *keys)
{
	unsigned chosen[MOST_COLUMNS];
	bool seen[MOST_COLUMNS] = {false};
	size_t n = 0;
	struct error error = ERROR_INIT;
	if (table_columns(&sample_spec, keys, false, chosen, &n, &error)) {
		CHECK(*error.text && error.exit_status == EXIT_USAGE);
		return;
	}
	CHECK(n && n <= sample_spec.nr_columns);
	for (size_t i = 0; i < n; i++) {
		CHECK(chosen[i] < sample_spec.nr_columns && !seen[chosen[i]]);
		seen[chosen[i]] = true;
	}
}

static void check_sort(struct table *table, const char *keys)
{
	struct error error = ERROR_INIT;
	size_t n = table_nr_rows(table);
	const struct value *first = table_row(table, 0);
	if (!table_sort(table, keys, &error)) {
		CHECK(table_nr_rows(table) == n);
		first = table_row(table, 0);
		table_sort(table, keys, &error);
	} else {
		CHECK(*error.text && error.exit_status == EXIT_USAGE);
	}
	CHECK(table_row(table, 0) == first);
}

static void check_filter(struct table *table, const char *expression)
{
	struct error error = ERROR_INIT;
	const struct value *before[8];
	size_t n = table_nr_rows(table), at = 0;
	for (size_t i = 0; i < n; i++)
		before[i] = table_row(table, i);
	int result = table_filter(table, expression, 4096, &error);
	CHECK(!result ||
	      (table_nr_rows(table) == n && *error.text && error.exit_status == EXIT_USAGE));
	for (size_t i = 0; i < table_nr_rows(table); i++) {
		while (at < n && before[at] != table_row(table, i))
			at++;
		CHECK(at++ < n);
	}
	size_t kept = table_nr_rows(table);
	CHECK(table_filter(table, expression, 4096, &error) == result &&
	      table_nr_rows(table) == kept);
}

static void check_parsers(const char *text)
{
	u64 u;
	s64 s;
	double real;
	text_parse_size(text, &u);
	text_parse_hex(text, &u);
	text_parse_moment(text, &u);
	text_parse_s64(text, &s);
	text_parse_real(text, &real);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_alloc(size + 3);
	memcpy(text, data, size);
	const char *filter = text, *sort = filter + strlen(filter) + 1;
	sort = sort <= text + size ? sort : text + size;
	const char *columns = sort + strlen(sort) + 1;
	columns = columns <= text + size ? columns : text + size;
	struct table *table = sample_table();
	check_columns(columns);
	check_sort(table, sort);
	check_filter(table, filter);
	check_parsers(filter);
	table_free(table);
	free(text);
	return 0;
}
