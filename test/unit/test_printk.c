/*
 * The kernel log in both layouts, in states that a lab's dump does not show: wrapped rings, records
 * without text, lost ones, the record buffer of 3.5 to 5.9, impossible sizes.  Layouts as in
 * kernel/printk/printk_ringbuffer.h and printk.c (struct printk_log) of these kernels.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "object/printk.h"
#include "support/fakekernel.h"

static u64 kva(u64 offset)
{
	return FAKE_BASE + offset;
}

struct lines {
	char text[1024];
	u64 lost;
	int level;
	u64 time_ns;
};

static bool add_line(void *arg, const struct log_record *r)
{
	struct lines *lines = arg;
	size_t used = strlen(lines->text);
	snprintf(lines->text + used, sizeof(lines->text) - used, "%.*s|", (int)r->text_len,
		 r->text);
	lines->level = r->level;
	lines->time_ns = r->time_ns;
	return true;
}

/* --- ring buffer: 4 descriptors of 24 bytes, 4 infos of 88, 64 bytes of text --------------- */

enum {
	PRB = 0x100,
	DESCS = 0x1000,
	INFOS = 0x2000,
	TEXT = 0x3000,
	DESC_BYTES = 24,
	INFO_BYTES = 88
};
enum { RESERVED = 0, COMMITTED = 1, FINALIZED = 2, REUSABLE = 3 };

static void ring_schema(struct fake_kernel *f)
{
	fake_datum(f, prb, kva(0x10), 8);
	fake_write_u64(f, 0x10, kva(PRB));
	fake_datum(f, prb_desc_ring, 0, 0);
	fake_datum(f, prb_text_data_ring, 48, 0);
	fake_datum(f, prb_count_bits, 0, 4);
	fake_datum(f, prb_descs, 8, 8);
	fake_datum(f, prb_infos, 16, 8);
	fake_datum(f, prb_head_id, 24, 8);
	fake_datum(f, prb_tail_id, 32, 8);
	fake_datum(f, prb_desc_size, DESC_BYTES, 0);
	fake_datum(f, prb_desc_state, 0, 8);
	fake_datum(f, prb_desc_text, 8, 16);
	fake_datum(f, prb_lpos_begin, 0, 8);
	fake_datum(f, prb_lpos_next, 8, 8);
	fake_datum(f, prb_data_size_bits, 0, 4);
	fake_datum(f, prb_data, 8, 8);
	fake_datum(f, printk_info_size, INFO_BYTES, 0);
	fake_datum(f, printk_info_seq, 0, 8);
	fake_datum(f, printk_info_ts_nsec, 8, 8);
	fake_datum(f, printk_info_text_len, 16, 2);
}

static void ring_head(struct fake_kernel *f, u32 count_bits, u32 size_bits, u64 tail, u64 head)
{
	fake_write(f, PRB, &count_bits, 4);
	fake_write_u64(f, PRB + 8, kva(DESCS));
	fake_write_u64(f, PRB + 16, kva(INFOS));
	fake_write_u64(f, PRB + 24, head);
	fake_write_u64(f, PRB + 32, tail);
	fake_write(f, PRB + 48, &size_bits, 4);
	fake_write_u64(f, PRB + 56, kva(TEXT));
}

static void ring_record(struct fake_kernel *f, u64 id, u64 state, u64 begin, u64 next, u64 text_at,
			const char *text)
{
	u64 desc = DESCS + id % 4 * DESC_BYTES, info = INFOS + id % 4 * INFO_BYTES;
	u16 len = (u16)strlen(text);
	fake_write_u64(f, desc, id | state << 62);
	fake_write_u64(f, desc + 8, begin);
	fake_write_u64(f, desc + 16, next);
	fake_write_u64(f, info, id);
	fake_write_u64(f, info + 8, id * 1000);
	fake_write(f, info + 16, &len, 2);
	if (begin & 1)
		return;
	fake_write_u64(f, TEXT + text_at, id);
	fake_write(f, TEXT + text_at + 8, text, len);
}

static int read_log(struct fake_kernel *f, struct lines *lines, struct error *error)
{
	*lines = (struct lines){0};
	fake_kernel_start(f, 0);
	int failed = printk_for_each(&f->k, add_line, lines, &lines->lost, error);
	fake_kernel_done(f);
	free(f);
	return failed;
}

static struct fake_kernel *fake_ring(void)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	ring_schema(f);
	return f;
}

static void ring(void **state)
{
	struct fake_kernel *f = fake_ring();
	struct lines lines;
	ring_head(f, 2, 6, 10, 13);
	ring_record(f, 10, FINALIZED, 0, 16, 0, "first");
	ring_record(f, 11, COMMITTED, 16, 40, 16, "second");
	ring_record(f, 12, FINALIZED, 40, 64 + 24, 0,
		    "wrapped"); /* crosses the end: lies at the start, over the first */
	ring_record(f, 13, FINALIZED, 1, 1, 32, ""); /* no text */
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "second|wrapped||"); /* the first's place was taken */
	assert_int_equal(lines.lost, 1);
	assert_int_equal(lines.time_ns, 13000);
}

static void ring_loses(void **state)
{
	struct fake_kernel *f = fake_ring();
	struct lines lines;
	ring_head(f, 2, 6, 10, 13);
	ring_record(f, 10, REUSABLE, 0, 16, 0, "gone");	  /* given back: no loss */
	ring_record(f, 11, RESERVED, 16, 32, 16, "half"); /* being written */
	ring_record(f, 12, FINALIZED, 32, 48, 32, "kept");
	ring_record(f, 9, FINALIZED, 48, 64, 48, "old"); /* in the place of 13 */
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "kept|");
	assert_int_equal(lines.lost, 2);
}

static void ring_lies(void **state)
{
	struct fake_kernel *f = fake_ring();
	struct lines lines;
	struct error error = ERROR_INIT;
	ring_head(f, 2, 6, 10, 13);
	ring_record(f, 10, FINALIZED, 32, 8, 0, "backward");
	ring_record(f, 11, FINALIZED, 0, 16, 0, "too long for its block");
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "too long|"); /* cut at the block's end */

	f = fake_ring();
	ring_head(f, 63, 6, 0, 1);
	assert_int_equal(read_log(f, &lines, &error), -1);
	assert_non_null(strstr(error.text, "impossible sizes"));
}

/* --- record buffer ------------------------------------------------------------------------- */

enum { BUFFER = 0x4000, HEADER_BYTES = 16 };

static void buffer_schema(struct fake_kernel *f, u32 size, u32 first, u32 next)
{
	fake_datum(f, log_buf, kva(0x20), 8);
	fake_write_u64(f, 0x20, kva(BUFFER));
	fake_datum(f, log_buf_len, kva(0x28), 4);
	fake_write(f, 0x28, &size, 4);
	fake_datum(f, log_first_idx, kva(0x2c), 4);
	fake_write(f, 0x2c, &first, 4);
	fake_datum(f, log_next_idx, kva(0x30), 4);
	fake_write(f, 0x30, &next, 4);
	fake_datum(f, printk_log_size, HEADER_BYTES, 0);
	fake_datum(f, printk_log_ts_nsec, 0, 8);
	fake_datum(f, printk_log_len, 8, 2);
	fake_datum(f, printk_log_text_len, 10, 2);
	fake_datum(f, printk_log_level, 15, 1);
	f->k.schema.datum[printk_log_level].bit_shift = 5; /* u8 facility; u8 flags:5, level:3 */
	f->k.schema.datum[printk_log_level].bit_size = 3;
}

static void buffer_record(struct fake_kernel *f, u64 at, u16 len, const char *text, u8 level)
{
	u16 text_len = (u16)strlen(text);
	u8 flags_level = (u8)(level << 5);
	fake_write_u64(f, BUFFER + at, at * 10);
	fake_write(f, BUFFER + at + 8, &len, 2);
	fake_write(f, BUFFER + at + 10, &text_len, 2);
	fake_write(f, BUFFER + at + 15, &flags_level, 1);
	fake_write(f, BUFFER + at + HEADER_BYTES, text, text_len);
}

static struct fake_kernel *fake_buffer(u32 size, u32 first, u32 next)
{
	struct fake_kernel *f = malloc(sizeof(*f));
	fake_kernel_init(f);
	buffer_schema(f, size, first, next);
	return f;
}

static void record_buffer(void **state)
{
	struct fake_kernel *f = fake_buffer(256, 0, 64);
	struct lines lines;
	buffer_record(f, 0, 32, "one", 6);
	buffer_record(f, 32, 32, "two", 3);
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "one|two|");
	assert_int_equal(lines.level, 3);
	assert_int_equal(lines.time_ns, 320);

	f = fake_buffer(256, 160, 32); /* wrapped: a record of length 0 says so */
	buffer_record(f, 160, 48, "before", 6);
	buffer_record(f, 208, 0, "", 0);
	buffer_record(f, 0, 32, "after", 6);
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "before|after|");
	assert_int_equal(lines.lost, 0);
}

static void record_buffer_lies(void **state)
{
	struct fake_kernel *f = fake_buffer(256, 0, 96);
	struct lines lines;
	struct error error = ERROR_INIT;
	buffer_record(f, 0, 32, "one", 6);
	buffer_record(f, 32, 9, "short", 6); /* shorter than its own header */
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_string_equal(lines.text, "one|");
	assert_int_equal(lines.lost, 1);

	f = fake_buffer(256, 0, 128); /* only wrap marks: must end */
	assert_int_equal(read_log(f, &lines, NULL), 0);
	assert_int_equal(lines.lost, 1);

	f = fake_buffer(0x80000000, 0, 128);
	assert_int_equal(read_log(f, &lines, &error), -1);
	assert_non_null(strstr(error.text, "impossible size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring),
		cmocka_unit_test(ring_loses),
		cmocka_unit_test(ring_lies),
		cmocka_unit_test(record_buffer),
		cmocka_unit_test(record_buffer_lies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
