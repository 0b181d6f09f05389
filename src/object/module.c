/*
 * Modules: include/linux/module.h.
 *
 * Memory of a module was two areas (core and init) until 6.3, and is one area per kind since 6.4
 * (enum mod_mem_type), the init ones freed after loading.  /proc/modules adds both up
 * (module_total_size); so does core_bytes + init_bytes here.
 */
#include "object/module.h"

#include <string.h>

#include "kernel/walk.h"

static void add_range(struct module *m, u64 kva, u64 bytes)
{
	if (kva && bytes && m->nr_ranges < MAX_MODULE_RANGES)
		m->ranges[m->nr_ranges++] = (struct module_range){kva, bytes};
}

/* Areas in the order of enum mod_mem_type: the init kinds come last. */
static enum read_status read_areas(struct kernel *k, struct module *m)
{
	u64 text = 0, init_first = UINT64_MAX, nr = kernel_datum(k, module_mem)->nr_elements;
	kernel_constant(k, mod_text, &text);
	kernel_constant(k, mod_init_text, &init_first);
	for (u64 i = 0; i < u64_min(nr, 32); i++) {
		u64 area = kernel_element(k, m->kva, module_mem, i), base, size;
		enum read_status status = kernel_get(k, area, module_memory_base, &base);
		if (!status)
			status = kernel_get(k, area, module_memory_size, &size);
		if (status)
			return status;
		if (!base)
			continue;
		add_range(m, base, size);
		if (i == text) {
			m->text_base = base;
			m->text_bytes = size;
		}
		if (i >= init_first)
			m->init_bytes += size;
		else
			m->core_bytes += size;
	}
	return READ_OK;
}

static enum read_status read_layout(struct kernel *k, struct module *m)
{
	enum read_status status = kernel_get(k, m->kva, module_core_base, &m->text_base);
	if (!status)
		status = kernel_get(k, m->kva, module_core_size, &m->core_bytes);
	kernel_get(k, m->kva, module_core_text_size, &m->text_bytes);
	kernel_get(k, m->kva, module_init_size, &m->init_bytes);
	u64 init = 0;
	kernel_get(k, m->kva, module_init_base, &init);
	if (!status)
		add_range(m, m->text_base, m->core_bytes);
	add_range(m, init, m->init_bytes);
	return status;
}

static enum read_status read_module(struct kernel *k, u64 kva, struct module *m)
{
	enum { STATE_LIVE = 0, REFCOUNT_BASE = 1 }; /* MODULE_REF_BASE: the module's own */
	u64 state, refcnt;
	*m = (struct module){.kva = kva, .refcount = -1};
	enum read_status status = kernel_get_text(k, kva, module_name, m->name, sizeof(m->name));
	if (!status)
		status = kernel_get(k, kva, module_state, &state);
	if (!status)
		status = k->schema.variant[variant_module] == MODULE_MEM ? read_areas(k, m)
									 : read_layout(k, m);
	if (status)
		return status;
	m->loading = state != STATE_LIVE;
	kernel_get_text_at(k, kva, module_srcversion, m->srcversion, sizeof(m->srcversion));
	kernel_get_text_at(k, kva, module_version, m->version, sizeof(m->version));
	kernel_get(k, kva, module_percpu_size, &m->percpu_bytes);
	m->has_taints = kernel_get(k, kva, module_taints, &m->taints) == READ_OK;
	if (kernel_get(k, kva, module_refcnt, &refcnt) == READ_OK)
		m->refcount = (s64)refcnt - REFCOUNT_BASE;
	return READ_OK;
}

int module_for_each(struct kernel *k, module_fn fn, void *arg, struct error *error)
{
	struct list_walk walk;
	u64 head, link;
	if (!kernel_has_group(k, group_module, error))
		return -1;
	kernel_global(k, modules, &head);
	for (list_walk_init(&walk, k, head); list_walk_next(&walk, &link);) {
		struct module module;
		u64 kva = kernel_container(k, link, module_list);
		enum read_status status = read_module(k, kva, &module);
		if (status)
			kernel_unreadable(k, "module", status, kva);
		else if (!fn(arg, &module))
			return 0;
	}
	if (walk.status)
		kernel_unreadable(k, "list of modules", walk.status, walk.at);
	if (walk.status && walk.nr == 0)
		return error_set(error, EXIT_PARTIAL, "the list of modules at 0x%llx %s",
				 (unsigned long long)head, read_status_text(walk.status));
	return 0;
}

/* --- symbols: an ELF symbol table with its strings, kept in module memory ------------------ */

enum { ELF_SYM_BYTES = 24, MOST_SYMBOLS = 1 << 20, LONGEST_NAME = 512 };

struct elf_symbol {
	u32 name;
	u8 info, other;
	u16 section;
	u64 value, size;
};
_Static_assert(sizeof(struct elf_symbol) == ELF_SYM_BYTES, "Elf64_Sym");

/* Marks of the assembler for code and data: is_mapping_symbol(), include/linux/module_symbol.h. */
static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' || !strncmp(name, ".L", 2) || !strncmp(name, "L0", 2);
}

static void add_symbols(struct kernel *k, const struct module *m, const struct elf_symbol *table,
			const u8 *kinds, u64 nr, u64 strings)
{
	const char *module = arena_strdup(&k->arena, m->name);
	for (u64 i = 1; i < nr; i++) {
		char name[LONGEST_NAME];
		if (!table[i].section || !table[i].value ||
		    kernel_read_text(k, strings + table[i].name, name, sizeof(name)) || !name[0] ||
		    is_mapping_symbol(name))
			continue;
		symbols_add(k->symbols, name, strlen(name), table[i].value,
			    kinds ? (char)kinds[i] : '?', module);
	}
}

static bool load_symbols(void *arg, const struct module *m)
{
	struct kernel *k = arg;
	u64 kallsyms, table, nr, strings, kinds = 0;
	if (m->loading || kernel_get(k, m->kva, module_kallsyms, &kallsyms) || !kallsyms)
		return true;
	if (kernel_get(k, kallsyms, mod_kallsyms_symtab, &table) ||
	    kernel_get(k, kallsyms, mod_kallsyms_num, &nr) ||
	    kernel_get(k, kallsyms, mod_kallsyms_strtab, &strings) || nr > MOST_SYMBOLS) {
		kernel_unreadable(k, "symbols of a module", READ_DAMAGED, m->kva);
		return true;
	}
	struct elf_symbol *bytes = mem_calloc(nr, sizeof(*bytes));
	u8 *types = NULL;
	enum read_status status = kernel_read(k, table, bytes, nr * sizeof(*bytes));
	if (kernel_get(k, kallsyms, mod_kallsyms_typetab, &kinds) == READ_OK && kinds) {
		types = mem_calloc(nr, 1);
		if (kernel_read(k, kinds, types, nr)) {
			free(types);
			types = NULL;
		}
	}
	if (status)
		kernel_unreadable(k, "symbols of a module", status, table);
	else
		add_symbols(k, m, bytes, types, nr, strings);
	free(types);
	free(bytes);
	return true;
}

void modules_load_symbols(struct kernel *k)
{
	if (k->module_symbols_loaded)
		return;
	k->module_symbols_loaded = true;
	module_for_each(k, load_symbols, k, NULL);
	symbols_seal(k->symbols);
}

/* --- types --------------------------------------------------------------------------------- */

enum read_status module_types(struct kernel *k, const struct module *module,
			      struct typeinfo **types)
{
	struct list_walk walk;
	u64 head, link;
	if (!k->types || !k->schema.group_usable[group_module_btf] ||
	    kernel_global(k, btf_modules, &head))
		return READ_ABSENT;
	for (list_walk_init(&walk, k, head); list_walk_next(&walk, &link);) {
		u64 entry = kernel_container(k, link, btf_module_list), owner, btf, data, size;
		if (kernel_get(k, entry, btf_module_module, &owner) || owner != module->kva)
			continue;
		if (kernel_get(k, entry, btf_module_btf, &btf) ||
		    kernel_get(k, btf, btf_data, &data) ||
		    kernel_get(k, btf, btf_data_size, &size) || !size || size > MIB(64))
			return READ_DAMAGED;
		void *bytes = mem_alloc(size);
		enum read_status status = kernel_read(k, data, bytes, size);
		if (!status && typeinfo_from_btf(types, bytes, size, true, k->types, NULL))
			status = READ_DAMAGED;
		free(bytes);
		return status;
	}
	return READ_ABSENT;
}
