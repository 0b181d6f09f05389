/*
 * The rows of all books, one after the other.  A row's reader finds the book's beginning in a
 * variable of the kernel and gives out what it has, through book_give(), which keeps what damaged
 * memory claims within the dump.
 */
#include "object/book_parts.h"

u64 book_pages_of(const struct kernel *k, u64 bytes)
{
	return bytes / k->page_size + (bytes % k->page_size != 0);
}

static enum read_status give(struct book_walk *w, const struct book_range *range)
{
	u64 most = w->k->max_pfn;
	if (!(range->page | range->kva) || !range->nr_pages || range->nr_pages > most ||
	    w->nr_ranges >= most)
		return READ_DAMAGED;
	w->nr_ranges++;
	w->fn(w->arg, range);
	return READ_OK;
}

enum read_status book_give(struct book_walk *w, u64 kva, u64 nr_pages)
{
	return give(w, &(struct book_range){.what = w->what, .kva = kva, .nr_pages = nr_pages});
}

enum read_status book_give_page(struct book_walk *w, u64 page, u64 nr_pages)
{
	return give(w, &(struct book_range){.what = w->what, .page = page, .nr_pages = nr_pages});
}

void book_tell(struct book_walk *w, enum read_status status, u64 at)
{
	if (status)
		kernel_unreadable(w->k, w->what, status, at);
}

u64 book_pointer(struct book_walk *w, enum datum_id id)
{
	u64 pointer;
	enum read_status status = kernel_variable(w->k, id, 8, &pointer);
	if (status == READ_OK)
		return pointer;
	if (status != READ_ABSENT)
		book_tell(w, status, kernel_datum(w->k, id)->value);
	return 0;
}

static const struct book *const tables[] = {
	books_of_tracing, books_of_block,  books_of_brd,
	books_of_swap,	  books_of_hashes, books_of_boot,
};

void book_for_each_range(struct kernel *k, book_range_fn fn, void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct book *b = tables[i]; b->what; b++) {
			struct book_walk walk = {.k = k, .what = b->what, .fn = fn, .arg = arg};
			bool in_module = schema_rows[b->group].where == IN_MODULE;
			if (in_module || k->schema.group_usable[b->group])
				b->read(&walk);
		}
	}
}
