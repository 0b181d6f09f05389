/*
 * Addresses of kallsyms: four encodings, told apart by trying.
 *
 *	until 4.5, or without BASE_RELATIVE	u64 kallsyms_addresses[num_syms]
 *	4.6 (2213e9a66bb8)			s32 kallsyms_offsets[num_syms], u64
 *kallsyms_relative_base 4.6 to 6.14 on x86-64 SMP		the same with
 *CONFIG_KALLSYMS_ABSOLUTE_PERCPU (gone by 01157ddc58dc, 6.15)
 *	7.0 (a081b5789255)			s32 kallsyms_offsets[num_syms], each relative to its
 *own place
 *
 * Where they lie: before num_syms until 6.3, after token_index since 6.4 (404bad70fcf7).  Symbols
 *are sorted by address whatever the encoding, so a wrong guess shows: it jumps back at every alias,
 *or leaves the kernel. One guess is hard to refute: any offset table read as place-relative rises
 *(by 4 more each time). So it comes after what needs a sensible relative_base, and is not tried
 *where no release had it.
 */
#include "debuginfo/kallsyms_internal.h"

/*
 * A base that can be one: in the kernel's half and near its own tables (32 bits reach no further).
 */
static bool base_is_plausible(const struct kallsyms_addresses *a)
{
	u64 distance = a->base > a->table ? a->base - a->table : a->table - a->base;
	return a->base >> 63 && distance < GIB(4);
}

static bool read_base(struct kallsyms_addresses *a, const struct reader *kernel)
{
	return reader_read(kernel, a->base_at, &a->base, sizeof(a->base)) == READ_OK &&
	       base_is_plausible(a);
}

/* A table that is half holes is a wrong guess, or good for nothing. */
static bool is_mostly_there(struct window *w)
{
	enum { TWO_PAGES = 8192 };
	window_has(w, 0, w->size);
	return w->nr_holes <= w->size / TWO_PAGES + 1;
}

/* Damage (a flipped bit, a hole next to it) may disturb one in a thousand. */
static bool addresses_fit(struct kallsyms_addresses *a, u64 text_base)
{
	if (!is_mostly_there(&a->window))
		return false;
	size_t readable = 0, falls = 0, in_kernel = 0;
	bool text_seen = text_base == 0;
	u64 last = 0, address;
	for (size_t i = 0; i < a->n && falls <= a->n / 1000; i++) {
		if (!kallsyms_address(a, i, &address))
			continue;
		readable++;
		falls += address < last;
		in_kernel += address >> 63;
		text_seen |= address == text_base;
		last = address;
	}
	text_seen |= a->window.nr_holes > 0; /* it may stand in one */
	return text_seen && readable && falls <= readable / 1000 && in_kernel > readable / 2;
}

static bool try_encoding(struct kallsyms_addresses *a, const struct reader *kernel,
			 enum kallsyms_encoding encoding, u64 text_base)
{
	a->encoding = encoding;
	if ((encoding == ADDRESS_BASE || encoding == ADDRESS_BASE_PERCPU) && !read_base(a, kernel))
		return false;
	return addresses_fit(a, text_base);
}

static const enum kallsyms_encoding offset_encodings[] = {ADDRESS_BASE_PERCPU, ADDRESS_BASE,
							  ADDRESS_PLACE};
enum { WITH_BASE = 2, ALL_OFFSETS = 3 }; /* the first so many of them */

/* relative_base follows its offsets in every release that has it. */
static bool try_offsets(struct kallsyms_addresses *a, const struct reader *kernel, u64 table,
			u64 base_at, size_t n, size_t nr_encodings, u64 text_base)
{
	if (!table)
		return false;
	*a = (struct kallsyms_addresses){
		.table = table,
		.base_at = base_at ? base_at : align_up(table + n * sizeof(u32), 8),
		.n = n,
	};
	window_init(&a->window, kernel, table, n * sizeof(u32));
	for (size_t i = 0; i < nr_encodings; i++)
		if (try_encoding(a, kernel, offset_encodings[i], text_base))
			return true;
	window_done(&a->window);
	return false;
}

static bool try_absolute(struct kallsyms_addresses *a, const struct reader *kernel, u64 table,
			 size_t n, u64 text_base)
{
	if (!table)
		return false;
	*a = (struct kallsyms_addresses){.table = table, .n = n};
	window_init(&a->window, kernel, table, n * sizeof(u64));
	if (try_encoding(a, kernel, ADDRESS_ABSOLUTE, text_base))
		return true;
	window_done(&a->window);
	return false;
}

/* Start of a table of `size` bytes that ends at or up to the alignment before `end`. */
static u64 table_before(u64 end, u64 size, u64 align)
{
	return end > size ? (end - size) & ~(align - 1) : 0;
}

static bool try_before(struct kallsyms_addresses *a, const struct reader *kernel,
		       const struct kallsyms_tables *t, size_t n, u64 align, u64 text_base)
{
	u64 base_at = table_before(t->num_syms, sizeof(u64), align);
	u64 offsets = base_at ? table_before(base_at, n * sizeof(u32), align) : 0;
	return try_offsets(a, kernel, offsets, base_at, n, WITH_BASE, text_base) ||
	       try_absolute(a, kernel, table_before(t->num_syms, n * sizeof(u64), align), n,
			    text_base);
}

static bool try_after(struct kallsyms_addresses *a, const struct reader *kernel,
		      const struct kallsyms_tables *t, size_t n, u64 align, u64 text_base)
{
	u64 table = align_up(t->token_index + KALLSYMS_TOKEN_INDEX_SIZE, align);
	return try_offsets(a, kernel, table, 0, n, ALL_OFFSETS, text_base) ||
	       try_absolute(a, kernel, table, n, text_base);
}

/* names follow num_syms, a single word, at the next multiple: so the distance is the alignment of
 * all tables.
 */
static u64 alignment(const struct kallsyms_tables *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(kallsyms_aligns); i++)
		if (t->names - t->num_syms == kallsyms_aligns[i])
			return kallsyms_aligns[i];
	return kallsyms_aligns[0];
}

bool kallsyms_addresses_open(struct kallsyms_addresses *a, const struct reader *kernel,
			     const struct kallsyms_tables *t, size_t n, u64 text_base)
{
	u64 align = alignment(t);
	return try_offsets(a, kernel, t->offsets, t->relative_base, n, ALL_OFFSETS, text_base) ||
	       try_absolute(a, kernel, t->addresses, n, text_base) ||
	       try_before(a, kernel, t, n, align, text_base) ||
	       try_after(a, kernel, t, n, align, text_base);
}
