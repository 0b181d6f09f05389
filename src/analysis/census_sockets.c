/*
 * Pages of socket buffers: nothing marks them, and no list has all buffers.  But each buffer is an
 * object of one of two slab caches: the pass remembers the slabs of these, and afterwards the
 * buffers in them name their pages.
 */
#include "analysis/census_sockets.h"

#include <stdlib.h>

#include "object/skb.h"
#include "object/sock.h"

struct sockets {
	struct census *census;
	struct slab_index slabs;
	struct skb_reader buffers;
	struct sock_caches socks;
	bool has_buffers, has_socks;
	struct second_look *look;
	u8 buffer_owner, frag_owner;
};

struct sockets *sockets_open(struct census *census, struct kva_set *caches)
{
	struct sockets *s = mem_alloc(sizeof(*s));
	struct error error;
	s->census = census;
	if (slab_index_open(&s->slabs, census->k, &census->map, &error)) {
		free(s);
		return NULL;
	}
	s->has_buffers = skb_reader_open(&s->buffers, census->k, &s->slabs, &error) == 0;
	s->has_socks = sock_caches_open(&s->socks, census->k, &s->slabs, &error) == 0;
	for (size_t i = 0; i < s->slabs.caches.n; i++) {
		const struct slab_index_cache *cache = &s->slabs.caches.v[i];
		if ((s->has_buffers && skb_reader_wants(&s->buffers, cache)) ||
		    (s->has_socks && sock_caches_want(&s->socks, cache)))
			kva_set_add(caches, cache->cache.kva);
	}
	return s;
}

static void see_memory(void *arg, const struct skb *skb, const struct skb_memory *memory)
{
	struct sockets *s = arg;
	struct kernel *k = s->census->k;
	u64 paddr, run;
	(void)skb;
	if (memory->kind == SKB_PIECE)
		second_look_page(s->look, memory->page, s->buffer_owner);
	else if (memory->kind == SKB_HEAD_PAGE &&
		 vspace_translate(&k->vspace, memory->kva, &paddr, &run) == READ_OK)
		second_look_page(s->look, memmap_page(&s->census->map, paddr >> k->page_shift),
				 s->buffer_owner);
}

static void see_socket(void *arg, const struct sock_info *sock)
{
	struct sockets *s = arg;
	if (sock->frag_page)
		second_look_page(s->look, sock->frag_page, s->frag_owner);
}

void sockets_claim(struct sockets *s, struct second_look *look)
{
	struct slab_view *view;
	if (!s)
		return;
	struct page_claims *claims = &s->census->claims;
	s->look = look;
	s->buffer_owner = claims_owner(claims, PC_DRIVER_KNOWN, 0, "socket buffers");
	s->frag_owner =
		claims_owner(claims, PC_DRIVER_KNOWN, 0, "pages that sockets cut data from");
	view = mem_alloc(sizeof(*view));
	for (size_t i = 0; i < s->census->nr_slabs; i++) {
		if (slab_view_read(&s->slabs, s->census->slabs[i], NULL, false, view))
			continue;
		if (s->has_buffers && skb_reader_wants(&s->buffers, view->cache))
			skb_slab(&s->buffers, view, NULL, see_memory, s);
		if (s->has_socks && sock_caches_want(&s->socks, view->cache))
			sock_slab(&s->socks, view, see_socket, s);
	}
	slab_view_done(view);
	free(view);
}

void sockets_close(struct sockets *s)
{
	if (!s)
		return;
	if (s->has_buffers)
		skb_reader_close(&s->buffers);
	if (s->has_socks)
		sock_caches_close(&s->socks);
	slab_index_close(&s->slabs);
	free(s);
}
