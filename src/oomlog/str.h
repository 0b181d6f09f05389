/* A piece of text that somebody else owns, and the few questions that parsers ask of it. */
#ifndef OOMLOG_STR_H
#define OOMLOG_STR_H

#include <string.h>

#include "base/types.h"

struct str {
	const char *s;
	size_t len;
};

#define STR(literal) ((struct str){literal, sizeof(literal) - 1})

static inline struct str str_of(const char *s)
{
	return (struct str){s, s ? strlen(s) : 0};
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The byte at i, 0 past the end: texts have no NUL bytes here (envelope.c takes them out). */
static inline char str_at(struct str t, size_t i)
{
	return i < t.len ? t.s[i] : 0;
}

static inline struct str str_from(struct str t, size_t n)
{
	if (n > t.len)
		n = t.len;
	return n ? (struct str){t.s + n, t.len - n} : t;
}

static inline struct str str_head(struct str t, size_t n)
{
	return (struct str){t.s, n < t.len ? n : t.len};
}

static inline struct str str_trim_left(struct str t)
{
	while (t.len && is_blank(t.s[0]))
		t = str_from(t, 1);
	return t;
}

static inline struct str str_trim_right(struct str t)
{
	while (t.len && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

static inline struct str str_trim(struct str t)
{
	return str_trim_right(str_trim_left(t));
}

static inline bool str_starts(struct str t, struct str with)
{
	return t.len >= with.len && with.len && memcmp(t.s, with.s, with.len) == 0;
}

static inline bool str_ends(struct str t, struct str with)
{
	return t.len >= with.len && memcmp(t.s + t.len - with.len, with.s, with.len) == 0;
}

static inline bool str_is(struct str t, struct str other)
{
	return t.len == other.len && (!t.len || memcmp(t.s, other.s, t.len) == 0);
}

static inline bool str_is_nocase(struct str t, struct str other)
{
	if (t.len != other.len)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (to_lower(t.s[i]) != to_lower(other.s[i]))
			return false;
	return true;
}

/* Where `part` begins, or SIZE_MAX. */
static inline size_t str_find(struct str t, struct str part)
{
	const char *at = t.len >= part.len ? memmem(t.s, t.len, part.s, part.len) : NULL;
	return at ? (size_t)(at - t.s) : SIZE_MAX;
}

static inline size_t str_find_last(struct str t, struct str part)
{
	for (size_t i = t.len >= part.len ? t.len - part.len + 1 : 0; i-- > 0;)
		if (memcmp(t.s + i, part.s, part.len) == 0)
			return i;
	return SIZE_MAX;
}

static inline size_t str_find_char(struct str t, char c)
{
	const char *at = t.len ? memchr(t.s, c, t.len) : NULL;
	return at ? (size_t)(at - t.s) : SIZE_MAX;
}

static inline bool str_contains(struct str t, struct str part)
{
	return str_find(t, part) != SIZE_MAX;
}

/* Digits at the front. */
static inline size_t str_digits(struct str t)
{
	size_t n = 0;
	while (n < t.len && is_digit(t.s[n]))
		n++;
	return n;
}

static inline size_t str_blanks(struct str t)
{
	size_t n = 0;
	while (n < t.len && is_blank(t.s[n]))
		n++;
	return n;
}

/* Bytes up to the next blank. */
static inline size_t str_word(struct str t)
{
	size_t n = 0;
	while (n < t.len && !is_blank(t.s[n]))
		n++;
	return n;
}

/*
 * A decimal number at the front: how many bytes it takes; 0, and the value 0, when there is none or
 * when it does not fit into 63 bits.  Nothing is said about what follows.
 */
static inline size_t str_number(struct str t, s64 *value)
{
	*value = 0;
	size_t sign = str_at(t, 0) == '-', n = str_digits(str_from(t, sign));
	u64 v = 0;
	if (!n)
		return 0;
	for (size_t i = sign; i < sign + n; i++) {
		u64 digit = (u64)(t.s[i] - '0');
		if (v > (INT64_MAX - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	*value = sign ? -(s64)v : (s64)v;
	return sign + n;
}

#endif
