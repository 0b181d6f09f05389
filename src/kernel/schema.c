/*
 * Resolving the schema: each row's alternatives are tried in order, newest kernel first, and the
 * first that exists and is of the right kind is taken.
 *
 * "struct.member.inner" splits at the first dot: the part before is looked up as a type, the rest
 * is a member path.  When there are no types, or not this one, VMCOREINFO's OFFSET(struct.member)
 * answers for the few data that it has: so the kernel log is readable on a kernel without BTF.
 */
#include "kernel/schema.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 128 };

const struct schema_row schema_rows[NR_DATA] = {
#define GROUP(id, kernels, title) [id] = {.type = ROW_GROUP, #id, title, .where = kernels},
#define MODULE_GROUP(id, name, title) \
	[id] = {.type = ROW_GROUP, #id, title, .where = IN_MODULE, .module = name},
#define DATUM(id, kind, need, paths) [id] = {ROW_DATUM, #id, paths, kind, need},
#define SIZE(id, need, names) [id] = {ROW_SIZE, #id, names, AS_ANY, need},
#define ENUM(id, need, names) [id] = {ROW_ENUM, #id, names, AS_ANY, need},
#define GLOBAL(id, need, symbols, type) [id] = {ROW_GLOBAL, #id, symbols, AS_ANY, need, type},
#include "kernel/schema.def"
#undef GROUP
#undef MODULE_GROUP
#undef DATUM
#undef SIZE
#undef ENUM
#undef GLOBAL
};

/* What everything is resolved against. */
struct resolver {
	const struct typeinfo *types;
	const struct symbols *symbols;
	const struct vmcoreinfo *vmcoreinfo;
	const char *module; /* rows of a module's group; NULL: the kernel's own */
};

bool schema_alternative(const struct schema_row *row, u32 i, char *buffer, size_t size)
{
	const char *start = row->paths;
	while (i--) {
		start = strchr(start, '|');
		if (!start)
			return false;
		start++;
	}
	start += strspn(start, " ");
	size_t len = strcspn(start, "|");
	while (len && start[len - 1] == ' ')
		len--;
	if (len >= size)
		return false;
	memcpy(buffer, start, len);
	buffer[len] = '\0';
	return true;
}

static bool kind_fits(enum datum_kind kind, const struct type_member *member)
{
	bool integer = member->kind == TYPE_INT || member->kind == TYPE_ENUM;
	switch (kind) {
	case AS_UINT:
	case AS_SINT:
		return integer && member->size >= 1 && member->size <= 8;
	case AS_PTR:
		return member->kind == TYPE_PTR;
	case AS_ATOMIC:
		return (integer || member->kind == TYPE_STRUCT || member->kind == TYPE_UNION) &&
		       (member->size == 4 || member->size == 8);
	case AS_LIST:
	case AS_STRUCT:
		return member->kind == TYPE_STRUCT || member->kind == TYPE_UNION;
	case AS_ARRAY:
		return member->kind == TYPE_ARRAY;
	case AS_TEXT:
		return member->kind == TYPE_ARRAY;
	case AS_ANY:
		return true;
	}
	return false;
}

static void datum_from_member(struct datum *datum, enum datum_kind kind,
			      const struct type_member *member, const struct typeinfo *types)
{
	datum->value = member->bit_offset / 8;
	datum->size = member->size;
	datum->is_signed = kind == AS_SINT || kind == AS_ATOMIC;
	datum->bit_size = member->bit_size;
	if (member->bit_size) {
		/* Read the aligned integer that the bit field lies in. */
		u64 unit = member->size ? member->size * 8 : 32;
		datum->value = member->bit_offset / unit * unit / 8;
		datum->bit_shift = (u32)(member->bit_offset - datum->value * 8);
	}
	if (member->kind == TYPE_ARRAY) {
		u64 nr_elements = 0, element_size = 0;
		typeinfo_size(types, typeinfo_target(types, member->type, &nr_elements),
			      &element_size);
		datum->nr_elements = nr_elements;
		datum->stride = element_size;
	}
}

/* Size of a member that only VMCOREINFO knows the offset of: by kind, as all kernels have it. */
static u64 kind_size(enum datum_kind kind, const char *path)
{
	static const struct {
		const char *end;
		u64 size;
	} known[] = {
		/* widths of kernel/printk's records since they exist */
		{".text_len", 2},  {".facility", 1},  {".count_bits", 4},
		{".size_bits", 4}, {".caller_id", 4},
	};
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i].end), len = strlen(path);
		if (len >= n && !strcmp(path + len - n, known[i].end))
			return known[i].size;
	}
	return kind == AS_STRUCT || kind == AS_LIST || kind == AS_ARRAY || kind == AS_TEXT ? 0 : 8;
}

static bool resolve_member(const struct resolver *r, const struct schema_row *row, char *path,
			   struct datum *datum)
{
	char *dot = strchr(path, '.');
	if (!dot)
		return false;
	if (r->types) {
		struct type_member member;
		*dot = '\0';
		type_id id = typeinfo_find(r->types, path);
		*dot = '.';
		if (id && typeinfo_member(r->types, id, dot + 1, &member) &&
		    kind_fits(row->kind, &member)) {
			datum_from_member(datum, row->kind, &member, r->types);
			datum->source = SOURCE_TYPES;
			return true;
		}
	}
	u64 offset;
	if (r->types || !r->vmcoreinfo || !vmcoreinfo_offset(r->vmcoreinfo, path, &offset))
		return false;
	datum->value = offset;
	datum->size = kind_size(row->kind, path);
	datum->is_signed = row->kind == AS_SINT || row->kind == AS_ATOMIC;
	datum->source = SOURCE_VMCOREINFO;
	return true;
}

static bool resolve_size(const struct resolver *r, const struct schema_row *row, char *name,
			 struct datum *datum)
{
	if (r->types) {
		type_id id = typeinfo_find(r->types, name);
		if (id && typeinfo_size(r->types, id, &datum->value)) {
			datum->source = SOURCE_TYPES;
			return true;
		}
		return false;
	}
	const char *bare = !strncmp(name, "struct ", 7) ? name + 7 : name;
	datum->source = SOURCE_VMCOREINFO;
	return r->vmcoreinfo && vmcoreinfo_size(r->vmcoreinfo, bare, &datum->value);
}

static bool resolve_enumerator(const struct resolver *r, const struct schema_row *row, char *name,
			       struct datum *datum)
{
	char *dot = strchr(name, '.');
	s64 value;
	if (!r->types)
		return false;
	if (dot)
		*dot = '\0';
	bool found = typeinfo_enumerator(r->types, dot ? name : NULL, dot ? dot + 1 : name, &value);
	if (dot)
		*dot = '.';
	datum->value = (u64)value;
	datum->source = SOURCE_TYPES;
	return found;
}

static bool resolve_global(const struct resolver *r, const struct schema_row *row, char *name,
			   struct datum *datum)
{
	struct symbol symbol;
	if (r->symbols && symbols_find(r->symbols, name, r->module, &symbol) &&
	    (r->module || !symbol.module)) {
		datum->value = symbol.address;
		datum->source = SOURCE_SYMBOLS;
		return true;
	}
	datum->source = SOURCE_VMCOREINFO;
	return r->vmcoreinfo && vmcoreinfo_symbol(r->vmcoreinfo, name, &datum->value);
}

static const struct {
	bool (*resolve)(const struct resolver *, const struct schema_row *, char *, struct datum *);
} row_types[] = {
	[ROW_DATUM] = {resolve_member},
	[ROW_SIZE] = {resolve_size},
	[ROW_ENUM] = {resolve_enumerator},
	[ROW_GLOBAL] = {resolve_global},
};

static void resolve_row(const struct resolver *r, const struct schema_row *row, struct datum *datum)
{
	char path[PATH_MAX_BYTES];
	for (u32 i = 0; schema_alternative(row, i, path, sizeof(path)); i++) {
		struct datum found = {.alternative = i, .group = datum->group};
		if (row_types[row->type].resolve(r, row, path, &found)) {
			found.state = DATUM_PRESENT;
			*datum = found;
			return;
		}
	}
}

static bool has(const struct schema *schema, enum datum_id id)
{
	return schema->datum[id].state == DATUM_PRESENT;
}

static void judge_groups(struct schema *schema)
{
	u32 group = 0;
	for (u32 i = 0; i < NR_DATA; i++) {
		if (schema_rows[i].type == ROW_GROUP) {
			group = i;
			schema->group_usable[i] = true;
		} else if (schema_rows[i].need == REQUIRED && !has(schema, i)) {
			schema->group_usable[group] = false;
		}
	}
}

/* --- variants ------------------------------------------------------------------------------ */

enum { MAX_CONDITIONS = 4 };

struct variant_row {
	enum variant_id variant;
	enum variant_choice choice;
	const char *name, *title;
	enum datum_id needs[MAX_CONDITIONS]; /* ends with a group's id: never a datum */
};

static const struct variant_row variant_rows[] = {
#define VARIANT(id, title)
#define WHEN(id, choice, title, ...) {id, choice, #choice, title, {__VA_ARGS__}},
#include "kernel/variant.def"
#undef VARIANT
#undef WHEN
};

static const char *const variant_titles[NR_VARIANTS] = {
#define VARIANT(id, title) [id] = title,
#define WHEN(id, choice, title, ...)
#include "kernel/variant.def"
#undef VARIANT
#undef WHEN
};

/* Id 0 is the first GROUP, so that unused places of needs[] end the row. */
_Static_assert(group_system == 0, "the first row of schema.def must be a GROUP");

static bool conditions_hold(const struct schema *schema, const struct variant_row *row)
{
	for (size_t i = 0; i < MAX_CONDITIONS && row->needs[i]; i++) {
		if (!has(schema, row->needs[i]))
			return false;
	}
	return true;
}

static void choose_variants(struct schema *schema)
{
	memset(schema->variant, 0, sizeof(schema->variant));
	for (size_t i = 0; i < ARRAY_SIZE(variant_rows); i++) {
		const struct variant_row *row = &variant_rows[i];
		if (schema->variant[row->variant] == VARIANT_NONE && conditions_hold(schema, row))
			schema->variant[row->variant] = row->choice;
	}
}

static const struct variant_row *variant_row_of(enum variant_choice choice)
{
	for (size_t i = 0; i < ARRAY_SIZE(variant_rows); i++) {
		if (variant_rows[i].choice == choice)
			return &variant_rows[i];
	}
	return NULL;
}

const char *variant_title(enum variant_id id)
{
	return variant_titles[id];
}

const char *variant_choice_title(enum variant_choice choice)
{
	const struct variant_row *row = variant_row_of(choice);
	return row ? row->title : "none fits this kernel";
}

const char *variant_choice_name(enum variant_choice choice)
{
	const struct variant_row *row = variant_row_of(choice);
	return row ? row->name : "";
}

/* --- quirks -------------------------------------------------------------------------------- */

static const struct quirk_row {
	enum quirk_id quirk;
	const char *name;
	enum datum_id when; /* 0: always */
	u64 value;
	const char *source;
} quirk_rows[] = {
#define QUIRK(id, value, source) {id, #id, 0, value, source},
#define QUIRK_IF(id, datum, value, source) {id, #id, datum, value, source},
#include "kernel/quirk.def"
#undef QUIRK
#undef QUIRK_IF
};

static const struct quirk_row *quirk_choice(const struct schema *schema, enum quirk_id id)
{
	const struct quirk_row *always = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(quirk_rows); i++) {
		const struct quirk_row *row = &quirk_rows[i];
		if (row->quirk != id)
			continue;
		if (!row->when)
			always = row;
		else if (has(schema, row->when))
			return row;
	}
	return always;
}

static void choose_quirks(struct schema *schema)
{
	for (u32 id = 0; id < NR_QUIRKS; id++)
		schema->quirk[id] = quirk_choice(schema, id)->value;
}

const char *quirk_name(enum quirk_id id)
{
	for (size_t i = 0; i < ARRAY_SIZE(quirk_rows); i++) {
		if (quirk_rows[i].quirk == id)
			return quirk_rows[i].name;
	}
	return "";
}

const char *quirk_source(const struct schema *schema, enum quirk_id id)
{
	return quirk_choice(schema, id)->source;
}

/* --- the whole ----------------------------------------------------------------------------- */

static void judge(struct schema *schema)
{
	judge_groups(schema);
	choose_variants(schema);
	choose_quirks(schema);
}

void schema_resolve(struct schema *schema, const struct typeinfo *types,
		    const struct symbols *symbols, const struct vmcoreinfo *vmcoreinfo)
{
	const struct resolver r = {types, symbols, vmcoreinfo, NULL};
	u32 group = 0;
	memset(schema, 0, sizeof(*schema));
	for (u32 i = 0; i < NR_DATA; i++) {
		const struct schema_row *row = &schema_rows[i];
		if (row->type == ROW_GROUP)
			group = i;
		schema->datum[i].group = group;
		if (row->type != ROW_GROUP && schema_rows[group].where != IN_MODULE)
			resolve_row(&r, row, &schema->datum[i]);
	}
	judge(schema);
}

void schema_resolve_module(struct schema *schema, enum datum_id group, const char *module,
			   const struct typeinfo *types, const struct symbols *symbols)
{
	const struct resolver r = {types, symbols, NULL, module};
	for (u32 i = group + 1; i < NR_DATA && schema_rows[i].type != ROW_GROUP; i++)
		resolve_row(&r, &schema_rows[i], &schema->datum[i]);
	judge(schema);
}

void schema_set_global(struct schema *schema, enum datum_id id, u64 kva)
{
	struct datum *datum = &schema->datum[id];
	datum->state = DATUM_PRESENT;
	datum->source = SOURCE_STRUCTURE;
	datum->value = kva;
	judge(schema);
}

bool schema_row_missing(const struct schema *schema, enum datum_id id)
{
	u32 group = schema->datum[id].group;
	if (has(schema, id) || schema_rows[id].need != REQUIRED)
		return false;
	return schema_rows[group].where == EVERY_KERNEL || has(schema, group + 1);
}

int schema_group_error(const struct schema *schema, enum datum_id group, struct error *error)
{
	char missing[600] = "";
	size_t used = 0;
	for (u32 i = group + 1; i < NR_DATA && schema_rows[i].type != ROW_GROUP; i++) {
		const struct schema_row *row = &schema_rows[i];
		if (row->need != REQUIRED || has(schema, i))
			continue;
		int n = snprintf(missing + used, sizeof(missing) - used, "%s%s", used ? "; " : "",
				 row->paths);
		if (n < 0 || (size_t)n >= sizeof(missing) - used) {
			missing[used] = '\0';
			break;
		}
		used += (size_t)n;
	}
	return error_set(error, EXIT_PARTIAL, "%s: this kernel has none of: %s",
			 schema_rows[group].paths, missing);
}
