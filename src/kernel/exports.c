/*
 * Addresses of data on kernels whose kallsyms has only functions (CONFIG_KALLSYMS_ALL=n; Debian's
 * arm64 kernels).
 *
 * Exported symbols are in the image for the module loader: struct kernel_symbol holds, since 4.19
 * (7290d5809571), distances from the fields themselves to value, name and namespace.  The table is
 * sorted by name and has no name of its own here; it is found through one entry: the text
 * "init_task" stands in the string table, and the one place whose name field points at it is
 * init_task's entry.  From there the table reaches as far as entries make sense.
 *
 * Two lists that are not exported follow from what is: slab_caches is the head of the ring that
 * every cache is on (kmalloc_caches is exported), and `modules` is the list head of the image whose
 * first node is a struct module.
 */
#include <ctype.h>
#include <string.h>

#include "kernel/boot.h"
#include "kernel/walk.h"

struct export_search {
	struct kernel *k;
	u64 string; /* kva of the anchor's name */
	u64 entry;  /* kva of the anchor's entry */
	size_t value_at, name_at, entry_size;
};

static const char anchor_name[] = "\0init_task"; /* with both NULs: a whole string */

static bool find_string(void *arg, u64 kva, const u8 *bytes, size_t len)
{
	struct export_search *s = arg;
	const u8 *found = memmem(bytes, len, anchor_name, sizeof(anchor_name));
	if (found)
		s->string = kva + (u64)(found - bytes) + 1;
	return found != NULL;
}

static bool find_entry(void *arg, u64 kva, const u8 *bytes, size_t len)
{
	struct export_search *s = arg;
	for (size_t i = -kva & 3; i + 4 <= len; i += 4) {
		s32 distance;
		memcpy(&distance, bytes + i, sizeof(distance));
		if (kva + i + (u64)(s64)distance == s->string) {
			s->entry = kva + i - s->name_at;
			return true;
		}
	}
	return false;
}

/* One entry: its name and address; false when it makes no sense, which is where the table ends. */
static bool read_entry(const struct export_search *s, u64 entry, char name[static 64], u64 *value)
{
	u32 value_distance, name_distance;
	if (kernel_read_u32(s->k, entry + s->value_at, &value_distance) ||
	    kernel_read_u32(s->k, entry + s->name_at, &name_distance))
		return false;
	u64 text = entry + s->name_at + (u64)(s64)(s32)name_distance;
	struct kernel_range range = boot_image_range(s->k);
	if (text < range.start || text >= range.end || kernel_read_text(s->k, text, name, 64) ||
	    !name[0])
		return false;
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.')
			return false;
	}
	*value = entry + s->value_at + (u64)(s64)(s32)value_distance;
	return true;
}

static void add_exports(const struct export_search *s, s64 step)
{
	enum { MOST = 1 << 17 };
	u64 entry = s->entry, value;
	char name[64];
	for (size_t i = 0; i < MOST && read_entry(s, entry, name, &value); i++) {
		symbols_add(s->k->symbols, name, strlen(name), value, 'D', NULL);
		entry += (u64)step;
	}
}

static void find_exports(struct kernel *k)
{
	struct export_search s = {.k = k};
	struct kernel_range range = boot_image_range(k);
	u64 size;
	if (!k->schema.group_usable[group_exports] || kernel_size(k, kernel_symbol_size, &size))
		return;
	s.entry_size = size;
	s.value_at = kernel_datum(k, kernel_symbol_value)->value;
	s.name_at = kernel_datum(k, kernel_symbol_name)->value;
	if (!boot_scan(k, range.start, range.end, sizeof(anchor_name), find_string, &s) ||
	    !boot_scan(k, range.start, range.end, 4, find_entry, &s))
		return;
	add_exports(&s, (s64)size);
	s.entry -= size;
	add_exports(&s, -(s64)size);
	symbols_seal(k->symbols);
	k->symbols_source = arena_printf(&k->arena, "%s; exported data",
					 k->symbols_source ? k->symbols_source : "no kallsyms");
}

/* The head of a ring: the node that lies in the kernel image. */
static u64 ring_head(struct kernel *k, u64 node)
{
	struct kernel_range range = boot_image_range(k);
	struct list_walk walk;
	u64 next;
	for (list_walk_init(&walk, k, node); list_walk_next(&walk, &next);) {
		if (next >= range.start && next < range.end)
			return next;
	}
	return 0;
}

static void find_slab_caches(struct kernel *k)
{
	u64 table, cache;
	if (kernel_global(k, kmalloc_caches, &table) || !kernel_has(k, cache_list))
		return;
	/* kmalloc_caches[type][index]: index 0 is unused, the first few are always there. */
	for (u64 i = 0; i < 16; i++) {
		if (kernel_read_u64(k, table + i * 8, &cache) || cache < k->arch->kernel_half)
			continue;
		u64 head = ring_head(k, kernel_member(k, cache, cache_list));
		if (head)
			symbols_add(k->symbols, "slab_caches", 11, head, 'D', NULL);
		return;
	}
}

struct module_search {
	struct kernel *k;
	u64 head;
};

/* A struct module lies in the data of the module that it describes. */
static bool lies_in_own_memory(struct kernel *k, u64 module)
{
	u64 base, size;
	if (kernel_get(k, module, module_core_base, &base) == READ_OK &&
	    kernel_get(k, module, module_core_size, &size) == READ_OK)
		return module - base < size;
	for (u64 i = 0; i < kernel_datum(k, module_mem)->nr_elements; i++) {
		u64 area = kernel_element(k, module, module_mem, i);
		if (kernel_get(k, area, module_memory_base, &base) == READ_OK &&
		    kernel_get(k, area, module_memory_size, &size) == READ_OK &&
		    module - base < size)
			return true;
	}
	return false;
}

static bool plausible_module(struct kernel *k, u64 node)
{
	enum { NR_STATES = 4 }; /* enum module_state */
	char name[64];
	u64 module = kernel_container(k, node, module_list), state;
	if (kernel_get(k, module, module_state, &state) || state >= NR_STATES ||
	    kernel_get_text(k, module, module_name, name, sizeof(name)) ||
	    !isalpha((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	}
	return lies_in_own_memory(k, module);
}

static bool find_module_list(void *arg, u64 kva, const u8 *bytes, size_t len)
{
	struct module_search *s = arg;
	for (size_t i = -kva & 7; i + 16 <= len; i += 8) {
		u64 list[2], back;
		memcpy(list, bytes + i, sizeof(list));
		if (list[0] == kva + i || list[0] < s->k->arch->kernel_half ||
		    list[1] < s->k->arch->kernel_half || (list[0] | list[1]) % 8)
			continue;
		if (kernel_read_u64(s->k, list[0] + 8, &back) == READ_OK && back == kva + i &&
		    plausible_module(s->k, list[0])) {
			s->head = kva + i;
			return true;
		}
	}
	return false;
}

static void find_modules(struct kernel *k)
{
	struct module_search s = {.k = k};
	struct kernel_range range = boot_image_range(k);
	if (kernel_has(k, module_list) && kernel_has(k, module_state) &&
	    kernel_has(k, module_name) &&
	    boot_scan(k, range.start, range.end, 16, find_module_list, &s))
		symbols_add(k->symbols, "modules", 7, s.head, 'D', NULL);
}

void boot_exported_symbols(struct kernel *k)
{
	find_exports(k);
	/* What follows reads through the schema: resolve the exports first. */
	schema_resolve(&k->schema, k->types, k->symbols, &k->vmcoreinfo);
	if (!kernel_has(k, slab_caches))
		find_slab_caches(k);
	if (!kernel_has(k, modules))
		find_modules(k);
	symbols_seal(k->symbols);
}
