/*
 * What the block layer keeps: requests made beforehand for each queue (block/blk-mq.c), and
 * reserves of whole pages (mempools).
 */
#include "kernel/walk.h"
#include "kernel/xarray.h"
#include "object/book_parts.h"
#include "object/kva_set.h"

enum { MOST_QUEUES = 1 << 16, MOST_RESERVED = 1 << 16 };

/* --- requests ------------------------------------------------------------------------------- */

struct requests {
	struct book_walk *w;
	struct kva_set seen; /* queues may share tags, and sets of them */
};

/* Blocks of requests: page->private of each is its order. */
static void give_tags(struct requests *r, u64 tags)
{
	struct kernel *k = r->w->k;
	struct list_walk walk;
	u64 link, order;
	if (!kva_set_add(&r->seen, tags))
		return;
	for (list_walk_init(&walk, k, kernel_member(k, tags, blk_tags_page_list));
	     list_walk_next(&walk, &link);) {
		u64 page = kernel_container(k, link, page_lru);
		enum read_status status = kernel_get(k, page, page_private, &order);
		if (!status)
			status = order > BOOK_MAX_ORDER ? READ_DAMAGED
							: book_give_page(r->w, page, 1ull << order);
		book_tell(r->w, status, page);
		if (status)
			return;
	}
	book_tell(r->w, walk.status, walk.at);
}

/* Pointers in an array of the kernel; fn gets each that is not NULL. */
static void for_each_pointer(struct requests *r, u64 array, u64 nr,
			     void (*fn)(struct requests *r, u64 object))
{
	u64 object;
	enum read_status status = nr > MOST_QUEUES ? READ_DAMAGED : READ_OK;
	for (u64 i = 0; !status && array && i < nr; i++) {
		status = kernel_read_u64(r->w->k, array + i * 8, &object);
		if (!status && object)
			fn(r, object);
	}
	book_tell(r->w, status, array);
}

/* The tags of the device's driver. */
static void give_tag_set(struct requests *r, u64 set)
{
	u64 tags, nr;
	enum read_status status;
	if (!set || !kva_set_add(&r->seen, set))
		return;
	status = kernel_get(r->w->k, set, tag_set_tags, &tags);
	if (!status)
		status = kernel_get(r->w->k, set, tag_set_nr_queues, &nr);
	if (!status)
		for_each_pointer(r, tags, nr, give_tags);
	book_tell(r->w, status, set);
	if (kernel_get(r->w->k, set, tag_set_shared_tags, &tags) == READ_OK)
		give_tags(r, tags);
}

/* Those of its I/O scheduler. */
static void give_sched_tags(struct requests *r, u64 hw_ctx)
{
	u64 tags;
	if (kernel_get(r->w->k, hw_ctx, hw_ctx_sched_tags, &tags) == READ_OK)
		give_tags(r, tags);
}

static void give_scheduler(struct requests *r, u64 queue)
{
	struct kernel *k = r->w->k;
	struct xarray_walk walk;
	u64 tags, nr, array, index, hw_ctx;
	if (kernel_get(k, queue, queue_sched_shared_tags, &tags) == READ_OK)
		give_tags(r, tags);
	if (kernel_get(k, queue, queue_hw_ctx, &array) == READ_OK &&
	    kernel_get(k, queue, queue_nr_hw_queues, &nr) == READ_OK)
		for_each_pointer(r, array, nr, give_sched_tags);
	if (!kernel_has(k, queue_hctx_table) || !k->schema.group_usable[group_xarray])
		return;
	for (xarray_walk_init(&walk, k, kernel_member(k, queue, queue_hctx_table));
	     xarray_walk_next(&walk, &index, &hw_ctx);)
		give_sched_tags(r, hw_ctx);
	book_tell(r->w, walk.status, walk.at);
}

static void give_queue(struct requests *r, u64 queue)
{
	u64 set;
	if (!queue || !kva_set_add(&r->seen, queue))
		return;
	enum read_status status = kernel_get(r->w->k, queue, queue_tag_set, &set);
	book_tell(r->w, status, queue);
	if (status || !set) /* NULL: a device without requests, as brd, zram, DRBD */
		return;
	give_tag_set(r, set);
	give_scheduler(r, queue);
}

/* Each block device has an inode in the super block of all of them. */
void book_for_each_disk(struct book_walk *w, book_disk_fn fn, void *arg)
{
	struct kernel *k = w->k;
	struct list_walk walk;
	u64 link, disk, super = book_pointer(w, blockdev_superblock);
	if (!super || !kernel_has(k, super_inodes) || !kernel_has(k, inode_sb_list) ||
	    !kernel_has(k, bdev_inode_vfs) || !kernel_has(k, bdev_inode_bdev))
		return;
	for (list_walk_init(&walk, k, kernel_member(k, super, super_inodes));
	     list_walk_next(&walk, &link);) {
		u64 inode = kernel_container(k, link, inode_sb_list);
		u64 bdev = kernel_member(k, kernel_container(k, inode, bdev_inode_vfs),
					 bdev_inode_bdev);
		if (kernel_get(k, bdev, bdev_disk, &disk) == READ_OK && disk)
			fn(arg, disk);
	}
	book_tell(w, walk.status, walk.at);
}

static void give_disk(void *arg, u64 disk)
{
	struct requests *r = arg;
	u64 queue;
	if (kernel_get(r->w->k, disk, disk_queue, &queue) == READ_OK)
		give_queue(r, queue);
}

static void read_requests(struct book_walk *w)
{
	struct requests r = {.w = w};
	book_for_each_disk(w, give_disk, &r);
	kva_set_done(&r.seen);
}

/* --- reserves of pages ---------------------------------------------------------------------- */

/* pool_data is the order of each element when the pool allocates with mempool_alloc_pages(). */
static void give_mempool(struct book_walk *w, u64 pool)
{
	struct kernel *k = w->k;
	u64 alloc, alloc_pages, order, nr, elements, page;
	enum read_status status = kernel_get(k, pool, mempool_alloc, &alloc);
	if (!status)
		status = kernel_get(k, pool, mempool_pool_data, &order);
	if (!status)
		status = kernel_get(k, pool, mempool_curr_nr, &nr);
	if (!status)
		status = kernel_get(k, pool, mempool_elements, &elements);
	if (!status && kernel_global(k, mempool_alloc_pages, &alloc_pages) == READ_OK &&
	    alloc != alloc_pages)
		return; /* not made, or not of pages */
	if (!status && (order > BOOK_MAX_ORDER || nr > MOST_RESERVED))
		status = READ_DAMAGED;
	for (u64 i = 0; !status && i < nr; i++) {
		status = kernel_read_u64(k, elements + i * 8, &page);
		if (!status)
			status = book_give_page(w, page, 1ull << order);
	}
	book_tell(w, status, pool);
}

static void read_mempool(struct book_walk *w, enum datum_id id)
{
	u64 pool;
	if (kernel_global(w->k, id, &pool) == READ_OK)
		give_mempool(w, pool);
}

static void read_mempool_at(struct book_walk *w, enum datum_id id)
{
	u64 pool = book_pointer(w, id);
	if (pool)
		give_mempool(w, pool);
}

static void read_integrity_reserve(struct book_walk *w)
{
	read_mempool(w, integrity_buf_pool);
}

static void read_encryption_reserves(struct book_walk *w)
{
	read_mempool_at(w, blk_crypto_bounce_page_pool);
	read_mempool_at(w, fscrypt_bounce_page_pool);
}

const struct book books_of_block[] = {
	{"block devices: requests made beforehand", group_blk_mq, read_requests},
	{"block integrity: reserve (integrity_buf_pool)", group_page_mempools,
	 read_integrity_reserve},
	{"encryption of files and disks: reserve", group_page_mempools, read_encryption_reserves},
	{0},
};
