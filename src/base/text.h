/*
 * Text for people and for machines: escaping what comes out of a dump (text.c), numbers with units
 * (text_units.c).  base/text_utf8.h knows the characters, base/text_suggest.h finds the word that
 * was meant.
 *
 * Nothing from a dump or a log reaches a terminal, JSON or HTML except through one of these.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdio.h>

#include "base/types.h"

/*
 * Terminal: valid printable UTF-8 as it is.  The bytes of everything else as \xNN: controls, DEL,
 * C1, bidi controls and other format characters, line separators, private use, bytes that are no
 * UTF-8. A backslash stays one (unit names of systemd are full of them).
 */
void text_put_safe(FILE *out, const char *text, size_t len);
/* The same into a buffer (always terminated); returns the length that was needed. */
size_t text_safe(char *buffer, size_t size, const char *text, size_t len);
/*
 * Columns that text_put_safe's output takes on a terminal (wide characters count two, combining
 * ones 0).
 */
size_t text_safe_width(const char *text, size_t len);
/*
 * text_put_safe in at most `columns` columns; what had to be cut ends with the mark (one column
 * wide).
 */
void text_put_safe_cut(FILE *out, const char *text, size_t len, size_t columns, const char *mark);
/* JSON string with quotes: bytes that are no UTF-8 as \u00NN of the byte; what a terminal must not
 * see, < > & and U+2028/9 as \uNNNN. */
void text_put_json(FILE *out, const char *text, size_t len);

/* "1.5 GiB", "12.3 MiB", "812 B": at most one decimal, binary units; returns buffer. */
const char *text_bytes(char buffer[static 16], u64 bytes);
/* "12,345,678" */
const char *text_grouped(char buffer[static 32], u64 n);

/* "12.3 s", "1:02:03" (from a minute on), "3d 04:05:06" */
const char *text_duration(char buffer[static 32], double seconds);
/* "2024-05-31 12:00:00 UTC" */
const char *text_moment(char buffer[static 40], u64 unix_seconds);

/*
 * Parsers take the text whole: false, and nothing written, when there is anything else in it.
 * size: "512", "64K", "1.5G", "64KiB", "0x1f"; *has_unit (may be NULL) tells whether there was a
 * unit. hex: with 0x or without.  real: finite.  moment: "2024-05-31", "2024-05-31T12:00:00[Z]", or
 * seconds.
 */
bool text_parse_size(const char *text, u64 *value);
bool text_parse_size_unit(const char *text, u64 *value, bool *has_unit);
bool text_parse_u64(const char *text, u64 *value);
bool text_parse_s64(const char *text, s64 *value);
bool text_parse_hex(const char *text, u64 *value);
bool text_parse_real(const char *text, double *value);
bool text_parse_moment(const char *text, u64 *unix_seconds);

/* The string contains the other one, ASCII case ignored. */
bool text_contains(const char *text, const char *part);

#endif
