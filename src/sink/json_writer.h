/*
 * Writing one JSON document as a stream.
 *
 *	struct json_writer w = json_writer_to(out, true);
 *	json_object_begin(&w);
 *	json_key(&w, "pid"); json_u64(&w, 42);
 *	json_object_end(&w);
 *	return json_done(&w, error);
 *
 * Wrong nesting (a value without key in an object, an unclosed array) is a bug of ours: assertions.
 *Texts may hold any bytes, keys are ours.  Write errors are told by json_done().
 */
#ifndef SINK_JSON_WRITER_H
#define SINK_JSON_WRITER_H

#include <stdio.h>

#include "base/error.h"
#include "base/types.h"

enum { JSON_DEEPEST = 64 };

struct json_level {
	bool array;
	bool any; /* something is written on it */
};

struct json_writer {
	FILE *out;
	bool pretty;
	bool has_key; /* a key waits for its value */
	bool begun;
	unsigned depth;
	struct json_level levels[JSON_DEEPEST];
};

struct json_writer json_writer_to(FILE *out, bool pretty);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);

void json_null(struct json_writer *w);
void json_bool(struct json_writer *w, bool value);
void json_u64(struct json_writer *w, u64 value);
void json_s64(struct json_writer *w, s64 value);
void json_real(struct json_writer *w, double value);	 /* null when not finite */
void json_address(struct json_writer *w, u64 address);	 /* "0x..." */
void json_text(struct json_writer *w, const char *text); /* NULL: null */
void json_textn(struct json_writer *w, const char *text, size_t len);
/* "key": null, "key_why": why */
void json_unknown(struct json_writer *w, const char *key, const char *why);

/* Close what is open, down to the given depth: for a document that ends early with an error. */
void json_unwind(struct json_writer *w, unsigned depth);
/* The document is complete: newline, flush; -1 with an error when anything could not be written. */
int json_done(struct json_writer *w, struct error *error);

#endif
