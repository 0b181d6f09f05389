/*
 * Types: the kernel's BTF out of the dump (CONFIG_DEBUG_INFO_BTF, 5.2), else what --vmlinux has.
 *
 * __start_BTF and __stop_BTF bound it (include/asm-generic/vmlinux.lds.h).  A kernel without data
 * symbols in kallsyms has no such names: then its header is searched in the image; the kernel's own
 * is the only one there that starts at offset 0 and is megabytes long (modules' BTF lies in module
 * memory).
 */
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "kernel/boot.h"

enum { BTF_MAGIC = 0xeb9f, BTF_HEADER = 24 };
#define BTF_LARGEST MIB(64)
#define BTF_SMALLEST KIB(64)

static u64 btf_size_at(const u8 *bytes, size_t len)
{
	struct cursor c = cursor_over(bytes, len);
	u16 magic = cursor_u16(&c);
	u8 version = cursor_u8(&c);
	cursor_u8(&c);
	u32 header = cursor_u32(&c), type_off = cursor_u32(&c), type_len = cursor_u32(&c),
	    str_off = cursor_u32(&c), str_len = cursor_u32(&c);
	if (!cursor_ok(&c) || magic != BTF_MAGIC || version != 1 || header < BTF_HEADER ||
	    header > 256 || type_off)
		return 0;
	u64 size = (u64)header + str_off + str_len;
	return str_off >= type_len && size >= BTF_SMALLEST && size <= BTF_LARGEST ? size : 0;
}

static bool scan_btf(void *arg, u64 kva, const u8 *bytes, size_t len)
{
	struct btf_place *place = arg;
	for (size_t i = -kva & 3; i + BTF_HEADER <= len; i += 4) {
		if (bytes[i] != (BTF_MAGIC & 0xff) || bytes[i + 1] != BTF_MAGIC >> 8)
			continue;
		u64 size = btf_size_at(bytes + i, len - i);
		if (size) {
			*place = (struct btf_place){kva + i, size};
			return true;
		}
	}
	return false;
}

bool boot_find_btf(struct kernel *k, struct btf_place *place)
{
	struct symbol start, stop;
	if (k->symbols && symbols_find(k->symbols, "__start_BTF", NULL, &start) &&
	    symbols_find(k->symbols, "__stop_BTF", NULL, &stop) && stop.address > start.address &&
	    stop.address - start.address <= BTF_LARGEST) {
		*place = (struct btf_place){start.address, stop.address - start.address};
		return true;
	}
	struct kernel_range range = boot_image_range(k);
	return boot_scan(k, range.start, range.end, BTF_HEADER, scan_btf, place);
}

static int types_from_dump(struct kernel *k, struct error *error)
{
	struct btf_place place;
	if (!boot_find_btf(k, &place))
		return error_set(
			error, EXIT_PARTIAL,
			"the dump's kernel image has no BTF (built without CONFIG_DEBUG_INFO_BTF?)");
	u8 *btf = mem_alloc(place.size);
	enum read_status status = kernel_read(k, place.kva, btf, place.size);
	int failed = status ? error_set(error, EXIT_PARTIAL, "BTF at 0x%llx, %llu bytes, %s",
					(unsigned long long)place.kva,
					(unsigned long long)place.size, read_status_text(status))
			    : typeinfo_from_btf(&k->types, btf, place.size, true, NULL, error);
	free(btf);
	return failed;
}

int boot_types(struct kernel *k, const struct kernel_options *options, struct error *error)
{
	struct error from_dump = ERROR_INIT;
	if (types_from_dump(k, &from_dump) == 0)
		return 0;
	k->types_why = arena_strdup(&k->arena, from_dump.text);
	if (!options->vmlinux_path)
		return 0;
	if (boot_is_btf_file(options->vmlinux_path))
		return boot_types_from_btf_file(k, options->vmlinux_path, error)
			       ? error_add(error, "--vmlinux")
			       : 0;
	if (typeinfo_from_vmlinux(&k->types, options->vmlinux_path, error))
		return error_add(error, "types of %s", options->vmlinux_path);
	return 0;
}
