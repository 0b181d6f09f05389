/*
 * Streams that are compressed as a whole: one record per compression, told by its first bytes.
 * (Pages that are compressed one by one are dump/codec.h.)
 */
#ifndef DUMP_UNPACK_H
#define DUMP_UNPACK_H

#include "base/types.h"

/* What is still to be read, and where to write. */
struct unpack_io {
	const u8 *in;
	size_t in_len;
	u8 *out;
	size_t out_room;
	bool last; /* nothing will follow in */
};

enum unpack_status {
	UNPACK_MORE,	/* wants more input, or more room */
	UNPACK_END,	/* the end of the data, as the format marks it */
	UNPACK_DAMAGED, /* the rest makes no sense */
};

struct unpacker {
	const char *name;
	u8 magic[6];
	size_t magic_len;
	const char *hint;     /* how to unpack it by hand, when this program cannot */
	void *(*start)(void); /* NULL: not built in */
	enum unpack_status (*step)(void *state, struct unpack_io *io); /* moves in and out along */
	void (*finish)(void *state);
};

/* The one whose magic is at the start of head; NULL when it is not compressed. */
const struct unpacker *unpacker_for(const void *head, size_t len);

#endif
