/*
 * Find kallsyms by its structure, when VMCOREINFO does not say where it is (before 6.0, or
 *damaged).
 *
 * kallsyms_token_index is 256 rising u16 from 0: the offsets of 256 printable strings that end
 *where it begins. Nothing else in a kernel image looks so.  From there backwards:
 *
 *	until 6.1	[addresses] num_syms names markers token_table token_index
 *	6.2, 6.3	[addresses] num_syms names markers seqs_of_names token_table token_index
 *	since 6.4	num_syms names markers token_table token_index [addresses] seqs_of_names
 *
 * (404bad70fcf7 moved the addresses; kallsyms_addresses.c finds them.)  markers is a rising array
 *from 0 as well; num_syms is the number for which the chain of names, walked from right behind it,
 *meets every marker.
 */
#include "base/mem.h"
#include "debuginfo/kallsyms_internal.h"

enum {
	SCAN_CHUNK = 1 << 20, /* less 4: the first two words of an index may lie in two chunks */
	MAX_TOKEN = 512,
	MAX_BEHIND = 32 << 20, /* how far the markers may lie before the tokens: 3 bytes for each of
				  4 M symbols */
	MIN_STEP = 2 * KALLSYMS_BLOCK, /* a name is a length and at least one code */
	MAX_STEP = KALLSYMS_MAX_NAME * KALLSYMS_BLOCK,
};

/* --- token_index and token_table ----------------------------------------------------------- */

/* Four u16 in one load: 0, then rising by the length of short strings. */
static inline bool may_be_index(u64 word)
{
	u32 a = (u16)(word >> 16), b = (u16)(word >> 32), c = (u16)(word >> 48);
	return (u16)word == 0 && a > 0 && b > a && c > b && c < 3 * MAX_TOKEN;
}

static bool index_rises(const u16 *index)
{
	for (int i = 1; i < 256; i++)
		if (index[i] <= index[i - 1] || index[i] - index[i - 1] > MAX_TOKEN)
			return false;
	return true;
}

static bool token_is_printable(const char *token, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return true;
}

/* A character that occurs in symbols is its own code: these always do. */
static bool has_own_code(const char *table, const u16 *index, char c)
{
	return table[index[(u8)c]] == c && index[(u8)c + 1] - index[(u8)c] == 2;
}

static bool tokens_fit(const char *table, const u16 *index)
{
	if (!has_own_code(table, index, '_') || !has_own_code(table, index, 'T') ||
	    !has_own_code(table, index, 't'))
		return false;
	for (int i = 0; i < 255; i++) {
		size_t len = (size_t)(index[i + 1] - index[i]) - 1;
		if (table[index[i] + len] != 0 || !token_is_printable(table + index[i], len))
			return false;
	}
	return true;
}

/* The table's last string ends before the padding in front of the index; so its start is known. */
static bool find_token_table(const struct reader *kernel, u64 index_at, const u16 *index,
			     u64 *table_at)
{
	size_t size = index[255] + (size_t)MAX_TOKEN + KALLSYMS_LARGEST_ALIGN;
	if (size > index_at)
		return false;
	struct window w;
	window_init(&w, kernel, index_at - size, size);
	bool found = false;
	if (window_has(&w, size - index[255], index[255])) {
		size_t end = size;
		while (end > 0 && w.bytes[end - 1] == 0)
			end--;
		size_t last = end;
		while (last > 0 && w.bytes[last - 1] != 0)
			last--;
		found = last >= index[255] && (w.address + last - index[255]) % 4 == 0 &&
			size - end <= KALLSYMS_LARGEST_ALIGN + 1 &&
			tokens_fit((const char *)w.bytes + last - index[255], index);
		*table_at = w.address + last - index[255];
	}
	window_done(&w);
	return found;
}

/* --- markers, names, num_syms -------------------------------------------------------------- */

/* A window over what lies before the tokens; offsets in it. */
struct behind {
	struct window w;
	size_t markers, nr_markers, width;
	size_t num_syms, names, n;
};

static u64 marker_at(const struct behind *b, size_t i)
{
	size_t at = b->markers + i * b->width;
	return b->width == 8 ? window_u64(&b->w, at) : window_u32(&b->w, at);
}

/* How many entries rise from a 0 at offset `at`. */
static size_t count_markers(struct behind *b, size_t at, size_t end)
{
	b->markers = at;
	size_t n = 0, room = (end - at) / b->width;
	u64 last = 0;
	for (; n < room; n++) {
		u64 marker = marker_at(b, n);
		if (n == 0 ? marker != 0 : marker < last + MIN_STEP || marker - last > MAX_STEP)
			break;
		last = marker;
	}
	return n;
}

static bool chain_meets_markers(struct behind *b, enum kallsyms_length kind)
{
	size_t offset = b->names;
	for (size_t first = 0; first < b->n; first += KALLSYMS_BLOCK) {
		if (offset != b->names + marker_at(b, first / KALLSYMS_BLOCK))
			return false;
		offset = kallsyms_skip_names(&b->w, kind, offset,
					     u64_min(KALLSYMS_BLOCK, b->n - first));
		if (!offset || offset > b->markers)
			return false;
	}
	return b->markers - offset < KALLSYMS_LARGEST_ALIGN;
}

/* names follow num_syms (a u32, before 5.0 a u64) after padding. */
static bool num_syms_at(struct behind *b, size_t at)
{
	u32 n = window_u32(&b->w, at);
	size_t most = b->nr_markers * KALLSYMS_BLOCK;
	if (n > most || n <= most - KALLSYMS_BLOCK)
		return false;
	b->num_syms = at;
	b->n = n;
	for (size_t i = 0; i < ARRAY_SIZE(kallsyms_aligns); i++) {
		b->names = (size_t)(align_up(b->w.address + at + 4, kallsyms_aligns[i]) -
				    b->w.address);
		if (chain_meets_markers(b, LENGTH_ULEB) || chain_meets_markers(b, LENGTH_BYTE))
			return true;
	}
	return false;
}

/* Names end at the markers and are as long as the last marker says, and up to one block more. */
static bool find_names(struct behind *b)
{
	size_t last = (size_t)marker_at(b, b->nr_markers - 1), slack = 2 * KALLSYMS_LARGEST_ALIGN;
	if (last + slack > b->markers)
		return false;
	size_t at = (b->markers - last - 4) & ~(size_t)3,
	       low = at > MAX_STEP + slack ? at - MAX_STEP - slack : 0;
	for (; at > low; at -= 4)
		if (num_syms_at(b, at))
			return true;
	return false;
}

static bool find_markers_at(struct behind *b, size_t at, size_t end)
{
	for (b->width = 4; b->width <= 8; b->width += 4) {
		b->nr_markers = count_markers(b, at, end);
		if (b->nr_markers > 1 && find_names(b))
			return true;
	}
	return false;
}

/*
 * A table of up to 256 names has one marker, which is any 0: believed only where the tokens follow.
 */
static bool find_lone_marker(struct behind *b, size_t end)
{
	size_t low = end > KALLSYMS_LARGEST_ALIGN ? end - KALLSYMS_LARGEST_ALIGN : 4;
	b->width = 4;
	b->nr_markers = 1;
	for (b->markers = end - 4; b->markers >= low; b->markers -= 4)
		if (marker_at(b, 0) == 0 && find_names(b))
			return true;
	return false;
}

/* The nearest markers that end before `end`. */
static bool find_markers(struct behind *b, size_t end)
{
	for (size_t at = end - 8; at >= 8; at -= 4)
		if (window_u32(&b->w, at) == 0 && find_markers_at(b, at, end))
			return true;
	return find_lone_marker(b, end);
}

/* Try with little before the tokens first: 2 MB hold the names of most kernels. */
static bool find_behind(struct kallsyms_tables *t, const struct reader *kernel, u64 start)
{
	for (size_t size = 2 << 20; size <= MAX_BEHIND; size *= 4) {
		u64 low = u64_max(start,
				  t->token_table > size ? (t->token_table - size) & ~(u64)3 : 0);
		struct behind b = {0};
		size_t behind = (size_t)(t->token_table - low);
		window_init(&b.w, kernel, low, behind);
		window_has(&b.w, 0, behind);
		bool found = behind > 64 && find_markers(&b, behind & ~(size_t)3);
		if (found) {
			t->num_syms = low + b.num_syms;
			t->names = low + b.names;
			t->markers = low + b.markers;
		}
		window_done(&b.w);
		if (found || low == start)
			return found;
	}
	return false;
}

/* --- all of it ----------------------------------------------------------------------------- */

static bool fill_addresses(struct kallsyms_tables *t, const struct reader *kernel)
{
	u32 n;
	struct kallsyms_addresses a;
	if (reader_read(kernel, t->num_syms, &n, sizeof(n)) ||
	    !kallsyms_addresses_open(&a, kernel, t, n, 0))
		return false;
	if (a.encoding == ADDRESS_ABSOLUTE)
		t->addresses = a.table;
	else
		t->offsets = a.table;
	if (a.encoding == ADDRESS_BASE || a.encoding == ADDRESS_BASE_PERCPU)
		t->relative_base = a.base_at;
	window_done(&a.window);
	return true;
}

/* What was found out about the best candidate, for the error. */
struct scan {
	const struct reader *kernel;
	u64 start;
	struct kallsyms_tables tables;
	const char *missing;
};

static bool try_index_at(struct scan *s, u64 index_at)
{
	u16 index[256];
	struct kallsyms_tables t = {.token_index = index_at};
	if (reader_read(s->kernel, index_at, index, sizeof(index)) || !index_rises(index) ||
	    !find_token_table(s->kernel, index_at, index, &t.token_table) ||
	    t.token_table < s->start)
		return false;
	s->tables = t;
	s->missing = "names and markers";
	if (!find_behind(&t, s->kernel, s->start))
		return false;
	s->missing = "addresses";
	if (!fill_addresses(&t, s->kernel))
		return false;
	s->tables = t;
	return true;
}

static bool scan_chunk(struct scan *s, u64 address, const u8 *bytes, size_t len)
{
	u64 word;
	for (size_t at = 0; at + sizeof(word) <= len; at += 4) {
		memcpy(&word, bytes + at, sizeof(word));
		if (may_be_index(word) && try_index_at(s, address + at))
			return true;
	}
	return false;
}

static bool scan_range(struct scan *s, u64 end)
{
	bool found = false;
	for (u64 done = 0; s->start < end && done < end - s->start && !found;
	     done += SCAN_CHUNK - 4) {
		u64 at = s->start + done;
		size_t len = u64_min(SCAN_CHUNK, end - at);
		struct window w;
		window_init(&w, s->kernel, at, len);
		window_has(&w, 0, len);
		found = w.nr_holes * 4096 < len && scan_chunk(s, at, w.bytes, w.loaded);
		window_done(&w);
	}
	return found;
}

int kallsyms_scan(struct kallsyms_tables *tables, const struct reader *kernel, u64 start, u64 end,
		  struct error *error)
{
	struct scan s = {.kernel = kernel, .start = align_up(start, 4)};
	if (scan_range(&s, end)) {
		*tables = s.tables;
		return 0;
	}
	if (s.missing)
		return error_set(error, EXIT_INPUT,
				 "scan of %#llx-%#llx for kallsyms: tokens at %#llx without %s",
				 (unsigned long long)start, (unsigned long long)end,
				 (unsigned long long)s.tables.token_table, s.missing);
	return error_set(error, EXIT_INPUT,
			 "scan of %#llx-%#llx: nothing there looks like kallsyms",
			 (unsigned long long)start, (unsigned long long)end);
}
