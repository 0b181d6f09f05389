/* Between book.c and the readers of single books. */
#ifndef OBJECT_BOOK_PARTS_H
#define OBJECT_BOOK_PARTS_H

#include "object/book.h"

struct book_walk {
	struct kernel *k;
	const char *what; /* of the row that is read */
	book_range_fn fn;
	void *arg;
	u64 nr_ranges; /* of this row: no book has more of them than there are page frames */
};

/* One kind of book: one row of its file's table. */
struct book {
	const char *what;
	enum datum_id group; /* its data; where it is absent the kernel keeps no such book */
	void (*read)(struct book_walk *walk);
};

/* Tables of rows, each ended by one without `what`. */
extern const struct book books_of_tracing[], books_of_block[], books_of_brd[], books_of_swap[],
	books_of_hashes[], books_of_boot[];

enum { BOOK_MAX_ORDER = 20 };

/*
 * Give out nr_pages at kva, or from the struct page on.  READ_DAMAGED when that can't be: an
 * address of 0, more than the dump has, or a book that does not end.
 */
enum read_status book_give(struct book_walk *walk, u64 kva, u64 nr_pages);
enum read_status book_give_page(struct book_walk *walk, u64 page, u64 nr_pages);
/* What went wrong, if anything did. */
void book_tell(struct book_walk *walk, enum read_status status, u64 at);
/* Pages that hold so many bytes. */
u64 book_pages_of(const struct kernel *k, u64 bytes);
/* The pointer in a GLOBAL; 0: there is none, or it is NULL. */
u64 book_pointer(struct book_walk *walk, enum datum_id id);

/* Block devices' struct gendisk, each at least once, as far as they have inodes. */
typedef void (*book_disk_fn)(void *arg, u64 disk);
void book_for_each_disk(struct book_walk *walk, book_disk_fn fn, void *arg);

#endif
