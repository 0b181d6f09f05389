/*
 * Page tables of processes above the last two levels: those carry no mark until 6.14, and no
 * counter of the kernel knows them.  The last two are marked, and are not read.
 */
#include "analysis/census_claims.h"
#include "object/kva_set.h"
#include "object/task.h"

struct tables_walk {
	struct census *census;
	struct kva_set seen; /* mm, by kva */
	u8 owner;
	u64 left; /* tables that may still be read, of all processes together */
};

static bool see_table(void *arg, const struct paging_entry *e)
{
	struct tables_walk *w = arg;
	struct kernel *k = w->census->k;
	if (!e->table || e->status)
		return true;
	claims_add(&w->census->claims, w->owner, e->paddr >> k->page_shift, 1);
	bool read = e->level + 2 < k->vspace.paging.nr_levels && w->left;
	w->left -= read;
	return read;
}

/*
 * x86-64 with page table isolation takes two pages for the root; the second has nothing to tell it
 * by but that it comes with the first and that nobody else has it.
 */
static void claim_second_root(struct tables_walk *w, u64 pfn)
{
	struct census *census = w->census;
	u8 bytes[512];
	struct page_frame page;
	u64 kva = memmap_page(&census->map, pfn + 1);
	if (pfn & 1 || !kva || !census->k->vspace.paging.signed_va ||
	    kernel_read(census->k, kva, bytes, census->layout.page_bytes))
		return;
	page_decode(&census->layout, bytes, &page);
	if (page.refcount == 0 && page.type == PAGE_PLAIN && !page.tail && !page.mapping)
		claims_add(&census->claims, w->owner, pfn + 1, 1);
}

static bool tables_of_task(void *arg, const struct task *task)
{
	struct tables_walk *w = arg;
	struct kernel *k = w->census->k;
	struct paging paging = k->vspace.paging;
	u64 pgd, run;
	if (!task->mm || !kva_set_add(&w->seen, task->mm) ||
	    kernel_get(k, task->mm, mm_pgd, &pgd) ||
	    vspace_translate(&k->vspace, pgd, &paging.root_paddr, &run))
		return true;
	u64 end = 1ull << (paging.va_bits - paging.signed_va);
	paging_for_each(&paging, k->image, 0, end, ~0ull, see_table, w);
	claim_second_root(w, paging.root_paddr >> k->page_shift);
	return true;
}

void claim_page_tables_of_tasks(struct census *census)
{
	struct error error;
	struct tables_walk w = {.census = census,
				.owner = claims_owner(&census->claims, PC_PAGE_TABLE, 0,
						      "upper levels, of processes"),
				.left = census_most_tables(census->k)};
	task_for_each(census->k, false, tables_of_task, &w, &error);
	kva_set_done(&w.seen);
}
