/*
 * Pipes: fs/pipe.c.
 *
 * A pipe is a ring of struct pipe_buffer, of which those between tail and head hold data.  write()
 * allocates a page for each; splice() and vmsplice() put pages of others there.  Whose a page is,
 * the buffer's operations tell: those of the pipe's own pages are released by
 * anon_pipe_buf_release(), a function and therefore in every kallsyms.
 */
#include "object/pipe.h"

#include <string.h>
#include <sys/stat.h>

#include "object/file.h"
#include "object/kva_set.h"
#include "object/task.h"

enum {
	MOST_SLOTS = 1 << 20,
	MOST_SLOTS_IN_ALL = 1 << 26,
	MAX_BUFFER_BYTES = 256,
	MAX_SPARE = 8,
	MOST_OPS = 16
};

/* Buffer operations that were judged already: there are a handful in a kernel. */
struct known_ops {
	u64 kva;
	bool anon;
};

struct pipe_walk {
	struct kernel *k;
	pipe_fn fn;
	pipe_page_fn page_fn;
	void *arg;
	bool stop;
	struct kva_set seen;
	u64 nr_slots; /* looked at: more than all memory has is damage */
	struct known_ops ops[MOST_OPS];
	size_t nr_ops;
	u64 release; /* anon_pipe_buf_release(); 0: not known */
};

/* --- the ring ------------------------------------------------------------------------------ */

struct ring {
	u64 buffers, first, nr_slots, nr_used;
};

static enum read_status read_numbers(struct kernel *k, u64 pipe, const enum datum_id ids[static 3],
				     u64 values[static 3])
{
	enum read_status status = READ_OK;
	for (size_t i = 0; i < 3 && !status; i++)
		status = kernel_get(k, pipe, ids[i], &values[i]);
	return status;
}

static enum read_status read_ring(struct kernel *k, u64 pipe, struct ring *r)
{
	static const enum datum_id ring[] = {pipe_ring_tail, pipe_ring_head, pipe_ring_size},
				   slots[] = {pipe_first_buffer, pipe_nr_used, pipe_nr_buffers};
	bool is_ring = k->schema.variant[variant_pipe] == PIPE_RING;
	u64 v[3];
	enum read_status status = kernel_get(k, pipe, pipe_bufs, &r->buffers);
	if (!status)
		status = read_numbers(k, pipe, is_ring ? ring : slots, v);
	if (status)
		return status;
	/* Head and tail only ever grow, and wrap around as the unsigned int that they are. */
	r->nr_used = is_ring ? (u32)(v[1] - v[0]) : v[1];
	r->first = v[0];
	r->nr_slots = v[2];
	bool power_of_two = r->nr_slots && !(r->nr_slots & (r->nr_slots - 1));
	if (!power_of_two || r->nr_slots > MOST_SLOTS || r->nr_used > r->nr_slots)
		return READ_DAMAGED;
	return READ_OK;
}

/* --- pages --------------------------------------------------------------------------------- */

static bool ops_are_anon(struct pipe_walk *w, u64 ops)
{
	u64 release;
	for (size_t i = 0; i < w->nr_ops; i++) {
		if (w->ops[i].kva == ops)
			return w->ops[i].anon;
	}
	bool anon = w->release && kernel_get(w->k, ops, pipe_ops_release, &release) == READ_OK &&
		    release == w->release;
	if (w->nr_ops < MOST_OPS)
		w->ops[w->nr_ops++] = (struct known_ops){ops, anon};
	return anon;
}

static void give_page(struct pipe_walk *w, const struct pipe *pipe, const struct pipe_page *page)
{
	if (w->page_fn && !w->stop)
		w->stop = !w->page_fn(w->arg, pipe, page);
}

/* Counted into *pipe, or given to page_fn when there is one. */
static void read_slot(struct pipe_walk *w, struct pipe *pipe, u64 buffer)
{
	struct kernel *k = w->k;
	u8 bytes[MAX_BUFFER_BYTES];
	size_t size = u64_min(kernel_datum(k, pipe_buffer_size)->value, sizeof(bytes));
	u64 len, ops;
	struct pipe_page page = {0};
	enum read_status status = kernel_read(k, buffer, bytes, size);
	if (!status)
		status = kernel_get_from(k, bytes, size, pipe_buffer_page, &page.page_kva);
	if (!status)
		status = kernel_get_from(k, bytes, size, pipe_buffer_len, &len);
	if (!status)
		status = kernel_get_from(k, bytes, size, pipe_buffer_ops, &ops);
	if (status) {
		kernel_unreadable(k, "buffer of a pipe", status, buffer);
		return;
	}
	if (!page.page_kva || !ops) /* released, and the tail not moved yet */
		return;
	page.anon = ops_are_anon(w, ops);
	pipe->bytes += len;
	pipe->nr_pages++;
	pipe->nr_anon_pages += page.anon;
	give_page(w, pipe, &page);
}

static void read_spare(struct pipe_walk *w, struct pipe *pipe)
{
	struct kernel *k = w->k;
	bool array = kernel_has(k, pipe_tmp_pages);
	u64 n = array ? u64_min(kernel_datum(k, pipe_tmp_pages)->nr_elements, MAX_SPARE) : 1;
	for (u64 i = 0; i < n; i++) {
		struct pipe_page page = {.anon = true, .spare = true};
		enum read_status status =
			array ? kernel_get_element(k, pipe->kva, pipe_tmp_pages, i, &page.page_kva)
			      : kernel_get(k, pipe->kva, pipe_tmp_page, &page.page_kva);
		if (status || !page.page_kva)
			continue;
		pipe->nr_spare_pages++;
		give_page(w, pipe, &page);
	}
}

static void read_pages(struct pipe_walk *w, struct pipe *pipe, const struct ring *r)
{
	u64 size = kernel_datum(w->k, pipe_buffer_size)->value;
	for (u64 i = 0; i < r->nr_used && !w->stop; i++)
		read_slot(w, pipe, r->buffers + ((r->first + i) & (r->nr_slots - 1)) * size);
	read_spare(w, pipe);
}

static void give_pipe(struct pipe_walk *w, struct pipe *pipe)
{
	struct kernel *k = w->k;
	struct ring r;
	u64 value;
	enum read_status status = read_ring(k, pipe->kva, &r);
	if (!status && (w->nr_slots += r.nr_used) > MOST_SLOTS_IN_ALL)
		status = READ_DAMAGED;
	if (status) {
		kernel_unreadable(k, "pipe", status, pipe->kva);
		return;
	}
	pipe->nr_slots = (u32)r.nr_slots;
	pipe->nr_used = (u32)r.nr_used;
	pipe->anon_known = w->release;
	if (pipe->inode)
		kernel_get(k, pipe->inode, inode_ino, &pipe->ino);
	if (kernel_get(k, pipe->kva, pipe_readers, &value) == READ_OK)
		pipe->readers = (u32)value;
	if (kernel_get(k, pipe->kva, pipe_writers, &value) == READ_OK)
		pipe->writers = (u32)value;
	read_pages(w, pipe, &r);
	if (w->fn && !w->stop)
		w->stop = !w->fn(w->arg, pipe);
}

/* --- where pipes are ----------------------------------------------------------------------- */

static bool find_in_file(void *arg, const struct open_file *o)
{
	struct pipe_walk *w = arg;
	struct pipe pipe = {.inode = o->inode, .pid = o->tgid};
	u64 mode;
	if (o->fd == FILE_MAPPED || kernel_get(w->k, o->inode, inode_mode, &mode) ||
	    !S_ISFIFO(mode) || kernel_get(w->k, o->inode, inode_pipe, &pipe.kva) ||
	    !kva_set_add(&w->seen, pipe.kva))
		return true;
	memcpy(pipe.comm, o->comm, sizeof(pipe.comm));
	give_pipe(w, &pipe);
	return !w->stop;
}

static bool find_in_task(void *arg, const struct task *t)
{
	struct pipe_walk *w = arg;
	struct pipe pipe = {.pid = t->tgid};
	if (kernel_get(w->k, t->kva, task_splice_pipe, &pipe.kva) ||
	    !kva_set_add(&w->seen, pipe.kva))
		return true;
	memcpy(pipe.comm, t->comm, sizeof(pipe.comm));
	give_pipe(w, &pipe);
	return !w->stop;
}

static int walk_pipes(struct pipe_walk *w, struct error *error)
{
	if (!kernel_has_group(w->k, group_pipe, error))
		return -1;
	if (w->k->schema.variant[variant_pipe] == VARIANT_NONE)
		return error_set(error, EXIT_PARTIAL,
				 "pipes: this kernel keeps their buffers in no way that is known");
	if (!kernel_has(w->k, pipe_ops_release) ||
	    kernel_global(w->k, anon_pipe_buf_release, &w->release))
		w->release = 0;
	int failed = file_for_each_open(w->k, find_in_file, w, error);
	if (!failed && !w->stop)
		failed = task_for_each(w->k, true, find_in_task, w, error);
	kva_set_done(&w->seen);
	return failed;
}

int pipe_for_each(struct kernel *k, pipe_fn fn, void *arg, struct error *error)
{
	struct pipe_walk w = {.k = k, .fn = fn, .arg = arg};
	return walk_pipes(&w, error);
}

int pipe_for_each_page(struct kernel *k, pipe_page_fn fn, void *arg, struct error *error)
{
	struct pipe_walk w = {.k = k, .page_fn = fn, .arg = arg};
	return walk_pipes(&w, error);
}
