/*
 * Sorting by several keys: stable, unknown values last.
 *
 * qsort_r is not stable by contract, so the row's old place is the last key.
 */
#include "base/table.h"

#include <stdlib.h>

#include "base/table_private.h"

enum { MOST_KEYS = 16 };

struct sort_key {
	unsigned column;
	bool descending;
	enum value_kind kind;
};

struct sort_order {
	struct sort_key keys[MOST_KEYS];
	size_t n;
};

struct sort_row {
	struct value *row;
	size_t place;
};

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_known(enum value_kind kind, const struct value *a, const struct value *b)
{
	switch (kind) {
	case KIND_UNSIGNED:
		return COMPARE(a->u, b->u);
	case KIND_SIGNED:
		return COMPARE(a->s, b->s);
	case KIND_REAL:
		return COMPARE(a->real, b->real);
	case KIND_TEXT:
		return strverscmp(a->text, b->text);
	case KIND_LIST:
		return COMPARE(a->list.n, b->list.n);
	case KIND_NUMBERS:
		return COMPARE(a->numbers.n, b->numbers.n);
	case KIND_TABLE:
		return COMPARE(table_nr_rows(a->table), table_nr_rows(b->table));
	}
	return 0;
}

static int compare_key(const struct sort_key *key, const struct value *a, const struct value *b)
{
	bool a_known = a->state == VALUE_KNOWN, b_known = b->state == VALUE_KNOWN;
	if (!a_known || !b_known)
		return b_known - a_known;
	int order = compare_known(key->kind, a, b);
	return key->descending ? -order : order;
}

static int compare_rows(const void *left, const void *right, void *arg)
{
	const struct sort_row *a = left, *b = right;
	const struct sort_order *order = arg;
	for (size_t i = 0; i < order->n; i++) {
		const struct sort_key *key = &order->keys[i];
		int result = compare_key(key, &a->row[key->column], &b->row[key->column]);
		if (result)
			return result;
	}
	return COMPARE(a->place, b->place);
}

static int parse_key(const struct table_spec *spec, const char *word, size_t len,
		     struct sort_order *order, struct error *error)
{
	if (order->n == MOST_KEYS)
		return error_set(error, EXIT_USAGE, "more than %d keys to sort by", MOST_KEYS);
	struct sort_key *key = &order->keys[order->n];
	bool sign = len && (*word == '-' || *word == '+');
	key->descending = sign && *word == '-';
	if (table_spec_column(spec, word + sign, len - sign, &key->column, error))
		return error_add(error, "--sort");
	key->kind = column_type_info(spec->columns[key->column].type)->kind;
	order->n++;
	return 0;
}

static int parse_order(const struct table_spec *spec, const char *keys, struct sort_order *order,
		       struct error *error)
{
	for (const char *word = keys;; word++) {
		size_t len = strcspn(word, ",");
		if (parse_key(spec, word, len, order, error))
			return -1;
		word += len;
		if (!*word)
			return 0;
	}
}

int table_sort(struct table *table, const char *keys, struct error *error)
{
	struct sort_order order = {.n = 0};
	if (!keys)
		keys = table->spec->sort;
	if (!keys)
		return 0;
	if (parse_order(table->spec, keys, &order, error))
		return -1;
	size_t n = table->rows.n;
	if (n < 2)
		return 0;
	struct sort_row *rows = mem_calloc(n, sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct sort_row){table->rows.v[i], i};
	qsort_r(rows, n, sizeof(*rows), compare_rows, &order);
	for (size_t i = 0; i < n; i++)
		table->rows.v[i] = rows[i].row;
	free(rows);
	return 0;
}
