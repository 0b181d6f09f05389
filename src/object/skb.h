/*
 * Socket buffers, and the memory behind them.
 *
 * Every struct sk_buff is an object of one of two slab caches, in use or on its way back; so all
 * are found in the slabs, whichever queue they are on:
 *
 *	skb_reader_open(&reader, k, &slabs, error);
 *	... for each slab: if (skb_reader_wants(&reader, view.cache))
 *				skb_slab(&reader, &view, skb_fn, memory_fn, arg);
 *	skb_reader_close(&reader);
 *
 * A buffer's data is its head (kmalloc, or cut from a page) and up to 17 or more pieces of pages.
 * Clones share all of it: memory is given out for the first of them only.
 */
#ifndef OBJECT_SKB_H
#define OBJECT_SKB_H

#include <pthread.h>

#include "object/kva_set.h"
#include "object/slab_object.h"

struct skb {
	u64 kva;
	u64 sk;	 /* socket that it is accounted to; 0: none */
	u64 dev; /* as stored: a struct net_device, unless the buffer is in a tree of TCP's */
	u32 len, data_len, truesize; /* bytes; data_len: of len, in pieces */
	u64 head;
	u32 head_bytes;	   /* with the shared info at its end */
	bool head_in_page; /* cut from a page; else kmalloc'ed: slab or large kmalloc */
	u32 nr_pieces;
	bool shared; /* with other buffers */
};

enum skb_memory_kind { SKB_HEAD_KMALLOC, SKB_HEAD_PAGE, SKB_PIECE };

struct skb_memory {
	enum skb_memory_kind kind;
	u64 page;   /* SKB_PIECE: struct page; the bytes may lie in those that follow it */
	u64 kva;    /* heads */
	u32 offset; /* SKB_PIECE: from the start of page */
	u32 bytes;
};

typedef void (*skb_fn)(void *arg, const struct skb *skb);
typedef void (*skb_memory_fn)(void *arg, const struct skb *skb, const struct skb_memory *memory);

struct skb_reader {
	struct kernel *k;
	const struct slab_index_cache *single, *pairs; /* caches of buffers, and of two in one */
	struct kva_set idle;  /* kept by CPUs for the next packets: hold nothing */
	pthread_mutex_t lock; /* of heads */
	struct kva_set heads; /* shared ones that were given out */
	u64 skb_bytes, shared_info_bytes;
	u64 nr_implausible; /* objects that are no buffers: of merged caches, or half made */
	u64 nr_foreign;	    /* pieces that are no pages (device memory) */
};

int skb_reader_open(struct skb_reader *reader, struct kernel *k, const struct slab_index *slabs,
		    struct error *error);
void skb_reader_close(struct skb_reader *reader);

static inline bool skb_reader_wants(const struct skb_reader *reader,
				    const struct slab_index_cache *cache)
{
	return cache == reader->single || cache == reader->pairs;
}

/* All buffers of a slab of one of the two caches; either fn may be NULL.  Many threads may. */
void skb_slab(struct skb_reader *reader, const struct slab_view *view, skb_fn skb,
	      skb_memory_fn memory, void *arg);

#endif
