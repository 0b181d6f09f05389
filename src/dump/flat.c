/*
 * The form (makedumpfile's makedumpfile_header and makedumpfile_data_header, all big endian):
 *	char signature[16] "makedumpfile" (older writers leave garbage behind its NUL), s64 type 1,
 *s64 version 1, padding up to 4096 records: s64 offset in the rearranged file, s64 size, then size
 *bytes the last record has offset -1 and size -1; without it the stream broke off
 *
 * Opening reads the record headers only.  A later record replaces what an earlier one wrote to the
 * same place (the writer goes back to its headers).  Writers that flush full buffers give long
 *series of records that follow one another in both files, one header apart: such a series is one
 *extent.
 *
 * Bytes that no record wrote read as zeros, as they do in the rearranged file, when the block they
 * were asked with has anything at all; a range without any is READ_TRUNCATED.
 */
#include "dump/flat.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"

enum {
	FLAT_HEADER = 4096,
	RECORD_HEADER = 16,
	WINDOW = 16 << 10, /* read ahead at records smaller than SMALL_RECORD */
	SMALL_RECORD = 2 << 10,
	MAX_EXTENTS = 16 << 20, /* 512 MiB of index: hundreds of GiB of any real writer's stream */
};

/* count records of len bytes each, lying one header apart in the stream. */
struct extent {
	u64 start; /* in the rearranged file */
	u64 pos;   /* of the first byte in the stream */
	u64 len, count;
};

struct extents {
	struct extent *v;
	size_t n, room;
};

struct flat {
	struct file file;
	struct file *base;
	struct extents extents; /* sorted, not overlapping */
};

static u64 extent_end(const struct extent *e)
{
	return e->start + e->len * e->count;
}

bool flat_probe(struct file *base)
{
	static const char signature[] =
		"makedumpfile"; /* with its NUL; the field's other bytes are whatever was there */
	char bytes[sizeof(signature)];
	return !file_read(base, 0, bytes, sizeof(bytes)) &&
	       !memcmp(bytes, signature, sizeof(bytes));
}

/*
 * Append what lies behind the last extent in both files to it, when it is one more of the same
 * size.
 */
static bool extend_last(struct extents *extents, const struct extent *e)
{
	if (!extents->n)
		return false;
	struct extent *last = &extents->v[extents->n - 1];
	if (e->count != 1 || e->len != last->len || e->start != extent_end(last) ||
	    e->pos != last->pos + last->count * (last->len + RECORD_HEADER))
		return false;
	last->count++;
	return true;
}

static void append(struct extents *extents, struct extent e)
{
	if (e.len && e.count && !extend_last(extents, &e))
		*vec_push(extents) = e;
}

/* --- reading the record headers ------------------------------------------------------------ */

struct scan {
	struct file *base;
	u64 pos;
	u8 window[WINDOW];
	u64 window_pos;
	size_t window_len;
};

static bool next_header(struct scan *scan, u64 previous_size, u64 *offset, u64 *size)
{
	u64 into = scan->pos - scan->window_pos;
	if (scan->pos < scan->window_pos || into > scan->window_len ||
	    scan->window_len - into < RECORD_HEADER) {
		scan->window_pos = scan->pos;
		scan->window_len =
			file_read_some(scan->base, scan->pos, scan->window,
				       previous_size < SMALL_RECORD ? WINDOW : RECORD_HEADER);
		into = 0;
	}
	struct cursor c = cursor_over(scan->window + into, scan->window_len - (size_t)into);
	*offset = cursor_be64(&c);
	*size = cursor_be64(&c);
	scan->pos += RECORD_HEADER;
	return cursor_ok(&c);
}

static int record_error(const struct flat *flat, const struct scan *scan, u64 offset, u64 size,
			struct error *error)
{
	return error_set(
		error, EXIT_INPUT,
		"%s: flattened form: the record at %llu makes no sense (offset %lld, size %lld): the file is "
		"damaged",
		flat->base->name, (unsigned long long)(scan->pos - RECORD_HEADER),
		(long long)offset, (long long)size);
}

/* Returns -1 when nothing can be made of it.  A stream that breaks off is not an error. */
static int scan_records(struct flat *flat, struct scan *scan, struct progress *progress,
			struct error *error)
{
	u64 offset, size = 0, previous = 0;
	for (u64 n = 0; next_header(scan, previous, &offset, &size); n++) {
		if (offset == UINT64_MAX && size == UINT64_MAX) {
			flat->file.complete = flat->base->complete;
			return 0;
		}
		if (offset > INT64_MAX || size > INT64_MAX || size > INT64_MAX - offset) {
			if (n)
				return 0; /* what came before may still tell a lot */
			return record_error(flat, scan, offset, size, error);
		}
		u64 there = u64_min(size, flat->base->size - scan->pos);
		append(&flat->extents,
		       (struct extent){
			       .start = offset, .pos = scan->pos, .len = there, .count = 1});
		if (flat->extents.n > MAX_EXTENTS)
			return error_set(error, EXIT_INPUT,
					 "%s: flattened form of more than %u pieces: rearrange it "
					 "first (makedumpfile -R)",
					 flat->base->name, MAX_EXTENTS);
		if (there < size)
			return 0;
		scan->pos += size;
		previous = size;
		if (n % 65536 == 65535)
			progress_step(progress, "indexing the flattened dump", scan->pos,
				      flat->base->size);
	}
	return 0;
}

/* --- later records over earlier ones ------------------------------------------------------- */

static bool in_order(const struct extents *extents)
{
	for (size_t i = 1; i < extents->n; i++) {
		if (extents->v[i].start < extent_end(&extents->v[i - 1]))
			return false;
	}
	return true;
}

/*
 * The part [from, to) of e, as up to three extents: a partial record, whole ones, a partial record.
 */
static void append_part(struct extents *out, const struct extent *e, u64 from, u64 to)
{
	while (from < to) {
		u64 index = (from - e->start) / e->len, skip = (from - e->start) % e->len;
		struct extent piece = {
			.start = from,
			.pos = e->pos + index * (e->len + RECORD_HEADER) + skip,
			.len = e->len - skip,
			.count = 1,
		};
		if (!skip && to - from >= e->len)
			piece.count = (to - from) / e->len;
		else if (piece.len > to - from)
			piece.len = to - from;
		append(out, piece);
		from = extent_end(&piece);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/*
 * What of the sorted, disjoint `low` is not covered by the sorted, disjoint `high`, and high:
 * sorted.
 */
static struct extents overlay(const struct extents *high, const struct extents *low)
{
	struct extents out = {0};
	size_t h = 0;
	u64 covered = 0;
	for (size_t l = 0; l < low->n; l++) {
		const struct extent *e = &low->v[l];
		u64 from = u64_max(e->start, covered), end = extent_end(e);
		for (; h < high->n && high->v[h].start < end; h++) {
			if (high->v[h].start > from)
				append_part(&out, e, from, high->v[h].start);
			append(&out, high->v[h]);
			covered = from = u64_max(from, extent_end(&high->v[h]));
		}
		if (from < end)
			append_part(&out, e, from, end);
	}
	for (; h < high->n; h++)
		append(&out, high->v[h]);
	return out;
}

/*
 * Merge like a merge sort does, but by age: the later half lies over the earlier half.  Each level
 * leaves at most one more piece per edge, so n records give O(n) pieces in O(n log n) steps.
 */
static struct extents settle(const struct extent *v, size_t n)
{
	struct extents out = {0};
	if (n == 0)
		return out;
	size_t run = 1; /* the usual case: long stretches that are in order already */
	while (run < n && v[run].start >= extent_end(&v[run - 1]))
		run++;
	if (run == n) {
		for (size_t i = 0; i < n; i++)
			append(&out, v[i]);
		return out;
	}
	struct extents early = settle(v, n / 2), late = settle(v + n / 2, n - n / 2);
	out = overlay(&late, &early);
	vec_done(&early);
	vec_done(&late);
	return out;
}

/*
 * Most writers only interleave two streams (descriptors and pages): then sorting is all there is to
 * do.
 */
static void put_in_order(struct extents *extents)
{
	if (in_order(extents))
		return;
	struct extents sorted = {.v = mem_calloc(extents->n, sizeof(*extents->v)),
				 .n = extents->n,
				 .room = extents->n};
	memcpy(sorted.v, extents->v, extents->n * sizeof(*extents->v));
	qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_start);
	if (!in_order(&sorted)) {
		vec_done(&sorted);
		sorted = settle(extents->v, extents->n);
	}
	vec_done(extents);
	*extents = sorted;
}

/* --- reading ------------------------------------------------------------------------------- */

/* The first extent that ends behind offset. */
static size_t find(const struct extents *extents, u64 offset)
{
	size_t low = 0, high = extents->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (extent_end(&extents->v[mid]) <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* From one record of an extent; *n: how much that gives. */
static enum read_status read_record(struct flat *flat, const struct extent *e, u64 offset,
				    void *buffer, size_t *n)
{
	u64 index = (offset - e->start) / e->len, skip = (offset - e->start) % e->len;
	*n = (size_t)u64_min(*n, e->len - skip);
	return file_read(flat->base, e->pos + index * (e->len + RECORD_HEADER) + skip, buffer, *n);
}

static enum read_status flat_read(struct file *file, u64 offset, void *buffer, size_t len)
{
	struct flat *flat = (struct flat *)file;
	size_t i = find(&flat->extents, offset);
	u8 *to = buffer;
	bool any = false;
	while (len) {
		const struct extent *e = i < flat->extents.n ? &flat->extents.v[i] : NULL;
		size_t n = len;
		if (e && e->start <= offset) {
			enum read_status status = read_record(flat, e, offset, to, &n);
			if (status)
				return status;
			any = true;
			if (offset + n == extent_end(e))
				i++;
		} else {
			n = e ? (size_t)u64_min(len, e->start - offset) : len;
			memset(to, 0, n);
		}
		to += n;
		offset += n;
		len -= n;
	}
	return any ? READ_OK : READ_TRUNCATED;
}

static void flat_close(struct file *file)
{
	struct flat *flat = (struct flat *)file;
	vec_done(&flat->extents);
	file_close(flat->base);
}

static const struct file_ops flat_ops = {.read = flat_read, .close = flat_close};

/* --- opening ------------------------------------------------------------------------------- */

static int check_header(struct file *base, struct error *error)
{
	u8 bytes[32] = {0};
	enum read_status status = file_read(base, 0, bytes, sizeof(bytes));
	struct cursor c = cursor_over(bytes, sizeof(bytes));
	cursor_skip(&c, 16);
	u64 type = cursor_be64(&c), version = cursor_be64(&c);
	if (status || base->size < FLAT_HEADER + RECORD_HEADER)
		return error_set(
			error, EXIT_INPUT,
			"%s: flattened form, cut off in its header (%llu bytes): copy it again",
			base->name, (unsigned long long)base->size);
	if (type != 1 || version != 1)
		return error_set(
			error, EXIT_INPUT,
			"%s: flattened form of type %llu version %llu; only type 1 version 1 is known",
			base->name, (unsigned long long)type, (unsigned long long)version);
	return 0;
}

static int build_index(struct flat *flat, struct progress *progress, struct error *error)
{
	struct scan *scan = mem_alloc(sizeof(*scan));
	scan->base = flat->base;
	scan->pos = FLAT_HEADER;
	int result = scan_records(flat, scan, progress, error);
	free(scan);
	if (result)
		return -1;
	put_in_order(&flat->extents);
	size_t n = flat->extents.n;
	flat->file.size = n ? extent_end(&flat->extents.v[n - 1]) : 0;
	return 0;
}

int flat_open(struct file **file, struct file *base, struct progress *progress, struct error *error)
{
	struct flat *flat = mem_alloc(sizeof(*flat));
	file_init(&flat->file, &flat_ops, base->name, 0);
	flat->base = base;
	flat->file.disk_bytes = base->disk_bytes;
	flat->file.packed = base->packed;
	flat->file.flattened = true;
	flat->file.complete = false;
	if (check_header(base, error) || build_index(flat, progress, error)) {
		file_close(&flat->file);
		return -1;
	}
	*file = &flat->file;
	return 0;
}
