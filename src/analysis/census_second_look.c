/*
 * The second look: pages that only what the pass found tells of (socket buffers).  A page that the
 * pass called unknown is judged again, all alone, and moved to whom it belongs.
 */
#include <stdlib.h>

#include "analysis/census_worker.h"

struct second_look {
	struct worker w;
	struct kva_set seen; /* struct pages of blocks */
};

struct second_look *second_look_new(const struct pass_input *in)
{
	struct second_look *look = mem_alloc(sizeof(*look));
	worker_init(&look->w, in); /* what judging adds up in its tally is thrown away */
	return look;
}

void second_look_free(struct second_look *look)
{
	worker_done(&look->w);
	kva_set_done(&look->seen);
	free(look);
}

static void reassign(struct worker *w, const struct page_frame *page, u64 pfn,
		     const struct verdict *v, u8 owner)
{
	struct census *c = w->census;
	struct census_zone *z = &c->zones[w->zone];
	enum page_class class = c->claims.owners[owner].class;
	struct unknown_group group = worker_group_of(w, page, pfn, v);
	if (z->pages[PC_KERNEL_UNKNOWN] < v->nr)
		return;
	z->pages[PC_KERNEL_UNKNOWN] -= v->nr;
	z->pages[class] += v->nr;
	if (verdict_may_be_large_kmalloc(page, v))
		z->large_kmalloc_candidates -= u64_min(v->nr, z->large_kmalloc_candidates);
	c->owner_pages[owner] += v->nr;
	u64 *of_order = &c->pages_of_order[PC_KERNEL_UNKNOWN][v->order];
	*of_order -= u64_min(v->nr, *of_order);
	c->pages_of_order[class][v->order] += v->nr;
	unknown_subtract(c, &group, v->nr);
}

void second_look_page(struct second_look *look, u64 page_kva, u8 owner)
{
	struct worker *w = &look->w;
	const struct page_layout *l = w->layout;
	struct census *c = w->census;
	struct page_frame page;
	u8 bytes[2 * 512];
	u64 pfn, head = page_kva;
	for (int hops = 0; hops < 2; hops++) { /* a tail, then its head */
		if (!memmap_pfn(&c->map, head, &pfn) ||
		    kernel_read(c->k, head, bytes, 2 * l->page_bytes))
			return;
		page_decode(l, bytes, &page);
		if (!page.tail)
			break;
		head = page_head_of(l, &page, head);
	}
	if (page.tail || !kva_set_add(&look->seen, head))
		return;
	const struct memmap_section *s = memmap_section(&c->map, pfn);
	struct verdict v = {.nr = 1, .counted = true};
	u32 order = page_compound_order_of(l, &page, bytes);
	if (order && order < MAX_CENSUS_ORDER && !(pfn & ((1ull << order) - 1))) {
		v.order = order;
		v.nr = worker_clip_to_zone(w, pfn, page.flags, 1ull << order);
	}
	worker_enter_section(w, (size_t)(s - c->map.sections));
	page_window_set(&w->window, pfn, u64_min(v.nr, s->pfn + s->nr_pages - pfn), head);
	worker_judge(w, &page, pfn, bytes, &v);
	if (v.class == PC_KERNEL_UNKNOWN && v.counted && worker_find_zone(w, pfn, page.flags))
		reassign(w, &page, pfn, &v, owner);
}
