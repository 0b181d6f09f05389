/*
 * Processes by the pages that their page tables map: what is theirs alone, and their share of what
 * is shared.
 *
 * The census notes for each page frame what kind it is and how often it is mapped (one byte); then
 * the page tables of each process are read once.  PSS, the proportional share, is each page divided
 * by how often it is mapped, as in /proc/PID/smaps_rollup.  Counts above 24 are rounded to the
 * nearest of a few: 32, 64, 128, 512 ...
 */
#include <stdatomic.h>

#include "analysis/census_tables.h"
#include "base/parallel.h"
#include "object/kva_set.h"
#include "object/task.h"

/* --- the byte of a page --------------------------------------------------------------------- */

enum { SHARE_BITS = 5, SHARE_MASK = (1 << SHARE_BITS) - 1, EXACT_SHARES = 24 };

/* Codes above EXACT_SHARES: 32, 40, 48, 56, 64 ... would not do for thousands: doubling. */
static const u32 many_shares[SHARE_MASK - EXACT_SHARES] = {32, 64, 128, 512, 2048, 8192, 65536};

u8 census_page_byte(enum user_kind kind, u64 mapcount)
{
	u32 code = (u32)u64_min(mapcount, EXACT_SHARES), below = EXACT_SHARES;
	for (size_t i = 0; i < ARRAY_SIZE(many_shares) && mapcount * 2 >= below + many_shares[i];
	     i++) {
		code = EXACT_SHARES + 1 + (u32)i;
		below = many_shares[i];
	}
	return (u8)(kind << SHARE_BITS | code);
}

static u32 shares_of(u8 byte)
{
	u32 code = byte & SHARE_MASK;
	return code <= EXACT_SHARES ? code : many_shares[code - EXACT_SHARES - 1];
}

/* --- one process ---------------------------------------------------------------------------- */

struct process {
	struct task task;
	struct task_memory memory;
	u64 pages[NR_USER_KINDS]; /* mapped, base pages */
	u64 unique;		  /* mapped by nobody else */
	double pss;
	bool whole; /* page tables were read to the end */
};

struct process_walk {
	const struct census *census;
	struct process *process;
	_Atomic s64 *tables_left; /* that may still be read, of all processes together */
};

static bool see_page(void *arg, const struct paging_entry *e)
{
	struct process_walk *w = arg;
	const struct census *c = w->census;
	struct process *p = w->process;
	if (e->status)
		p->whole = false;
	if (e->table) {
		bool read = atomic_fetch_sub(w->tables_left, 1) > 0;
		p->whole &= read;
		return read;
	}
	u64 pfn = e->paddr >> c->k->page_shift, n = e->size >> c->k->page_shift;
	while (n) {
		const struct memmap_section *s = memmap_section(&c->map, pfn);
		const u8 *bytes = s ? c->page_bytes[s - c->map.sections] : NULL;
		u64 run = s ? u64_min(n, s->pfn + s->nr_pages - pfn) : n;
		for (u64 i = 0; bytes && i < run; i++) {
			u8 byte = bytes[pfn - s->pfn + i];
			enum user_kind kind = byte >> SHARE_BITS;
			u32 shares = shares_of(byte);
			p->pages[kind]++;
			if (kind == USER_NONE || kind == USER_HUGETLB) /* as smaps does not */
				continue;
			p->unique += shares <= 1;
			p->pss += 1.0 / (shares ? shares : 1);
		}
		pfn += run;
		n -= run;
	}
	return true;
}

static void read_process(const struct census *c, struct process *p, _Atomic s64 *tables_left)
{
	struct kernel *k = c->k;
	struct paging paging = k->vspace.paging;
	struct process_walk walk = {c, p, tables_left};
	u64 pgd, run;
	p->whole = true;
	if (kernel_get(k, p->task.mm, mm_pgd, &pgd) ||
	    vspace_translate(&k->vspace, pgd, &paging.root_paddr, &run)) {
		p->whole = false;
		return;
	}
	u64 end = 1ull << (paging.va_bits - paging.signed_va);
	p->whole &= paging_for_each(&paging, k->image, 0, end, ~0ull, see_page, &walk);
}

/* --- all of them ---------------------------------------------------------------------------- */

struct process_list {
	const struct census *census;
	struct kva_set seen;
	VEC(struct process) processes;
	_Atomic s64 tables_left;
};

static bool add_process(void *arg, const struct task *task)
{
	struct process_list *list = arg;
	if (!task->mm || !kva_set_add(&list->seen, task->mm))
		return true;
	struct process *p = vec_push(&list->processes);
	p->task = *task;
	task_read_memory(list->census->k, task, &p->memory);
	return true;
}

static void read_processes(void *arg, unsigned worker, u64 first, u64 last)
{
	struct process_list *list = arg;
	(void)worker;
	for (u64 i = first; i < last; i++)
		read_process(list->census, &list->processes.v[i], &list->tables_left);
}

enum task_pages_column {
	TP_PID,
	TP_COMM,
	TP_PSS,
	TP_RSS,
	TP_UNIQUE,
	TP_ANON,
	TP_FILE,
	TP_SHMEM,
	TP_HUGETLB,
	TP_SWAP,
	TP_PAGETABLES,
	TP_STACKS,
	TP_RSS_COUNTER,
	TP_ADJ,
	TP_CGROUP
};
static const struct column columns[] = {
	[TP_PID] = {"pid", "PID", "process", COL_PID},
	[TP_COMM] = {"comm", "COMMAND", "its name"},
	[TP_PSS] =
		{"pss_pages", "PSS",
		 "its share: pages divided by how often they are mapped; huge pages of hugetlb not counted",
		 COL_PAGES},
	[TP_RSS] = {"rss_pages", "RSS", "pages that its page tables map, likewise", COL_PAGES},
	[TP_UNIQUE] = {"unique_pages", "UNIQUE", "of these, mapped by nobody else", COL_PAGES},
	[TP_ANON] = {"anon_pages", "ANON", "anonymous", COL_PAGES},
	[TP_FILE] = {"file_pages", "FILE", "of files", COL_PAGES},
	[TP_SHMEM] = {"shmem_pages", "SHMEM", "tmpfs and shared memory", COL_PAGES},
	[TP_HUGETLB] = {"hugetlb_pages", "HUGETLB", "of hugetlb pools", COL_PAGES},
	[TP_SWAP] = {"swap_pages", "SWAP", "swapped out", COL_PAGES},
	[TP_PAGETABLES] = {"pagetable_bytes", "PAGE TABLES", "its page tables", COL_BYTES},
	[TP_STACKS] = {"stack_bytes", "STACKS", "kernel stacks of its threads", COL_BYTES},
	[TP_RSS_COUNTER] = {"rss_counter_pages", "RSS COUNTER", "as the kernel counts", COL_PAGES,
			    COLUMN_WIDE},
	[TP_ADJ] = {"oom_score_adj", "OOM ADJ", "oom_score_adj", COL_SIGNED, COLUMN_WIDE},
	[TP_CGROUP] = {"cgroup", "CGROUP", "its memory cgroup", COL_TEXT, COLUMN_WIDE},
};
const struct table_spec census_tasks_spec = {
	.key = "task_pages",
	.title = "Processes by the pages that they map",
	.help = "processes by what their page tables map, shared pages told apart",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
	.sort = "-pss_pages,pid",
};

static void set_pages(struct table *t, const struct process *p, unsigned column, u64 pages)
{
	if (p->whole)
		table_set(t, column, pages);
	else
		table_set_unknown(t, column, "its page tables can't be read to the end");
}

static void add_row(struct table *t, const struct census *c, const struct process *p)
{
	const u64 *pages = p->pages;
	const struct task_memory *m = &p->memory;
	char cgroup[1024];
	u64 stack = c->k->schema.quirk[quirk_thread_size];
	table_add(t);
	table_set(t, TP_PID, p->task.pid);
	table_set_text(t, TP_COMM, p->task.comm);
	set_pages(t, p, TP_PSS, (u64)(p->pss + 0.5));
	set_pages(t, p, TP_RSS, pages[USER_ANON] + pages[USER_FILE] + pages[USER_SHMEM]);
	set_pages(t, p, TP_UNIQUE, p->unique);
	set_pages(t, p, TP_ANON, pages[USER_ANON]);
	set_pages(t, p, TP_FILE, pages[USER_FILE]);
	set_pages(t, p, TP_SHMEM, pages[USER_SHMEM]);
	set_pages(t, p, TP_HUGETLB, pages[USER_HUGETLB]);
	table_set_status(t, TP_SWAP, m->rss_status, m->swap);
	table_set_status(t, TP_PAGETABLES, m->pagetable_status, m->pagetable_bytes);
	if (p->task.nr_threads)
		table_set(t, TP_STACKS,
			  p->task.nr_threads * (stack > c->k->page_size ? stack : c->k->page_size));
	table_set_status(t, TP_RSS_COUNTER, m->rss_status,
			 m->rss_anon + m->rss_file + m->rss_shmem);
	if (p->task.has_oom_score_adj)
		table_set_signed(t, TP_ADJ, p->task.oom_score_adj);
	if (task_cgroup_path(c->k, &p->task, cgroup, sizeof(cgroup)) == READ_OK)
		table_set_text(t, TP_CGROUP, cgroup);
}

struct table *census_by_task(const struct census *c, struct error *error)
{
	struct process_list list = {.census = c};
	list.tables_left = (s64)u64_min(c->k->max_pfn + (1 << 16), 1ull << 40); /* each is a page */
	if (task_for_each(c->k, false, add_process, &list, error))
		return NULL;
	parallel_for(c->nr_threads, list.processes.n, 1, read_processes, &list);
	struct table *t = table_new(&census_tasks_spec);
	for (size_t i = 0; i < list.processes.n; i++)
		add_row(t, c, &list.processes.v[i]);
	kva_set_done(&list.seen);
	vec_done(&list.processes);
	return t;
}
