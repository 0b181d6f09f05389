/*
 * Reading socket buffers: include/linux/skbuff.h, net/core/skbuff.c.
 *
 * Freeing leaves a buffer's bytes as they were, and a few hundred free ones are kept by each CPU
 * (napi_alloc_cache), allocated as far as the slab knows: these are left out.  What remains must
 * look like a buffer: data between head and end, users, few pieces.
 *
 * Of a pair (skbuff_fclone_cache) both are in use while fclone_ref is 2.  At 1 it is either.  TCP
 * keeps the first until its data is acknowledged and says so in the shared info, which counts
 * owners of payload alone in its upper half; so when both have the same head, that count tells
 * whether the first is still there.
 */
#include "object/skb.h"

#include <string.h>

enum {
	MOST_USERS = 1 << 20,
	LARGEST_HEAD = 8 << 20,
	DATAREF_MASK = 0xffff, /* SKB_DATAREF_MASK: above it the count of owners of payload alone */
	NOT_A_PAGE = 1,	       /* NET_IOV */
	LARGEST_SKB = 1024,
	LARGEST_SHARED_INFO = 4096
};

/* --- the caches ----------------------------------------------------------------------------- */

struct alias_search {
	const char *name;
	u64 cache;
};

static void compare_alias(void *arg, u64 cache, const char *alias)
{
	struct alias_search *search = arg;
	if (!strcmp(alias, search->name))
		search->cache = cache;
}

/* By the kernel's own pointer, by name, by the name that it was merged under. */
static const struct slab_index_cache *find_cache(struct kernel *k, const struct slab_index *slabs,
						 enum datum_id variable, enum datum_id hotdata,
						 const char *name)
{
	struct alias_search search = {.name = name};
	u64 kva = 0, hot;
	if (kernel_variable(k, variable, 8, &kva) && kernel_global(k, net_hotdata, &hot) == READ_OK)
		kernel_get(k, hot, hotdata, &kva);
	const struct slab_index_cache *cache = kva ? slab_index_find(slabs, kva) : NULL;
	if (!cache)
		cache = slab_index_named(slabs, name);
	if (cache)
		return cache;
	slab_alias_for_each(k, compare_alias, &search, NULL);
	return search.cache ? slab_index_find(slabs, search.cache) : NULL;
}

static void find_idle(struct skb_reader *r)
{
	u64 base, nr, skb;
	const struct datum *cache = kernel_datum(r->k, napi_skb_cache);
	if (kernel_global(r->k, napi_alloc_cache, &base))
		return;
	kernel_for_each_cpu(r->k, cpu)
	{
		u64 napi = kernel_percpu(r->k, base, cpu);
		if (kernel_get(r->k, napi, napi_skb_count, &nr))
			continue;
		for (u64 i = 0; i < u64_min(nr, cache->nr_elements); i++) {
			if (kernel_get_element(r->k, napi, napi_skb_cache, i, &skb) == READ_OK)
				kva_set_add(&r->idle, skb);
		}
	}
}

int skb_reader_open(struct skb_reader *r, struct kernel *k, const struct slab_index *slabs,
		    struct error *error)
{
	*r = (struct skb_reader){.k = k};
	if (!kernel_has_group(k, group_skb, error))
		return -1;
	kernel_size(k, skb_size, &r->skb_bytes);
	kernel_size(k, shared_info_size, &r->shared_info_bytes);
	r->single = find_cache(k, slabs, skbuff_cache, hotdata_skbuff_cache, "skbuff_head_cache");
	r->pairs = find_cache(k, slabs, skbuff_fclone_cache, hotdata_fclone_cache,
			      "skbuff_fclone_cache");
	if ((!r->single && !r->pairs) || r->skb_bytes > LARGEST_SKB ||
	    r->shared_info_bytes > LARGEST_SHARED_INFO)
		return error_set(error, EXIT_PARTIAL,
				 "socket buffers: their slab caches can't be found");
	pthread_mutex_init(&r->lock, NULL);
	find_idle(r);
	return 0;
}

void skb_reader_close(struct skb_reader *r)
{
	kva_set_done(&r->idle);
	kva_set_done(&r->heads);
	pthread_mutex_destroy(&r->lock);
}

/* --- one buffer ----------------------------------------------------------------------------- */

static u64 field(const struct skb_reader *r, const u8 *bytes, enum datum_id id)
{
	u64 value = 0;
	kernel_get_from(r->k, bytes, r->skb_bytes, id, &value);
	return value;
}

static bool decode(const struct skb_reader *r, u64 kva, const u8 *bytes, struct skb *skb)
{
	u64 end = field(r, bytes, skb_end), tail = field(r, bytes, skb_tail),
	    data = field(r, bytes, skb_data), users = field(r, bytes, skb_users);
	*skb = (struct skb){.kva = kva, .head = field(r, bytes, skb_head)};
	if (skb->head < r->k->arch->kernel_half || !users || users > MOST_USERS || tail > end ||
	    end > LARGEST_HEAD || data < skb->head || data - skb->head > end)
		return false;
	skb->sk = field(r, bytes, skb_sk);
	skb->dev = field(r, bytes, skb_dev);
	skb->len = (u32)field(r, bytes, skb_len);
	skb->data_len = (u32)field(r, bytes, skb_data_len);
	skb->truesize = (u32)field(r, bytes, skb_truesize);
	skb->head_bytes = (u32)(end + r->shared_info_bytes);
	skb->head_in_page = field(r, bytes, skb_head_frag);
	return skb->data_len <= skb->len;
}

struct shared_info {
	u8 bytes[LARGEST_SHARED_INFO];
	u64 nr_pieces, dataref;
};

static enum read_status read_shared_info(const struct skb_reader *r, const struct skb *skb,
					 struct shared_info *info)
{
	u64 at = skb->head + skb->head_bytes - r->shared_info_bytes;
	const struct datum *frags = kernel_datum(r->k, shared_info_frags);
	enum read_status status = kernel_read(r->k, at, info->bytes, r->shared_info_bytes);
	if (status)
		return status;
	kernel_get_from(r->k, info->bytes, r->shared_info_bytes, shared_info_nr_frags,
			&info->nr_pieces);
	kernel_get_from(r->k, info->bytes, r->shared_info_bytes, shared_info_dataref,
			&info->dataref);
	info->dataref &= DATAREF_MASK;
	return info->dataref && info->nr_pieces <= frags->nr_elements ? READ_OK : READ_DAMAGED;
}

static void give_piece(struct skb_reader *r, const struct skb *skb, const u8 *frag, size_t len,
		       skb_memory_fn memory, void *arg)
{
	struct skb_memory m = {.kind = SKB_PIECE};
	u64 offset = 0, bytes = 0;
	kernel_get_from(r->k, frag, len, skb_frag_page, &m.page);
	kernel_get_from(r->k, frag, len, skb_frag_offset, &offset);
	kernel_get_from(r->k, frag, len, skb_frag_len, &bytes);
	m.offset = (u32)offset;
	m.bytes = (u32)bytes;
	if (m.page & NOT_A_PAGE)
		__atomic_add_fetch(&r->nr_foreign, 1, __ATOMIC_RELAXED);
	else if (m.page)
		memory(arg, skb, &m);
}

static void give_memory(struct skb_reader *r, const struct skb *skb, const struct shared_info *info,
			skb_memory_fn memory, void *arg)
{
	const struct datum *frags = kernel_datum(r->k, shared_info_frags);
	struct skb_memory head = {.kind = skb->head_in_page ? SKB_HEAD_PAGE : SKB_HEAD_KMALLOC,
				  .kva = skb->head,
				  .bytes = skb->head_bytes};
	memory(arg, skb, &head);
	for (u64 i = 0; i < info->nr_pieces; i++)
		give_piece(r, skb, info->bytes + frags->value + i * frags->stride, frags->stride,
			   memory, arg);
}

/* The first of those that share a head? */
static bool first_of_head(struct skb_reader *r, const struct skb *skb)
{
	if (!skb->shared)
		return true;
	pthread_mutex_lock(&r->lock);
	bool first = kva_set_add(&r->heads, skb->head);
	pthread_mutex_unlock(&r->lock);
	return first;
}

static void give(struct skb_reader *r, struct skb *skb, skb_fn fn, skb_memory_fn memory, void *arg)
{
	struct shared_info info;
	enum read_status status = read_shared_info(r, skb, &info);
	if (status == READ_DAMAGED) {
		__atomic_add_fetch(&r->nr_implausible, 1, __ATOMIC_RELAXED);
		return;
	}
	if (status) {
		kernel_unreadable(r->k, "data of a socket buffer", status, skb->head);
		return;
	}
	skb->nr_pieces = (u32)info.nr_pieces;
	skb->shared = info.dataref > 1;
	if (fn)
		fn(arg, skb);
	if (memory && first_of_head(r, skb))
		give_memory(r, skb, &info, memory, arg);
}

/* --- slabs ---------------------------------------------------------------------------------- */

static bool decode_object(struct skb_reader *r, const struct slab_view *view, u64 kva,
			  struct skb *skb)
{
	u8 read[LARGEST_SKB];
	const u8 *bytes = read;
	u64 at = kva - view->first;
	if (view->nr_bytes >= r->skb_bytes && at <= view->nr_bytes - r->skb_bytes) {
		bytes = view->bytes + at;
	} else {
		enum read_status status = kernel_read(r->k, kva, read, r->skb_bytes);
		if (status) {
			kernel_unreadable(r->k, "socket buffer", status, kva);
			return false;
		}
	}
	if (decode(r, kva, bytes, skb))
		return true;
	__atomic_add_fetch(&r->nr_implausible, 1, __ATOMIC_RELAXED);
	return false;
}

static bool on_list(struct skb_reader *r, u64 skb)
{
	u64 next, back;
	return kernel_get(r->k, skb, skb_next, &next) == READ_OK && next &&
	       kernel_get(r->k, next, skb_prev, &back) == READ_OK && back == skb;
}

static u64 head_of(struct skb_reader *r, u64 skb)
{
	u64 head;
	return kernel_get(r->k, skb, skb_head, &head) ? 0 : head;
}

/* Has the data of this buffer an owner that left the headers to its clones? */
static bool has_payload_owner(struct skb_reader *r, u64 skb)
{
	u64 head, end, dataref;
	return kernel_get(r->k, skb, skb_head, &head) == READ_OK &&
	       kernel_get(r->k, skb, skb_end, &end) == READ_OK &&
	       kernel_get(r->k, head + end, shared_info_dataref, &dataref) == READ_OK &&
	       (dataref & ~(u64)DATAREF_MASK);
}

/* Which of a pair are in use: bit 0 the first, bit 1 the second; as the file's head tells. */
static u32 pair_in_use(struct skb_reader *r, u64 first, u64 second)
{
	enum { FIRST = 1, SECOND = 2 };
	u64 refs;
	if (kernel_get(r->k, first, fclones_ref, &refs) || !refs || refs > 2)
		return 0;
	if (refs == 2)
		return FIRST | SECOND;
	if (head_of(r, first) == head_of(r, second))
		return has_payload_owner(r, first) ? FIRST : SECOND;
	return on_list(r, second) && !on_list(r, first) ? SECOND : FIRST;
}

static void give_pair(struct skb_reader *r, const struct slab_view *view, u64 first, skb_fn fn,
		      skb_memory_fn memory, void *arg)
{
	struct skb skb;
	u64 pair[2] = {first, kernel_member(r->k, first, fclones_skb2)};
	u32 in_use = pair_in_use(r, pair[0], pair[1]);
	if (!in_use)
		__atomic_add_fetch(&r->nr_implausible, 1, __ATOMIC_RELAXED);
	for (u32 i = 0; i < 2; i++) {
		if ((in_use >> i & 1) && decode_object(r, view, pair[i], &skb))
			give(r, &skb, fn, memory, arg);
	}
}

void skb_slab(struct skb_reader *r, const struct slab_view *view, skb_fn fn, skb_memory_fn memory,
	      void *arg)
{
	struct skb skb;
	for (u32 i = 0; slab_view_next(view, &i); i++) {
		u64 object = slab_view_object(view, i);
		if (view->cache == r->pairs)
			give_pair(r, view, object, fn, memory, arg);
		else if (!kva_set_has(&r->idle, object) && decode_object(r, view, object, &skb))
			give(r, &skb, fn, memory, arg);
	}
}
