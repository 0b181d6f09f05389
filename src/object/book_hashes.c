/*
 * Hash tables that alloc_large_system_hash() (mm/page_alloc.c, mm/mm_init.c) and their owners made
 * at boot: an array of buckets, whose number a variable tells.
 *
 * Those made before the page allocator was there are boot memory, those too large for it vmalloc's;
 * both are known as such, and stay so.
 */
#include "object/book_parts.h"

enum { MOST_NODES = 1024 }; /* MAX_NUMNODES */

enum count { IS_NUMBER, IS_MASK, IS_BITS };

/* An array at the pointer in `table`, or in its `member`; as many buckets as `count` tells. */
struct hash_table {
	enum datum_id table, member, bucket;
	enum datum_id count, count_member; /* 0, member: of the same struct */
	enum count is;
};

static const struct hash_table tables[] = {
	{tcp_hashinfo, inet_ehash, inet_ehash_bucket, 0, inet_ehash_mask, IS_MASK},
	{tcp_hashinfo, inet_bhash, inet_bind_bucket, 0, inet_bhash_size, IS_NUMBER},
	{tcp_hashinfo, inet_bhash2, inet_bind_bucket, 0, inet_bhash_size, IS_NUMBER},
	{tcp_hashinfo, inet_lhash2, inet_listen_bucket, 0, inet_lhash2_mask, IS_MASK},
	{udp_table, udp_hash, udp_bucket, 0, udp_hash_mask, IS_MASK},
	{udp_table, udp_hash2, udp_bucket2, 0, udp_hash_mask, IS_MASK},
	{udp_table, udp_hash4, udp_bucket, 0, udp_hash_mask, IS_MASK},
	{udplite_table, udp_hash, udp_bucket, 0, udp_hash_mask, IS_MASK},
	{udplite_table, udp_hash2, udp_bucket2, 0, udp_hash_mask, IS_MASK},
	{mptcp_token_hash, 0, mptcp_token_bucket, mptcp_token_mask, 0, IS_MASK},
	{ip_idents, 0, atomic_size, ip_idents_mask, 0, IS_MASK},
	{ip_tstamps, 0, atomic_size, ip_idents_mask, 0, IS_MASK},
	{mount_hashtable, 0, hlist_head_size, mount_hash_mask, 0, IS_MASK},
	{mountpoint_hashtable, 0, hlist_head_size, mountpoint_hash_mask, 0, IS_MASK},
	{dquot_hash, 0, hlist_head_size, dquot_hash_bits, 0, IS_BITS},
};

/* READ_ABSENT: this kernel has no such table. */
static enum read_status find_array(struct book_walk *w, const struct hash_table *t, u64 *array)
{
	u64 at;
	if (!t->member)
		return kernel_variable(w->k, t->table, 8, array);
	enum read_status status = kernel_global(w->k, t->table, &at);
	return status ? status : kernel_get(w->k, at, t->member, array);
}

static enum read_status find_count(struct book_walk *w, const struct hash_table *t, u64 *nr)
{
	u64 at, value;
	enum read_status status;
	if (t->count) {
		status = kernel_variable(w->k, t->count, 4, &value);
	} else {
		status = kernel_global(w->k, t->table, &at);
		if (!status)
			status = kernel_get(w->k, at, t->count_member, &value);
	}
	if (status)
		return status;
	if (t->is == IS_BITS && value >= 32)
		return READ_DAMAGED;
	*nr = t->is == IS_BITS ? 1ull << value : (u32)value + (u64)(t->is == IS_MASK);
	return READ_OK;
}

static enum read_status give_table(struct book_walk *w, u64 array, u64 nr, u64 bucket)
{
	return array ? book_give(w, array, book_pages_of(w->k, nr * bucket)) : READ_OK;
}

static void read_tables(struct book_walk *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct hash_table *t = &tables[i];
		u64 array, nr, bucket;
		enum read_status status = kernel_size(w->k, t->bucket, &bucket);
		if (!status)
			status = find_array(w, t, &array);
		if (!status)
			status = find_count(w, t, &nr);
		if (!status)
			status = give_table(w, array, nr, bucket);
		if (status != READ_ABSENT)
			book_tell(w, status, kernel_datum(w->k, t->table)->value);
	}
}

/* --- in structs without a name, of which BTF tells nothing ---------------------------------- */

/* One for each node since 6.16 (cec199c5e39b); before, one. */
static void read_futex_tables(struct book_walk *w)
{
	const u64 *quirk = w->k->schema.quirk;
	u64 at, nr, array, nr_nodes = 1, bucket = kernel_datum(w->k, futex_bucket)->value;
	bool is_mask = quirk[quirk_futex_count_is_mask];
	enum read_status status = kernel_global(w->k, futex_data, &at);
	if (!status)
		status = kernel_read_u64(w->k, at + quirk[quirk_futex_count_at], &nr);
	if (!status && nr >= UINT32_MAX)
		status = READ_DAMAGED;
	if (is_mask && kernel_variable(w->k, nr_node_ids, 4, &nr_nodes))
		nr_nodes = 1;
	for (u64 node = 0; !status && node < u64_min(nr_nodes, MOST_NODES); node++) {
		status =
			kernel_read_u64(w->k, at + quirk[quirk_futex_queues_at] + node * 8, &array);
		if (!status)
			status = give_table(w, array, nr + is_mask, bucket);
	}
	book_tell(w, status, at);
}

static void read_timer_table(struct book_walk *w)
{
	u64 at, mask, array, bucket = kernel_datum(w->k, timer_bucket)->value;
	enum read_status status = kernel_global(w->k, timer_data, &at);
	if (!status)
		status = kernel_read_u64(w->k, at, &array);
	if (!status)
		status = kernel_read_u64(w->k, at + w->k->schema.quirk[quirk_timer_mask_at], &mask);
	if (!status)
		status = mask < UINT32_MAX ? give_table(w, array, mask + 1, bucket) : READ_DAMAGED;
	book_tell(w, status, at);
}

const struct book books_of_hashes[] = {
	{"hash tables made at boot", group_hash_tables, read_tables},
	{"hash table of futexes", group_futex_table, read_futex_tables},
	{"hash table of POSIX timers", group_timer_table, read_timer_table},
	{0},
};
