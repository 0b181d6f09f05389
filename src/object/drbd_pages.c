/*
 * Pages that DRBD took straight from the page allocator: nothing in a struct page says that they
 * are its own, but for the way they are linked.
 *
 * What the peer sends or asks for lies in chains of single pages, linked by page->private
 * (drbd_int.h page_chain_next()): the chain of a peer request, and the pool of pages that are
 * vacant.  6.17 (d5dd409812ec) replaced the pool by a mempool; the chains of requests stayed.
 */
#include "kernel/walk.h"
#include "object/drbd.h"

enum {
	MOST_PAGES = 1 << 26,	     /* of one chain: 256 GB */
	MOST_BITMAP_PAGES = 1 << 24, /* 1 bit for 4 KiB of disk: 2 PB */
	MOST_RESERVED = 1 << 16
};

static const char *const kind_titles[NR_DRBD_PAGE_KINDS] = {
	[DRBD_PAGE_VACANT] = "vacant in the page pool",
	[DRBD_PAGE_RESERVE] = "reserve for when memory is short",
	[DRBD_PAGE_PEER_REQUEST] = "data of the peer's requests",
	[DRBD_PAGE_BITMAP] = "bitmap of blocks to resync",
	[DRBD_PAGE_METADATA] = "buffer for metadata",
	[DRBD_PAGE_SOCKET] = "buffers of connections",
};

const char *drbd_page_kind_title(enum drbd_page_kind kind)
{
	return kind_titles[kind];
}

/* Pages of a chain; returns how many. */
static u64 visit_chain(struct kernel *k, const char *what, u64 first, enum drbd_page_kind kind,
		       drbd_page_fn fn, void *arg)
{
	struct chain_walk walk;
	struct drbd_page page = {.kind = kind};
	u64 mark = 0, mark_at = 1;
	for (chain_walk_init(&walk, k, first, page_private, MOST_PAGES);
	     chain_walk_next(&walk, &page.page);) {
		if (page.page == mark) {
			walk.status = READ_DAMAGED;
			break;
		}
		if (walk.nr == mark_at) {
			mark = page.page;
			mark_at *= 2;
		}
		if (fn)
			fn(arg, &page);
	}
	if (walk.status)
		kernel_unreadable(k, what, walk.status, walk.at);
	return walk.nr;
}

void drbd_visit_peer_requests(struct kernel *k, u64 device, drbd_page_fn fn, void *arg,
			      u64 *nr_requests, u64 *nr_pages)
{
	static const enum datum_id lists[] = {drbd_active_ee, drbd_sync_ee, drbd_done_ee,
					      drbd_read_ee, drbd_net_ee};
	*nr_requests = *nr_pages = 0;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct list_walk walk;
		u64 link;
		if (!kernel_has(k, lists[i]))
			continue;
		for (list_walk_init(&walk, k, kernel_member(k, device, lists[i]));
		     list_walk_next(&walk, &link);) {
			u64 request = kernel_container(k, link, drbd_peer_request_link), first;
			enum read_status status =
				kernel_get(k, request, drbd_peer_request_pages, &first);
			if (status) {
				kernel_unreadable(k, "DRBD peer request", status, request);
				continue;
			}
			++*nr_requests;
			*nr_pages += visit_chain(k, "pages of a DRBD peer request", first,
						 DRBD_PAGE_PEER_REQUEST, fn, arg);
		}
		if (walk.status)
			kernel_unreadable(k, "list of DRBD peer requests", walk.status, walk.at);
	}
}

/* --- by symbols alone ----------------------------------------------------------------------- */

/* Where all pages go through: counted, then given on. */
struct counting {
	struct kernel *k;
	struct drbd_pages *pages;
	drbd_page_fn fn;
	void *arg;
};

static void count(void *arg, const struct drbd_page *page)
{
	struct counting *c = arg;
	c->pages->by_kind[page->kind]++;
	if (c->fn)
		c->fn(c->arg, page);
}

static void visit_pool(struct counting *c)
{
	u64 first;
	if (!kernel_has(c->k, drbd_pp_pool))
		return;
	c->pages->has_pool = true;
	kernel_variable(c->k, drbd_pp_vacant, 4, &c->pages->pool_vacant);
	enum read_status status = kernel_variable(c->k, drbd_pp_pool, 8, &first);
	if (status)
		kernel_unreadable(c->k, "DRBD's page pool", status, 0);
	else
		visit_chain(c->k, "DRBD's page pool", first, DRBD_PAGE_VACANT, count, c);
}

static void visit_mempool(struct counting *c, enum datum_id id)
{
	u64 pool, nr, elements;
	if (kernel_global(c->k, id, &pool))
		return;
	enum read_status status = kernel_get(c->k, pool, mempool_curr_nr, &nr);
	if (!status)
		status = kernel_get(c->k, pool, mempool_elements, &elements);
	if (!status && nr > MOST_RESERVED)
		status = READ_DAMAGED;
	for (u64 i = 0; !status && i < nr; i++) {
		struct drbd_page page = {.kind = DRBD_PAGE_RESERVE};
		status = kernel_read_u64(c->k, elements + i * 8, &page.page);
		if (!status)
			count(c, &page);
	}
	if (status)
		kernel_unreadable(c->k, "DRBD's mempool of pages", status, pool);
}

/* --- by its structs ------------------------------------------------------------------------- */

static void visit_bitmap(struct counting *c, u64 device)
{
	u64 bitmap, table, nr;
	if (kernel_get(c->k, device, drbd_device_bitmap, &bitmap) || !bitmap)
		return;
	enum read_status status = kernel_get(c->k, bitmap, drbd_bitmap_pages, &table);
	if (!status)
		status = kernel_get(c->k, bitmap, drbd_bitmap_nr_pages, &nr);
	if (!status && nr > MOST_BITMAP_PAGES)
		status = READ_DAMAGED;
	for (u64 i = 0; !status && i < nr; i++) {
		struct drbd_page page = {.kind = DRBD_PAGE_BITMAP};
		status = kernel_read_u64(c->k, table + i * 8, &page.page);
		if (!status && page.page)
			count(c, &page);
	}
	if (status && status != READ_ABSENT)
		kernel_unreadable(c->k, "bitmap of a DRBD device", status, bitmap);
}

static void visit_device(void *arg, u64 resource, u64 device)
{
	struct counting *c = arg;
	struct drbd_page page = {.kind = DRBD_PAGE_METADATA};
	u64 requests, pages, in_use, by_net;
	drbd_visit_peer_requests(c->k, device, count, c, &requests, &pages);
	visit_bitmap(c, device);
	if (kernel_get(c->k, device, drbd_device_md_page, &page.page) == READ_OK && page.page)
		count(c, &page);
	if (kernel_get(c->k, device, drbd_pp_in_use, &in_use) ||
	    kernel_get(c->k, device, drbd_pp_in_use_by_net, &by_net))
		c->pages->pages_in_use = -1;
	else if (c->pages->pages_in_use >= 0)
		c->pages->pages_in_use += (s64)in_use + (s64)by_net;
}

static void visit_connection(void *arg, u64 resource, u64 connection)
{
	static const enum datum_id buffers[] = {
		drbd_connection_data_sbuf, drbd_connection_data_rbuf, drbd_connection_meta_sbuf,
		drbd_connection_meta_rbuf};
	struct counting *c = arg;
	for (size_t i = 0; i < ARRAY_SIZE(buffers); i++) {
		struct drbd_page page = {.kind = DRBD_PAGE_SOCKET};
		if (kernel_get(c->k, connection, buffers[i], &page.kva) == READ_OK && page.kva)
			count(c, &page);
	}
}

int drbd_page_for_each(struct kernel *k, struct drbd_pages *pages, drbd_page_fn fn, void *arg,
		       struct error *error)
{
	struct counting c = {k, pages, fn, arg};
	*pages = (struct drbd_pages){.pages_in_use = -1};
	if (!kernel_has_group(k, group_drbd_pool, error))
		return -1;
	visit_pool(&c);
	visit_mempool(&c, drbd_buffer_page_pool);
	visit_mempool(&c, drbd_md_io_page_pool);
	if (!k->schema.group_usable[group_drbd])
		return 0;
	pages->types_known = true;
	pages->pages_in_use = 0;
	if (drbd_visit_devices(k, visit_device, &c, error))
		return -1;
	return drbd_visit_connections(k, visit_connection, &c, error);
}
