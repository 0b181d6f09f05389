/*
 * Pipes and FIFOs, and the pages in their buffers.
 *
 * struct pipe_inode_info hangs on its inode.  Inodes of pipefs are on no list of their super block
 * (get_pipe_inode() of fs/pipe.c takes new_inode_pseudo()), so that pipes are found through the
 * open files of tasks; named FIFOs are found the same way.  Not found: a pipe that only a message
 * under way in a unix socket holds.  A task's private pipe for sendfile() is on no inode: taken
 * from the task.
 */
#ifndef OBJECT_PIPE_H
#define OBJECT_PIPE_H

#include "kernel/kernel.h"

struct pipe {
	u64 kva;   /* struct pipe_inode_info */
	u64 inode; /* kva; 0: a task's private pipe for sendfile() */
	u64 ino;   /* "pipe:[ino]" */
	u32 pid;   /* a process that has it */
	char comm[17];
	u32 nr_slots, nr_used; /* of the ring */
	u64 nr_pages;	       /* pages in used slots */
	u64 nr_anon_pages;  /* of those: its own, that write() filled; others are spliced from page
			       cache  or sockets */
	bool anon_known;    /* whether they are is known: the symbol anon_pipe_buf_ops is */
	u32 nr_spare_pages; /* kept for the next write: tmp_page */
	u64 bytes;	    /* in it, not yet read */
	u32 readers, writers;
};

/* Each pipe once. */
typedef bool (*pipe_fn)(void *arg, const struct pipe *pipe);
int pipe_for_each(struct kernel *k, pipe_fn fn, void *arg, struct error *error);

struct pipe_page {
	u64 page_kva; /* struct page: of a compound page perhaps any part */
	bool anon;    /* the pipe's own; false also when not known */
	bool spare;
};
/* Pages of all pipes; a page that was tee()d comes more than once. */
typedef bool (*pipe_page_fn)(void *arg, const struct pipe *pipe, const struct pipe_page *page);
int pipe_for_each_page(struct kernel *k, pipe_page_fn fn, void *arg, struct error *error);

#endif
