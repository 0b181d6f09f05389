/*
 * What a page is: by its own marks first, then by who claims it.
 */
#include "analysis/census_worker.h"

/* --- user pages ----------------------------------------------------------------------------- */

/* Pages of a block that are mapped by themselves: struct pages of a large folio count each. */
static u64 mapped_pages(struct worker *w, const struct page_frame *first, u64 pfn, u64 nr,
			const u8 *bytes)
{
	struct page_frame page;
	enum read_status status;
	u64 mapped = 0;
	if (nr > 1 && page_entire_mapcount(w->layout, first, bytes))
		return nr;
	for (u64 i = 0; i < nr; i++) {
		const u8 *b = page_window_get(&w->window, pfn + i, &status);
		if (!b)
			continue;
		page_decode(w->layout, b, &page);
		mapped += page_is_mapped(&page);
	}
	return mapped;
}

/* What its host's super block says; a mapping that is none gives kernel_unknown. */
static enum page_class class_of_mapping(struct worker *w, u64 mapping)
{
	struct kernel *k = w->census->k;
	u64 host, mapping_of_host, super;
	if (kernel_get(k, mapping, mapping_host, &host) || !host ||
	    kernel_get(k, host, inode_sb, &super) || !super)
		return PC_KERNEL_UNKNOWN;
	if (w->in->blockdev_super && super == w->in->blockdev_super)
		return PC_BUFFERS;
	/* A device's page cache is shared by inodes that name it: i_mapping is that of bdev's. */
	if (kernel_get(k, host, inode_mapping, &mapping_of_host) ||
	    (mapping_of_host != mapping && kernel_member(k, host, inode_data) != mapping))
		return PC_KERNEL_UNKNOWN;
	return PC_PAGE_CACHE;
}

static struct census_file *file_of(struct worker *w, u64 mapping, const struct page_frame *page)
{
	bool is_new;
	struct census_file *file = tally_file(&w->tally, mapping, &is_new);
	if (!is_new)
		return file;
	file->class =
		page->flags & w->layout->swapbacked_flag ? PC_SHMEM : class_of_mapping(w, mapping);
	return file;
}

static void account_user(struct worker *w, const struct page_frame *page, u64 nr, u32 order)
{
	struct tally *t = &w->tally;
	if (page->flags & w->layout->lru_flag)
		t->lru_pages += nr;
	if (page->flags & w->census->mlocked_flag)
		t->mlocked_pages += nr;
	if (order)
		t->thp_pages += nr;
}

/* A page of the page cache, of a device's, or of tmpfs: its file, and how much of it is mapped. */
static bool file_page(struct worker *w, const struct page_frame *page, u64 pfn, const u8 *bytes,
		      struct verdict *v)
{
	struct tally *t = &w->tally;
	struct verdict mapped = *v;
	u64 memcg, nr = v->nr;
	enum page_class class = (enum page_class)file_of(w, page->mapping, page)->class;
	if (class == PC_KERNEL_UNKNOWN)
		return false;
	u64 nr_mapped = v->order ? mapped_pages(w, page, pfn, nr, bytes) : page_is_mapped(page);
	bool is_new;
	memcg = worker_memcg_of(w, page);
	struct census_file *file = tally_file(t, page->mapping, &is_new);
	if (is_new)
		file->class = class; /* another worker's walk made room meanwhile: it was dropped */
	if (!file->pages)
		file->memcg = memcg;
	else if (file->memcg != memcg)
		file->memcg = CHARGED_TO_SEVERAL;
	file->pages += nr;
	file->mapped_pages += nr_mapped;
	account_user(w, page, nr, v->order);
	if (class == PC_SHMEM)
		t->shmem_mapped += nr_mapped;
	v->class = class;
	v->nr = nr;
	if (class == PC_PAGE_CACHE && nr_mapped) {
		mapped.class = PC_FILE_MAPPED;
		mapped.nr = nr_mapped;
		worker_account(w, page, pfn, &mapped);
		v->nr = nr - nr_mapped;
	}
	if (v->nr)
		worker_account(w, page, pfn, v);
	v->nr = nr;
	v->counted = false; /* is done */
	return true;
}

/* Huge pages of a file of hugetlbfs; those of mmap(MAP_HUGETLB) that are private are anonymous. */
static void hugetlb_page(struct worker *w, const struct page_frame *page, const struct verdict *v)
{
	bool is_new;
	if (v->class != PC_HUGETLB_USED || !page->mapping ||
	    page_mapping_kind(page) != MAPPING_FILE)
		return;
	struct census_file *file = tally_file(&w->tally, page->mapping, &is_new);
	file->class = PC_HUGETLB_USED;
	file->pages += v->nr;
	file->mapped_pages += v->nr;
}

static void anon_page(struct worker *w, const struct page_frame *page, u64 pfn, const u8 *bytes,
		      struct verdict *v)
{
	const struct page_layout *l = w->layout;
	bool in_swap_cache = page->flags & l->swapcache_flag && page->flags & l->swapbacked_flag;
	if (in_swap_cache)
		w->tally.swap_cache_pages += v->nr;
	if (page_mapping_kind(page) == MAPPING_KSM)
		w->tally.ksm_pages += v->nr;
	account_user(w, page, v->nr, v->order);
	v->class = PC_ANON;
	if (!in_swap_cache ||
	    (v->order ? mapped_pages(w, page, pfn, v->nr, bytes) != 0 : page_is_mapped(page)))
		return;
	v->class = PC_SWAP_CACHE;
}

/* --- kernel pages --------------------------------------------------------------------------- */

/* Pages that their owner can move: which, its operations' symbol tells. */
static enum page_class movable_page(struct worker *w, u64 mapping)
{
	static const struct {
		const char *in_name;
		enum page_class class;
	} owners[] = {{"zsmalloc", PC_ZSMALLOC}, {"balloon", PC_BALLOON}};
	struct kernel *k = w->census->k;
	u64 ops = mapping & ~3ull, offset;
	struct symbol symbol;
	/* An address_space with operations until 5.19; the operations themselves since
	 * (68f2736a8583). */
	for (int indirect = 0; indirect < 2; indirect++) {
		if (k->symbols && symbols_at(k->symbols, ops, &symbol, &offset) && offset == 0) {
			for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
				if (strstr(symbol.name, owners[i].in_name))
					return owners[i].class;
			}
		}
		if (kernel_get(k, mapping & ~3ull, mapping_ops, &ops))
			break;
	}
	return w->in->movable;
}

void worker_judge_by_claim(struct worker *w, const struct page_frame *page, u64 pfn,
			   struct verdict *v, enum page_class otherwise)
{
	v->owner = w->claims ? w->claims[pfn - w->section_pfn] : OWNER_NONE;
	if (w->census->claims.owners[v->owner].only_reserved &&
	    !(page->flags & w->layout->reserved_flag))
		v->owner = OWNER_NONE;
	v->class = v->owner ? w->census->claims.owners[v->owner].class : otherwise;
}

static void remember_slab(struct worker *w, u64 pfn, const u8 *bytes)
{
	u64 cache;
	if (w->in->slab_caches.n && w->tally.slabs.n < MOST_SLABS &&
	    kernel_get_from(w->census->k, bytes, w->layout->page_bytes, slab_cache, &cache) ==
		    READ_OK &&
	    kva_set_has(&w->in->slab_caches, cache))
		*vec_push(&w->tally.slabs) = memmap_page(&w->census->map, pfn);
}

static void reserved_page(struct worker *w, const struct page_frame *page, u64 pfn,
			  struct verdict *v)
{
	worker_judge_by_claim(w, page, pfn, v, PC_BOOT_RESERVED);
	v->counted = v->owner || worker_is_ram(w, pfn);
	if (v->counted)
		w->tally.reserved_pages++;
}

static bool typed_page(struct worker *w, const struct page_frame *page, u64 pfn, struct verdict *v)
{
	switch (page->type) {
	case PAGE_BUDDY:
		v->class = PC_FREE_BUDDY;
		if (page->private_ <= w->layout->max_order &&
		    !(pfn & ((1ull << page->private_) - 1))) {
			v->order = (u32)page->private_;
			v->nr = 1ull << v->order;
		}
		return true;
	case PAGE_UNACCEPTED:
		w->tally.unaccepted_pages += v->nr = 1ull << w->layout->max_order;
		v->class = PC_FREE_BUDDY;
		return true;
	case PAGE_GUARD: /* debug_pagealloc: free, and kept apart to catch accesses */
		w->tally.guard_pages++;
		v->class = PC_FREE_BUDDY;
		return true;
	case PAGE_OFFLINE:
		v->class = PC_BALLOON;
		return true;
	case PAGE_TABLE:
		v->class = PC_PAGE_TABLE;
		return true;
	case PAGE_ZSMALLOC:
		v->class = PC_ZSMALLOC;
		return true;
	case PAGE_LARGE_KMALLOC:
		v->class = PC_LARGE_KMALLOC;
		return true;
	default:
		return false;
	}
}

/* --- one page ------------------------------------------------------------------------------- */

/*
 * bytes: of the page and the next.  Sets what is known; the order and nr of compound pages are set
 * already.
 */
void worker_judge(struct worker *w, const struct page_frame *page, u64 pfn, const u8 *bytes,
		  struct verdict *v)
{
	const struct page_layout *l = w->layout;
	if (page->flags == ~0ull) { /* never initialised: no page of the allocator */
		reserved_page(w, page, pfn, v);
	} else if (page->flags & l->hwpoison_flag) {
		v->class = PC_POISONED;
	} else if (page->flags & l->reserved_flag) {
		reserved_page(w, page, pfn, v);
	} else if (page_is_slab(l, page)) {
		v->class = PC_SLAB;
		w->tally.slab_pages += v->nr;
		remember_slab(w, pfn, bytes);
	} else if (page_is_hugetlb(l, page, bytes)) {
		v->class = page->refcount ? PC_HUGETLB_USED : PC_HUGETLB_FREE;
		hugetlb_page(w, page, v);
	} else if (typed_page(w, page, pfn, v)) {
		;
	} else if (page_of_page_pool(l, page)) {
		v->class = PC_PAGE_POOL;
	} else if (page_mapping_kind(page) & MAPPING_ANON) {
		anon_page(w, page, pfn, bytes, v);
	} else if (page_mapping_kind(page) == MAPPING_MOVABLE) {
		v->class = movable_page(w, page->mapping);
	} else if (page->mapping && file_page(w, page, pfn, bytes, v)) {
		;
	} else if (!page->mapping && page->flags & l->swapcache_flag &&
		   page->flags & l->swapbacked_flag && page->refcount > 0) {
		v->class = PC_SWAP_CACHE; /* tmpfs on its way to or from swap */
		w->tally.swap_cache_pages += v->nr;
		account_user(w, page, v->nr, v->order);
	} else {
		worker_judge_by_claim(w, page, pfn, v, PC_KERNEL_UNKNOWN);
		/*
		 * No RAM, and not initialised as reserved either: a hole that the zone's span
		 * covers.
		 */
		if (!v->owner && page->refcount <= 0)
			v->counted = worker_is_ram(w, pfn);
	}
}
