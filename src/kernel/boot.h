/* The steps of kernel_open(); see boot.c for their order.  Private to src/kernel. */
#ifndef KERNEL_BOOT_H
#define KERNEL_BOOT_H

#include "kernel/kernel.h"

/*
 * VMCOREINFO in memory, for dumps without the note: its own page, or the note page, found by
 * content.
 */
bool boot_find_vmcoreinfo(struct kernel *k);

/* symbols.c: kallsyms, --map, --vmlinux, exported symbols. */
int boot_symbols(struct kernel *k, const struct kernel_options *options, struct error *error);
void boot_exported_symbols(struct kernel *k);

/* types.c: BTF of the dump, else of the vmlinux given, else its DWARF. */
int boot_types(struct kernel *k, const struct kernel_options *options, struct error *error);
/* The kernel's own BTF: where its symbols say, else found by its header in the image. */
struct btf_place {
	u64 kva, size;
};
bool boot_find_btf(struct kernel *k, struct btf_place *place);

/* btf_file.c: a raw BTF file given as vmlinux. */
bool boot_is_btf_file(const char *path);
int boot_types_from_btf_file(struct kernel *k, const char *path, struct error *error);

/* cpu.c: masks and per-cpu offsets. */
void boot_cpus(struct kernel *k);

/* The kernel's own image, as far as it is known: where scans look. */
struct kernel_range {
	u64 start, end;
};
struct kernel_range boot_image_range(const struct kernel *k);

/*
 * Call fn on pieces of [start, end) that are readable, in order; pieces overlap by `overlap` bytes,
 * so that what lies across a border is seen whole once.  Stops when fn returns true, and returns
 * that.
 */
typedef bool (*scan_fn)(void *arg, u64 kva, const u8 *bytes, size_t len);
bool boot_scan(struct kernel *k, u64 start, u64 end, size_t overlap, scan_fn fn, void *arg);

#endif
