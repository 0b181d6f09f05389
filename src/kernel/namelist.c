/*
 * Symbols: kallsyms out of the dump first; a System.map or a vmlinux that the user gives is checked
 * against the dump before a single address of it is believed.
 *
 * The check: VMCOREINFO names a few symbols of the running kernel.  A file of the same build has
 * them all, each the same distance (the KASLR offset) away.  A vmlinux is compared by build-id
 * first (VMCOREINFO has it since 5.9, 0935288c6e00).
 */
#include <stdio.h>
#include <string.h>

#include "debuginfo/elf_file.h"
#include "kernel/boot.h"

/* Not mem_section: VMCOREINFO gives what that variable points to. */
static const char *const anchors[] = {"_stext", "swapper_pg_dir", "init_uts_ns", "node_online_map"};

static int check_anchors(const struct kernel *k, const char *path, const struct symbols *file,
			 u64 *offset, struct error *error)
{
	bool any = false;
	for (size_t i = 0; i < ARRAY_SIZE(anchors); i++) {
		struct symbol symbol;
		u64 here;
		if (!vmcoreinfo_symbol(&k->vmcoreinfo, anchors[i], &here))
			continue;
		if (!symbols_find(file, anchors[i], NULL, &symbol)) {
			if (i == 0)
				return error_set(
					error, EXIT_INPUT,
					"%s has no symbol _stext: not a symbol table of a kernel",
					path);
			continue;
		}
		u64 there = symbol.address, distance = here - there;
		if (any && distance != *offset)
			return error_set(
				error, EXIT_INPUT,
				"%s is not of the dump's kernel (%s): its %s is at 0x%llx, which does not fit the dump's "
				"0x%llx when _stext does; give the file of exactly this build, or none",
				path, k->release, anchors[i], (unsigned long long)there,
				(unsigned long long)here);
		*offset = distance;
		any = true;
	}
	if (!any)
		return error_set(error, EXIT_INPUT,
				 "%s can't be checked: the dump's VMCOREINFO names no symbol",
				 path);
	if (k->has_kaslr_offset && *offset != k->kaslr_offset)
		return error_set(
			error, EXIT_INPUT,
			"%s is not of the dump's kernel (%s): its addresses are 0x%llx away, the dump's KERNELOFFSET is 0x%llx; "
			"give the file of exactly this build, or none",
			path, k->release, (unsigned long long)*offset,
			(unsigned long long)k->kaslr_offset);
	return 0;
}

static int check_build_id(const struct kernel *k, const char *path, struct error *error)
{
	char id[ELF_BUILD_ID_HEX];
	if (!k->build_id || elf_build_id(path, id, NULL) || !strcmp(id, k->build_id))
		return 0;
	return error_set(
		error, EXIT_INPUT,
		"%s is of another build than the dump's kernel %s: build-id %s, the dump's is %s; find the one with that build-id, "
		"or give none: BTF and kallsyms out of the dump are enough for most",
		path, k->release, id, k->build_id);
}

typedef int (*add_file_fn)(struct symbols *symbols, const char *path, u64 offset,
			   struct error *error);

/*
 * Read the file as it is, find how far it is from the dump's kernel, and only then add it, moved by
 * that.
 */
static int add_file(struct kernel *k, const char *path, add_file_fn add, struct error *error)
{
	struct symbols *file = symbols_new();
	u64 offset = 0;
	int failed = add(file, path, 0, error);
	if (!failed) {
		symbols_seal(file);
		failed = check_anchors(k, path, file, &offset, error);
	}
	symbols_free(file);
	if (failed || add(k->symbols, path, offset, error))
		return -1;
	k->symbols_source =
		arena_printf(&k->arena, "%s, moved by 0x%llx", path, (unsigned long long)offset);
	return 0;
}

static void kallsyms_from_vmcoreinfo(const struct kernel *k, struct kallsyms_tables *tables)
{
	const struct {
		const char *name;
		u64 *kva;
	} rows[] = {
		{"kallsyms_num_syms", &tables->num_syms},
		{"kallsyms_names", &tables->names},
		{"kallsyms_token_table", &tables->token_table},
		{"kallsyms_token_index", &tables->token_index},
		{"kallsyms_offsets", &tables->offsets},
		{"kallsyms_relative_base", &tables->relative_base},
		{"kallsyms_addresses", &tables->addresses},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		vmcoreinfo_symbol(&k->vmcoreinfo, rows[i].name, rows[i].kva);
}

static int load_kallsyms(struct kernel *k, struct error *error)
{
	struct kallsyms_tables tables = {0};
	struct reader reader = vspace_reader(&k->vspace);
	struct kernel_range range = boot_image_range(k);
	u64 text = 0;
	const char *found = "named by VMCOREINFO";
	vmcoreinfo_symbol(&k->vmcoreinfo, "_stext", &text);
	kallsyms_from_vmcoreinfo(k, &tables);
	if (!tables.names || !tables.token_table || !tables.token_index) {
		found = "found by structure";
		if (kallsyms_scan(&tables, &reader, range.start, range.end, error))
			return -1;
	}
	if (kallsyms_load(k->symbols, &reader, &tables, text, error))
		return -1;
	k->symbols_source = arena_printf(&k->arena, "kallsyms of the dump, %s", found);
	return 0;
}

int boot_symbols(struct kernel *k, const struct kernel_options *options, struct error *error)
{
	struct error why = ERROR_INIT;
	struct symbol symbol;
	k->symbols = symbols_new();
	if (options->map_path && add_file(k, options->map_path, symbols_add_map, error))
		return error_add(error, "--map");
	/* A raw BTF file has types only. */
	bool has_elf = options->vmlinux_path && !boot_is_btf_file(options->vmlinux_path);
	if (has_elf && (check_build_id(k, options->vmlinux_path, error) ||
			add_file(k, options->vmlinux_path, symbols_add_elf, error)))
		return error_add(error, "--vmlinux");
	if (!k->symbols_source && load_kallsyms(k, &why))
		kernel_unreadable(k, "kallsyms",
				  k->image_check == READ_OK ? READ_DAMAGED : k->image_check, 0);
	symbols_seal(k->symbols);
	/* Without CONFIG_KALLSYMS_ALL only functions are in kallsyms. */
	k->has_data_symbols = symbols_find(k->symbols, "init_task", NULL, &symbol);
	return 0;
}
