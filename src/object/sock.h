/*
 * Sockets, found in the slabs of their protocols (TCP, UDPv6, UNIX, ...).
 *
 * Protocols without a slab cache of their own (packet, netlink) are not found this way.
 */
#ifndef OBJECT_SOCK_H
#define OBJECT_SOCK_H

#include "object/slab_object.h"

struct sock_info {
	u64 kva;
	char protocol[33]; /* "TCP", "UNIX" */
	u16 family;	   /* AF_* of Linux: 1 unix, 2 inet, 10 inet6 */
	u8 state; /* TCP_*: 1 established, 7 close, 10 listen; other protocols use them too */
	bool has_addresses;
	u8 local[16], peer[16]; /* the first 4 of AF_INET; network byte order */
	u16 local_port, peer_port;
	u64 receive_bytes; /* truesize of what it has received and nobody has read */
	u64 send_bytes;	   /* truesize of what is queued to be sent or acknowledged */
	u64 wmem_alloc; /* truesize of what others still have: devices, readers of Unix sockets */
	s64 forward_bytes; /* set aside for it, not used */
	u64 receive_limit, send_limit;
	u64 frag_page;	  /* struct page that it cuts data from; 0: none */
	u64 cache;	  /* slab cache of its protocol; 0: kmalloc */
	u64 socket, file; /* struct socket, struct file; 0: the kernel's own, or closed already */
};

struct sock_caches {
	struct kernel *k;
	VEC(const struct slab_index_cache *) caches;
};

int sock_caches_open(struct sock_caches *caches, struct kernel *k, const struct slab_index *slabs,
		     struct error *error);
void sock_caches_close(struct sock_caches *caches);
bool sock_caches_want(const struct sock_caches *caches, const struct slab_index_cache *cache);

typedef void (*sock_fn)(void *arg, const struct sock_info *sock);
/* All sockets of a slab of one of these caches. */
void sock_slab(const struct sock_caches *caches, const struct slab_view *view, sock_fn fn,
	       void *arg);
/* READ_DAMAGED: no socket (a freed one in the middle of its way back). */
enum read_status sock_read(struct kernel *k, u64 sock, struct sock_info *info);

#endif
