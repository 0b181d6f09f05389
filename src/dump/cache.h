/*
 * Blocks of equal size by number, for many threads: pages that were decompressed, pieces of files.
 *
 * Bounded: the memory is fixed when the cache is made, and touched only as it fills.  Set
 * associative with a lock per set, so that threads meet only when they want the same set at the
 * same moment.
 */
#ifndef DUMP_CACHE_H
#define DUMP_CACHE_H

#include "base/types.h"

struct cache;

/* About `bytes` of blocks of block_size bytes each (at least one set of them). */
struct cache *cache_new(size_t block_size, size_t bytes);
void cache_free(struct cache *cache); /* NULL is fine */

/* Copy len bytes at offset of the block named key; false when it is not there. */
bool cache_get(struct cache *cache, u64 key, size_t offset, void *buffer, size_t len);

/* Remember a whole block; the one of its set that was used longest ago makes room. */
void cache_put(struct cache *cache, u64 key, const void *block);

#endif
