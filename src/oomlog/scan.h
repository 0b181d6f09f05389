/*
 * Finding a few fixed strings in gigabytes of text, at the speed of memory.
 *
 * A log of a gigabyte holds a thousand OOM reports or none; what the parser reads is what lies
 * around one of the needles.
 */
#ifndef OOMLOG_SCAN_H
#define OOMLOG_SCAN_H

#include "base/types.h"

enum {
	SCAN_MOST_NEEDLES = 64,
	SCAN_PRINT = 4,	  /* bytes of a needle's fingerprint */
	SCAN_BUCKETS = 8, /* bits of a byte */
};

struct scan_needle {
	const char *text;
	u32 len, at; /* its fingerprint begins at text + at */
	u32 print;   /* the fingerprint's bytes */
	u32 bucket;
};

struct scan {
	/* In the order of their buckets; those of bucket b are first[b] .. first[b + 1] - 1. */
	struct scan_needle needles[SCAN_MOST_NEEDLES];
	size_t first[SCAN_BUCKETS + 1];
	size_t longest;
	/* Buckets whose fingerprints can have this byte at this place; by whole byte, and by its
	 * halves, for the vectors. */
	u8 by_byte[SCAN_PRINT][256];
	u8 by_low[SCAN_PRINT][16], by_high[SCAN_PRINT][16];
};

/*
 * The texts (four bytes or longer, others are passed over; case counts) must outlive the scan; at
 * most SCAN_MOST_NEEDLES.  sample: the beginning of what will be searched, as far as it is there:
 * it tells which parts of the needles are rare.
 */
void scan_init(struct scan *scan, const char *const *texts, size_t n, const u8 *sample, size_t len);

/*
 * A place in from..end where one of the needles stands as a whole, the first up to a needle's
 * length; NULL: none.  *len is the needle's length.  A needle that is cut by the end is not found:
 * the next call must begin scan->longest - 1 bytes before the old end.
 */
const u8 *scan_find(const struct scan *scan, const u8 *from, const u8 *end, size_t *len);

/* The same without vectors: what they are tested against. */
const u8 *scan_find_plain(const struct scan *scan, const u8 *from, const u8 *end, size_t *len);

#endif
