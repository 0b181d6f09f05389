/* Regions with holes: large reads first, single pages where a large read failed. */
#include "debuginfo/window.h"

#include "base/mem.h"

enum { PAGE = 4096, CHUNK = 64 * PAGE };

static size_t page_of(const struct window *w, size_t offset)
{
	return (size_t)((w->address + offset) / PAGE - w->address / PAGE);
}

void window_init(struct window *w, const struct reader *reader, u64 address, size_t size)
{
	if (size > UINT64_MAX - address)
		size = (size_t)(UINT64_MAX - address);
	*w = (struct window){.reader = reader, .address = address, .size = size};
	if (size)
		w->holes = mem_calloc(page_of(w, size - 1) / 64 + 1, sizeof(*w->holes));
}

void window_done(struct window *w)
{
	free(w->bytes);
	free(w->holes);
	*w = (struct window){0};
}

static void load_page(struct window *w, size_t offset, size_t len)
{
	if (reader_read(w->reader, w->address + offset, w->bytes + offset, len) == READ_OK)
		return;
	memset(w->bytes + offset, 0, len);
	w->holes[page_of(w, offset) / 64] |= (u64)1 << page_of(w, offset) % 64;
	w->nr_holes++;
}

static void load_pages(struct window *w, size_t offset, size_t end)
{
	while (offset < end) {
		size_t to_boundary = PAGE - (size_t)((w->address + offset) % PAGE);
		size_t len = u64_min(to_boundary, end - offset);
		load_page(w, offset, len);
		offset += len;
	}
}

/* Chunks end on a page boundary, so that each page is read by one call and is a hole or not. */
static size_t chunk_end(const struct window *w, size_t offset)
{
	size_t len = CHUNK - (size_t)((w->address + offset) % PAGE);
	return len < w->size - offset ? offset + len : w->size;
}

static void load_chunk(struct window *w)
{
	size_t start = w->loaded, end = chunk_end(w, start);
	if (end > w->room) {
		w->room = u64_min(w->size, u64_max(end, w->room * 2));
		w->bytes = mem_realloc(w->bytes, w->room);
	}
	if (reader_read(w->reader, w->address + start, w->bytes + start, end - start) != READ_OK)
		load_pages(w, start, end);
	w->loaded = end;
}

bool window_load(struct window *w, size_t offset, size_t len)
{
	if (offset > w->size || len > w->size - offset)
		return false;
	while (w->loaded < offset + len)
		load_chunk(w);
	if (w->nr_holes == 0 || len == 0)
		return true;
	for (size_t page = page_of(w, offset); page <= page_of(w, offset + len - 1); page++)
		if (w->holes[page / 64] >> page % 64 & 1)
			return false;
	return true;
}
