/*
 * Symbols of the kernel and its modules, and the members of a type: what an expert looks up by
 * hand.
 */
#include <string.h>

#include "analysis/tables.h"
#include "object/module.h"

static const struct column symbol_columns[] = {
	[SYMBOL_ADDRESS] =
		{"address", "ADDRESS",
		 "where it is in the running kernel (per-cpu variables: their offset, in kernels before 6.15)",
		 COL_ADDRESS},
	[SYMBOL_TYPE] =
		{"type", "T",
		 "as nm tells it: T text, D data, B bss, R read-only, A absolute, small letters: local"},
	[SYMBOL_NAME] = {"name", "NAME", "its name"},
	[SYMBOL_MODULE] = {"module", "MODULE", "the module that it belongs to",
			   .flags = COLUMN_OPTIONAL},
};

const struct table_spec symbols_spec = {
	.key = "symbols",
	.title = "Symbols",
	.help = "symbols of the kernel and its modules",
	.columns = symbol_columns,
	.nr_columns = ARRAY_SIZE(symbol_columns),
};

static bool add_symbol(void *arg, const struct symbol *s)
{
	struct table *t = arg;
	char type[2] = {s->type, '\0'};
	table_add(t);
	table_set(t, SYMBOL_ADDRESS, s->address);
	table_set_text(t, SYMBOL_TYPE, type);
	table_set_text(t, SYMBOL_NAME, s->name);
	table_set_text(t, SYMBOL_MODULE, s->module);
	return true;
}

struct table *symbols_table(struct kernel *k, struct error *error)
{
	modules_load_symbols(k);
	if (!symbols_count(k->symbols)) {
		error_set(
			error, EXIT_PARTIAL,
			"no symbols: kallsyms can't be found in the dump; give a System.map (--map) or vmlinux (--vmlinux)");
		return NULL;
	}
	struct table *t = table_new(&symbols_spec);
	symbols_for_each(k->symbols, add_symbol, t);
	return t;
}

/* --- a type's members ---------------------------------------------------------------------- */

static const struct column member_columns[] = {
	[MEMBER_OFFSET] = {"offset", "OFFSET", "bytes from the start", COL_COUNT},
	[MEMBER_SIZE] = {"size", "SIZE", "bytes; 0 for a flexible array", COL_COUNT},
	[MEMBER_BITS] = {"bits", "BITS",
			 "bit field: first bit within the byte at OFFSET, number of bits",
			 .flags = COLUMN_OPTIONAL},
	[MEMBER_TYPE] = {"type", "TYPE", "type of the member"},
	[MEMBER_NAME] = {"name", "MEMBER",
			 "its name; members of anonymous structs are named within the whole"},
};

const struct table_spec members_spec = {
	.key = "members",
	.title = "Members",
	.help = "members of a struct or union with their offsets",
	.columns = member_columns,
	.nr_columns = ARRAY_SIZE(member_columns),
};

static const char *const kind_words[] = {
	[TYPE_VOID] = "void",	    [TYPE_INT] = "",	    [TYPE_FLOAT] = "",
	[TYPE_PTR] = "pointer",	    [TYPE_ARRAY] = "array", [TYPE_STRUCT] = "struct ",
	[TYPE_UNION] = "union ",    [TYPE_ENUM] = "enum ",  [TYPE_FUNC] = "function",
	[TYPE_FORWARD] = "struct ", [TYPE_OTHER] = "?"};

/* "struct list_head", "struct page *", "u8 [16]"; one level of pointer or array is spelt out. */
static void type_text(const struct typeinfo *types, const struct type_member *m, char *text,
		      size_t size)
{
	u64 nr = 0;
	type_id target = m->kind == TYPE_PTR || m->kind == TYPE_ARRAY
				 ? typeinfo_target(types, m->type, &nr)
				 : m->type;
	enum type_kind kind = target ? typeinfo_kind(types, target) : TYPE_VOID;
	const char *name = target ? typeinfo_name(types, target) : "";
	int n = snprintf(text, size, "%s%s", kind_words[kind], name);
	size_t used = n < 0 ? 0 : u64_min((u64)n, size - 1);
	if (m->kind == TYPE_PTR)
		snprintf(text + used, size - used, " *");
	else if (m->kind == TYPE_ARRAY)
		snprintf(text + used, size - used, " [%llu]", (unsigned long long)nr);
}

struct member_list {
	struct table *t;
	const struct typeinfo *types;
	u64 base_bits;
	int depth;
};

static bool add_member(void *arg, const char *name, const struct type_member *m)
{
	enum { DEEPEST = 16 };
	struct member_list *list = arg;
	struct table *t = list->t;
	char type[256];
	u64 bits = list->base_bits + m->bit_offset;
	if (!name[0] && (m->kind == TYPE_STRUCT || m->kind == TYPE_UNION) &&
	    list->depth < DEEPEST) {
		struct member_list inner = {t, list->types, bits, list->depth + 1};
		typeinfo_for_each_member(list->types, m->type, add_member, &inner);
		return true;
	}
	table_add(t);
	table_set(t, MEMBER_OFFSET, bits / 8);
	table_set(t, MEMBER_SIZE, m->size);
	if (m->bit_size)
		table_printf(t, MEMBER_BITS, "%u+%u", (unsigned)(bits % 8), m->bit_size);
	type_text(list->types, m, type, sizeof(type));
	table_set_text(t, MEMBER_TYPE, type);
	table_set_text(t, MEMBER_NAME, name);
	return true;
}

/* Looks the type up in the modules' own BTF, one after another. */
struct module_search {
	struct kernel *k;
	const char *name;
	struct typeinfo *types;
	type_id id;
};

static bool find_in_module(void *arg, const struct module *module)
{
	struct module_search *s = arg;
	if (module_types(s->k, module, &s->types))
		return true;
	s->id = typeinfo_find(s->types, s->name);
	if (s->id)
		return false;
	typeinfo_free(s->types);
	s->types = NULL;
	return true;
}

struct table *members_table(struct kernel *k, const char *name, struct error *error)
{
	struct module_search search = {.k = k, .name = name};
	if (!k->types) {
		error_set(error, EXIT_PARTIAL, "no types: %s", k->types_why);
		return NULL;
	}
	const struct typeinfo *types = k->types;
	type_id id = typeinfo_find(types, name);
	if (!id && module_for_each(k, find_in_module, &search, NULL) == 0 && search.id) {
		types = search.types;
		id = search.id;
	}
	enum type_kind kind = id ? typeinfo_kind(types, id) : TYPE_VOID;
	struct table *t = NULL;
	if (kind == TYPE_STRUCT || kind == TYPE_UNION) {
		struct member_list list = {.t = t = table_new(&members_spec), .types = types};
		typeinfo_for_each_member(types, id, add_member, &list);
	} else {
		error_set(error, EXIT_USAGE,
			  "this kernel and its modules have no struct or union %s", name);
	}
	typeinfo_free(search.types);
	return t;
}
