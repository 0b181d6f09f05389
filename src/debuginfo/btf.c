/*
 * BTF: one walk over the types makes an array of their offsets and a hash of the names that can be
 * asked for; everything else is decoded from the bytes when asked.  5 MB with 130 thousand types
 * take 2-3 ms.
 *
 * A module's BTF is split: it has only what the kernel's lacks, ids and string offsets go on where
 * the base's end.  (Modules built against a distilled base, 6.11 and later, look the same in
 * memory: btf_relocate() rewrote their ids and names against the kernel's when they were loaded.)
 *
 * The walk needs each type's length.  A kind younger than this program is stepped over when the BTF
 * brings its own layouts (7.1); without them the types behind it are lost, and typeinfo_source()
 * says so.
 */
#include <stdio.h>

#include "base/mem.h"
#include "debuginfo/btf_format.h"
#include "debuginfo/hash.h"
#include "debuginfo/typeinfo_internal.h"

const struct btf_layout btf_known_layouts[NR_BTF_KINDS] = {
	[BTF_INT] = {.info_sz = 4},	 [BTF_ARRAY] = {.info_sz = 12},
	[BTF_STRUCT] = {.elem_sz = 12},	 [BTF_UNION] = {.elem_sz = 12},
	[BTF_ENUM] = {.elem_sz = 8},	 [BTF_FUNC_PROTO] = {.elem_sz = 8},
	[BTF_VAR] = {.info_sz = 4},	 [BTF_DATASEC] = {.elem_sz = 12},
	[BTF_DECL_TAG] = {.info_sz = 4}, [BTF_ENUM64] = {.elem_sz = 12},
};

enum { MAX_BTF_SIZE = 256 << 20, MAX_PROBES = 1024 };

struct btf {
	struct typeinfo types; /* first: the interface's pointer is ours */
	const u8 *bytes;
	u8 *copy; /* NULL when the bytes are somebody else's */
	const u8 *type_bytes;
	u32 type_len;
	const char *strings;
	u32 strings_len;  /* as far as they are terminated */
	u32 strings_size; /* as the header says: a split BTF counts on from it */
	const u8 *layouts;
	u32 nr_layouts;

	u32 first_id, first_string; /* of a split BTF: the base's end */
	u32 n;			    /* types; ids are first_id .. first_id + n - 1 */
	u32 *offsets;		    /* n, in type_bytes */
	u32 *hash;		    /* ids; 0 = free */
	u32 hash_size;
	VEC(type_id) enums;
	bool whole;	   /* the walk understood all types */
	bool enums_signed; /* 6.0: kind_flag tells the sign of enums; before, nothing did */
};

static const struct btf *btf_of(const struct typeinfo *types)
{
	return (const struct btf *)types;
}

/* --- decoding ------------------------------------------------------------------------------ */

static const char *string_at(const struct btf *b, u32 offset)
{
	while (offset < b->first_string)
		b = btf_of(b->types.base);
	offset -= b->first_string;
	return offset < b->strings_len ? b->strings + offset : "";
}

static void read_at(const struct btf *b, u32 offset, void *out, size_t size)
{
	memcpy(out, b->type_bytes + offset, size);
}

/*
 * Length of the type at offset with all that follows it; 0 when its kind is not known or it is cut
 * off.
 */
static u32 type_length(const struct btf *b, u32 offset, const struct btf_type *t)
{
	u32 kind = btf_kind(t);
	struct btf_layout layout;
	if (kind > BTF_VOID && kind < NR_BTF_KINDS)
		layout = btf_known_layouts[kind];
	else if (kind < b->nr_layouts)
		memcpy(&layout, b->layouts + kind * sizeof(layout), sizeof(layout));
	else
		return 0;
	u64 length = BTF_TYPE_SIZE + layout.info_sz + (u64)btf_vlen(t) * layout.elem_sz;
	return length <= b->type_len - offset ? (u32)length : 0;
}

static void record_int(const struct btf *b, u32 data_at, struct type_record *out)
{
	u32 data;
	read_at(b, data_at, &data, sizeof(data));
	out->is_signed = data >> 24 & BTF_INT_SIGNED;
	u32 bits = data & 0xff;
	if (bits && bits != out->size * 8) {
		out->bits = bits;
		out->bit_at = data >> 16 & 0xff;
	}
}

static void record_array(const struct btf *b, u32 data_at, struct type_record *out)
{
	struct btf_array array;
	read_at(b, data_at, &array, sizeof(array));
	out->target = array.type;
	out->nr_elements = array.nelems;
}

/*
 * Before 6.0 nothing told the sign of an enum: it has one when a value is negative as a 32-bit
 * number.
 */
static bool has_negative(const struct btf *b, u32 data_at, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		s32 value;
		read_at(b, data_at + i * 8 + 4, &value, sizeof(value));
		if (value < 0)
			return true;
	}
	return false;
}

static void record_enum(const struct btf *b, u32 data_at, struct type_record *out)
{
	out->is_signed =
		out->has_flag || (!b->enums_signed && has_negative(b, data_at, out->nr_members));
}

/* Kinds as the model has them.  "size or type" is a size for those that have one. */
static const struct kind_row {
	enum type_kind kind;
	bool is_alias, has_size, has_target, has_members;
} kind_rows[NR_BTF_KINDS] = {
	[BTF_VOID] = {TYPE_OTHER},
	[BTF_INT] = {TYPE_INT, .has_size = true},
	[BTF_FLOAT] = {TYPE_FLOAT, .has_size = true},
	[BTF_PTR] = {TYPE_PTR, .has_target = true},
	[BTF_ARRAY] = {TYPE_ARRAY},
	[BTF_STRUCT] = {TYPE_STRUCT, .has_size = true, .has_members = true},
	[BTF_UNION] = {TYPE_UNION, .has_size = true, .has_members = true},
	[BTF_ENUM] = {TYPE_ENUM, .has_size = true, .has_members = true},
	[BTF_ENUM64] = {TYPE_ENUM, .has_size = true, .has_members = true},
	[BTF_FWD] = {TYPE_FORWARD},
	[BTF_TYPEDEF] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_VOLATILE] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_CONST] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_RESTRICT] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_TYPE_TAG] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_FUNC] = {TYPE_FUNC, .has_target = true},
	[BTF_FUNC_PROTO] = {TYPE_FUNC, .has_target = true},
	[BTF_VAR] = {TYPE_OTHER, .is_alias = true, .has_target = true},
	[BTF_DATASEC] = {TYPE_OTHER},
	[BTF_DECL_TAG] = {TYPE_OTHER},
};

static void btf_record(const struct typeinfo *types, type_id id, struct type_record *out)
{
	const struct btf *b = btf_of(types);
	while (b->types.base && id < b->first_id)
		b = btf_of(b->types.base);
	*out = (struct type_record){.owner = &b->types, .kind = TYPE_OTHER, .name = ""};
	if (id < b->first_id || id - b->first_id >= b->n)
		return;

	u32 at = b->offsets[id - b->first_id];
	struct btf_type t;
	read_at(b, at, &t, sizeof(t));
	u32 kind = btf_kind(&t);
	if (kind >= NR_BTF_KINDS)
		return;
	const struct kind_row *row = &kind_rows[kind];
	out->kind = row->kind;
	out->is_alias = row->is_alias;
	out->name = string_at(b, t.name);
	out->has_size = row->has_size || kind == BTF_PTR;
	out->size = row->has_size ? t.size : kind == BTF_PTR ? 8 : 0;
	out->target = row->has_target ? t.size : 0;
	out->nr_members = row->has_members ? btf_vlen(&t) : 0;
	out->has_flag = btf_kind_flag(&t);
	out->details = b->type_bytes + at;
	if (kind == BTF_INT)
		record_int(b, at + BTF_TYPE_SIZE, out);
	else if (kind == BTF_ARRAY)
		record_array(b, at + BTF_TYPE_SIZE, out);
	else if (kind == BTF_ENUM)
		record_enum(b, at + BTF_TYPE_SIZE, out);
	else if (kind == BTF_ENUM64)
		out->is_signed = out->has_flag;
}

static bool btf_member_at(const struct typeinfo *types, const struct type_record *record, u32 i,
			  struct member_record *out)
{
	struct btf_member m;
	memcpy(&m, (const u8 *)record->details + BTF_TYPE_SIZE + (size_t)i * sizeof(m), sizeof(m));
	*out = (struct member_record){
		.name = string_at(btf_of(types), m.name),
		.type = m.type,
		.bit_offset = record->has_flag ? m.offset & 0xffffff : m.offset,
		.bit_size = record->has_flag ? m.offset >> 24 : 0,
	};
	return true;
}

static bool btf_enumerator_at(const struct typeinfo *types, const struct type_record *record, u32 i,
			      const char **name, s64 *value)
{
	struct btf_type t;
	u32 e[3] = {0};
	memcpy(&t, record->details, sizeof(t));
	bool wide = btf_kind(&t) == BTF_ENUM64;
	size_t size = wide ? 12 : 8;
	memcpy(e, (const u8 *)record->details + BTF_TYPE_SIZE + i * size, size);
	*name = string_at(btf_of(types), e[0]);
	*value = wide		     ? (s64)(e[1] | (u64)e[2] << 32)
		 : record->is_signed ? (s64)(s32)e[1]
				     : (s64)e[1];
	return true;
}

/* --- the index ----------------------------------------------------------------------------- */

/* NR_TYPE_SPACES: a kind that is not found by name. */
static enum type_space space_of(u32 kind)
{
	switch (kind) {
	case BTF_STRUCT:
		return SPACE_STRUCT;
	case BTF_UNION:
		return SPACE_UNION;
	case BTF_ENUM:
	case BTF_ENUM64:
		return SPACE_ENUM;
	case BTF_TYPEDEF:
		return SPACE_TYPEDEF;
	case BTF_INT:
	case BTF_FLOAT:
		return SPACE_BASE;
	case BTF_VAR:
		return SPACE_VARIABLE;
	default:
		return NR_TYPE_SPACES;
	}
}

static void hash_insert(struct btf *b, type_id id, const char *name)
{
	u32 mask = b->hash_size - 1, at = (u32)hash_bytes(name, strlen(name)) & mask;
	for (int probes = 0; probes < MAX_PROBES; probes++, at = (at + 1) & mask) {
		if (!b->hash[at]) {
			b->hash[at] = id;
			return;
		}
	}
}

static type_id btf_find(const struct typeinfo *types, enum type_space space, const char *name,
			size_t len)
{
	const struct btf *b = btf_of(types);
	u32 mask = b->hash_size - 1, at = (u32)hash_bytes(name, len) & mask;
	for (int probes = 0; b->hash[at] && probes < MAX_PROBES; probes++, at = (at + 1) & mask) {
		struct btf_type t;
		read_at(b, b->offsets[b->hash[at] - b->first_id], &t, sizeof(t));
		const char *found = string_at(b, t.name);
		if (space_of(btf_kind(&t)) == space && strncmp(found, name, len) == 0 &&
		    !found[len])
			return b->hash[at];
	}
	return 0;
}

static type_id btf_enum_at(const struct typeinfo *types, size_t i)
{
	const struct btf *b = btf_of(types);
	return i < b->enums.n ? b->enums.v[i] : 0;
}

static void note_enum(struct btf *b, const struct btf_type *t)
{
	if (btf_vlen(t))
		*vec_push(&b->enums) = b->first_id + b->n;
	b->enums_signed |= btf_kind_flag(t) || btf_kind(t) == BTF_ENUM64;
}

/* Offsets of all types; returns how many bytes of them made sense. */
static u32 walk_types(struct btf *b, u32 *nr_named)
{
	u32 at = 0, room = b->type_len / BTF_TYPE_SIZE;
	b->offsets = mem_calloc(room, sizeof(*b->offsets));
	while (b->n < room && BTF_TYPE_SIZE <= b->type_len - at) {
		struct btf_type t;
		read_at(b, at, &t, sizeof(t));
		u32 length = type_length(b, at, &t);
		if (!length)
			break;
		*nr_named += t.name && space_of(btf_kind(&t)) != NR_TYPE_SPACES;
		if (space_of(btf_kind(&t)) == SPACE_ENUM)
			note_enum(b, &t);
		b->offsets[b->n++] = at;
		at += length;
	}
	b->offsets = mem_realloc(b->offsets, (b->n + 1) * sizeof(*b->offsets));
	return at;
}

static void index_names(struct btf *b, u32 nr_named)
{
	b->hash_size = 64;
	while (b->hash_size < nr_named + nr_named / 2)
		b->hash_size *= 2;
	b->hash = mem_calloc(b->hash_size, sizeof(*b->hash));
	for (u32 i = 0; i < b->n; i++) {
		struct btf_type t;
		read_at(b, b->offsets[i], &t, sizeof(t));
		if (t.name && space_of(btf_kind(&t)) != NR_TYPE_SPACES)
			hash_insert(b, b->first_id + i, string_at(b, t.name));
	}
}

/* --- opening ------------------------------------------------------------------------------- */

/* A section of the BTF, whole: offset and length count from the end of the header. */
static bool section_fits(const struct btf_header *h, size_t size, u32 offset, u32 len)
{
	size_t room = size - h->hdr_len;
	return offset <= room && len <= room - offset;
}

static int read_header(struct btf_header *h, const void *bytes, size_t size, struct error *error)
{
	*h = (struct btf_header){0};
	if (size < BTF_HEADER_MIN || size > MAX_BTF_SIZE)
		return error_set(error, EXIT_INPUT, "BTF: %zu bytes can't be one", size);
	memcpy(h, bytes, BTF_HEADER_MIN);
	if (h->magic != BTF_MAGIC)
		return error_set(error, EXIT_INPUT, "BTF: magic is %#x, not %#x", h->magic,
				 BTF_MAGIC);
	if (h->version != 1)
		return error_set(error, EXIT_INPUT, "BTF: version %u is not known", h->version);
	if (h->hdr_len < BTF_HEADER_MIN || h->hdr_len > size)
		return error_set(error, EXIT_INPUT, "BTF: header of %u bytes in %zu", h->hdr_len,
				 size);
	memcpy(h, bytes, u64_min(h->hdr_len, sizeof(*h)));
	if (!section_fits(h, size, h->type_off, h->type_len) ||
	    !section_fits(h, size, h->str_off, h->str_len))
		return error_set(
			error, EXIT_PARTIAL,
			"BTF: types at %u+%u and strings at %u+%u do not fit into %zu bytes",
			h->type_off, h->type_len, h->str_off, h->str_len, size);
	if (!section_fits(h, size, h->layout_off, h->layout_len))
		h->layout_len = 0;
	return 0;
}

static u32 terminated_length(const char *strings, u32 len)
{
	while (len && strings[len - 1])
		len--;
	return len;
}

static struct btf *btf_new(const struct btf_header *h, const void *bytes, size_t size, bool copy)
{
	struct btf *b = mem_alloc(sizeof(*b));
	b->bytes = bytes;
	if (copy)
		b->bytes = b->copy = memcpy(mem_alloc(size), bytes, size);
	b->type_bytes = b->bytes + h->hdr_len + h->type_off;
	b->type_len = h->type_len;
	b->strings = (const char *)b->bytes + h->hdr_len + h->str_off;
	b->strings_size = h->str_len;
	b->strings_len = terminated_length(b->strings, h->str_len);
	b->layouts = b->bytes + h->hdr_len + h->layout_off;
	b->nr_layouts = h->layout_len / sizeof(struct btf_layout);
	b->first_id = 1;
	return b;
}

static void describe_source(struct btf *b, size_t size, u32 walked)
{
	int n = snprintf(b->types.source, sizeof(b->types.source), "%sBTF, %.2f MB, %u types",
			 b->types.base ? "split " : "", (double)size / 1e6, b->n);
	if (b->whole || n < 0 || (size_t)n >= sizeof(b->types.source))
		return;
	struct btf_type t = {0};
	if (b->type_len - walked >= sizeof(t))
		read_at(b, walked, &t, sizeof(t));
	snprintf(b->types.source + n, sizeof(b->types.source) - (size_t)n,
		 ", %u bytes after them not understood (kind %u)", b->type_len - walked,
		 btf_kind(&t));
}

static void btf_free(struct typeinfo *types)
{
	struct btf *b = (struct btf *)types;
	free(b->copy);
	free(b->offsets);
	free(b->hash);
	vec_done(&b->enums);
	free(b);
}

static const struct typeinfo_ops btf_ops = {
	.free = btf_free,
	.find = btf_find,
	.record = btf_record,
	.member = btf_member_at,
	.enumerator = btf_enumerator_at,
	.enum_at = btf_enum_at,
};

int typeinfo_from_btf(struct typeinfo **types, const void *btf, size_t size, bool copy,
		      const struct typeinfo *base, struct error *error)
{
	struct btf_header header;
	if (read_header(&header, btf, size, error))
		return -1;
	if (base && base->ops != &btf_ops)
		return error_set(error, EXIT_INTERNAL,
				 "BTF: a module's types need the kernel's BTF, not %s",
				 base->source);
	if (base && !btf_of(base)->whole)
		return error_set(error, EXIT_INPUT,
				 "BTF: a module's types can't be numbered on from %s",
				 base->source);
	struct btf *b = btf_new(&header, btf, size, copy);
	b->types.ops = &btf_ops;
	b->types.base = base;
	if (base) {
		b->enums_signed = btf_of(base)->enums_signed;
		b->first_id = btf_of(base)->first_id + btf_of(base)->n;
		b->first_string = btf_of(base)->first_string + btf_of(base)->strings_size;
	}
	u32 nr_named = 0, walked = walk_types(b, &nr_named);
	b->whole = walked == b->type_len;
	index_names(b, nr_named);
	describe_source(b, size, walked);
	*types = &b->types;
	return 0;
}
