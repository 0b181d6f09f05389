/*
 * A set is one cache line: its lock, the names of its blocks, and when each was last used.  The
 * blocks themselves lie in one anonymous mapping, so that a cache that is never used costs no
 * memory.
 */
#include "dump/cache.h"

#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "dump/spin.h"

enum { WAYS = 4 };

struct set {
	u32 lock;
	u32 clock;	/* counts uses; may wrap: then the order is wrong once */
	u64 name[WAYS]; /* key + 1; 0 is an empty place */
	u32 used[WAYS]; /* clock of the last use */
} __attribute__((aligned(64)));

struct cache {
	size_t block_size;
	unsigned shift; /* 64 - log2(number of sets) */
	struct set *sets;
	u8 *blocks;
	size_t map_bytes;
};

static void *map_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

struct cache *cache_new(size_t block_size, size_t bytes)
{
	unsigned bits = 1;
	while (((size_t)WAYS * block_size << (bits + 1)) <= bytes)
		bits++;
	struct cache *cache = mem_alloc(sizeof(*cache));
	size_t nr_sets = (size_t)1 << bits;
	cache->block_size = block_size;
	cache->shift = 64 - bits;
	size_t set_bytes = nr_sets * sizeof(struct set);
	cache->map_bytes = set_bytes + nr_sets * WAYS * block_size;
	cache->sets = map_memory(cache->map_bytes);
	if (!cache->sets) { /* works without: every lookup misses */
		cache->map_bytes = 0;
		return cache;
	}
	cache->blocks = (u8 *)cache->sets + set_bytes;
	return cache;
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	if (cache->sets)
		munmap(cache->sets, cache->map_bytes);
	free(cache);
}

static struct set *set_of(const struct cache *cache, u64 key)
{
	return &cache->sets[(key * 0x9e3779b97f4a7c15ULL) >> cache->shift];
}

static u8 *block_at(const struct cache *cache, const struct set *set, unsigned way)
{
	return cache->blocks + ((size_t)(set - cache->sets) * WAYS + way) * cache->block_size;
}

static int way_of(const struct set *set, u64 key)
{
	for (int way = 0; way < WAYS; way++) {
		if (set->name[way] == key + 1)
			return way;
	}
	return -1;
}

bool cache_get(struct cache *cache, u64 key, size_t offset, void *buffer, size_t len)
{
	if (!cache->sets)
		return false;
	struct set *set = set_of(cache, key);
	spin_lock(&set->lock);
	int way = way_of(set, key);
	if (way >= 0) {
		set->used[way] = ++set->clock;
		memcpy(buffer, block_at(cache, set, (unsigned)way) + offset, len);
	}
	spin_unlock(&set->lock);
	return way >= 0;
}

/* An empty place, or the block whose last use is longest ago. */
static unsigned victim(const struct set *set)
{
	unsigned oldest = 0;
	for (unsigned way = 0; way < WAYS; way++) {
		if (!set->name[way])
			return way;
		if (set->clock - set->used[way] > set->clock - set->used[oldest])
			oldest = way;
	}
	return oldest;
}

void cache_put(struct cache *cache, u64 key, const void *block)
{
	if (!cache->sets)
		return;
	struct set *set = set_of(cache, key);
	spin_lock(&set->lock);
	if (way_of(set, key) < 0) { /* another thread may have been faster */
		unsigned way = victim(set);
		set->name[way] = key + 1;
		set->used[way] = ++set->clock;
		memcpy(block_at(cache, set, way), block, cache->block_size);
	}
	spin_unlock(&set->lock);
}
