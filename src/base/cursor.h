/*
 * A bounded cursor over bytes that nobody vouches for.
 *
 * Reading past the end fails once and for all: the value is 0, `failed` stays set, and every later
 * read fails too.  So a parser reads a whole header and asks cursor_ok() once, before it uses any
 * of the values; counts that size a loop or an allocation are compared with cursor_left() first.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <string.h>

#include "base/types.h"

struct cursor {
	const u8 *start, *pos, *end;
	bool failed;
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
	const u8 *start = bytes;
	return (struct cursor){.start = start, .pos = start, .end = start + size};
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->failed;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->pos);
}

static inline size_t cursor_offset(const struct cursor *c)
{
	return (size_t)(c->pos - c->start);
}

/* The next n bytes, in place; NULL (and failed) when fewer are left. */
static inline const void *cursor_bytes(struct cursor *c, size_t n)
{
	if (c->failed || n > (size_t)(c->end - c->pos)) {
		c->failed = true;
		return NULL;
	}
	const u8 *here = c->pos;
	c->pos += n;
	return here;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	cursor_bytes(c, n);
}

static inline void cursor_seek(struct cursor *c, size_t offset)
{
	if (c->failed || offset > (size_t)(c->end - c->start))
		c->failed = true;
	else
		c->pos = c->start + offset;
}

/* Pad up to a multiple of align from the start; align is a power of two. */
static inline void cursor_align(struct cursor *c, size_t align)
{
	cursor_skip(c, (size_t)(align_up(cursor_offset(c), align) - cursor_offset(c)));
}

/* Little endian: the only order of the machines that we read (src/arch). */
static inline u64 cursor_uint(struct cursor *c, size_t size)
{
	u64 value = 0;
	const void *bytes = cursor_bytes(c, size);
	if (bytes)
		memcpy(&value, bytes, size);
	return value;
}

static inline u8 cursor_u8(struct cursor *c)
{
	return (u8)cursor_uint(c, 1);
}

static inline u16 cursor_u16(struct cursor *c)
{
	return (u16)cursor_uint(c, 2);
}

static inline u32 cursor_u32(struct cursor *c)
{
	return (u32)cursor_uint(c, 4);
}

static inline u64 cursor_u64(struct cursor *c)
{
	return cursor_uint(c, 8);
}

static inline u64 cursor_be64(struct cursor *c)
{
	return __builtin_bswap64(cursor_uint(c, 8));
}

#endif
