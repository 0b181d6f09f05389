/* A sum over pages and their addresses that does not depend on the order in which they are read. */
#ifndef BENCH_SUM_H
#define BENCH_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A part of a page at the end counts as if zeros followed. */
static inline uint64_t sum_pages(uint64_t paddr, const unsigned char *bytes, size_t len)
{
	uint64_t total = 0;
	for (size_t page = 0; page < len; page += 4096) {
		uint64_t hash = (paddr + page) * 0x9e3779b97f4a7c15ULL;
		for (size_t i = page; i < page + 4096; i += 8) {
			uint64_t word = 0;
			if (i + 8 <= len)
				memcpy(&word, bytes + i, sizeof(word));
			hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
		}
		total += hash ^ hash >> 32;
	}
	return total;
}

#endif
