/*
 * Socket buffers that look whole and are not, data that clones share, and pairs of which one is
 * gone.  Offsets are ours; include/linux/skbuff.h of 6.1.
 */
#include "support/cmocka_all.h"

#include "object/skb.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

enum { SKB_BYTES = 128, INFO_BYTES = 128, SLOT = 512, MEMORY = 0x8000, HEADS = 0x2000 };
enum {
	NEXT,
	PREV = 8,
	SK = 16,
	LEN = 24,
	DATA_LEN = 28,
	HEAD = 32,
	DATA = 40,
	TAIL = 48,
	END = 52,
	TRUESIZE = 56,
	USERS = 60,
	HEAD_FRAG = 64,
	FCLONE_REF = 2 * SKB_BYTES
};
enum { NR_FRAGS, DATAREF = 4, FRAGS = 16 };

static void put_schema(struct fake_kernel *f)
{
	static const struct {
		enum datum_id id;
		u64 value, size;
	} rows[] = {
		{skb_size, SKB_BYTES, 8},
		{skb_next, NEXT, 8},
		{skb_prev, PREV, 8},
		{skb_sk, SK, 8},
		{skb_len, LEN, 4},
		{skb_data_len, DATA_LEN, 4},
		{skb_head, HEAD, 8},
		{skb_data, DATA, 8},
		{skb_tail, TAIL, 4},
		{skb_end, END, 4},
		{skb_truesize, TRUESIZE, 4},
		{skb_users, USERS, 4},
		{skb_head_frag, HEAD_FRAG, 1},
		{fclones_skb2, SKB_BYTES, SKB_BYTES},
		{fclones_ref, FCLONE_REF, 4},
		{shared_info_size, INFO_BYTES, 8},
		{shared_info_nr_frags, NR_FRAGS, 1},
		{shared_info_dataref, DATAREF, 4},
		{shared_info_frags, FRAGS, 64},
		{skb_frag_page, 0, 8},
		{skb_frag_len, 8, 4},
		{skb_frag_offset, 12, 4},
		{skbuff_cache, FAKE_BASE + 0x100, 8},
		{skbuff_fclone_cache, FAKE_BASE + 0x108, 8},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fake_datum(f, rows[i].id, rows[i].value, rows[i].size);
	f->k.schema.datum[shared_info_frags].stride = 16;
	f->k.schema.datum[shared_info_frags].nr_elements = 4;
	fake_write_u64(f, 0x100, kva(0x200)); /* the two caches */
	fake_write_u64(f, 0x108, kva(0x300));
}

static void put_skb(struct fake_kernel *f, u64 at, u64 head, u32 len, u32 truesize)
{
	const u32 end = 256, tail = 64, users = 1;
	fake_write_u64(f, at + HEAD, kva(head));
	fake_write_u64(f, at + DATA, kva(head + 16));
	fake_write(f, at + TAIL, &tail, 4);
	fake_write(f, at + END, &end, 4);
	fake_write(f, at + USERS, &users, 4);
	fake_write(f, at + LEN, &len, 4);
	fake_write(f, at + TRUESIZE, &truesize, 4);
}

static void put_data(struct fake_kernel *f, u64 head, u8 nr_frags, u32 dataref)
{
	u64 info = head + 256;
	fake_write(f, info + NR_FRAGS, &nr_frags, 1);
	fake_write(f, info + DATAREF, &dataref, 4);
	for (u64 i = 0; i < nr_frags && i < 4; i++) {
		const u32 bytes = 1000;
		fake_write_u64(f, info + FRAGS + i * 16, kva(0x1000 + i * 64) | (i == 3));
		fake_write(f, info + FRAGS + i * 16 + 8, &bytes, 4);
	}
}

struct seen {
	u64 nr, truesize, heads, pieces, bytes;
};

static void see_skb(void *arg, const struct skb *skb)
{
	struct seen *seen = arg;
	seen->nr++;
	seen->truesize += skb->truesize;
}

static void see_memory(void *arg, const struct skb *skb, const struct skb_memory *memory)
{
	struct seen *seen = arg;
	if (memory->kind == SKB_PIECE)
		seen->pieces++;
	else
		seen->heads++;
	seen->bytes += memory->bytes;
}

/* Slots 0 .. n-1 of one slab of the first (pairs: second) cache are allocated. */
static struct seen look(struct fake_kernel *f, bool pairs, u32 n, u64 *implausible)
{
	struct slab_index index = {.k = &f->k};
	struct skb_reader reader;
	struct seen seen = {0};
	struct error error = ERROR_INIT;
	vec_push(&index.caches)->cache.kva = kva(0x200);
	vec_push(&index.caches)->cache.kva = kva(0x300);
	struct slab_view view = {.cache = &index.caches.v[pairs],
				 .first = kva(MEMORY),
				 .size = SLOT,
				 .objects = n,
				 .allocated = {(1ull << n) - 1}};
	fake_kernel_start(f, 0);
	if (skb_reader_open(&reader, &f->k, &index, &error))
		fail_msg("%s", error.text);
	assert_true(skb_reader_wants(&reader, view.cache));
	skb_slab(&reader, &view, see_skb, see_memory, &seen);
	*implausible = reader.nr_implausible;
	skb_reader_close(&reader);
	slab_index_close(&index);
	fake_kernel_done(f);
	free(f);
	return seen;
}

static struct fake_kernel *start(void)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	put_schema(f);
	return f;
}

static void single(void **state)
{
	struct fake_kernel *f = start();
	const u32 beyond = 300, none = 0;
	u64 implausible;
	put_skb(f, MEMORY, HEADS, 2048, 4000); /* three pages and one piece of device memory */
	put_data(f, HEADS, 4, 1);
	put_skb(f, MEMORY + SLOT, HEADS + 0x400, 100, 1000); /* two share one head */
	put_skb(f, MEMORY + 2 * SLOT, HEADS + 0x400, 100, 1000);
	put_data(f, HEADS + 0x400, 1, 2);
	put_skb(f, MEMORY + 3 * SLOT, HEADS + 0x800, 100, 1000); /* more pieces than fit */
	put_data(f, HEADS + 0x800, 9, 1);
	put_skb(f, MEMORY + 4 * SLOT, HEADS + 0xc00, 100, 1000); /* tail behind the end */
	put_data(f, HEADS + 0xc00, 0, 1);
	fake_write(f, MEMORY + 4 * SLOT + TAIL, &beyond, 4);
	put_skb(f, MEMORY + 5 * SLOT, HEADS + 0xc00, 100, 1000); /* no users */
	fake_write(f, MEMORY + 5 * SLOT + USERS, &none, 4);
	struct seen seen = look(f, false, 6, &implausible);
	assert_int_equal(seen.nr, 3);
	assert_int_equal(seen.truesize, 6000);
	assert_int_equal(seen.heads, 2);
	assert_int_equal(seen.pieces, 4);
	assert_int_equal(seen.bytes, 4000 + 2 * (256 + INFO_BYTES));
	assert_int_equal(implausible, 3);
}

/* A pair: refs, whether the first's data has an owner of payload alone, whether heads differ. */
static void pairs(void **state)
{
	static const struct {
		const char *name;
		u32 refs, dataref;
		bool other_head, second_queued;
		u64 nr, truesize, heads;
	} cases[] = {
		{"both, data shared", 2, 0x10002, false, false, 2, 300, 1},
		{"the first, sent and not acknowledged", 1, 0x10001, false, false, 1, 100, 1},
		{"the second, received", 1, 1, false, false, 1, 200, 1},
		{"the first, the second is old", 1, 0x10001, true, false, 1, 100, 1},
		{"the second, on a queue with a head of its own", 1, 1, true, true, 1, 200, 1},
		{"none", 0, 1, false, false, 0, 0, 0},
		{"no pair at all", 77, 1, false, false, 0, 0, 0},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_kernel *f = start();
		u64 implausible, second = MEMORY + SKB_BYTES;
		put_skb(f, MEMORY, HEADS, 10, 100);
		put_skb(f, second, cases[i].other_head ? HEADS + 0x400 : HEADS, 10, 200);
		put_data(f, HEADS, 0, cases[i].dataref);
		put_data(f, HEADS + 0x400, 0, 1);
		fake_write(f, MEMORY + FCLONE_REF, &cases[i].refs, 4);
		if (cases[i].second_queued) {
			fake_write_u64(f, second + NEXT, kva(0x400));
			fake_write_u64(f, 0x400 + PREV, kva(second));
		}
		struct seen seen = look(f, true, 1, &implausible);
		if (seen.nr != cases[i].nr || seen.truesize != cases[i].truesize ||
		    seen.heads != cases[i].heads)
			fail_msg("%s: %llu, truesize %llu, %llu heads", cases[i].name,
				 (unsigned long long)seen.nr, (unsigned long long)seen.truesize,
				 (unsigned long long)seen.heads);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single),
		cmocka_unit_test(pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
