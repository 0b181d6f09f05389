/* A window of the array of struct pages. */
#include "analysis/page_window.h"

#include <stdlib.h>

void page_window_init(struct page_window *w, const struct memmap *map)
{
	*w = (struct page_window){.map = map};
	size_t size = WINDOW_PAGES * map->page_bytes;
	/* One struct page more than there are, zeroed, so that "and the next" may be read. */
	w->bytes = mem_alloc(size + map->page_bytes);
	w->piece_state = mem_alloc(size / WINDOW_PIECE + 2);
}

void page_window_done(struct page_window *w)
{
	free(w->bytes);
	free(w->piece_state);
	*w = (struct page_window){0};
}

void page_window_set(struct page_window *w, u64 first_pfn, u64 nr_pages, u64 kva)
{
	w->first_pfn = first_pfn;
	w->nr_pages = u64_min(nr_pages, WINDOW_PAGES);
	w->kva = kva;
	w->size = w->nr_pages * w->map->page_bytes;
	w->nr_pieces = (w->size + WINDOW_PIECE - 1) / WINDOW_PIECE;
	memset(w->piece_state, 0, w->nr_pieces);
	memset(w->bytes + w->size, 0, w->map->page_bytes);
	w->next_piece = 0;
	w->at_once = 1;
}

static enum read_status read_pieces(struct page_window *w, size_t piece, size_t n)
{
	size_t at = piece * WINDOW_PIECE, len = n * WINDOW_PIECE;
	if (len > w->size - at)
		len = w->size - at;
	enum read_status status = kernel_read(w->map->k, w->kva + at, w->bytes + at, len);
	w->bytes_read += len;
	if (status && n > 1) { /* which of them? */
		for (size_t i = 0; i < n; i++)
			read_pieces(w, piece + i, 1);
		return (enum read_status)(w->piece_state[piece] - 1);
	}
	memset(w->piece_state + piece, status + 1, n);
	return status;
}

static enum read_status want_piece(struct page_window *w, size_t piece)
{
	if (w->piece_state[piece])
		return (enum read_status)(w->piece_state[piece] - 1);
	bool in_a_row = piece == w->next_piece;
	w->at_once = in_a_row ? w->at_once * 2 : 1;
	if (w->at_once > WINDOW_MOST_AT_ONCE / WINDOW_PIECE)
		w->at_once = WINDOW_MOST_AT_ONCE / WINDOW_PIECE;
	size_t n = 0;
	while (n < w->at_once && piece + n < w->nr_pieces && !w->piece_state[piece + n])
		n++;
	w->next_piece = piece + n;
	return read_pieces(w, piece, n);
}

const u8 *page_window_get(struct page_window *w, u64 pfn, enum read_status *status)
{
	size_t page_bytes = w->map->page_bytes, at = (pfn - w->first_pfn) * page_bytes;
	size_t own = (at + page_bytes - 1) / WINDOW_PIECE, /* where it ends, and the next one */
		next = (at + 2 * page_bytes - 1) / WINDOW_PIECE;
	*status = want_piece(w, at / WINDOW_PIECE);
	if (!*status && own != at / WINDOW_PIECE) /* struct pages of 56 bytes cross pieces */
		*status = want_piece(w, own);
	if (*status)
		return NULL;
	/* When the next one can't be read it is all zero: not a second page of anything. */
	if (next != own && next < w->nr_pieces && want_piece(w, next))
		memset(w->bytes + at + page_bytes, 0, page_bytes);
	return w->bytes + at;
}
