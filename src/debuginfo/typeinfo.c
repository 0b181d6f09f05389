/*
 * Questions about types, answered alike for BTF and DWARF.
 *
 * What can loop in a hostile database is bounded here: chains of typedefs, arrays of arrays, and
 * the search through anonymous members (a struct may contain itself there, so its steps are
 * counted, not only its depth).
 */
#include "debuginfo/typeinfo.h"

#include <string.h>

#include "debuginfo/typeinfo_internal.h"

enum {
	MAX_ALIASES = 64,
	MAX_ARRAY_DEPTH = 16,
	MAX_ANONYMOUS_DEPTH = 32,
	MAX_SEARCH_STEPS = 1 << 14
};

const char *typeinfo_source(const struct typeinfo *types)
{
	return types->source;
}

void typeinfo_free(struct typeinfo *types)
{
	if (types)
		types->ops->free(types);
}

/* --- names --------------------------------------------------------------------------------- */

static type_id find_in(const struct typeinfo *types, enum type_space space, const char *name,
		       size_t len)
{
	type_id id = 0;
	for (; types && !id && len; types = types->base)
		id = types->ops->find(types, space, name, len);
	return id;
}

static const struct prefix {
	const char *text;
	enum type_space space;
} prefixes[] = {
	{"struct ", SPACE_STRUCT},
	{"union ", SPACE_UNION},
	{"enum ", SPACE_ENUM},
	{"typedef ", SPACE_TYPEDEF},
};

type_id typeinfo_find(const struct typeinfo *types, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i].text);
		if (strncmp(name, prefixes[i].text, len) == 0)
			return find_in(types, prefixes[i].space, name + len, strlen(name + len));
	}
	type_id id = 0;
	for (enum type_space space = SPACE_STRUCT; space <= SPACE_BASE && !id; space++)
		id = find_in(types, space, name, strlen(name));
	return id;
}

/* --- one type ------------------------------------------------------------------------------ */

static void record_of(const struct typeinfo *types, type_id id, struct type_record *out)
{
	*out = (struct type_record){.owner = types, .kind = TYPE_VOID, .name = ""};
	if (id)
		types->ops->record(types, id, out);
}

/* The complete type that a forward declaration means, or 0. */
static type_id complete(const struct typeinfo *types, const struct type_record *forward)
{
	size_t len = strlen(forward->name);
	type_id id = find_in(types, SPACE_STRUCT, forward->name, len);
	return id ? id : find_in(types, SPACE_UNION, forward->name, len);
}

/*
 * Look through typedefs, qualifiers and forwards; returns the id of what is there, described in
 * *out.
 */
static type_id resolve(const struct typeinfo *types, type_id id, struct type_record *out)
{
	for (int i = 0; i < MAX_ALIASES; i++) {
		record_of(types, id, out);
		if (out->kind == TYPE_FORWARD) {
			type_id whole = complete(types, out);
			if (whole)
				record_of(types, id = whole, out);
			return id;
		}
		if (!out->is_alias)
			return id;
		id = out->target;
	}
	*out = (struct type_record){.owner = types, .kind = TYPE_OTHER, .name = ""};
	return id;
}

type_id typeinfo_variable(const struct typeinfo *types, const char *name)
{
	struct type_record variable;
	record_of(types, find_in(types, SPACE_VARIABLE, name, strlen(name)), &variable);
	return variable.target;
}

enum type_kind typeinfo_kind(const struct typeinfo *types, type_id id)
{
	struct type_record record;
	resolve(types, id, &record);
	return record.kind;
}

const char *typeinfo_name(const struct typeinfo *types, type_id id)
{
	struct type_record record;
	record_of(types, id, &record);
	return record.name;
}

bool typeinfo_is_signed(const struct typeinfo *types, type_id id)
{
	struct type_record record;
	resolve(types, id, &record);
	return record.is_signed;
}

type_id typeinfo_target(const struct typeinfo *types, type_id id, u64 *nr_elements)
{
	struct type_record record, target;
	resolve(types, id, &record);
	if (nr_elements)
		*nr_elements = record.kind == TYPE_ARRAY ? record.nr_elements : 0;
	if (record.kind != TYPE_PTR && record.kind != TYPE_ARRAY)
		return 0;
	return resolve(types, record.target, &target);
}

bool typeinfo_size(const struct typeinfo *types, type_id id, u64 *size)
{
	struct type_record record;
	u64 count = 1, bytes;
	resolve(types, id, &record);
	for (int depth = 0; record.kind == TYPE_ARRAY; depth++) {
		if (depth == MAX_ARRAY_DEPTH ||
		    __builtin_mul_overflow(count, record.nr_elements, &count))
			return false;
		resolve(types, record.target, &record);
	}
	if (!record.has_size || __builtin_mul_overflow(count, record.size, &bytes))
		return false;
	*size = bytes;
	return true;
}

/* --- members ------------------------------------------------------------------------------- */

static bool is_compound(const struct type_record *record)
{
	return record->kind == TYPE_STRUCT || record->kind == TYPE_UNION;
}

/* Width of a bit field that stands in the integer's own type, as old BTF has it. */
static void apply_int_bits(const struct type_record *type, u64 *bit_offset, u32 *bit_size)
{
	if (type->kind != TYPE_INT || !type->bits || *bit_size)
		return;
	*bit_offset += type->bit_at;
	*bit_size = type->bits;
}

static struct type_member describe(const struct typeinfo *types, type_id id, u64 bit_offset,
				   u32 bit_size)
{
	struct type_record record;
	struct type_member member = {.bit_offset = bit_offset, .bit_size = bit_size};
	member.type = resolve(types, id, &record);
	member.kind = record.kind;
	member.is_signed = record.is_signed;
	member.nr_elements = record.kind == TYPE_ARRAY ? record.nr_elements : 0;
	apply_int_bits(&record, &member.bit_offset, &member.bit_size);
	if (!typeinfo_size(types, id, &member.size))
		member.size = 0;
	return member;
}

struct search {
	const struct typeinfo *types;
	const char *name;
	size_t len;
	u32 steps;
	struct member_record found; /* bit_offset from the struct where the search began */
};

static bool is_named(const struct member_record *member, const char *name, size_t len)
{
	return strncmp(member->name, name, len) == 0 && !member->name[len];
}

static bool search_members(struct search *s, type_id id, u64 bit_offset, int depth)
{
	struct type_record record;
	resolve(s->types, id, &record);
	if (!is_compound(&record) || depth > MAX_ANONYMOUS_DEPTH)
		return false;
	for (u32 i = 0; i < record.nr_members; i++) {
		struct member_record member;
		if (++s->steps > MAX_SEARCH_STEPS ||
		    !record.owner->ops->member(record.owner, &record, i, &member))
			return false;
		member.bit_offset += bit_offset;
		if (is_named(&member, s->name, s->len)) {
			s->found = member;
			return true;
		}
		if (!*member.name && search_members(s, member.type, member.bit_offset, depth + 1))
			return true;
	}
	return false;
}

/* "[n]" at *path: step from an array to its element. */
static bool step_to_element(const struct typeinfo *types, const char **path, type_id *id,
			    u64 *bit_offset)
{
	struct type_record array;
	char *end;
	if ((*path)[1] < '0' || (*path)[1] > '9')
		return false;
	u64 n = strtoull(*path + 1, &end, 10), size, distance;
	resolve(types, *id, &array);
	if (*end != ']' || array.kind != TYPE_ARRAY ||
	    (array.nr_elements && n >= array.nr_elements))
		return false;
	if (!typeinfo_size(types, array.target, &size) ||
	    __builtin_mul_overflow(n, size, &distance) || distance > UINT32_MAX)
		return false;
	*bit_offset += distance * 8;
	*id = array.target;
	*path = end + 1;
	return true;
}

bool typeinfo_member(const struct typeinfo *types, type_id id, const char *path,
		     struct type_member *out)
{
	u64 bit_offset = 0;
	u32 bit_size = 0;
	for (;;) {
		struct search s = {.types = types, .name = path, .len = strcspn(path, ".[")};
		if (s.len == 0 || !search_members(&s, id, bit_offset, 0))
			return false;
		id = s.found.type;
		bit_offset = s.found.bit_offset;
		bit_size = s.found.bit_size;
		path += s.len;
		while (*path == '[')
			if (!step_to_element(types, &path, &id, &bit_offset))
				return false;
		if (!*path)
			break;
		if (*path++ != '.')
			return false;
	}
	*out = describe(types, id, bit_offset, bit_size);
	return true;
}

void typeinfo_for_each_member(const struct typeinfo *types, type_id id, type_member_fn fn,
			      void *arg)
{
	struct type_record record;
	resolve(types, id, &record);
	if (!is_compound(&record))
		return;
	for (u32 i = 0; i < record.nr_members; i++) {
		struct member_record member;
		if (!record.owner->ops->member(record.owner, &record, i, &member))
			return;
		struct type_member described =
			describe(types, member.type, member.bit_offset, member.bit_size);
		if (!fn(arg, member.name, &described))
			return;
	}
}

/* --- enumerators --------------------------------------------------------------------------- */

struct wanted_enumerator {
	const char *name;
	s64 value;
	bool found;
};

static bool match_enumerator(void *arg, const char *name, s64 value)
{
	struct wanted_enumerator *wanted = arg;
	if (strcmp(name, wanted->name) != 0)
		return true;
	wanted->value = value;
	wanted->found = true;
	return false;
}

void typeinfo_for_each_enumerator(const struct typeinfo *types, type_id id, enumerator_fn fn,
				  void *arg)
{
	struct type_record record;
	const char *name;
	s64 value;
	resolve(types, id, &record);
	if (record.kind != TYPE_ENUM)
		return;
	for (u32 i = 0; i < record.nr_members; i++)
		if (!record.owner->ops->enumerator(record.owner, &record, i, &name, &value) ||
		    !fn(arg, name, value))
			return;
}

/* All enums, named or not, the module's before the kernel's. */
static void search_all_enums(const struct typeinfo *types, struct wanted_enumerator *wanted)
{
	for (; types && !wanted->found; types = types->base) {
		type_id id;
		for (size_t i = 0; !wanted->found && (id = types->ops->enum_at(types, i)); i++)
			typeinfo_for_each_enumerator(types, id, match_enumerator, wanted);
	}
}

bool typeinfo_enumerator(const struct typeinfo *types, const char *enum_name, const char *name,
			 s64 *value)
{
	struct wanted_enumerator wanted = {.name = name};
	if (enum_name)
		typeinfo_for_each_enumerator(types, typeinfo_find(types, enum_name),
					     match_enumerator, &wanted);
	else
		search_all_enums(types, &wanted);
	if (wanted.found)
		*value = wanted.value;
	return wanted.found;
}
