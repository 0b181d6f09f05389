/*
 * The hash of names: eight bytes a step, well mixed in the low bits that tables use.
 *
 * Not secret: a dump made on purpose can crowd one slot, so whoever loads names bounds their
 * number.
 */
#ifndef DEBUGINFO_HASH_H
#define DEBUGINFO_HASH_H

#include <string.h>

#include "base/types.h"

static inline u64 hash_bytes(const char *bytes, size_t len)
{
	const u64 multiplier = 0x9e3779b97f4a7c15;
	u64 hash = len * multiplier, word = 0;
	for (; len >= 8; bytes += 8, len -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * multiplier;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, bytes, len);
	hash = (hash ^ word) * multiplier;
	return hash ^ hash >> 29;
}

#endif
