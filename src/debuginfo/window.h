/*
 * A region of memory read once, front to back, as far as somebody asks; pages that can't be read
 * are holes.
 *
 * Tables of the kernel lie in read-only data that every dump level keeps, but a file may be cut off
 * or damaged.  A parser over a window loses what stands in a hole, and not the table.
 */
#ifndef DEBUGINFO_WINDOW_H
#define DEBUGINFO_WINDOW_H

#include "base/reader.h"
#include "base/types.h"

struct window {
	const struct reader *reader;
	u64 address;
	size_t size, loaded, room;
	u8 *bytes;  /* [0, loaded); holes read as 0 */
	u64 *holes; /* one bit for each page that [address, address + size) touches */
	size_t nr_holes;
};

/* size is a bound that the caller has checked: memory is taken as far as it is read. */
void window_init(struct window *w, const struct reader *reader, u64 address, size_t size);
void window_done(struct window *w);

/*
 * Are these bytes there?  Loads up to them; false outside the region or when a hole is among them.
 */
bool window_load(struct window *w, size_t offset, size_t len);

static inline bool window_has(struct window *w, size_t offset, size_t len)
{
	if (w->nr_holes == 0 && offset <= w->loaded && len <= w->loaded - offset)
		return true;
	return window_load(w, offset, len);
}

static inline u32 window_u32(const struct window *w, size_t offset)
{
	u32 value;
	__builtin_memcpy(&value, w->bytes + offset, sizeof(value));
	return value;
}

static inline u64 window_u64(const struct window *w, size_t offset)
{
	u64 value;
	__builtin_memcpy(&value, w->bytes + offset, sizeof(value));
	return value;
}

#endif
