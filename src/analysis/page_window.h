/*
 * Struct pages of one stretch of page frames, read as they are asked for.
 *
 * A free block or a huge page says by its first struct page what thousands are: then what lies
 * between is never read.  Reading goes by small pieces after such a leap and by larger ones in a
 * row.
 */
#ifndef ANALYSIS_PAGE_WINDOW_H
#define ANALYSIS_PAGE_WINDOW_H

#include "object/memmap.h"

enum { WINDOW_PAGES = 32768, WINDOW_PIECE = 4096, WINDOW_MOST_AT_ONCE = 256 * 1024 };

struct page_window {
	const struct memmap *map;
	u8 *bytes, *piece_state; /* READ_OK + 1: is there; 0: not read yet */
	u64 kva;		 /* of the first struct page */
	u64 first_pfn, nr_pages;
	size_t size, nr_pieces;
	size_t next_piece, at_once; /* reading in a row */
	u64 bytes_read;
};

void page_window_init(struct page_window *w, const struct memmap *map);
void page_window_done(struct page_window *w);
/* At most WINDOW_PAGES page frames, all of one section. */
void page_window_set(struct page_window *w, u64 first_pfn, u64 nr_pages, u64 kva);
/*
 * The struct pages of pfn and (as far as the window goes) the one behind it; NULL: not readable,
 * *status tells why.
 */
const u8 *page_window_get(struct page_window *w, u64 pfn, enum read_status *status);

#endif
