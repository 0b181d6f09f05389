/*
 * Tables as JSON.  Rows are streamed; a table inside of a row is an array inside of its object.
 */
#include "sink/json.h"

#include "sink/sink.h"

static void put_all(struct json_writer *w, const struct table *table, bool record);

static void put_unsigned(struct json_writer *w, enum column_type type, u64 value)
{
	if (type == COL_ADDRESS)
		json_address(w, value);
	else if (type == COL_BOOL)
		json_bool(w, value != 0);
	else
		json_u64(w, value);
}

static void put_list(struct json_writer *w, const struct value *value)
{
	json_array_begin(w);
	for (size_t i = 0; i < value->list.n; i++)
		json_text(w, value->list.texts[i]);
	json_array_end(w);
}

static void put_numbers(struct json_writer *w, const struct value *value)
{
	json_array_begin(w);
	for (size_t i = 0; i < value->numbers.n; i++)
		json_u64(w, value->numbers.v[i]);
	json_array_end(w);
}

static void put_known(struct json_writer *w, const struct column *column, const struct value *value)
{
	switch (column_type_info(column->type)->kind) {
	case KIND_UNSIGNED:
		put_unsigned(w, column->type, value->u);
		break;
	case KIND_SIGNED:
		json_s64(w, value->s);
		break;
	case KIND_REAL:
		json_real(w, value->real);
		break;
	case KIND_TEXT:
		json_text(w, value->text);
		break;
	case KIND_LIST:
		put_list(w, value);
		break;
	case KIND_NUMBERS:
		put_numbers(w, value);
		break;
	case KIND_TABLE:
		put_all(w, value->table, column->type == COL_RECORD);
		break;
	}
}

void json_member(struct json_writer *w, const struct column *column, const struct value *value)
{
	switch (value->state) {
	case VALUE_UNKNOWN:
		json_unknown(w, column->key, value->why);
		break;
	case VALUE_UNSET:
		if (column->flags & COLUMN_OPTIONAL)
			break;
		json_key(w, column->key);
		json_null(w);
		break;
	case VALUE_KNOWN:
		json_key(w, column->key);
		put_known(w, column, value);
		break;
	}
}

static void put_row(struct json_writer *w, const struct table *table, size_t row,
		    const unsigned *chosen, size_t n)
{
	const struct value *values = table_row(table, row);
	json_object_begin(w);
	for (size_t i = 0; i < n; i++)
		json_member(w, &table_spec(table)->columns[chosen[i]], &values[chosen[i]]);
	json_object_end(w);
}

static void put_rows(struct json_writer *w, const struct table *table, const unsigned *chosen,
		     size_t n)
{
	json_array_begin(w);
	for (size_t row = 0; row < table_nr_rows(table); row++)
		put_row(w, table, row, chosen, n);
	json_array_end(w);
}

static int put_chosen(struct json_writer *w, const struct table *table, bool record,
		      const char *columns, struct error *error)
{
	const struct table_spec *spec = table_spec(table);
	unsigned *chosen = mem_calloc(spec->nr_columns, sizeof(*chosen));
	size_t n;
	int result =
		table_columns(spec, columns && *columns ? columns : "all", true, chosen, &n, error);
	if (result)
		json_null(w);
	else if (!record)
		put_rows(w, table, chosen, n);
	else if (table_nr_rows(table))
		put_row(w, table, 0, chosen, n);
	else
		json_null(w);
	free(chosen);
	return result;
}

static void put_all(struct json_writer *w, const struct table *table, bool record)
{
	put_chosen(w, table, record, NULL, NULL);
}

int json_table(struct json_writer *w, const struct table *table, const char *columns,
	       struct error *error)
{
	return put_chosen(w, table, false, columns, error);
}

int json_record(struct json_writer *w, const struct table *table, const char *columns,
		struct error *error)
{
	return put_chosen(w, table, true, columns, error);
}

static int whole_document(FILE *out, const struct table *table, bool record,
			  const struct sink_options *options, struct error *error)
{
	struct json_writer w = json_writer_to(out, options->pretty);
	if (put_chosen(&w, table, record, options->columns, error))
		return -1;
	return json_done(&w, error);
}

int sink_json_table(FILE *out, const struct table *table, const struct sink_options *options,
		    struct error *error)
{
	return whole_document(out, table, false, options, error);
}

int sink_json_record(FILE *out, const struct table *table, const struct sink_options *options,
		     struct error *error)
{
	return whole_document(out, table, true, options, error);
}

int sink_json_document(FILE *out, const struct document_part *parts, size_t n, bool pretty,
		       struct error *error)
{
	struct json_writer w = json_writer_to(out, pretty);
	json_object_begin(&w);
	for (size_t i = 0; i < n; i++) {
		json_key(&w, table_spec(parts[i].table)->key);
		put_all(&w, parts[i].table, parts[i].record);
	}
	json_object_end(&w);
	return json_done(&w, error);
}
