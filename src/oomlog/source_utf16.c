/*
 * UTF-16 as UTF-8: what `journalctl > log` becomes when a terminal of Windows wrote the file.
 *
 * The kernel's words are ASCII; characters beyond it are carried over, halves of pairs that stand
 * alone become U+FFFD.
 */
#include <string.h>

#include "oomlog/source.h"

enum { RAW = 64 << 10, MOST_UTF8 = 3, LOOK_AT = 256, BYTE_ORDER_MARK = 0xfeff };

bool source_is_utf16(const u8 *head, size_t len, bool *big_endian)
{
	if (len < 4)
		return false;
	if ((head[0] == 0xff && head[1] == 0xfe) || (head[0] == 0xfe && head[1] == 0xff)) {
		*big_endian = head[0] == 0xfe;
		return true;
	}
	size_t zeros[2] = {0}, n = u64_min(len, LOOK_AT) & ~(size_t)1;
	for (size_t i = 0; i < n; i++)
		zeros[i & 1] += head[i] == 0;
	*big_endian = zeros[0] > zeros[1];
	size_t most = u64_max(zeros[0], zeros[1]), least = u64_min(zeros[0], zeros[1]);
	return least == 0 && most * 10 >= n / 2 * 9;
}

static size_t put_utf8(u8 *out, u32 c)
{
	if (c < 0x80) {
		out[0] = (u8)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (u8)(0xc0 | c >> 6);
		out[1] = (u8)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	out[0] = (u8)(0xe0 | c >> 12);
	out[1] = (u8)(0x80 | (c >> 6 & 0x3f));
	out[2] = (u8)(0x80 | (c & 0x3f));
	return 3;
}

/* At least one unit in raw, or the end: 0; -1: reading failed. */
static int more(struct source_utf16 *u, struct error *error)
{
	while (u->len - u->at < 2) {
		if (u->len - u->at)
			u->raw[0] = u->raw[u->at];
		u->len -= u->at;
		u->at = 0;
		s64 n = u->inner.read(u->inner.context, u->raw + u->len, RAW - u->len, error);
		if (n <= 0)
			return n ? -1 : 0;
		u->len += (size_t)n;
	}
	return 0;
}

static s64 read_decoded(void *context, void *buffer, size_t room, struct error *error)
{
	struct source_utf16 *u = context;
	u8 *out = buffer;
	size_t n = 0;
	do {
		if (more(u, error))
			return -1;
		while (u->len - u->at >= 2 && room - n >= MOST_UTF8) {
			const u8 *two = u->raw + u->at;
			u32 unit = u->big_endian ? (u32)two[0] << 8 | two[1]
						 : (u32)two[1] << 8 | two[0];
			u->at += 2;
			if (unit != BYTE_ORDER_MARK)
				n += put_utf8(out + n, unit);
		}
	} while (!n && u->len - u->at >= 2); /* only marks so far: 0 would mean the end */
	return (s64)n;
}

struct source source_utf16_open(struct source_utf16 *u, const struct source *inner, bool big_endian,
				const u8 *head, size_t len)
{
	*u = (struct source_utf16){.inner = *inner, .big_endian = big_endian};
	u->raw = mem_alloc(len > RAW ? len : RAW);
	memcpy(u->raw, head, len);
	u->len = len;
	return (struct source){.read = read_decoded, .context = u, .total = inner->total};
}

void source_utf16_close(struct source_utf16 *u)
{
	free(u->raw);
}
