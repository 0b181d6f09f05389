/*
 * One pass over all struct pages, by several threads, section by section.
 *
 * A page frame is looked at when it is the first of something: of a free block, of a compound page,
 * or a single page.  Then the whole block is accounted for and skipped.  A stretch may begin inside
 * of a block (a huge page of 1 GiB covers several sections): its pages are tails that tell where
 * their head is.
 */
#include "analysis/census_worker.h"

#include <stdlib.h>

#include "base/parallel.h"

struct pass {
	const struct pass_input *in;
	struct worker *workers;
};

/* --- what processes will ask ---------------------------------------------------------------- */

/* How often each page of a block is mapped: by itself, and with the block. */
static void note_pages(struct worker *w, u64 pfn, u64 nr, u64 entire, enum user_kind kind)
{
	struct page_frame page;
	enum read_status status;
	if (!w->page_bytes)
		return;
	for (u64 i = 0; i < nr; i++) {
		const u8 *b = page_window_get(&w->window, pfn + i, &status);
		if (!b)
			continue;
		page_decode(w->layout, b, &page);
		u64 own = page.type == PAGE_PLAIN ? (u64)(u32)(page.mapcount + 1) : 0;
		w->page_bytes[pfn + i - w->section_pfn] = census_page_byte(kind, own + entire);
	}
}

static enum user_kind kind_of_class(enum page_class class)
{
	switch (class) {
	case PC_ANON:
	case PC_SWAP_CACHE:
		return USER_ANON;
	case PC_FILE_MAPPED:
	case PC_PAGE_CACHE:
	case PC_BUFFERS:
		return USER_FILE;
	case PC_SHMEM:
		return USER_SHMEM;
	case PC_HUGETLB_USED:
		return USER_HUGETLB;
	default:
		return USER_NONE;
	}
}

/* --- blocks --------------------------------------------------------------------------------- */

static u64 clip(struct worker *w, u64 pfn, u64 flags, u64 nr)
{
	return worker_clip_to_zone(w, pfn, flags, u64_min(nr, w->end_pfn - pfn));
}

/* A block that begins at pfn. */
static u64 look_at_first(struct worker *w, const struct page_frame *page, u64 pfn, const u8 *bytes)
{
	struct verdict v = {.nr = 1, .counted = true};
	u32 order = page_compound_order_of(w->layout, page, bytes);
	if (order && !(pfn & ((1ull << order) - 1))) {
		v.order = order;
		v.nr = clip(w, pfn, page->flags, 1ull << order);
	}
	worker_judge(w, page, pfn, bytes, &v);
	v.nr = clip(w, pfn, page->flags, v.nr);
	if (kind_of_class(v.class) != USER_NONE)
		note_pages(w, pfn, v.nr, page_entire_mapcount(w->layout, page, bytes),
			   kind_of_class(v.class));
	if (v.counted)
		worker_account(w, page, pfn, &v);
	return v.nr;
}

/* The middle of a block: its head says what it is, for all pages up to the block's end. */
static u64 look_at_tail(struct worker *w, const struct page_frame *page, u64 pfn)
{
	const struct page_layout *l = w->layout;
	struct kernel *k = w->census->k;
	u64 kva = memmap_page(&w->census->map, pfn), head_kva = page_head_of(l, page, kva),
	    head_pfn;
	u8 bytes[2 * 512];
	struct page_frame head;
	struct verdict v = {.nr = 1, .counted = true};
	if (memmap_pfn(&w->census->map, head_kva, &head_pfn) && head_pfn < pfn &&
	    kernel_read(k, head_kva, bytes, 2 * l->page_bytes) == READ_OK) {
		page_decode(l, bytes, &head);
		u32 order = page_compound_order_of(l, &head, bytes);
		if (!head.tail && pfn - head_pfn < 1ull << order) {
			v.order = order;
			v.nr = clip(w, pfn, head.flags, (1ull << order) - (pfn - head_pfn));
			worker_judge(w, &head, pfn, bytes, &v);
			if (kind_of_class(v.class) != USER_NONE)
				note_pages(w, pfn, v.nr, page_entire_mapcount(l, &head, bytes),
					   kind_of_class(v.class));
			if (v.counted)
				worker_account(w, &head, pfn, &v);
			return v.nr;
		}
	}
	/* A tail without a head: the block is being made or taken apart. */
	worker_judge_by_claim(w, page, pfn, &v, PC_KERNEL_UNKNOWN);
	worker_account(w, page, pfn, &v);
	return 1;
}

/* --- stretches and sections ----------------------------------------------------------------- */

/* A section that was taken offline keeps its struct pages; what they say is of the past. */
static void offline_section(struct worker *w, const struct memmap_section *s)
{
	enum { AT_ONCE = 64 };
	struct page_frame page = {.mapcount = ~0u};
	struct verdict v = {.class = PC_OFFLINE};
	for (u64 pfn = s->pfn; pfn < s->pfn + s->nr_pages; pfn += v.nr) {
		worker_some_zone(w, pfn, &page.flags);
		v.nr = worker_clip_to_zone(w, pfn, page.flags,
					   u64_min(AT_ONCE, s->pfn + s->nr_pages - pfn));
		if (worker_is_ram(w, pfn))
			worker_account(w, &page, pfn, &v);
	}
}

static void unreadable_page(struct worker *w, u64 pfn, enum read_status status)
{
	const struct verdict v = {.class = PC_KERNEL_UNKNOWN, .nr = 1, .counted = true};
	struct page_frame page = {.mapcount = ~0u};
	/* Where zones lie across each other nothing tells which it is of: any of them is right in
	 * sum. */
	if (!worker_some_zone(w, pfn, &page.flags))
		return;
	w->tally.unreadable_pages++;
	kernel_unreadable(w->census->k, "struct pages", status, memmap_page(&w->census->map, pfn));
	worker_account(w, &page, pfn, &v);
}

static void look_at_stretch(struct worker *w, const struct memmap_section *s, u64 pfn, u64 nr)
{
	struct page_frame page;
	enum read_status status;
	page_window_set(&w->window, pfn, nr, s->kva + (pfn - s->pfn) * w->census->map.page_bytes);
	w->end_pfn = pfn + nr;
	while (pfn < w->end_pfn) {
		const u8 *bytes = page_window_get(&w->window, pfn, &status);
		if (bytes) {
			page_decode(w->layout, bytes, &page);
			pfn += page.tail ? look_at_tail(w, &page, pfn)
					 : look_at_first(w, &page, pfn, bytes);
			continue;
		}
		/* Not mapped at all: no page frames (a part of a section that was hot-added). */
		if (status != READ_UNMAPPED)
			unreadable_page(w, pfn, status);
		pfn++;
	}
}

/* The lower 3 bits of a page block's flags are its migrate type (PB_migrate). */
static void read_migrate_types(struct worker *w, const struct memmap_section *s)
{
	u64 nr = s->nr_pages >> w->census->page_block_order, bits = w->census->page_block_bits;
	u8 flags[sizeof(w->migrate_types)];
	w->migrate_known = false;
	if (!s->block_flags || !nr || nr > sizeof(w->migrate_types) ||
	    kernel_read(w->census->k, s->block_flags, flags, (nr * bits + 7) / 8))
		return;
	for (u64 i = 0; i < nr; i++)
		w->migrate_types[i] = flags[i * bits / 8] >> (i * bits % 8) & 7;
	w->migrate_known = true;
}

void worker_enter_section(struct worker *w, size_t i)
{
	const struct memmap_section *s = &w->census->map.sections[i];
	w->claims = w->census->claims.sections[i];
	w->section_pfn = s->pfn;
	read_migrate_types(w, s);
}

static void look_at_sections(void *arg, unsigned worker, u64 first, u64 last)
{
	struct pass *pass = arg;
	struct worker *w = &pass->workers[worker];
	const struct memmap *map = &w->census->map;
	for (u64 i = first; i < last; i++) {
		const struct memmap_section *s = &map->sections[i];
		worker_enter_section(w, i);
		if (w->census->page_bytes)
			w->page_bytes = w->census->page_bytes[i] = mem_alloc(s->nr_pages);
		if (!s->online) {
			offline_section(w, s);
			continue;
		}
		for (u64 done = 0; done < s->nr_pages; done += WINDOW_PAGES)
			look_at_stretch(w, s, s->pfn + done,
					u64_min(WINDOW_PAGES, s->nr_pages - done));
		if (worker == 0)
			progress_step(w->in->progress, "looking at page frames", i,
				      map->nr_sections);
	}
}

/* --- all of it ------------------------------------------------------------------------------ */

void worker_init(struct worker *w, const struct pass_input *in)
{
	*w = (struct worker){.in = in, .census = in->census, .layout = &in->census->layout};
	tally_init(&w->tally, in->census->nr_zones);
	page_window_init(&w->window, &in->census->map);
}

void worker_done(struct worker *w)
{
	tally_done(&w->tally);
	page_window_done(&w->window);
}

void census_pass(const struct pass_input *in)
{
	unsigned n = parallel_threads(in->nr_threads);
	struct pass pass = {.in = in, .workers = mem_calloc(n, sizeof(*pass.workers))};
	struct tally *tallies = mem_calloc(n, sizeof(*tallies));
	for (unsigned i = 0; i < n; i++)
		worker_init(&pass.workers[i], in);
	parallel_for(n, in->census->map.nr_sections, 1, look_at_sections, &pass);
	for (unsigned i = 0; i < n; i++) {
		tallies[i] = pass.workers[i].tally;
		tallies[i].memmap_bytes_read = pass.workers[i].window.bytes_read;
		page_window_done(&pass.workers[i].window);
	}
	tally_merge(in->census, tallies, n);
	for (unsigned i = 0; i < n; i++)
		tally_done(&tallies[i]);
	free(tallies);
	free(pass.workers);
	in->census->nr_threads = n;
}
