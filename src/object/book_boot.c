/*
 * Pages taken once, when the kernel started, and single pages that CPUs keep: DMA memory for those
 * who can't wait, the vDSO's data, notes for a crash dump, room for kfree_rcu().
 */
#include "kernel/walk.h"
#include "object/book_parts.h"

enum { MOST_CACHED = 1 << 16 };

/* --- memory for coherent DMA in atomic context (kernel/dma/pool.c, 5.8) ---------------------- */

static void give_gen_pool(struct book_walk *w, u64 pool)
{
	struct list_walk walk;
	u64 link, start, end;
	for (list_walk_init(&walk, w->k, kernel_member(w->k, pool, gen_pool_chunks));
	     list_walk_next(&walk, &link);) {
		u64 chunk = kernel_container(w->k, link, gen_chunk_list);
		enum read_status status = kernel_get(w->k, chunk, gen_chunk_start, &start);
		if (!status)
			status = kernel_get(w->k, chunk, gen_chunk_end, &end); /* the last byte */
		if (!status)
			status = end > start
					 ? book_give(w, start, book_pages_of(w->k, end - start + 1))
					 : READ_DAMAGED;
		book_tell(w, status, chunk);
		if (status)
			return;
	}
	book_tell(w, walk.status, walk.at);
}

static void read_dma_pools(struct book_walk *w)
{
	static const enum datum_id pools[] = {atomic_pool_dma, atomic_pool_dma32,
					      atomic_pool_kernel};
	for (size_t i = 0; i < ARRAY_SIZE(pools); i++) {
		u64 pool = book_pointer(w, pools[i]);
		if (pool)
			give_gen_pool(w, pool);
	}
}

/* --- blocks of a known size ----------------------------------------------------------------- */

static void read_block(struct book_walk *w, enum datum_id id, u64 nr_pages)
{
	u64 kva = book_pointer(w, id);
	if (kva)
		book_tell(w, book_give(w, kva, nr_pages), kva);
}

/* 4.13 (203e9e41219b): the text in a page, and a note with a header and a page for the text. */
static void read_vmcoreinfo(struct book_walk *w)
{
	read_block(w, vmcoreinfo_data, 1);
	read_block(w, vmcoreinfo_note, 2);
}

static void read_vdso(struct book_walk *w)
{
	u64 nr;
	if (kernel_constant(w->k, vdso_nr_pages, &nr) == READ_OK)
		read_block(w, vdso_k_time_data, nr);
}

static void read_hibernation(struct book_walk *w)
{
	read_block(w, swsusp_header, 1);
}

static void read_memory_errors(struct book_walk *w)
{
	u64 at, kva;
	enum read_status status = kernel_global(w->k, ce_arr, &at);
	if (!status)
		status = kernel_get(w->k, at, ce_array_array, &kva);
	if (!status && kva)
		status = book_give(w, kva, 1);
	book_tell(w, status, at);
}

/* --- pages of CPUs -------------------------------------------------------------------------- */

/* An llist, which a page's first word continues. */
static enum read_status give_llist(struct book_walk *w, u64 first)
{
	enum read_status status = READ_OK;
	u64 n = 0;
	for (u64 page = first; page && !status;) {
		status = n++ < MOST_CACHED ? book_give(w, page, 1) : READ_DAMAGED;
		if (!status)
			status = kernel_read_u64(w->k, page, &page);
	}
	return status;
}

static void read_kfree_rcu(struct book_walk *w)
{
	u64 base, first;
	if (kernel_global(w->k, krc, &base))
		return;
	kernel_for_each_cpu(w->k, cpu)
	{
		u64 of_cpu = kernel_percpu(w->k, base, cpu);
		enum read_status status = kernel_get(w->k, of_cpu, krc_cached_pages, &first);
		book_tell(w, status ? status : give_llist(w, first), of_cpu);
	}
}

const struct book books_of_boot[] = {
	{"pools for atomic DMA", group_dma_pools, read_dma_pools},
	{"VMCOREINFO", group_boot_pages, read_vmcoreinfo},
	{"data of the vDSO", group_boot_pages, read_vdso},
	{"header of a hibernation image", group_boot_pages, read_hibernation},
	{"collector of corrected memory errors", group_memory_errors, read_memory_errors},
	{"kfree_rcu(): pages kept for pointers", group_kfree_rcu, read_kfree_rcu},
	{0},
};
