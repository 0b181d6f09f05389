/*
 * Reading the kernel log.
 *
 * The ring buffer (kernel/printk/printk_ringbuffer.c, "Data Structure" in its head comment): an id
 * counts records; descriptor, info and text of a record are found by id modulo the number of
 * descriptors.  A descriptor's state word holds the id in its low 62 bits and the state in the top
 * two: a record counts when the id matches and it is committed (1) or finalized (2).  Text blocks
 * begin with their id (one long) and wrap: a block that would cross the end of the ring lies at its
 * start.  An lpos with bit 0 set has no data.
 *
 * All three arrays are read whole into memory first: their sizes are bounded (2^MAX_BITS bytes).
 */
#include "object/printk.h"

#include <stdio.h>
#include <string.h>

enum { MAX_COUNT_BITS = 24, MAX_SIZE_BITS = 28, ID_BYTES = 8 };
enum desc_state { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE, DESC_OTHER_RECORD };

struct ring {
	struct kernel *k;
	u8 *descs, *infos, *text;
	u64 desc_size, info_size;
	u64 count, text_bytes; /* powers of two */
	u64 head_id, tail_id;
};

/* Read an array of the ring; pages that can't be read stay zero, which no valid record matches. */
static u8 *read_array(struct kernel *k, u64 kva, u64 bytes, const char *what)
{
	u8 *array = mem_alloc(bytes);
	for (u64 done = 0; done < bytes;) {
		u64 n = u64_min(k->page_size - (kva + done) % k->page_size, bytes - done);
		enum read_status status = kernel_read(k, kva + done, array + done, n);
		if (status) {
			memset(array + done, 0, n);
			kernel_unreadable(k, what, status, kva + done);
		}
		done += n;
	}
	return array;
}

static int ring_geometry(struct ring *r, u64 *prb_kva, u64 *ring_kva, u64 *data_kva,
			 struct error *error)
{
	struct kernel *k = r->k;
	u64 count_bits, size_bits;
	enum read_status status = kernel_variable(k, prb, 8, prb_kva);
	if (status)
		return error_set(error, EXIT_PARTIAL, "the kernel log's ring buffer (prb) %s",
				 read_status_text(status));
	*ring_kva = kernel_member(k, *prb_kva, prb_desc_ring);
	*data_kva = kernel_member(k, *prb_kva, prb_text_data_ring);
	if (kernel_get(k, *ring_kva, prb_count_bits, &count_bits) ||
	    kernel_get(k, *data_kva, prb_data_size_bits, &size_bits) ||
	    kernel_get(k, *ring_kva, prb_head_id, &r->head_id) ||
	    kernel_get(k, *ring_kva, prb_tail_id, &r->tail_id))
		return error_set(error, EXIT_PARTIAL,
				 "the kernel log's ring buffer at 0x%llx can't be read",
				 (unsigned long long)*prb_kva);
	if (count_bits > MAX_COUNT_BITS || size_bits > MAX_SIZE_BITS ||
	    kernel_size(k, prb_desc_size, &r->desc_size) ||
	    kernel_size(k, printk_info_size, &r->info_size) || r->desc_size > 256 ||
	    r->info_size > 4096)
		return error_set(
			error, EXIT_PARTIAL,
			"the kernel log's ring buffer has impossible sizes (2^%llu records, 2^%llu bytes)",
			(unsigned long long)count_bits, (unsigned long long)size_bits);
	r->count = 1ull << count_bits;
	r->text_bytes = 1ull << size_bits;
	return 0;
}

static int ring_open(struct ring *r, struct error *error)
{
	struct kernel *k = r->k;
	u64 prb_kva = 0, ring_kva = 0, data_kva = 0, descs, infos, data;
	if (ring_geometry(r, &prb_kva, &ring_kva, &data_kva, error))
		return -1;
	if (kernel_get(k, ring_kva, prb_descs, &descs) ||
	    kernel_get(k, ring_kva, prb_infos, &infos) || kernel_get(k, data_kva, prb_data, &data))
		return error_set(error, EXIT_PARTIAL,
				 "the kernel log's ring buffer at 0x%llx can't be read",
				 (unsigned long long)prb_kva);
	r->descs = read_array(k, descs, r->count * r->desc_size, "kernel log descriptors");
	r->infos = read_array(k, infos, r->count * r->info_size, "kernel log records");
	r->text = read_array(k, data, r->text_bytes, "kernel log text");
	return 0;
}

static void ring_close(struct ring *r)
{
	free(r->descs);
	free(r->infos);
	free(r->text);
}

static enum desc_state desc_state(const struct ring *r, u64 id)
{
	u64 word = 0, shift = r->k->schema.quirk[quirk_desc_state_shift],
	    id_mask = (1ull << shift) - 1;
	const u8 *desc = r->descs + id % r->count * r->desc_size;
	if (kernel_get_from(r->k, desc, r->desc_size, prb_desc_state, &word) ||
	    (word & id_mask) != (id & id_mask))
		return DESC_OTHER_RECORD;
	return (enum desc_state)(word >> shift);
}

/*
 * The text block of a descriptor: its bytes after the id, and how many.  NULL when its place holds
 * another record by now.
 */
static const u8 *text_block(const struct ring *r, const u8 *desc, u64 id, size_t *room)
{
	struct kernel *k = r->k;
	u64 at = kernel_datum(k, prb_desc_text)->value, begin, next, block_id;
	if (at >= r->desc_size ||
	    kernel_get_from(k, desc + at, r->desc_size - at, prb_lpos_begin, &begin) ||
	    kernel_get_from(k, desc + at, r->desc_size - at, prb_lpos_next, &next))
		return NULL;
	*room = 0;
	if (begin & 1 || next & 1)
		return (const u8 *)""; /* a record without text */
	u64 start = begin % r->text_bytes, end = next % r->text_bytes;
	if (begin / r->text_bytes != next / r->text_bytes && end != 0)
		start = 0; /* wrapped: the block lies whole at the start */
	else if (end == 0)
		end = r->text_bytes;
	if (end < start + ID_BYTES)
		return NULL;
	memcpy(&block_id, r->text + start, ID_BYTES);
	if (block_id != id)
		return NULL;
	*room = end - start - ID_BYTES;
	return r->text + start + ID_BYTES;
}

static void caller_of(struct kernel *k, const u8 *info, size_t size, struct log_record *record)
{
	enum { CPU_CALLER = 0x80000000 }; /* printk_caller_id(), kernel/printk/printk.c */
	u64 caller;
	if (kernel_get_from(k, info, size, printk_info_caller_id, &caller) || !caller)
		return;
	record->has_caller = true;
	record->caller_is_cpu = caller & CPU_CALLER;
	record->caller = (u32)caller & ~(u32)CPU_CALLER;
}

static bool ring_record(const struct ring *r, u64 id, struct log_record *record)
{
	struct kernel *k = r->k;
	const u8 *desc = r->descs + id % r->count * r->desc_size,
		 *info = r->infos + id % r->count * r->info_size;
	u64 text_len, value;
	size_t room;
	enum desc_state state = desc_state(r, id);
	if ((state != DESC_COMMITTED && state != DESC_FINALIZED) ||
	    kernel_get_from(k, info, r->info_size, printk_info_text_len, &text_len))
		return false;
	const u8 *text = text_block(r, desc, id, &room);
	if (!text)
		return false;
	*record = (struct log_record){.text = (const char *)text,
				      .text_len = u64_min(text_len, room),
				      .level = -1,
				      .facility = -1};
	kernel_get_from(k, info, r->info_size, printk_info_seq, &record->seq);
	kernel_get_from(k, info, r->info_size, printk_info_ts_nsec, &record->time_ns);
	if (kernel_get_from(k, info, r->info_size, printk_info_level, &value) == READ_OK)
		record->level = (int)value;
	if (kernel_get_from(k, info, r->info_size, printk_info_facility, &value) == READ_OK)
		record->facility = (int)value;
	caller_of(k, info, r->info_size, record);
	return true;
}

static int ring_for_each(struct kernel *k, log_record_fn fn, void *arg, u64 *nr_lost,
			 struct error *error)
{
	struct ring r = {.k = k};
	if (ring_open(&r, error)) {
		ring_close(&r);
		return -1;
	}
	u64 id_mask = (1ull << k->schema.quirk[quirk_desc_state_shift]) - 1;
	u64 nr = (r.head_id - r.tail_id) & id_mask;
	if (nr >= r.count)
		nr = r.count - 1;
	/* The newest count records, whatever a damaged tail says. */
	u64 id = r.head_id - nr;
	for (u64 i = 0; i <= nr; i++, id++) {
		struct log_record record;
		if (!ring_record(&r, id & id_mask, &record)) {
			*nr_lost += desc_state(&r, id & id_mask) !=
				    DESC_REUSABLE; /* given back: an empty place, no loss */
			continue;
		}
		if (!fn(arg, &record))
			break;
	}
	ring_close(&r);
	return 0;
}

/*
 * --- the record buffer of 3.5 to 5.9: variable records one after another; len 0 means "go on at
 * the start"
 */

struct record_buffer {
	struct kernel *k;
	u8 *bytes;
	u64 size, header;
};

static bool buffer_record(const struct record_buffer *b, u64 at, struct log_record *record,
			  u64 *len)
{
	struct kernel *k = b->k;
	const u8 *head = b->bytes + at;
	u64 text_len, value;
	size_t left = b->size - at;
	if (left < b->header || kernel_get_from(k, head, left, printk_log_len, len) ||
	    kernel_get_from(k, head, left, printk_log_text_len, &text_len) || *len > left ||
	    (*len && (*len < b->header || text_len > *len - b->header)))
		return false;
	*record = (struct log_record){.text = (const char *)head + b->header,
				      .text_len = text_len,
				      .level = -1,
				      .facility = -1};
	kernel_get_from(k, head, left, printk_log_ts_nsec, &record->time_ns);
	if (kernel_get_from(k, head, left, printk_log_level, &value) == READ_OK)
		record->level = (int)value;
	if (kernel_get_from(k, head, left, printk_log_facility, &value) == READ_OK)
		record->facility = (int)value;
	return true;
}

static int buffer_for_each(struct kernel *k, log_record_fn fn, void *arg, u64 *nr_lost,
			   struct error *error)
{
	struct record_buffer b = {.k = k};
	u64 kva, first, next, len;
	if (kernel_variable(k, log_buf, 8, &kva) || kernel_variable(k, log_buf_len, 4, &b.size) ||
	    kernel_variable(k, log_first_idx, 4, &first) ||
	    kernel_variable(k, log_next_idx, 4, &next) ||
	    kernel_size(k, printk_log_size, &b.header))
		return error_set(error, EXIT_PARTIAL,
				 "the kernel log's record buffer (log_buf) can't be read");
	if (!b.size || b.size > 1ull << MAX_SIZE_BITS || first >= b.size || next > b.size ||
	    b.header > 256)
		return error_set(
			error, EXIT_PARTIAL,
			"the kernel log's record buffer has an impossible size (%llu bytes)",
			(unsigned long long)b.size);
	b.bytes = read_array(k, kva, b.size, "kernel log text");
	bool wrapped = false;
	for (u64 at = first, seq = 0; at != next && !(wrapped && at > next); seq++) {
		struct log_record record;
		if (!buffer_record(&b, at, &record, &len) || (!len && wrapped)) {
			(*nr_lost)++;
			break;
		}
		if (!len) {
			at = 0;
			wrapped = true;
			continue;
		}
		record.seq = seq;
		if (!fn(arg, &record))
			break;
		at += len;
	}
	free(b.bytes);
	return 0;
}

int printk_for_each(struct kernel *k, log_record_fn fn, void *arg, u64 *nr_lost,
		    struct error *error)
{
	u64 lost = 0;
	int failed = -1;
	switch (k->schema.variant[variant_log]) {
	case LOG_RINGBUFFER:
		failed = kernel_has_group(k, group_printk, error)
				 ? ring_for_each(k, fn, arg, &lost, error)
				 : -1;
		break;
	case LOG_RECORDS:
		failed = kernel_has_group(k, group_log_buf, error)
				 ? buffer_for_each(k, fn, arg, &lost, error)
				 : -1;
		break;
	default:
		kernel_has_group(k, group_printk, error);
	}
	if (nr_lost)
		*nr_lost = lost;
	return failed;
}
