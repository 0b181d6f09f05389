/*
 * The JSON writer: commas, newlines and nesting; what a value looks like is base/text's work.
 *
 * Pretty documents have one member per line, one space per level; an empty object or array stays on
 * its line.  Nothing is buffered here: a document may be larger than memory.
 */
#include "sink/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sink/sink.h"

struct json_writer json_writer_to(FILE *out, bool pretty)
{
	return (struct json_writer){.out = out, .pretty = pretty};
}

static struct json_level *top(struct json_writer *w)
{
	return w->depth ? &w->levels[w->depth - 1] : NULL;
}

static void new_line(struct json_writer *w)
{
	if (!w->pretty)
		return;
	fputc('\n', w->out);
	for (unsigned i = 0; i < w->depth; i++)
		fputc(' ', w->out);
}

/* Before each member of an object or array. */
static void separate(struct json_writer *w, struct json_level *level)
{
	if (level->any)
		fputs(w->pretty ? "," : ", ", w->out);
	level->any = true;
	new_line(w);
}

static void before_value(struct json_writer *w)
{
	struct json_level *level = top(w);
	assert(level || !w->begun);
	w->begun = true;
	if (!level)
		return;
	assert(level->array != w->has_key);
	if (level->array)
		separate(w, level);
	w->has_key = false;
}

static void begin(struct json_writer *w, bool array)
{
	before_value(w);
	assert(w->depth < JSON_DEEPEST);
	w->levels[w->depth++] = (struct json_level){.array = array};
	fputc(array ? '[' : '{', w->out);
}

static void end(struct json_writer *w, bool array)
{
	struct json_level *level = top(w);
	assert(level && level->array == array && !w->has_key);
	w->depth--;
	if (level->any)
		new_line(w);
	fputc(array ? ']' : '}', w->out);
}

void json_object_begin(struct json_writer *w)
{
	begin(w, false);
}

void json_object_end(struct json_writer *w)
{
	end(w, false);
}

void json_array_begin(struct json_writer *w)
{
	begin(w, true);
}

void json_array_end(struct json_writer *w)
{
	end(w, true);
}

void json_key(struct json_writer *w, const char *key)
{
	struct json_level *level = top(w);
	assert(level && !level->array && !w->has_key);
	separate(w, level);
	text_put_json(w->out, key, strlen(key));
	fputs(": ", w->out);
	w->has_key = true;
}

void json_null(struct json_writer *w)
{
	before_value(w);
	fputs("null", w->out);
}

void json_bool(struct json_writer *w, bool value)
{
	before_value(w);
	fputs(value ? "true" : "false", w->out);
}

void json_u64(struct json_writer *w, u64 value)
{
	before_value(w);
	fprintf(w->out, "%" PRIu64, value);
}

void json_s64(struct json_writer *w, s64 value)
{
	before_value(w);
	fprintf(w->out, "%" PRId64, value);
}

void json_real(struct json_writer *w, double value)
{
	char text[40];
	if (!isfinite(value)) {
		json_null(w);
		return;
	}
	before_value(w);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	fputs(text, w->out);
}

void json_address(struct json_writer *w, u64 address)
{
	before_value(w);
	fprintf(w->out, "\"0x%" PRIx64 "\"", address);
}

void json_textn(struct json_writer *w, const char *text, size_t len)
{
	before_value(w);
	text_put_json(w->out, text, len);
}

void json_text(struct json_writer *w, const char *text)
{
	if (text)
		json_textn(w, text, strlen(text));
	else
		json_null(w);
}

void json_unknown(struct json_writer *w, const char *key, const char *why)
{
	char why_key[128];
	snprintf(why_key, sizeof(why_key), "%s_why", key);
	json_key(w, key);
	json_null(w);
	json_key(w, why_key);
	json_text(w, why);
}

void json_unwind(struct json_writer *w, unsigned depth)
{
	if (w->has_key)
		json_null(w);
	while (w->depth > depth)
		end(w, top(w)->array);
}

int json_done(struct json_writer *w, struct error *error)
{
	assert(w->begun && !w->depth);
	fputc('\n', w->out);
	return sink_check(w->out, error);
}
