/*
 * Symbols: names and addresses of the kernel and its modules, from whatever source has them.
 *
 * A table is filled by one or more sources (kallsyms of the dump, a module's own table, System.map,
 * an ELF vmlinux, exported symbols), then sealed; after that it is constant and shared by threads.
 * Addresses are those of the running kernel: a source from a file adds the KASLR offset while
 * adding.
 */
#ifndef DEBUGINFO_SYMBOLS_H
#define DEBUGINFO_SYMBOLS_H

#include "base/error.h"
#include "base/reader.h"
#include "base/types.h"

struct symbols;

struct symbol {
	const char *name;   /* terminated; may hold any byte but NUL: escape before printing */
	const char *module; /* NULL for the kernel itself */
	u64 address; /* kva; per-cpu symbols: offset in the per-cpu area when below the kernel's
			range */
	char type;   /* as in nm: t T d D b B r R a A ... ; '?' when not known */
};

struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/* Add one; name is copied.  Duplicate names are kept (statics), the first added is found first. */
void symbols_add(struct symbols *symbols, const char *name, size_t name_len, u64 address, char type,
		 const char *module);
/* Room for that many more, when it is known beforehand; only saves time. */
void symbols_reserve(struct symbols *symbols, size_t nr_symbols, size_t name_bytes);
/* Sort and index.  More may be added later (modules): seal again then. */
void symbols_seal(struct symbols *symbols);

size_t symbols_count(const struct symbols *symbols);
/* Symbols that a source had and that could not be read (a hole in the dump). */
void symbols_note_lost(struct symbols *symbols, size_t n);
size_t symbols_nr_lost(const struct symbols *symbols);

/* By name; module NULL = the kernel first, then any module.  false when there is none. */
bool symbols_find(const struct symbols *symbols, const char *name, const char *module,
		  struct symbol *out);
/*
 * The nearest symbol at or below address, with the distance in *offset.  Absolute symbols never
 * match.
 */
bool symbols_at(const struct symbols *symbols, u64 address, struct symbol *out, u64 *offset);
/* All, in address order. */
typedef bool (*symbol_fn)(void *arg, const struct symbol *symbol);
void symbols_for_each(const struct symbols *symbols, symbol_fn fn, void *arg);

/*
 * kallsyms of the kernel (kernel/kallsyms.c, scripts/kallsyms.c): names compressed by a table of
 * 256 tokens, addresses as 32-bit offsets.  `tables` holds the kvas that VMCOREINFO gives since 6.0
 * (commit 5fd8fea935a1); a 0 there means not known.
 */
struct kallsyms_tables {
	u64 num_syms, names, token_table, token_index, offsets, relative_base, addresses, markers;
};

/*
 * Add all kernel symbols.  text_base: kva of _text/_stext as VMCOREINFO gives it, to check the
 * result.
 */
int kallsyms_load(struct symbols *symbols, const struct reader *kernel,
		  const struct kallsyms_tables *tables, u64 text_base, struct error *error);

/*
 * Find the tables by their structure in [start, end) of the kernel image (kernels before 6.0, or a
 * damaged VMCOREINFO): token_index is 256 rising u16 that point to the strings of token_table
 * before it. Fills *tables; -1 when nothing there looks like kallsyms.
 */
int kallsyms_scan(struct kallsyms_tables *tables, const struct reader *kernel, u64 start, u64 end,
		  struct error *error);

/*
 * What a file's address is in the running kernel: the KASLR offset counts for the kernel's half
 * only.
 */
u64 symbols_relocate(u64 address, u64 offset);

/*
 * System.map or a copy of /proc/kallsyms: "ffffffff81000000 T _text", modules' lines end in
 * "[module]". offset (KASLR) as in symbols_relocate; 0 for /proc/kallsyms.  An error when there is
 * no kernel address in it.
 */
int symbols_add_map(struct symbols *symbols, const char *path, u64 offset, struct error *error);
/*
 * A quick look, before trusting a file: address of `name` as the file says, false when not in
 * there.
 */
bool symbols_map_lookup(const char *path, const char *name, u64 *address);

/*
 * .symtab of a vmlinux; offset as above.  debuginfo/elf_file.h has elf_build_id() to compare it
 * first.
 */
int symbols_add_elf(struct symbols *symbols, const char *path, u64 offset, struct error *error);

#endif
