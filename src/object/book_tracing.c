/*
 * What tracing keeps: a record for each function that can be traced (kernel/trace/ftrace.c), the
 * rings of each tracing instance and CPU (ring_buffer.c), names of tasks seen
 * (trace_sched_switch.c).
 */
#include "kernel/walk.h"
#include "object/book_parts.h"

enum { MOST_GROUPS = 1 << 20 }; /* of records: one for each module, a few for the kernel */

/* --- records of functions ------------------------------------------------------------------- */

/* A group lies in one block; until 5.12 it told how many records fit, not the block's order. */
static u64 pages_of_records(struct kernel *k, u64 group)
{
	u64 order, size;
	if (kernel_get(k, group, ftrace_page_order, &order) == READ_OK)
		return order <= BOOK_MAX_ORDER ? 1ull << order : 0;
	if (kernel_get(k, group, ftrace_page_size, &size))
		return 0;
	return book_pages_of(k, (u32)size * kernel_datum(k, dyn_ftrace_size)->value);
}

static void read_function_records(struct book_walk *w)
{
	struct chain_walk walk;
	u64 group, records;
	for (chain_walk_init(&walk, w->k, book_pointer(w, ftrace_pages_start), ftrace_page_next,
			     MOST_GROUPS);
	     chain_walk_next(&walk, &group);) {
		enum read_status status = kernel_get(w->k, group, ftrace_page_records, &records);
		if (!status && records)
			status = book_give(w, records, pages_of_records(w->k, group));
		book_tell(w, status, group);
		if (status)
			return;
	}
	book_tell(w, walk.status, walk.at);
}

/* --- rings ---------------------------------------------------------------------------------- */

static enum read_status give_ring_page(struct book_walk *w, u64 buffer_page)
{
	u64 kva, order;
	enum read_status status = kernel_get(w->k, buffer_page, buffer_page_page, &kva);
	if (kernel_get(w->k, buffer_page, buffer_page_order, &order))
		order = 0;
	if (status || order > BOOK_MAX_ORDER)
		return status ? status : READ_DAMAGED;
	return kva ? book_give(w, kva, 1ull << order) : READ_OK;
}

/* The list has no head of its own; the lowest bits of its pointers are flags (RB_FLAG_MASK). */
static enum read_status give_list_of_ring(struct book_walk *w, u64 first, u64 nr)
{
	u64 link = first;
	for (u64 i = 0; i < nr; i++) {
		enum read_status status =
			give_ring_page(w, kernel_container(w->k, link, buffer_page_list));
		if (!status)
			status = kernel_read_u64(w->k, link, &link);
		if (status)
			return status;
		link &= ~3ull;
		if (link == first)
			return READ_OK;
	}
	return READ_DAMAGED;
}

static enum read_status give_ring(struct book_walk *w, u64 ring)
{
	u64 first, nr, reader, spare;
	enum read_status status = kernel_get(w->k, ring, ring_cpu_pages, &first);
	if (!status)
		status = kernel_get(w->k, ring, ring_cpu_nr_pages, &nr);
	if (!status)
		status = kernel_get(w->k, ring, ring_cpu_reader_page, &reader);
	if (!status && reader)
		status = give_ring_page(w, reader);
	if (!status && kernel_get(w->k, ring, ring_cpu_free_page, &spare) == READ_OK && spare)
		status = book_give(w, spare, 1);
	if (!status && first)
		status = give_list_of_ring(w, first, nr);
	return status;
}

/* A ring names the buffer that it belongs to. */
static enum read_status give_trace_buffer(struct book_walk *w, u64 buffer)
{
	u64 rings, ring, owner;
	enum read_status status = kernel_get(w->k, buffer, trace_buffer_rings, &rings);
	kernel_for_each_cpu(w->k, cpu)
	{
		if (!status)
			status = kernel_read_u64(w->k, rings + cpu * 8ull, &ring);
		if (status)
			break;
		if (!ring)
			continue;
		status = kernel_get(w->k, ring, ring_cpu_buffer, &owner);
		if (!status)
			status = owner == buffer ? give_ring(w, ring) : READ_DAMAGED;
	}
	return status;
}

static void read_trace_buffers(struct book_walk *w)
{
	static const enum datum_id buffers[] = {trace_array_buffer, trace_array_snapshot};
	struct list_walk walk;
	u64 link, head, buffer;
	if (kernel_global(w->k, ftrace_trace_arrays, &head))
		return;
	for (list_walk_init(&walk, w->k, head); list_walk_next(&walk, &link);) {
		u64 instance = kernel_container(w->k, link, trace_array_list);
		for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
			if (kernel_get(w->k, instance, buffers[i], &buffer) == READ_OK && buffer)
				book_tell(w, give_trace_buffer(w, buffer), buffer);
		}
	}
	book_tell(w, walk.status, walk.at);
	/* A name so plain can be somebody else's, too: what is no buffer is no damage. */
	if (kernel_variable(w->k, trace_temp_buffer, 8, &buffer) == READ_OK && buffer)
		give_trace_buffer(w, buffer);
}

/* --- names of tasks ------------------------------------------------------------------------- */

/*
 * One block, of which as many names are made as it has room for (44dc5c41b5b1, 6.8): the names and
 * what lies before them fill more than half of it.
 */
static void read_saved_names(struct book_walk *w)
{
	u64 at = book_pointer(w, saved_cmdlines), nr, pages = 1;
	if (!at)
		return;
	enum read_status status = kernel_get(w->k, at, saved_cmdlines_nr, &nr);
	if (!status) {
		u64 bytes = kernel_datum(w->k, saved_cmdlines_size)->value +
			    (u32)nr * kernel_datum(w->k, task_comm)->size;
		while (pages < book_pages_of(w->k, bytes))
			pages *= 2;
		status = book_give(w, at, pages);
	}
	book_tell(w, status, at);
}

const struct book books_of_tracing[] = {
	{"ftrace: records of functions", group_ftrace_records, read_function_records},
	{"trace ring buffers", group_trace_buffers, read_trace_buffers},
	{"tracing: names of tasks (saved_cmdlines)", group_saved_cmdlines, read_saved_names},
	{0},
};
