/*
 * gzip through zlib, xz through liblzma, zstd; members and frames that follow one another are one
 * stream, as their own tools see it.  bzip2, lz4 and the like are only recognised, to say what to
 * do.
 */
#include "dump/unpack.h"

#include <string.h>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/mem.h"

#ifdef HAVE_ZLIB
struct gzip {
	z_stream stream;
	bool between; /* a member has ended; another one may follow */
};

static void *gzip_start(void)
{
	struct gzip *gzip = mem_alloc(sizeof(*gzip));
	if (inflateInit2(&gzip->stream, 16 + MAX_WBITS) == Z_OK)
		return gzip;
	free(gzip);
	return NULL;
}

static enum unpack_status gzip_step(void *state, struct unpack_io *io)
{
	struct gzip *gzip = state;
	if (gzip->between) {
		if (!io->in_len)
			return io->last ? UNPACK_END : UNPACK_MORE;
		if (io->in[0] != 0x1f) /* padding of tapes and block devices */
			return UNPACK_END;
		inflateReset(&gzip->stream);
		gzip->between = false;
	}
	gzip->stream.next_in = (Bytef *)io->in;
	gzip->stream.avail_in = (uInt)io->in_len;
	gzip->stream.next_out = io->out;
	gzip->stream.avail_out = (uInt)io->out_room;
	int result = inflate(&gzip->stream, Z_NO_FLUSH);
	io->in = gzip->stream.next_in;
	io->in_len = gzip->stream.avail_in;
	io->out = gzip->stream.next_out;
	io->out_room = gzip->stream.avail_out;
	gzip->between = result == Z_STREAM_END;
	return result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END ? UNPACK_MORE
										 : UNPACK_DAMAGED;
}

static void gzip_finish(void *state)
{
	inflateEnd(&((struct gzip *)state)->stream);
	free(state);
}
#define GZIP .start = gzip_start, .step = gzip_step, .finish = gzip_finish
#else
#define GZIP .start = NULL
#endif

#ifdef HAVE_LZMA
static void *xz_start(void)
{
	lzma_stream *stream = mem_alloc(sizeof(*stream));
	if (lzma_stream_decoder(stream, MIB(512), LZMA_CONCATENATED) == LZMA_OK)
		return stream;
	free(stream);
	return NULL;
}

static enum unpack_status xz_step(void *state, struct unpack_io *io)
{
	lzma_stream *stream = state;
	stream->next_in = io->in;
	stream->avail_in = io->in_len;
	stream->next_out = io->out;
	stream->avail_out = io->out_room;
	lzma_ret result = lzma_code(stream, io->last ? LZMA_FINISH : LZMA_RUN);
	io->in = stream->next_in;
	io->in_len = stream->avail_in;
	io->out = stream->next_out;
	io->out_room = stream->avail_out;
	if (result == LZMA_STREAM_END)
		return UNPACK_END;
	return result == LZMA_OK || result == LZMA_BUF_ERROR ? UNPACK_MORE : UNPACK_DAMAGED;
}

static void xz_finish(void *state)
{
	lzma_end(state);
	free(state);
}
#define XZ .start = xz_start, .step = xz_step, .finish = xz_finish
#else
#define XZ .start = NULL
#endif

#ifdef HAVE_ZSTD
struct zstd {
	ZSTD_DStream *stream;
	bool between; /* at a frame's end */
};

static void *zstd_start(void)
{
	struct zstd *zstd = mem_alloc(sizeof(*zstd));
	zstd->stream = ZSTD_createDStream();
	if (zstd->stream)
		return zstd;
	free(zstd);
	return NULL;
}

static enum unpack_status zstd_step(void *state, struct unpack_io *io)
{
	struct zstd *zstd = state;
	if (zstd->between && !io->in_len)
		return io->last ? UNPACK_END : UNPACK_MORE;
	ZSTD_inBuffer in = {.src = io->in, .size = io->in_len};
	ZSTD_outBuffer out = {.dst = io->out, .size = io->out_room};
	size_t left = ZSTD_decompressStream(zstd->stream, &out, &in);
	if (ZSTD_isError(left))
		return zstd->between ? UNPACK_END : UNPACK_DAMAGED;
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_room -= out.pos;
	zstd->between = left == 0;
	return UNPACK_MORE;
}

static void zstd_finish(void *state)
{
	ZSTD_freeDStream(((struct zstd *)state)->stream);
	free(state);
}
#define ZSTD .start = zstd_start, .step = zstd_step, .finish = zstd_finish
#else
#define ZSTD .start = NULL
#endif

static const struct unpacker unpackers[] = {
	{.name = "gzip", .magic = {0x1f, 0x8b, 0x08}, .magic_len = 3, .hint = "gzip -d", GZIP},
	{.name = "xz", .magic = {0xfd, '7', 'z', 'X', 'Z', 0}, .magic_len = 6, .hint = "xz -d", XZ},
	{.name = "zstd",
	 .magic = {0x28, 0xb5, 0x2f, 0xfd},
	 .magic_len = 4,
	 .hint = "zstd -d",
	 ZSTD},
	{.name = "bzip2", .magic = {'B', 'Z', 'h'}, .magic_len = 3, .hint = "bzip2 -d"},
	{.name = "lz4", .magic = {0x04, 0x22, 0x4d, 0x18}, .magic_len = 4, .hint = "lz4 -d"},
	{.name = "lzop", .magic = {0x89, 'L', 'Z', 'O', 0}, .magic_len = 5, .hint = "lzop -d"},
	{.name = "zip", .magic = {'P', 'K', 3, 4}, .magic_len = 4, .hint = "unzip"},
	{.name = "7z", .magic = {'7', 'z', 0xbc, 0xaf, 0x27, 0x1c}, .magic_len = 6, .hint = "7z x"},
};

const struct unpacker *unpacker_for(const void *head, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(unpackers); i++) {
		const struct unpacker *u = &unpackers[i];
		if (len >= u->magic_len && !memcmp(head, u->magic, u->magic_len))
			return u;
	}
	return NULL;
}
