/* What the three files of the kallsyms reader share. */
#ifndef DEBUGINFO_KALLSYMS_INTERNAL_H
#define DEBUGINFO_KALLSYMS_INTERNAL_H

#include "debuginfo/symbols.h"
#include "debuginfo/window.h"

enum {
	KALLSYMS_MAX_SYMS = 4 << 20, /* the largest kernels seen have 0.3 million */
	KALLSYMS_BLOCK = 256,	     /* names from one marker to the next */
	KALLSYMS_MAX_NAME = 1024,    /* KSYM_NAME_LEN is 128, since 6.1 512 */
	KALLSYMS_TOKEN_INDEX_SIZE = 256 * sizeof(u16),
	KALLSYMS_LARGEST_ALIGN = 256,
};

/*
 * Tables are aligned to 8 until 6.19, to 4 since 7.0, which has no 8-byte table any more
 * (a081b5789255), and to 256 on arm64 before 5.8 (".align 8" is a power of two there).
 */
static const u32 kallsyms_aligns[] = {8, 4, KALLSYMS_LARGEST_ALIGN};

/* --- names: kallsyms.c --------------------------------------------------------------------- */

struct kallsyms_tokens {
	u16 len[256];
	const char *text[256]; /* 16 bytes may be read at each, whatever its length */
	char *buffer;
};

/* How long is a name: one byte (before 6.2), or two when bit 7 is set (73bbb94466fd, 6.2). */
enum kallsyms_length { LENGTH_ULEB, LENGTH_BYTE };

/*
 * The compressed name at offset: its bytes start at *data and are *len long.  Returns the offset of
 * the next name; 0 when it is not readable.
 */
static inline size_t kallsyms_name_at(struct window *names, enum kallsyms_length kind,
				      size_t offset, size_t *data, size_t *len)
{
	if (!window_has(names, offset, 1))
		return 0;
	size_t n = names->bytes[offset++];
	if (n & 0x80 && kind == LENGTH_ULEB) {
		if (!window_has(names, offset, 1))
			return 0;
		n = (n & 0x7f) | (size_t)names->bytes[offset++] << 7;
	}
	if (!window_has(names, offset, n))
		return 0;
	*data = offset;
	*len = n;
	return offset + n;
}

/* Walk n names from offset; the offset after them, or 0. */
size_t kallsyms_skip_names(struct window *names, enum kallsyms_length kind, size_t offset,
			   size_t n);

/* --- addresses: kallsyms_addresses.c ------------------------------------------------------- */

enum kallsyms_encoding {
	ADDRESS_ABSOLUTE, /* kallsyms_addresses[i]: before 4.6, and CONFIG_KALLSYMS_BASE_RELATIVE=n
			   * until 6.10
			   */
	ADDRESS_BASE,	  /* relative_base + (u32)offsets[i]: 4.6 to 6.19 without the next */
	ADDRESS_BASE_PERCPU, /* offsets >= 0: absolute; < 0: relative_base - 1 - offset: x86-64
				SMP, 4.6 to 6.14 */
	ADDRESS_PLACE,	     /* &offsets[i] + offsets[i]: since 7.0 */
};

struct kallsyms_addresses {
	enum kallsyms_encoding encoding;
	u64 table, base_at, base; /* kva of the table, of relative_base, and its value */
	size_t n;
	struct window window;
};

/* READ_OK and *address; false when it stands in a hole. */
static inline bool kallsyms_address(struct kallsyms_addresses *a, size_t i, u64 *address)
{
	size_t width = a->encoding == ADDRESS_ABSOLUTE ? 8 : 4;
	if (!window_has(&a->window, i * width, width))
		return false;
	if (a->encoding == ADDRESS_ABSOLUTE) {
		*address = window_u64(&a->window, i * width);
		return true;
	}
	s32 offset = (s32)window_u32(&a->window, i * width);
	if (a->encoding == ADDRESS_PLACE)
		*address = a->table + i * width + (u64)(s64)offset;
	else if (a->encoding == ADDRESS_BASE)
		*address = a->base + (u32)offset;
	else
		*address = offset >= 0 ? (u64)offset : a->base - 1 - (u64)(s64)offset;
	return true;
}

/*
 * Find the table and its encoding: what `tables` names first, then where it must lie by structure.
 * The right one is the one whose addresses rise, lie in the kernel's half, and hold text_base (when
 * that is not 0).
 */
bool kallsyms_addresses_open(struct kallsyms_addresses *addresses, const struct reader *kernel,
			     const struct kallsyms_tables *tables, size_t nr_syms, u64 text_base);

#endif
