/*
 * One pass over all struct pages, in parallel, section by section: slabs and blocks become units,
 * what is reserved becomes roots.
 *
 * A block that was taken with __get_free_pages(order) without __GFP_COMP has a reference count on
 * its first page only, and no trace of its size: what follows with a count of 0 and belongs to
 * nobody is taken as its rest, as far as a block that begins there may reach.
 */
#include <stdlib.h>

#include "analysis/leak_map.h"
#include "analysis/page_window.h"
#include "base/parallel.h"

struct map_worker {
	struct leak_map *map;
	struct leak_maker maker;
	struct page_window window;
	struct slab_view view;
	struct leak_roots roots;
	VEC(u32) held;
	const u8 *claims; /* of the section; NULL: none */
	u64 section_pfn, end_pfn;
	u32 open_block; /* one without a mark of its size, that ends where the pass is; 0: none */
	u64 open_pfn, open_most;
};

struct map_pass {
	struct leak_map *map;
	struct map_worker *workers;
	struct progress *progress;
};

enum page_use {
	USE_NONE,     /* free, of a user, a table ...: no unit, no root */
	USE_RESERVED, /* since boot */
	USE_SLAB,
	USE_BLOCK,
	USE_LARGE_KMALLOC,
	USE_DRIVER,
	USE_OTHER_CLAIM
};

static const struct page_owner *owner_at(const struct map_worker *w, const struct page_frame *page,
					 u64 pfn)
{
	const struct census *c = w->map->census;
	u8 owner = w->claims ? w->claims[pfn - w->section_pfn] : OWNER_NONE;
	const struct page_owner *o = &c->claims.owners[owner];
	if (owner == OWNER_NONE || (o->only_reserved && !(page->flags & c->layout.reserved_flag)))
		return NULL;
	return o;
}

static enum page_use use_of_claim(const struct page_owner *o)
{
	if (!o)
		return USE_BLOCK;
	switch (o->class) {
	case PC_DRIVER_KNOWN:
	case PC_PAGE_POOL:
		return USE_DRIVER;
	case PC_VMALLOC: /* of an area that is not known */
	case PC_KERNEL_STACK:
		return USE_OTHER_CLAIM;
	default: /* roots by their owner; free on lists of CPUs; tables; struct pages */
		return USE_NONE;
	}
}

/* The same order of questions as the census' own (census_pass.c). */
static enum page_use use_of(const struct map_worker *w, const struct page_frame *page, u64 pfn,
			    const u8 *bytes)
{
	const struct page_layout *l = &w->map->census->layout;
	if (page->flags == ~0ull || page->flags & l->hwpoison_flag)
		return USE_NONE;
	if (page->flags & l->reserved_flag)
		return USE_RESERVED;
	if (page_is_slab(l, page))
		return USE_SLAB;
	if (page_is_hugetlb(l, page, bytes))
		return USE_NONE;
	if (page->type == PAGE_LARGE_KMALLOC)
		return USE_LARGE_KMALLOC;
	if (page_of_page_pool(l, page))
		return USE_DRIVER;
	if (page->type != PAGE_PLAIN || page->mapping ||
	    (page->flags & l->swapcache_flag && page->flags & l->swapbacked_flag))
		return USE_NONE;
	return use_of_claim(owner_at(w, page, pfn));
}

static u64 direct_kva(const struct map_worker *w, u64 pfn)
{
	return vspace_direct_kva(&w->map->k->vspace, pfn << w->map->page_shift);
}

static void add_root(struct map_worker *w, enum leak_root_kind kind, u64 pfn, u64 nr)
{
	u64 kva = direct_kva(w, pfn), bytes = nr << w->map->page_shift;
	const struct linear_map *image = &w->map->k->vspace.image_map;
	u64 paddr = pfn << w->map->page_shift;
	if (kind == ROOT_DATA && paddr - image->paddr < image->end - image->start)
		kva = image->start + (paddr - image->paddr);
	if (kva)
		leak_root_add(&w->roots, kind, kva, bytes, kva);
}

/*
 * Code is left out: what it points to is the image itself.  By its symbols, for the resource of
 * that name is up to the start of init data on arm64, read-only data included.
 */
static void image_page(struct map_worker *w, u64 pfn)
{
	const struct linear_map *image = &w->map->k->vspace.image_map;
	u64 paddr = pfn << w->map->page_shift, kva = image->start + (paddr - image->paddr);
	if (paddr - image->paddr >= image->end - image->start || kva < w->map->text_start ||
	    kva + w->map->k->page_size > w->map->text_end)
		add_root(w, ROOT_DATA, pfn, 1);
}

static void reserved_page(struct map_worker *w, const struct page_frame *page, u64 pfn)
{
	const struct page_owner *o = owner_at(w, page, pfn);
	if (!o)
		add_root(w, ROOT_BOOT, pfn, 1);
	else if (o->class == PC_KERNEL_IMAGE)
		image_page(w, pfn);
	else if (o->class == PC_KERNEL_STACK)
		add_root(w, ROOT_STACK, pfn, 1);
}

static void allocated_slots(struct leak_unit *u, const struct slab_view *v)
{
	for (u32 i = 0; i < leak_unit_words(u); i++)
		atomic_store_explicit(leak_unit_white(u, i), v->allocated[i], memory_order_relaxed);
}

static void slab_pages(struct map_worker *w, u64 pfn, u64 nr, const u8 *bytes)
{
	struct leak_map *map = w->map;
	struct slab_view *v = &w->view;
	enum read_status status =
		slab_view_read(&map->slabs, memmap_page(&map->census->map, pfn), bytes, false, v);
	u64 bytes_of_slab = nr << map->page_shift;
	u32 unit = 0;
	if (!status && v->size <= bytes_of_slab && v->objects * v->size <= bytes_of_slab) {
		u32 cache = (u32)(v->cache - map->slabs.caches.v);
		unit = leak_unit_make(&w->maker, LEAK_SLAB, v->first, cache, v->objects);
	}
	if (!unit) {
		add_root(w, ROOT_SLAB, pfn, nr);
		__atomic_fetch_add(&map->slabs_not_judged, nr, __ATOMIC_RELAXED);
		return;
	}
	struct leak_unit *u = leak_map_unit(map, unit);
	struct leak_cache *c = &map->caches[u->group];
	allocated_slots(u, v);
	__atomic_fetch_add(&c->allocated, v->nr_allocated, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->slabs, 1, __ATOMIC_RELAXED);
	if (v->nr_uncertain)
		__atomic_fetch_add(&c->uncertain, v->nr_uncertain, __ATOMIC_RELAXED);
	leak_map_set(map, pfn, nr, unit);
}

static bool joins_open_block(struct map_worker *w, const struct page_frame *page, u64 pfn)
{
	if (!w->open_block || page->refcount || pfn - w->open_pfn >= w->open_most)
		return false;
	struct leak_unit *u = leak_map_unit(w->map, w->open_block);
	if (u->group != pfn - w->open_pfn)
		return false;
	u->group++;
	leak_map_set(w->map, pfn, 1, w->open_block);
	return true;
}

static void block_pages(struct map_worker *w, enum leak_kind kind, const struct page_frame *page,
			u64 pfn, u64 nr)
{
	u64 kva = direct_kva(w, pfn);
	if (nr == 1 && joins_open_block(w, page, pfn))
		return;
	w->open_block = 0;
	/* Large kmalloc is frozen since 6.19 or so: counted by nobody. */
	if ((page->refcount <= 0 && kind != LEAK_LARGE_KMALLOC) || !kva)
		return;
	u32 unit = leak_unit_make(&w->maker, kind, kva, (u32)nr, 1);
	if (!unit)
		return;
	leak_map_set(w->map, pfn, nr, unit);
	/*
	 * What the census knows the owner of is looked at whoever points to it: a hash table of
	 * alloc_pages_exact() is single pages, and only the first is pointed to.  Not packets.
	 */
	if ((page->type == PAGE_PLAIN && (s32)page->mapcount >= 0) ||
	    (kind == LEAK_DRIVER && !page_of_page_pool(&w->map->census->layout, page)))
		*vec_push(&w->held) = unit;
	if (nr == 1 && kind == LEAK_PAGES) {
		u32 order = w->map->census->layout.max_order;
		u64 aligned = pfn ? pfn & -pfn : 1ull << order;
		w->open_block = unit;
		w->open_pfn = pfn;
		w->open_most = u64_min(aligned, 1ull << order);
	}
}

static u64 look_at(struct map_worker *w, u64 pfn, const u8 *bytes)
{
	const struct page_layout *l = &w->map->census->layout;
	struct page_frame page;
	u64 nr = 1;
	page_decode(l, bytes, &page);
	if (page.tail)
		return 1;
	u32 order = page_compound_order_of(l, &page, bytes);
	if (page.type == PAGE_BUDDY && page.private_ <= l->max_order)
		order = (u32)page.private_;
	if (order && !(pfn & ((1ull << order) - 1)))
		nr = u64_min(1ull << order, w->end_pfn - pfn);
	if (leak_map_at(w->map, pfn)) /* an area's */
		return nr;
	switch (use_of(w, &page, pfn, bytes)) {
	case USE_NONE:
		break;
	case USE_RESERVED:
		reserved_page(w, &page, pfn);
		return 1;
	case USE_SLAB:
		slab_pages(w, pfn, nr, bytes);
		break;
	case USE_BLOCK:
		block_pages(w, LEAK_PAGES, &page, pfn, nr);
		break;
	case USE_LARGE_KMALLOC:
		block_pages(w, LEAK_LARGE_KMALLOC, &page, pfn, nr);
		break;
	case USE_DRIVER:
		block_pages(w, LEAK_DRIVER, &page, pfn, nr);
		break;
	case USE_OTHER_CLAIM:
		add_root(w, ROOT_STACK, pfn, nr);
		break;
	}
	return nr;
}

static void look_at_section(struct map_worker *w, const struct memmap_section *s)
{
	enum read_status status;
	w->end_pfn = s->pfn + s->nr_pages;
	w->open_block = 0;
	for (u64 done = 0; done < s->nr_pages; done += WINDOW_PAGES) {
		u64 pfn = s->pfn + done, end = pfn + u64_min(WINDOW_PAGES, s->nr_pages - done);
		page_window_set(&w->window, pfn, end - pfn,
				s->kva + done * w->map->census->map.page_bytes);
		while (pfn < end) {
			const u8 *bytes = page_window_get(&w->window, pfn, &status);
			pfn += bytes ? look_at(w, pfn, bytes) : 1;
		}
	}
}

static void look_at_sections(void *arg, unsigned worker, u64 first, u64 last)
{
	struct map_pass *pass = arg;
	struct map_worker *w = &pass->workers[worker];
	const struct memmap *map = &w->map->census->map;
	for (u64 i = first; i < last; i++) {
		w->claims = w->map->census->claims.sections[i];
		w->section_pfn = map->sections[i].pfn;
		if (map->sections[i].online)
			look_at_section(w, &map->sections[i]);
		if (worker == 0)
			progress_step(pass->progress, "finding objects", i, map->nr_sections);
	}
}

static void merge(struct leak_map *map, struct map_worker *w)
{
	for (size_t i = 0; i < w->held.n; i++)
		*vec_push(&map->held) = w->held.v[i];
	vec_done(&w->held);
	for (size_t i = 0; i < w->roots.list.n; i++) {
		const struct leak_root *r = &w->roots.list.v[i];
		leak_root_add(&map->roots, (enum leak_root_kind)r->kind, r->kva, r->bytes,
			      r->names_at);
	}
	vec_done(&w->roots.list);
}

void leak_map_add_pages(struct leak_map *map, struct leak_maker *maker, unsigned nr_threads,
			struct progress *progress)
{
	unsigned n = parallel_threads(nr_threads);
	struct map_pass pass = {
		.map = map, .workers = mem_calloc(n, sizeof(*pass.workers)), .progress = progress};
	for (unsigned i = 0; i < n; i++) {
		struct map_worker *w = &pass.workers[i];
		w->map = map;
		w->maker = (struct leak_maker){.map = map};
		page_window_init(&w->window, &map->census->map);
	}
	pass.workers[0].maker = *maker;
	parallel_for(n, map->census->map.nr_sections, 1, look_at_sections, &pass);
	for (unsigned i = 0; i < n; i++) {
		merge(map, &pass.workers[i]);
		page_window_done(&pass.workers[i].window);
		slab_view_done(&pass.workers[i].view);
	}
	free(pass.workers);
}
