/*
 * What a column's type means, columns by key, and the choice of columns (--columns).
 */
#include "base/table.h"

#include "base/text_suggest.h"

static const struct column_type_info types[NR_COLUMN_TYPES] = {
	[COL_TEXT] = {"text", KIND_TEXT, "= whole, ~ contains"},
	[COL_COUNT] = {"count", KIND_UNSIGNED, "12345"},
	[COL_SIGNED] = {"number", KIND_SIGNED, "-1000"},
	[COL_BYTES] = {"bytes", KIND_UNSIGNED, "1048576, 10M, 1.5G"},
	[COL_PAGES] = {"pages", KIND_UNSIGNED, "256 (pages), or 10M, 1.5G"},
	[COL_KIB] = {"KiB", KIND_UNSIGNED, "1024 (KiB), or 10M, 1.5G"},
	[COL_PERCENT] = {"percent", KIND_REAL, "12.5"},
	[COL_SECONDS] = {"seconds", KIND_REAL, "0.25"},
	[COL_TIME_NS] = {"ns since boot", KIND_UNSIGNED, "1500000000 (ns), or 1.5s"},
	[COL_UNIX_TIME] = {"time, UTC", KIND_UNSIGNED, "2024-05-31T12:00:00"},
	[COL_ADDRESS] = {"address", KIND_UNSIGNED, "0xffff888012345678"},
	[COL_PID] = {"pid", KIND_UNSIGNED, "4711"},
	[COL_BOOL] = {"yes/no", KIND_UNSIGNED, "yes, no"},
	[COL_LIST] = {"list of texts", KIND_LIST, "= and ~ want one entry that does"},
	[COL_NUMBERS] = {"list of numbers", KIND_NUMBERS, "= wants one entry that does"},
	[COL_TABLE] = {"table", KIND_TABLE, "only ?"},
	[COL_RECORD] = {"record", KIND_TABLE, "only ?"},
};

const struct column_type_info *column_type_info(enum column_type type)
{
	return &types[type];
}

static int unknown_column(const struct table_spec *spec, const char *key, size_t len,
			  struct error *error)
{
	struct suggestion near = suggestion_for(key, len);
	char list[640];
	size_t used = 0;
	for (size_t i = 0; i < spec->nr_columns && used < sizeof(list); i++) {
		suggestion_try(&near, spec->columns[i].key);
		int n = snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
				 spec->columns[i].key);
		used += (size_t)(n < 0 ? 0 : n);
	}
	return error_set(error, EXIT_USAGE, "%s has no column \"%.*s\"%s%s%s\nIts columns: %s",
			 spec->key, (int)u64_min(len, 60), key,
			 near.best ? "; did you mean \"" : "", near.best ? near.best : "",
			 near.best ? "\"?" : "", list);
}

int table_spec_column(const struct table_spec *spec, const char *key, size_t len, unsigned *column,
		      struct error *error)
{
	for (unsigned i = 0; i < spec->nr_columns; i++) {
		if (strlen(spec->columns[i].key) != len || memcmp(spec->columns[i].key, key, len))
			continue;
		*column = i;
		return 0;
	}
	return unknown_column(spec, key, len, error);
}

static void choose(unsigned *chosen, size_t *n, unsigned column)
{
	for (size_t i = 0; i < *n; i++)
		if (chosen[i] == column)
			return;
	chosen[(*n)++] = column;
}

static void choose_not(unsigned *chosen, size_t *n, unsigned column)
{
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++)
		if (chosen[i] != column)
			chosen[kept++] = chosen[i];
	*n = kept;
}

/* All columns that have none of the flags. */
static void choose_without(const struct table_spec *spec, unsigned flags, unsigned *chosen,
			   size_t *n)
{
	for (unsigned i = 0; i < spec->nr_columns; i++)
		if (!(spec->columns[i].flags & flags))
			choose(chosen, n, i);
}

static int choose_word(const struct table_spec *spec, const char *word, size_t len,
		       unsigned *chosen, size_t *n, struct error *error)
{
	unsigned column;
	if (len == 3 && !memcmp(word, "all", 3)) {
		choose_without(spec, 0, chosen, n);
		return 0;
	}
	bool sign = len && (*word == '+' || *word == '-');
	if (table_spec_column(spec, word + sign, len - sign, &column, error))
		return -1;
	if (sign && *word == '-')
		choose_not(chosen, n, column);
	else
		choose(chosen, n, column);
	return 0;
}

int table_columns(const struct table_spec *spec, const char *keys, bool wide, unsigned *chosen,
		  size_t *n, struct error *error)
{
	size_t count = 0;
	bool none = !keys || !*keys;
	if (none || *keys == '+' || *keys == '-')
		choose_without(spec, COLUMN_JSON_ONLY | (wide ? 0 : COLUMN_WIDE), chosen, &count);
	for (const char *word = keys; !none;) {
		size_t len = strcspn(word, ",");
		if (choose_word(spec, word, len, chosen, &count, error))
			return -1;
		none = !word[len];
		word += len + 1;
	}
	if (!count)
		return error_set(error, EXIT_USAGE, "no column of %s is left to show", spec->key);
	*n = count;
	return 0;
}
