/*
 * Pages that are being cut into pieces for the network: the rest of each belongs to whoever cuts.
 *
 * A task, a socket and each CPU keep a page, or a block of eight, of which they hand out pieces for
 * socket buffers; a block stays theirs, with all that is not handed out, until it is used up.
 */
#ifndef OBJECT_PAGE_FRAG_H
#define OBJECT_PAGE_FRAG_H

#include "object/task.h"

enum page_frag_owner { PAGE_FRAG_TASK, PAGE_FRAG_CPU };

struct page_frag {
	enum page_frag_owner owner;
	u64 page; /* struct page, the head of its block; or */
	u64 kva;  /* its memory */
	u32 pid;  /* PAGE_FRAG_TASK */
	u32 cpu;  /* PAGE_FRAG_CPU */
};

typedef void (*page_frag_fn)(void *arg, const struct page_frag *frag);
/* Those of tasks and CPUs; sockets' are struct sock_info's frag_page. */
int page_frag_for_each(struct kernel *k, page_frag_fn fn, void *arg, struct error *error);

#endif
