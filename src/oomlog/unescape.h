/* Bytes out of what programs made of them; all write into a buffer of their own. */
#ifndef OOMLOG_UNESCAPE_H
#define OOMLOG_UNESCAPE_H

#include "oomlog/str.h"

/* A growing buffer of bytes; free(bytes.v) in the end. */
struct bytes {
	char *v;
	size_t n, room;
};

void bytes_add(struct bytes *to, struct str text);
void bytes_add_char(struct bytes *to, char c);

/* Terminal noise, tags and entities of forums out, NBSP to blank, NUL bytes away. */
void unescape_noise(struct bytes *to, struct str text);
bool has_noise(struct str text);

/* #012, \x0a, \012 and \n between words: line feeds; #011: a tab; \x5c: a backslash. */
void unescape_controls(struct bytes *to, struct str text);
bool has_controls(struct str text);

/* A JSON string's inside. */
void unescape_json(struct bytes *to, struct str text);

#endif
