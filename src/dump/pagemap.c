/*
 * Lines of 512 bits (64 bytes) in blocks of 32768 bits (4 KiB): a line is what one rank costs to
 * count, a block what a long run is followed in.
 */
#include "dump/pagemap.h"

#include <string.h>

#include "base/mem.h"

enum {
	WORD_BITS = 64,
	LINE_BITS = 512,
	BLOCK_BITS = 32768,
	LINES_PER_BLOCK = BLOCK_BITS / LINE_BITS
};
enum { BLOCK_BYTES = BLOCK_BITS / 8, BLOCK_WORDS = BLOCK_BITS / WORD_BITS, CHUNK_BLOCKS = 64 };

void pagemap_init(struct pagemap *map, struct file *file, u64 offset, u64 nr_bits)
{
	u64 bytes = file->size > offset ? file->size - offset : 0;
	if (bytes < UINT64_MAX / 8)
		nr_bits = u64_min(nr_bits, bytes * 8);
	*map = (struct pagemap){.file = file, .offset = offset, .nr_bits = nr_bits};
}

void pagemap_done(struct pagemap *map)
{
	free(map->block_rank);
	free(map->line_rank);
	*map = (struct pagemap){0};
}

static size_t bytes_of(u64 bits)
{
	return (size_t)((bits + 7) / 8);
}

/*
 * Clear what lies behind the last bit that counts; `from` is the number of the first bit in words.
 */
static void mask_tail(const struct pagemap *map, u64 from, u64 *words, size_t nr_words)
{
	for (size_t i = 0; i < nr_words; i++) {
		u64 first = from + i * WORD_BITS;
		if (first + WORD_BITS <= map->nr_bits)
			continue;
		words[i] &= first >= map->nr_bits ? 0 : ((u64)1 << (map->nr_bits - first)) - 1;
	}
}

/* Words from bit `from` on (a multiple of 512); bits that do not count read as 0. */
static enum read_status read_words(const struct pagemap *map, u64 from, u64 *words, size_t nr_words,
				   bool cached)
{
	size_t size = nr_words * sizeof(*words);
	size_t there = (size_t)u64_min(size, bytes_of(map->nr_bits - from));
	u64 at = map->offset + from / 8;
	enum read_status status = cached ? file_read_cached(map->file, at, words, there)
					 : file_read(map->file, at, words, there);
	if (status)
		return status;
	memset((u8 *)words + there, 0, size - there);
	if (from + nr_words * WORD_BITS > map->nr_bits)
		mask_tail(map, from, words, nr_words);
	return READ_OK;
}

static u64 count_words(const u64 *words, size_t n)
{
	u64 count = 0;
	for (size_t i = 0; i < n; i++)
		count += (u64)__builtin_popcountll(words[i]);
	return count;
}

static void index_block(struct pagemap *map, u64 block, const u64 *words)
{
	map->block_rank[block] = map->nr_set;
	u64 in_block = 0;
	for (unsigned line = 0; line < LINES_PER_BLOCK; line++) {
		map->line_rank[block * LINES_PER_BLOCK + line] = (u16)in_block;
		in_block +=
			count_words(words + line * (LINE_BITS / WORD_BITS), LINE_BITS / WORD_BITS);
	}
	map->nr_set += in_block;
}

static void grow(struct pagemap *map, u64 nr_blocks)
{
	map->block_rank = mem_realloc(map->block_rank, nr_blocks * sizeof(*map->block_rank));
	map->line_rank =
		mem_realloc(map->line_rank, nr_blocks * LINES_PER_BLOCK * sizeof(*map->line_rank));
}

void pagemap_index(struct pagemap *map)
{
	u64 nr_blocks = (map->nr_bits + BLOCK_BITS - 1) / BLOCK_BITS;
	u64 *words = mem_calloc(CHUNK_BLOCKS, BLOCK_BYTES);
	u64 room = 0;
	for (u64 block = 0; block < nr_blocks; block += CHUNK_BLOCKS) {
		u64 n = u64_min(CHUNK_BLOCKS, nr_blocks - block);
		if (read_words(map, block * BLOCK_BITS, words, (size_t)n * BLOCK_WORDS, false)) {
			map->nr_bits = block * BLOCK_BITS;
			break;
		}
		if (block + n > room) /* only as fast as bytes were really read */
			grow(map, room = u64_max(block + n, u64_min(nr_blocks, room * 2)));
		for (u64 i = 0; i < n; i++)
			index_block(map, block + i, words + i * BLOCK_WORDS);
	}
	free(words);
}

/* How many bits from `skip` on equal `set`, within n words. */
static u64 same_bits(const u64 *words, size_t nr_words, u64 skip, bool set)
{
	u64 flip = set ? ~(u64)0 : 0;
	size_t i = skip / WORD_BITS;
	u64 differ = (words[i] ^ flip) & (~(u64)0 << skip % WORD_BITS);
	while (!differ) {
		if (++i == nr_words)
			return nr_words * WORD_BITS - skip;
		differ = words[i] ^ flip;
	}
	return i * WORD_BITS + (u64)__builtin_ctzll(differ) - skip;
}

enum read_status pagemap_run(const struct pagemap *map, u64 pfn, u64 max, bool *set, u64 *run)
{
	if (pfn >= map->nr_bits)
		return READ_TRUNCATED;
	max = u64_min(max, map->nr_bits - pfn);
	u64 words[BLOCK_WORDS];
	u64 skip = pfn % LINE_BITS, room = LINE_BITS; /* first the line, then whole blocks */
	u64 n = 0;
	for (u64 from = pfn - skip; n < max; from += room, skip = 0) {
		if (n)
			room = BLOCK_BITS - from % BLOCK_BITS;
		enum read_status status = read_words(map, from, words, room / WORD_BITS, true);
		if (status && !n)
			return status;
		if (status)
			break;
		if (!n)
			*set = words[skip / WORD_BITS] >> skip % WORD_BITS & 1;
		u64 same = same_bits(words, room / WORD_BITS, skip, *set);
		n += same;
		if (same < room - skip)
			break;
	}
	*run = u64_min(n, max);
	return READ_OK;
}

enum read_status pagemap_rank(const struct pagemap *map, u64 pfn, u64 *rank)
{
	if (pfn >= map->nr_bits) {
		*rank = map->nr_set;
		return READ_OK;
	}
	u64 words[LINE_BITS / WORD_BITS];
	u64 line = pfn / LINE_BITS, bits = pfn % LINE_BITS;
	enum read_status status = read_words(map, line * LINE_BITS, words, ARRAY_SIZE(words), true);
	if (status)
		return status;
	u64 count = map->block_rank[pfn / BLOCK_BITS] + map->line_rank[line];
	count += count_words(words, bits / WORD_BITS);
	if (bits % WORD_BITS)
		count += (u64)__builtin_popcountll(words[bits / WORD_BITS] &
						   (((u64)1 << bits % WORD_BITS) - 1));
	*rank = count;
	return READ_OK;
}
