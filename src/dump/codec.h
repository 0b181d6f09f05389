/*
 * How single pages of kdump-compressed files are packed: one record per codec.
 *
 * A codec must give exactly one page and stay within its buffers whatever the input is.
 */
#ifndef DUMP_CODEC_H
#define DUMP_CODEC_H

#include "base/types.h"

/* What codecs keep between pages; one per thread at a time, made on first use. */
struct codec_state {
	struct libdeflate_decompressor *deflate;
	struct ZSTD_DCtx_s *zstd;
};

struct codec {
	const char *name;
	u32 flag; /* in the page descriptor and in the header's status: makedumpfile's
		     DUMP_DH_COMPRESSED_* */
	/* false: the bytes are not one packed page.  NULL: not built in. */
	bool (*decode)(struct codec_state *state, const void *in, size_t in_len, void *page,
		       size_t page_size);
};

enum { CODEC_FLAGS = 0x1 | 0x2 | 0x4 | 0x20 };

/* The codec of exactly these flags (CODEC_FLAGS of them); NULL when there is none such. */
const struct codec *codec_by_flags(u32 flags);

void codec_state_done(struct codec_state *state);

#endif
