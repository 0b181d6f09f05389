/*
 * struct sock: include/net/sock.h.  Which caches hold sockets says the list of protocols
 * (net/core/sock.c proto_list); without symbols of data, any socket that is open leads to that
 * list; else the names that such caches have.
 */
#include "object/sock.h"

#include <string.h>

#include "kernel/walk.h"
#include "object/file.h"

enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10, MOST_FAMILIES = 64 };

/* --- caches --------------------------------------------------------------------------------- */

static void add_protocol(struct sock_caches *c, const struct slab_index *slabs, u64 proto)
{
	u64 slab;
	if (kernel_get(c->k, proto, proto_slab, &slab) || !slab)
		return;
	const struct slab_index_cache *cache = slab_index_find(slabs, slab);
	if (cache && !sock_caches_want(c, cache))
		*vec_push(&c->caches) = cache;
}

/* head: of the list, or a protocol's own place in it. */
static void add_protocols(struct sock_caches *c, const struct slab_index *slabs, u64 head)
{
	struct list_walk walk;
	u64 link;
	for (list_walk_init(&walk, c->k, head); list_walk_next(&walk, &link);)
		add_protocol(c, slabs, kernel_container(c->k, link, proto_node));
	if (walk.status)
		kernel_unreadable(c->k, "list of network protocols", walk.status, walk.at);
}

/* The protocol of any socket that a process has open: all are on one list with it. */
struct open_socket {
	struct kernel *k;
	u64 proto;
};

static bool find_open_socket(void *arg, const struct open_file *o)
{
	struct open_socket *found = arg;
	struct kernel *k = found->k;
	struct file_info info;
	u64 sk;
	if (o->fd < 0)
		return true;
	file_of_inode(k, o->inode, &info);
	if (info.status || strcmp(info.fstype, "sockfs"))
		return true;
	u64 socket = kernel_member(k, kernel_container(k, o->inode, socket_alloc_inode),
				   socket_alloc_socket);
	return kernel_get(k, socket, socket_sk, &sk) || !sk ||
	       kernel_get(k, sk, sock_prot, &found->proto) || !found->proto;
}

static void find_protocols(struct sock_caches *c, const struct slab_index *slabs)
{
	struct open_socket found = {.k = c->k};
	u64 head;
	if (kernel_global(c->k, proto_list, &head) == READ_OK) {
		add_protocols(c, slabs, head);
		return;
	}
	file_for_each_open(c->k, find_open_socket, &found, NULL);
	if (!found.proto)
		return;
	add_protocol(c, slabs, found.proto);
	add_protocols(c, slabs, kernel_member(c->k, found.proto, proto_node));
}

/* Without the list: by name, or by the name that a merged cache had. */
struct name_search {
	struct sock_caches *caches;
	const struct slab_index *slabs;
};

static void add_named(void *arg, u64 cache_kva, const char *name)
{
	static const char *const names[] = {"TCP",  "TCPv6",	   "UDP",      "UDPv6",
					    "RAW",  "RAWv6",	   "PING",     "PINGv6",
					    "UNIX", "UNIX-STREAM", "MPTCP",    "MPTCPv6",
					    "SCTP", "SCTPv6",	   "UDP-Lite", "UDPLITEv6"};
	struct name_search *search = arg;
	const struct slab_index_cache *cache = slab_index_find(search->slabs, cache_kva);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (cache && !strcmp(name, names[i]) && !sock_caches_want(search->caches, cache))
			*vec_push(&search->caches->caches) = cache;
	}
}

static void add_known_names(struct sock_caches *c, const struct slab_index *slabs)
{
	struct name_search search = {c, slabs};
	for (size_t i = 0; i < slabs->caches.n; i++)
		add_named(&search, slabs->caches.v[i].cache.kva, slabs->caches.v[i].cache.name);
	slab_alias_for_each(c->k, add_named, &search, NULL);
}

int sock_caches_open(struct sock_caches *c, struct kernel *k, const struct slab_index *slabs,
		     struct error *error)
{
	*c = (struct sock_caches){.k = k};
	if (!kernel_has_group(k, group_sock, error))
		return -1;
	find_protocols(c, slabs);
	add_known_names(c, slabs);
	return 0;
}

void sock_caches_close(struct sock_caches *c)
{
	vec_done(&c->caches);
}

bool sock_caches_want(const struct sock_caches *c, const struct slab_index_cache *cache)
{
	for (size_t i = 0; i < c->caches.n; i++) {
		if (c->caches.v[i] == cache)
			return true;
	}
	return false;
}

/* --- a socket ------------------------------------------------------------------------------- */

static u64 counter(struct kernel *k, u64 sock, enum datum_id id)
{
	u64 value;
	return kernel_get(k, sock, id, &value) || (s64)value < 0 ? 0 : value;
}

static enum read_status read_addresses(struct kernel *k, struct sock_info *s)
{
	bool v6 = s->family == FAMILY_INET6;
	enum datum_id local = v6 ? sock_local_v6 : sock_local_v4;
	enum datum_id peer = v6 ? sock_peer_v6 : sock_peer_v4;
	size_t len = v6 ? 16 : 4;
	u64 port;
	if (!kernel_has(k, local) || !kernel_has(k, peer))
		return READ_ABSENT;
	enum read_status status = kernel_read(k, kernel_member(k, s->kva, local), s->local, len);
	if (!status)
		status = kernel_read(k, kernel_member(k, s->kva, peer), s->peer, len);
	if (!status)
		status = kernel_get(k, s->kva, sock_local_port, &port);
	if (status)
		return status;
	s->local_port = (u16)port;
	status = kernel_get(k, s->kva, sock_peer_port, &port);
	s->peer_port = __builtin_bswap16((u16)port);
	return status;
}

enum read_status sock_read(struct kernel *k, u64 kva, struct sock_info *s)
{
	u64 prot, family, state, refs;
	*s = (struct sock_info){.kva = kva};
	enum read_status status = kernel_get(k, kva, sock_prot, &prot);
	if (!status)
		status = kernel_get(k, kva, sock_family, &family);
	if (!status)
		status = kernel_get(k, kva, sock_state, &state);
	if (!status)
		status = kernel_get(k, kva, sock_refcount, &refs);
	if (status)
		return status;
	/* Objects of these caches keep the bytes of their last life (SLAB_TYPESAFE_BY_RCU). */
	if (!refs || !family || family > MOST_FAMILIES ||
	    kernel_get_text(k, prot, proto_name, s->protocol, sizeof(s->protocol)) ||
	    kernel_get(k, prot, proto_slab, &s->cache))
		return READ_DAMAGED;
	s->family = (u16)family;
	s->state = (u8)state;
	if (s->family == FAMILY_INET || s->family == FAMILY_INET6)
		s->has_addresses = read_addresses(k, s) == READ_OK;
	s->receive_bytes = counter(k, kva, sock_rmem_alloc);
	s->send_bytes = counter(k, kva, sock_wmem_queued);
	s->wmem_alloc = counter(k, kva, sock_wmem_alloc);
	s->wmem_alloc -= s->wmem_alloc > 0; /* the socket's own reference: sk_wmem_alloc_get() */
	s->forward_bytes = (s64)counter(k, kva, sock_forward_alloc);
	s->receive_limit = counter(k, kva, sock_rcvbuf);
	s->send_limit = counter(k, kva, sock_sndbuf);
	kernel_get(k, kva, sock_frag_page, &s->frag_page);
	if (kernel_get(k, kva, sock_socket, &s->socket) == READ_OK && s->socket)
		kernel_get(k, s->socket, socket_file, &s->file);
	return READ_OK;
}

void sock_slab(const struct sock_caches *c, const struct slab_view *view, sock_fn fn, void *arg)
{
	for (u32 i = 0; slab_view_next(view, &i); i++) {
		struct sock_info info;
		u64 object = slab_view_object(view, i);
		enum read_status status = sock_read(c->k, object, &info);
		/* In a merged cache other objects lie among the sockets. */
		if (!status && info.cache == view->cache->cache.kva)
			fn(arg, &info);
		else if (status && status != READ_DAMAGED && status != READ_UNMAPPED)
			kernel_unreadable(c->k, "socket", status, object);
	}
}
