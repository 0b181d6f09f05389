/*
 * Addresses of kallsyms: four encodings, told apart by trying.
 *
 *	until 4.5, or without BASE_RELATIVE	u64 kallsyms_addresses[num_syms]
 *	4.6 (2213e9a66bb8)			s32 kallsyms_offsets[num_syms], u64 kallsyms_relative_base
 *	4.6 to 6.14 on x86-64 SMP		the same with CONFIG_KALLSYMS_ABSOLUTE_PERCPU (gone by 01157ddc58dc, 6.15)
 *	7.0 (a081b5789255)			s32 kallsyms_offsets[num_syms], each relative to its own place
 *
 * Where they lie: before num_syms until 6.3, after token_index since 6.4 (404bad70fcf7).  Symbols are sorted by
 * address whatever the encoding, so a wrong guess shows: it jumps back at every alias, or leaves the kernel.
 * The order of the trials matters in one case: an offset table read as place-relative rises too (by 4 more each
 * time), so place-relative comes after what needs a sensible relative_base.
 */
#include "debuginfo/kallsyms_internal.h"

/* A base that can be one: in the kernel's half and near its own tables (32 bits reach no further). */
static bool base_is_plausible(const struct kallsyms_addresses *a)
{
	u64 distance = a->base > a->table ? a->base - a->table : a->table - a->base;
	return a->base >> 63 && distance < GIB(4);
}

static bool read_base(struct kallsyms_addresses *a, const struct reader *kernel)
{
	return reader_read(kernel, a->base_at, &a->base, sizeof(a->base)) == READ_OK && base_is_plausible(a);
}

/* Damage (a flipped bit, a hole next to it) may disturb one in a thousand. */
static bool addresses_fit(struct kallsyms_addresses *a, u64 text_base)
{
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
	return text_seen && readable && falls <= readable / 1000 && in_kernel > readable / 2;
}

static bool try_encoding(struct kallsyms_addresses *a, const struct reader *kernel, enum kallsyms_encoding encoding,
			 u64 text_base)
{
	a->encoding = encoding;
	if ((encoding == ADDRESS_BASE || encoding == ADDRESS_BASE_PERCPU) && !read_base(a, kernel))
		return false;
	return addresses_fit(a, text_base);
}

/* relative_base follows its offsets in every release that has it. */
static bool try_offsets(struct kallsyms_addresses *a, const struct reader *kernel, u64 table, u64 base_at, size_t n,
			u64 text_base)
{
	static const enum kallsyms_encoding order[] = {ADDRESS_BASE_PERCPU, ADDRESS_BASE, ADDRESS_PLACE};
	if (!table)
		return false;
	*a = (struct kallsyms_addresses){
		.table = table,
		.base_at = base_at ? base_at : align_up(table + n * sizeof(u32), 8),
		.n = n,
	};
	window_init(&a->window, kernel, table, n * sizeof(u32));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (try_encoding(a, kernel, order[i], text_base))
			return true;
	window_done(&a->window);
	return false;
}

static bool try_absolute(struct kallsyms_addresses *a, const struct reader *kernel, u64 table, size_t n, u64 text_base)
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

bool kallsyms_addresses_open(struct kallsyms_addresses *a, const struct reader *kernel,
			     const struct kallsyms_tables *t, size_t n, u64 text_base)
{
	if (try_offsets(a, kernel, t->offsets, t->relative_base, n, text_base) ||
	    try_absolute(a, kernel, t->addresses, n, text_base))
		return true;

	for (size_t i = 0; i < ARRAY_SIZE(kallsyms_aligns); i++) {
		u64 align = kallsyms_aligns[i];
		u64 after = align_up(t->token_index + KALLSYMS_TOKEN_INDEX_SIZE, align);
		u64 base_before = table_before(t->num_syms, sizeof(u64), align);
		if (t->num_syms &&
		    (try_offsets(a, kernel, table_before(base_before, n * 4, align), base_before, n, text_base) ||
		     try_absolute(a, kernel, table_before(t->num_syms, n * 8, align), n, text_base)))
			return true;
		if (t->token_index && (try_offsets(a, kernel, after, 0, n, text_base) ||
				       try_absolute(a, kernel, after, n, text_base)))
			return true;
	}
	return false;
}
