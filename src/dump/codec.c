/*
 * zlib goes through libdeflate where it is there (twice as fast), else through zlib itself; zstd
 * keeps its context, which costs more to make than a page costs to unpack.
 */
#include "dump/codec.h"

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#elif defined(HAVE_ZLIB)
#include <zlib.h>
#endif
#ifdef HAVE_LZO
#include <lzo/lzo1x.h>
#endif
#ifdef HAVE_SNAPPY
#include <snappy-c.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#ifdef HAVE_LIBDEFLATE
static bool zlib_decode(struct codec_state *state, const void *in, size_t in_len, void *page,
			size_t page_size)
{
	if (!state->deflate)
		state->deflate = libdeflate_alloc_decompressor();
	/* Without room for the actual length it insists on page_size bytes. */
	return state->deflate && libdeflate_zlib_decompress(state->deflate, in, in_len, page,
							    page_size, NULL) == LIBDEFLATE_SUCCESS;
}
#define ZLIB .decode = zlib_decode
#elif defined(HAVE_ZLIB)
static bool zlib_decode(struct codec_state *state, const void *in, size_t in_len, void *page,
			size_t page_size)
{
	uLongf n = page_size;
	return uncompress(page, &n, in, in_len) == Z_OK && n == page_size;
}
#define ZLIB .decode = zlib_decode
#else
#define ZLIB .decode = NULL
#endif

#ifdef HAVE_LZO
static bool lzo_decode(struct codec_state *state, const void *in, size_t in_len, void *page,
		       size_t page_size)
{
	lzo_uint n = page_size;
	return lzo1x_decompress_safe(in, in_len, page, &n, NULL) == LZO_E_OK && n == page_size;
}
#define LZO .decode = lzo_decode
#else
#define LZO .decode = NULL
#endif

#ifdef HAVE_SNAPPY
static bool snappy_decode(struct codec_state *state, const void *in, size_t in_len, void *page,
			  size_t page_size)
{
	size_t n = page_size;
	return snappy_uncompress(in, in_len, page, &n) == SNAPPY_OK && n == page_size;
}
#define SNAPPY .decode = snappy_decode
#else
#define SNAPPY .decode = NULL
#endif

#ifdef HAVE_ZSTD
static bool zstd_decode(struct codec_state *state, const void *in, size_t in_len, void *page,
			size_t page_size)
{
	if (!state->zstd)
		state->zstd = ZSTD_createDCtx();
	return state->zstd &&
	       ZSTD_decompressDCtx(state->zstd, page, page_size, in, in_len) == page_size;
}
#define ZSTD .decode = zstd_decode
#else
#define ZSTD .decode = NULL
#endif

void codec_state_done(struct codec_state *state)
{
#ifdef HAVE_LIBDEFLATE
	if (state->deflate)
		libdeflate_free_decompressor(state->deflate);
#endif
#ifdef HAVE_ZSTD
	ZSTD_freeDCtx(state->zstd);
#endif
	*state = (struct codec_state){0};
}

static const struct codec codecs[] = {
	{.name = "zlib", .flag = 0x1, ZLIB},
	{.name = "lzo", .flag = 0x2, LZO},
	{.name = "snappy", .flag = 0x4, SNAPPY},
	{.name = "zstd", .flag = 0x20, ZSTD},
};

const struct codec *codec_by_flags(u32 flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		if (codecs[i].flag == (flags & CODEC_FLAGS))
			return &codecs[i];
	}
	return NULL;
}
