/*
 * Results: a command's tables, to text and JSON at once.
 *
 * The JSON of every command is one object: "schema", "tool", then one member per table under its
 * spec's key, so that the same key means the same rows in a list and in the report.  A command that
 * fails after its document has begun still leaves valid JSON: what is open is closed and an "error"
 * member tells.
 */
#include "command/emit.h"

#include <stdarg.h>

#include "base/text.h"
#include "sink/json.h"

struct json_writer *command_json(struct command_context *context)
{
	struct json_writer *w = &context->json;
	if (!w->out || w->begun)
		return w->out ? w : NULL;
	char schema[64];
	snprintf(schema, sizeof(schema), "memwho.%s/1", context->command->name);
	json_object_begin(w);
	json_key(w, "schema");
	json_text(w, schema);
	json_key(w, "tool");
	json_object_begin(w);
	json_key(w, "version");
	json_text(w, MEMWHO_VERSION);
	json_object_end(w);
	return w;
}

int emit_finish(struct command_context *context, bool failed, struct error *error)
{
	struct json_writer *w = &context->json;
	/* A reader of JSON gets a document that says why, not nothing. */
	if (failed && w->out)
		command_json(context);
	if (!w->out || !w->begun)
		return 0;
	if (failed) {
		json_unwind(w, 1);
		json_key(w, "error");
		json_text(w, context->error.text);
	}
	json_object_end(w);
	return json_done(w, error);
}

/* An empty line between two results on the screen. */
static void separate(struct command_context *context)
{
	progress_step(context->progress, NULL, 0, 0);
	if (context->out && context->nr_emitted++)
		fputc('\n', context->out);
}

static void put_total(struct command_context *context, const struct table *table, size_t nr_rows)
{
	char shown[32], all[32], key[128];
	size_t left = table_nr_rows(table);
	if (left == nr_rows)
		return;
	struct json_writer *w = command_json(context);
	if (w) {
		snprintf(key, sizeof(key), "%s_total", table_spec(table)->key);
		json_key(w, key);
		json_u64(w, nr_rows);
	}
	if (context->out && context->sink.header)
		fprintf(context->out, "(%s of %s rows: --limit)\n", text_grouped(shown, left),
			text_grouped(all, nr_rows));
}

static int put_list(struct command_context *context, const struct table *table)
{
	struct error *error = &context->error;
	struct json_writer *w = command_json(context);
	separate(context);
	if (w) {
		json_key(w, table_spec(table)->key);
		if (json_table(w, table, context->sink.columns, error))
			return -1;
	}
	return context->out ? sink_text_table(context->out, table, &context->sink, error) : 0;
}

/* --filter, --sort, --limit; *nr_rows: before the limit. */
static int apply_list_options(struct command_context *context, struct table *table,
			      size_t *nr_rows)
{
	const struct common_options *common = &context->common;
	struct error *error = &context->error;
	if (common->filter && table_filter(table, common->filter, context->sink.page_size, error))
		return -1;
	if (table_sort(table, common->sort, error))
		return -1;
	*nr_rows = table_nr_rows(table);
	if (common->limit)
		table_truncate(table, common->limit);
	return 0;
}

int command_emit_text(struct command_context *context, struct table *table)
{
	size_t nr_rows;
	separate(context);
	if (apply_list_options(context, table, &nr_rows))
		return -1;
	return context->out
		       ? sink_text_table(context->out, table, &context->sink, &context->error)
		       : 0;
}

int command_emit(struct command_context *context, struct table *table)
{
	size_t nr_rows;
	if (apply_list_options(context, table, &nr_rows) || put_list(context, table))
		return -1;
	put_total(context, table, nr_rows);
	return 0;
}

static int more_text(struct command_context *context, const struct table *table)
{
	struct sink_options options = context->sink;
	options.columns = NULL;
	separate(context);
	if (table_spec(table) == &findings_spec)
		return sink_text_findings(context->out, table, &options, &context->error);
	if (options.header)
		sink_text_heading(context->out, table_spec(table)->title, &options);
	return sink_text_table(context->out, table, &options, &context->error);
}

int command_emit_more(struct command_context *context, const struct table *table)
{
	struct json_writer *w = command_json(context);
	if (w) {
		json_key(w, table_spec(table)->key);
		if (json_table(w, table, NULL, &context->error))
			return -1;
	}
	if (!context->out || !table_nr_rows(table))
		return 0;
	return more_text(context, table);
}

int command_emit_record(struct command_context *context, const struct table *table)
{
	struct json_writer *w = command_json(context);
	separate(context);
	if (w) {
		json_key(w, table_spec(table)->key);
		if (json_record(w, table, context->sink.columns, &context->error))
			return -1;
	}
	return context->out ? sink_text_record(context->out, table, &context->sink, &context->error)
			    : 0;
}

void command_note(struct command_context *context, const char *fmt, ...)
{
	char text[1024];
	FILE *notes = context->host->notes;
	if (!notes || context->common.quiet)
		return;
	progress_step(context->progress, NULL, 0, 0);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fputs("memwho: ", notes);
	text_put_safe(notes, text, strlen(text));
	fputc('\n', notes);
}
