/*
 * Readers of kernel data over memory that anybody wrote: the log in both layouts, slab caches,
 * lists and trees.
 *
 * The schema is fixed, the memory is the input: pointers in it that point into it are followed.
 */
#include <string.h>

#include "kernel/walk.h"
#include "object/printk.h"
#include "object/slab.h"
#include "support/fakekernel.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct place {
	enum datum_id id;
	u64 value, size;
};

static const struct place places[] = {
	/* the ring buffer, its pointer at 0x10 */
	{prb, FAKE_BASE + 0x10, 8},
	{prb_desc_ring, 0, 0},
	{prb_text_data_ring, 48, 0},
	{prb_count_bits, 0, 4},
	{prb_descs, 8, 8},
	{prb_infos, 16, 8},
	{prb_head_id, 24, 8},
	{prb_tail_id, 32, 8},
	{prb_desc_size, 24, 0},
	{prb_desc_state, 0, 8},
	{prb_desc_text, 8, 16},
	{prb_lpos_begin, 0, 8},
	{prb_lpos_next, 8, 8},
	{prb_data_size_bits, 0, 4},
	{prb_data, 8, 8},
	{printk_info_size, 88, 0},
	{printk_info_seq, 0, 8},
	{printk_info_ts_nsec, 8, 8},
	{printk_info_text_len, 16, 2},
	/* slab caches, their list's head at 0x40 */
	{slab_caches, FAKE_BASE + 0x40, 16},
	{cache_list, 0, 16},
	{cache_name, 16, 8},
	{cache_size, 24, 4},
	{cache_object_size, 28, 4},
	{cache_flags, 32, 4},
	{cache_oo, 36, 4},
	{cache_min, 36, 4},
	{cache_offset, 40, 4},
	{cache_random, 48, 8},
	{cache_node, 64, 8},
	{cache_node_partial, 0, 16},
	{cache_node_nr_partial, 32, 8},
	{cache_node_nr_slabs, 16, 8},
	{cache_node_total_objects, 24, 8},
	{slab_list, 0, 16},
	{slab_freelist, 16, 8},
	{slab_inuse, 24, 2},
	{slab_objects, 26, 2},
	{slab_cache, 32, 8},
	{rb_left, 16, 8},
	{rb_right, 8, 8},
	{rb_root_node, 0, 8},
};

/* The record buffer of older kernels, its variables at 0x20. */
static const struct place record_buffer[] = {
	{log_buf, FAKE_BASE + 0x20, 8},
	{log_buf_len, FAKE_BASE + 0x28, 4},
	{log_first_idx, FAKE_BASE + 0x2c, 4},
	{log_next_idx, FAKE_BASE + 0x30, 4},
	{printk_log_size, 16, 0},
	{printk_log_ts_nsec, 0, 8},
	{printk_log_len, 8, 2},
	{printk_log_text_len, 10, 2},
};

static bool take_record(void *arg, const struct log_record *r)
{
	u64 *sum = arg;
	for (size_t i = 0; i < r->text_len; i++)
		*sum += (u8)r->text[i];
	return true;
}

static bool take_cache(void *arg, const struct slab_cache *c)
{
	u64 *sum = arg, pages;
	*sum += strlen(c->name) + slab_cache_pages(c, &pages);
	return true;
}

static void read_all(struct fake_kernel *f)
{
	struct kernel *k = &f->k;
	struct rb_walk tree;
	u64 sum = 0, node;
	printk_for_each(k, take_record, &sum, NULL, NULL);
	slab_cache_for_each(k, NULL, take_cache, &sum, NULL);
	for (rb_walk_init(&tree, k, FAKE_BASE + 0x60);
	     tree.nr < 4096 && rb_walk_next(&tree, &node);)
		sum += node;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	if (!size)
		return free(f), 0;
	fake_kernel_init(f);
	memcpy(f->memory, data + 1, size - 1 < FAKE_BYTES ? size - 1 : FAKE_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		/* one bit of the first byte: which layout of the log */
		if (!(data[0] & 1 && places[i].id == prb))
			fake_datum(f, places[i].id, places[i].value, places[i].size);
	}
	for (size_t i = 0; data[0] & 1 && i < ARRAY_SIZE(record_buffer); i++)
		fake_datum(f, record_buffer[i].id, record_buffer[i].value, record_buffer[i].size);
	f->k.schema.datum[cache_node].stride = 8;
	f->k.schema.datum[cache_node].nr_elements = 1;
	fake_kernel_start(f, 0);
	read_all(f);
	fake_kernel_done(f);
	free(f);
	return 0;
}
