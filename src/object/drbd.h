/*
 * DRBD: resources, connections, devices and their states; and every page that it holds.
 *
 * DRBD 8.4 of the kernel's tree (drivers/block/drbd).  Its types are in its module's BTF (5.11);
 * before that its symbols alone tell of the page pool.  DRBD 9, out of tree, keeps other structs:
 * what it has in common is read, the rest is absent and said so.
 */
#ifndef OBJECT_DRBD_H
#define OBJECT_DRBD_H

#include "kernel/kernel.h"

struct drbd_device {
	u64 kva;
	u32 minor, volume;
	char resource[64];
	/* As /proc/drbd shows them: "Connected", "Primary", "UpToDate"; "?" for an unknown number.
	 */
	const char *connection_state, *role, *peer_role, *disk, *peer_disk;
	/* Requests under way; -1: not known. */
	s64 application_bios, application_pending, resync_pending, unacknowledged, local_io;
	s64 pages_in_use, pages_in_use_by_net; /* its own books: pp_in_use, pp_in_use_by_net */
	u64 peer_requests; /* on its lists: writes and reads of the peer that are not done */
	u64 peer_request_pages;
	u64 bitmap_pages;
};

struct drbd_connection {
	u64 kva;
	char resource[64];
	const char *state;
	u64 data_socket, meta_socket; /* struct socket; 0: not connected */
};

typedef bool (*drbd_device_fn)(void *arg, const struct drbd_device *device);
typedef bool (*drbd_connection_fn)(void *arg, const struct drbd_connection *connection);

/*
 * To be called first, before threads share the context.  false: there is no DRBD in this kernel;
 * nothing to say.
 */
bool drbd_load(struct kernel *k);
/* -1 with a sentence when its types are not known. */
int drbd_device_for_each(struct kernel *k, drbd_device_fn fn, void *arg, struct error *error);
int drbd_connection_for_each(struct kernel *k, drbd_connection_fn fn, void *arg,
			     struct error *error);

/* --- pages ---------------------------------------------------------------------------------- */
enum drbd_page_kind {
	DRBD_PAGE_VACANT,	/* of the pool, free to take (until 6.16) */
	DRBD_PAGE_RESERVE,	/* of a mempool, kept for when memory is short */
	DRBD_PAGE_PEER_REQUEST, /* holds data of the peer's writes and reads */
	DRBD_PAGE_BITMAP,
	DRBD_PAGE_METADATA, /* one a device */
	DRBD_PAGE_SOCKET,   /* buffers for packets' headers, four a connection */
	NR_DRBD_PAGE_KINDS
};
const char *drbd_page_kind_title(enum drbd_page_kind kind);

struct drbd_page {
	enum drbd_page_kind kind;
	u64 page; /* struct page */
	u64 kva;  /* or, for DRBD_PAGE_SOCKET, the memory itself */
};
typedef void (*drbd_page_fn)(void *arg, const struct drbd_page *page);

struct drbd_pages {
	bool has_pool;			 /* false: 6.17 did away with it */
	u64 pool_vacant;		 /* drbd_pp_vacant: what it says itself */
	bool types_known;		 /* false: pages in use can't be told from others */
	u64 by_kind[NR_DRBD_PAGE_KINDS]; /* found */
	s64 pages_in_use; /* sum of the devices' own books (both kinds), -1: not known */
};
/* Each page once.  fn may be NULL.  -1: nothing of DRBD can be read. */
int drbd_page_for_each(struct kernel *k, struct drbd_pages *pages, drbd_page_fn fn, void *arg,
		       struct error *error);

/* Shared by the two files. */
typedef void (*drbd_visit_fn)(void *arg, u64 resource, u64 object);
int drbd_visit_devices(struct kernel *k, drbd_visit_fn fn, void *arg, struct error *error);
int drbd_visit_connections(struct kernel *k, drbd_visit_fn fn, void *arg, struct error *error);
/* Pages of the requests on a device's lists. */
void drbd_visit_peer_requests(struct kernel *k, u64 device, drbd_page_fn fn, void *arg,
			      u64 *nr_requests, u64 *nr_pages);

#endif
