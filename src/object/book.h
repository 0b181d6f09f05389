/*
 * Pages that parts of the kernel took whole from the page allocator and keep a book of.
 *
 * Nothing in a struct page tells whose such a page is: only the list, array or tree in which its
 * owner keeps it.  Each reader here walks one such book: trace buffers, request pools of block
 * devices, hash tables made at boot, RAM disks ...  What is not in a book is given out by nobody.
 */
#ifndef OBJECT_BOOK_H
#define OBJECT_BOOK_H

#include "kernel/kernel.h"

struct book_range {
	const char *what; /* whose, in words; a literal */
	u64 page;	  /* struct page of the first; or */
	u64 kva;	  /* the memory itself */
	u64 nr_pages;	  /* at least 1, no more than the dump has */
};
typedef void (*book_range_fn)(void *arg, const struct book_range *range);

/*
 * All that the books of this kernel have; a page may come twice when two books share it (tables
 * smaller than a page).  A book that this kernel does not keep gives nothing; what is damaged is
 * told to kernel_unreadable() and costs its own pages only.  May load types of modules: call it
 * before threads share the context.
 */
void book_for_each_range(struct kernel *k, book_range_fn fn, void *arg);

#endif
