/*
 * Reading pages of kdump-compressed files.
 *
 * pfn -> its bit in the 2nd bitmap -> the rank of that bit -> page descriptor -> packed bytes ->
 *page. descriptor: s64 offset, u32 size, u32 flags (codec; 0: not packed), u64 page_flags (0)
 *
 * Two ways: parts of pages go through the cache of unpacked pages; whole pages are unpacked right
 *into the caller's buffer, in batches, since neighbours' packed bytes lie next to each other in the
 *file. Writers store one packed page of zeros for all zero pages; it is recognised when it comes
 *again, and most pages of an idle machine then cost no more than clearing memory.
 *
 * A descriptor of zeros was never written: makedumpfile leaves them when the disk was full.
 */
#include "dump/kdump.h"

#include <string.h>

#include "base/cursor.h"
#include "dump/spin.h"

enum { BATCH_PAGES = 64, BATCH_BYTES = 256 << 10 };

struct desc {
	u64 offset;
	u32 size, flags;
};

struct kdump_worker {
	struct kdump_worker *next;
	struct codec_state codec;
	struct desc descs[BATCH_PAGES];
	u8 raw_descs[BATCH_PAGES * KDUMP_DESC_BYTES];
	size_t room; /* of packed */
	u8 *page;    /* one page */
	u8 packed[];
};

static struct kdump_worker *worker_get(struct kdump *k)
{
	spin_lock(&k->workers.lock);
	struct kdump_worker *w = k->workers.idle;
	if (w)
		k->workers.idle = w->next;
	spin_unlock(&k->workers.lock);
	if (w)
		return w;
	size_t room = (size_t)u64_max(BATCH_BYTES, k->block_size);
	w = mem_alloc(sizeof(*w) + room + k->block_size);
	w->room = room;
	w->page = w->packed + room;
	return w;
}

static void worker_put(struct kdump *k, struct kdump_worker *w)
{
	spin_lock(&k->workers.lock);
	w->next = k->workers.idle;
	k->workers.idle = w;
	spin_unlock(&k->workers.lock);
}

void kdump_workers_done(struct kdump_workers *workers)
{
	struct kdump_worker *next;
	for (struct kdump_worker *w = workers->idle; w; w = next) {
		next = w->next;
		codec_state_done(&w->codec);
		free(w);
	}
	workers->idle = NULL;
}

/* --- from page frame to descriptors -------------------------------------------------------- */

/* Consecutive page frames that fare alike. */
struct span {
	struct kdump_part *part;
	u64 index; /* of the first one's descriptor, when they are in the dump */
	u64 nr;
};

/* The part that holds pfn, or the first one behind it; NULL when there is none. */
static struct kdump_part *find_part(const struct kdump *k, u64 pfn)
{
	size_t low = 0, high = k->nr_parts;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (k->parts[mid].end_pfn <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < k->nr_parts ? &k->parts[low] : NULL;
}

/* No file has it: behind the last page frame, or in a file of a split set that was not given. */
static enum read_status locate_missing(const struct kdump *k, const struct kdump_part *next,
				       u64 pfn, struct span *span)
{
	bool outside = pfn >= k->max_pfn;
	u64 end = outside ? UINT64_MAX >> k->shift : next ? next->start_pfn : k->max_pfn;
	span->nr = u64_max(end - u64_min(end, pfn), 1);
	return outside ? READ_UNMAPPED : READ_TRUNCATED;
}

/* Not in the 2nd bitmap, for span->nr page frames at most: excluded where there is RAM. */
static enum read_status locate_excluded(struct kdump_part *part, u64 pfn, struct span *span)
{
	bool set;
	enum read_status status = pagemap_run(&part->ram, pfn, span->nr, &set, &span->nr);
	if (status)
		return status;
	return set ? READ_EXCLUDED : READ_UNMAPPED;
}

/* What pfn and up to max - 1 following ones are; READ_OK: they have descriptors. */
static enum read_status locate(const struct kdump *k, u64 pfn, u64 max, struct span *span)
{
	struct kdump_part *part = span->part = find_part(k, pfn);
	if (!part || pfn < part->start_pfn)
		return locate_missing(k, part, pfn, span);
	max = u64_min(max, part->end_pfn - pfn);
	bool set;
	enum read_status status = pagemap_run(&part->dumped, pfn, max, &set, &span->nr);
	if (status) {
		span->nr = max;
		return status;
	}
	if (!set)
		return locate_excluded(part, pfn, span);
	u64 rank;
	status = pagemap_rank(&part->dumped, pfn, &rank);
	span->index = rank - part->first_rank;
	return status;
}

/* n descriptors from index on, as they are in the file; fewer than n when it ends before. */
static enum read_status read_descs(struct kdump_worker *w, const struct kdump_part *part, u64 index,
				   size_t *n)
{
	u64 at = part->descs + index * KDUMP_DESC_BYTES;
	enum read_status status =
		file_read_cached(part->file, at, w->raw_descs, *n * KDUMP_DESC_BYTES);
	if (status && *n > 1) {
		*n = 1;
		status = file_read_cached(part->file, at, w->raw_descs, KDUMP_DESC_BYTES);
	}
	if (status)
		return status;
	for (size_t i = 0; i < *n; i++) {
		struct cursor c =
			cursor_over(w->raw_descs + i * KDUMP_DESC_BYTES, KDUMP_DESC_BYTES);
		w->descs[i].offset = cursor_u64(&c);
		w->descs[i].size = cursor_u32(&c);
		w->descs[i].flags = cursor_u32(&c);
	}
	return READ_OK;
}

/* What the descriptor alone tells. */
static enum read_status desc_status(const struct kdump *k, const struct kdump_part *part,
				    const struct desc *d)
{
	if (!d->offset && !d->size)
		return READ_TRUNCATED;
	bool packed = d->flags & CODEC_FLAGS;
	if (!d->size || d->size > k->block_size || (!packed && d->size != k->block_size))
		return READ_DAMAGED;
	if (packed && !codec_by_flags(d->flags))
		return READ_DAMAGED;
	u64 size = part->file->size;
	if (d->offset <= size && d->size <= size - d->offset)
		return READ_OK;
	/* Behind the end: believed only when it would lie there in the whole file. */
	bool credible = part->truncated &&
			d->offset / k->block_size <= part->data / k->block_size + part->nr_pages;
	return credible ? READ_TRUNCATED : READ_DAMAGED;
}

/* --- from descriptors to pages ------------------------------------------------------------- */

static bool is_zero_page(const u8 *page, size_t size)
{
	u64 first;
	memcpy(&first, page, sizeof(first));
	return !first && !memcmp(page, page + sizeof(first), size - sizeof(first));
}

/* zero: the offset that zero pages share, as it was known when the batch began. */
static bool is_known_zero(const struct desc *d, u64 zero)
{
	return zero && d->offset == zero;
}

static void look_for_zero(const struct kdump *k, struct kdump_part *part, const struct desc *d,
			  const u8 *page)
{
	if (is_zero_page(page, k->block_size))
		__atomic_store_n(&part->zero_offset, d->offset, __ATOMIC_RELAXED);
}

static bool is_raw(const struct desc *d)
{
	return !(d->flags & CODEC_FLAGS);
}

/*
 * How many of n descriptors can be had with one read of the file: each packed page begins where the
 * one before ended; those known to be zeros do not count.  *bytes: how much there is to read.
 */
static size_t one_read(const struct kdump *k, const struct kdump_worker *w,
		       const struct kdump_part *part, const struct desc *d, size_t n, u64 zero,
		       size_t *bytes)
{
	*bytes = d[0].size;
	size_t i;
	for (i = 1; i < n; i++) {
		if (is_known_zero(&d[i], zero))
			continue;
		if (d[i].offset != d[0].offset + *bytes || d[i].size > w->room - *bytes ||
		    desc_status(k, part, &d[i]))
			break;
		*bytes += d[i].size;
	}
	return i;
}

static enum read_status unpack_page(const struct kdump *k, struct kdump_worker *w,
				    struct kdump_part *part, const struct desc *d, const u8 *packed,
				    u8 *page)
{
	const struct codec *codec = codec_by_flags(d->flags);
	if (!codec)
		memcpy(page, packed, k->block_size);
	else if (!codec->decode || !codec->decode(&w->codec, packed, d->size, page, k->block_size))
		return READ_DAMAGED;
	look_for_zero(k, part, d, page);
	return READ_OK;
}

/* Pages that are not packed go straight to the caller. */
static enum read_status read_raw(const struct kdump *k, struct kdump_part *part,
				 const struct desc *d, size_t n, u8 *pages, size_t *done)
{
	size_t i = 1;
	while (i < n && is_raw(&d[i]) && d[i].offset == d[i - 1].offset + k->block_size &&
	       !desc_status(k, part, &d[i]))
		i++;
	enum read_status status = file_read(part->file, d->offset, pages, i * k->block_size);
	if (status)
		return status;
	for (*done = 0; *done < i; ++*done)
		look_for_zero(k, part, &d[*done], pages + *done * k->block_size);
	return READ_OK;
}

/* A few hundred bytes of a single page: its neighbours are often wanted next, and a system call
 * costs more.
 */
static enum read_status read_packed(const struct kdump_part *part, u64 offset, u8 *packed,
				    size_t bytes)
{
	return bytes <= FILE_BLOCK / 2 ? file_read_cached(part->file, offset, packed, bytes)
				       : file_read(part->file, offset, packed, bytes);
}

/* The first pages of w->descs[from..n) that can be had at once.  *done: how many. */
static enum read_status read_group(const struct kdump *k, struct kdump_worker *w,
				   struct kdump_part *part, size_t from, size_t n, u8 *pages,
				   size_t *done)
{
	const struct desc *d = &w->descs[from];
	u64 zero = __atomic_load_n(&part->zero_offset, __ATOMIC_RELAXED);
	enum read_status status = desc_status(k, part, d);
	if (status)
		return status;
	if (!is_known_zero(d, zero) && is_raw(d))
		return read_raw(k, part, d, n - from, pages, done);
	size_t bytes = 0;
	n = is_known_zero(d, zero) ? 1 : one_read(k, w, part, d, n - from, zero, &bytes);
	status = read_packed(part, d->offset, w->packed, bytes);
	if (status)
		return status;
	const u8 *packed = w->packed;
	for (size_t i = 0; i < n; i++, ++*done) {
		u8 *page = pages + i * k->block_size;
		if (is_known_zero(&d[i], zero)) {
			memset(page, 0, k->block_size);
			continue;
		}
		status = unpack_page(k, w, part, &d[i], packed, page);
		if (status)
			return status;
		packed += d[i].size;
	}
	return READ_OK;
}

/* Up to a batch of whole pages from pfn on.  *done: how many were read, also when it ends badly. */
static enum read_status read_batch(struct kdump *k, struct kdump_worker *w, u64 pfn, size_t nr,
				   u8 *pages, size_t *done)
{
	struct span span;
	*done = 0;
	enum read_status status = locate(k, pfn, u64_min(nr, BATCH_PAGES), &span);
	if (status)
		return status;
	size_t n = (size_t)u64_min(span.nr, BATCH_PAGES);
	status = read_descs(w, span.part, span.index, &n);
	while (!status && *done < n) {
		size_t more = 0;
		status =
			read_group(k, w, span.part, *done, n, pages + *done * k->block_size, &more);
		*done += more;
	}
	return status;
}

/* --- reading ------------------------------------------------------------------------------- */

/* A part of one page. */
static enum read_status read_within(struct kdump *k, struct kdump_worker **w, u64 pfn,
				    size_t offset, void *buffer, size_t len)
{
	if (cache_get(k->pages, pfn, offset, buffer, len))
		return READ_OK;
	if (!*w)
		*w = worker_get(k);
	size_t done;
	enum read_status status = read_batch(k, *w, pfn, 1, (*w)->page, &done);
	if (status)
		return status;
	cache_put(k->pages, pfn, (*w)->page);
	memcpy(buffer, (*w)->page + offset, len);
	return READ_OK;
}

/* Whole pages: what is in the cache already is not read again, but nothing is put there. */
static enum read_status read_whole(struct kdump *k, struct kdump_worker **w, u64 pfn, size_t nr,
				   u8 *pages, size_t *done)
{
	*done = 1;
	if (nr == 1 && cache_get(k->pages, pfn, 0, pages, k->block_size))
		return READ_OK;
	if (!*w)
		*w = worker_get(k);
	return read_batch(k, *w, pfn, nr, pages, done);
}

static enum read_status read_range(struct kdump *k, struct kdump_worker **w, u64 paddr, u8 *to,
				   size_t len, u64 *fault)
{
	size_t mask = k->block_size - 1;
	while (len) {
		u64 pfn = paddr >> k->shift;
		size_t offset = paddr & mask, n;
		enum read_status status;
		*fault = paddr & ~(u64)mask;
		if (offset || len < k->block_size) {
			n = (size_t)u64_min(len, k->block_size - offset);
			status = read_within(k, w, pfn, offset, to, n);
		} else {
			size_t done;
			status = read_whole(k, w, pfn, len >> k->shift, to, &done);
			n = done << k->shift;
			*fault += status ? n : 0;
		}
		if (status)
			return status;
		to += n;
		paddr += n;
		len -= n;
	}
	return READ_OK;
}

enum read_status kdump_read(struct image *image, u64 paddr, void *buffer, size_t len, u64 *fault)
{
	struct kdump *k = image->private;
	struct kdump_worker *w = NULL;
	enum read_status status = read_range(k, &w, paddr, buffer, len, fault);
	if (w)
		worker_put(k, w);
	return status;
}

/* In a file that is not whole the descriptors tell page by page. */
static enum read_status look_closer(struct kdump *k, struct kdump_worker *w, struct span *span)
{
	size_t n = (size_t)u64_min(span->nr, BATCH_PAGES);
	enum read_status status = read_descs(w, span->part, span->index, &n);
	span->nr = n;
	if (status)
		return status;
	status = desc_status(k, span->part, &w->descs[0]);
	for (span->nr = 1; span->nr < n; span->nr++) {
		if (desc_status(k, span->part, &w->descs[span->nr]) != status)
			break;
	}
	return status;
}

enum read_status kdump_state(struct image *image, u64 paddr, u64 *run_bytes)
{
	struct kdump *k = image->private;
	u64 pfn = paddr >> k->shift;
	struct span span;
	enum read_status status = locate(k, pfn, UINT64_MAX, &span);
	if (!status && span.part->truncated) {
		struct kdump_worker *w = worker_get(k);
		status = look_closer(k, w, &span);
		worker_put(k, w);
	}
	u64 end =
		span.nr > (UINT64_MAX >> k->shift) - pfn ? UINT64_MAX : (pfn + span.nr) << k->shift;
	*run_bytes = end - paddr;
	return status;
}
