/*
 * DWARF through libdw, for kernels without BTF: a vmlinux, or a .debug file.
 *
 * The first question indexes all compile units: of each name the first complete definition, as the
 * offset of its DIE (0.5 s for the 174 MB of .debug_info of Debian's 6.1).  A DIE becomes a type
 * when its id is asked about; ids are given out in the order in which DIEs are first mentioned, so
 * they mean nothing outside of one database.  Types local to a function are not found by name.
 *
 * libdw caches behind a const face and is not safe for threads: one mutex around everything here.
 */
#include "debuginfo/typeinfo_internal.h"

#ifndef HAVE_LIBDW

int typeinfo_from_dwarf(struct typeinfo **types, const char *path, struct error *error)
{
	return error_set(error, EXIT_INPUT,
			 "%s: this memwho is built without libdw and can't read DWARF", path);
}

#else

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "debuginfo/hash.h"

enum { MAX_TYPES = 16 << 20, POINTER_SIZE = 8 };

struct named {
	const char *name; /* in .debug_str; NULL = free */
	Dwarf_Off die;
	enum type_space space;
};

struct enumerator {
	const char *name;
	s64 value;
};

struct dwarf_type {
	Dwarf_Off die;
	bool converted;
	struct type_record record;
	struct member_record *members;
	struct enumerator *enumerators;
};

struct dwarf_db {
	struct typeinfo types; /* first: the interface's pointer is ours */
	pthread_mutex_t lock;
	int fd;
	Dwarf *dwarf;
	struct arena arena;

	bool indexed;
	struct named *names; /* hash */
	size_t nr_names, names_size;
	VEC(Dwarf_Off) enums;

	VEC(struct dwarf_type *) by_id; /* [0] is void */
	type_id *ids;			/* hash of their DIEs */
	size_t ids_size;
};

static struct dwarf_db *db_of(const struct typeinfo *types)
{
	return (struct dwarf_db *)types;
}

/* --- the index ----------------------------------------------------------------------------- */

static struct named *name_slot(struct dwarf_db *db, enum type_space space, const char *name,
			       size_t len)
{
	size_t at = hash_bytes(name, len) & (db->names_size - 1);
	for (; db->names[at].name; at = (at + 1) & (db->names_size - 1)) {
		const struct named *n = &db->names[at];
		if (n->space == space && strncmp(n->name, name, len) == 0 && !n->name[len])
			break;
	}
	return &db->names[at];
}

static void grow_names(struct dwarf_db *db)
{
	struct named *old = db->names;
	size_t old_size = db->names_size;
	db->names_size = old_size ? old_size * 2 : 1 << 14;
	db->names = mem_calloc(db->names_size, sizeof(*db->names));
	for (size_t i = 0; i < old_size; i++)
		if (old[i].name)
			*name_slot(db, old[i].space, old[i].name, strlen(old[i].name)) = old[i];
	free(old);
}

/* True when it is the first of its name. */
static bool index_name(struct dwarf_db *db, enum type_space space, const char *name, Dwarf_Off die)
{
	if (db->nr_names * 2 >= db->names_size)
		grow_names(db);
	struct named *slot = name_slot(db, space, name, strlen(name));
	if (slot->name)
		return false;
	*slot = (struct named){.name = name, .die = die, .space = space};
	db->nr_names++;
	return true;
}

static enum type_space space_of(int tag)
{
	switch (tag) {
	case DW_TAG_structure_type:
		return SPACE_STRUCT;
	case DW_TAG_union_type:
		return SPACE_UNION;
	case DW_TAG_enumeration_type:
		return SPACE_ENUM;
	case DW_TAG_typedef:
		return SPACE_TYPEDEF;
	case DW_TAG_base_type:
		return SPACE_BASE;
	default:
		return NR_TYPE_SPACES;
	}
}

/*
 * Each header's nameless enums come again in each unit: they are told apart by their first
 * enumerator.
 */
static void index_nameless_enum(struct dwarf_db *db, Dwarf_Die *die)
{
	Dwarf_Die child;
	const char *first = dwarf_child(die, &child) == 0 ? dwarf_diename(&child) : NULL;
	if (first && index_name(db, NR_TYPE_SPACES, first, dwarf_dieoffset(die)))
		*vec_push(&db->enums) = dwarf_dieoffset(die);
}

static void index_die(struct dwarf_db *db, Dwarf_Die *die)
{
	enum type_space space = space_of(dwarf_tag(die));
	if (space == NR_TYPE_SPACES || dwarf_hasattr(die, DW_AT_declaration))
		return;
	const char *name = dwarf_diename(die);
	if (name && index_name(db, space, name, dwarf_dieoffset(die)) && space == SPACE_ENUM)
		*vec_push(&db->enums) = dwarf_dieoffset(die);
	else if (!name && space == SPACE_ENUM)
		index_nameless_enum(db, die);
}

static void index_unit(struct dwarf_db *db, Dwarf_Die *unit)
{
	Dwarf_Die die;
	if (dwarf_child(unit, &die))
		return;
	do
		index_die(db, &die);
	while (dwarf_siblingof(&die, &die) == 0);
}

static void index_all(struct dwarf_db *db)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	grow_names(db);
	while (dwarf_get_units(db->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0)
		index_unit(db, &unit);
	db->indexed = true;
}

/* --- ids ----------------------------------------------------------------------------------- */

static size_t id_slot(const struct dwarf_db *db, Dwarf_Off die)
{
	size_t at = hash_bytes((const char *)&die, sizeof(die)) & (db->ids_size - 1);
	while (db->ids[at] && db->by_id.v[db->ids[at]]->die != die)
		at = (at + 1) & (db->ids_size - 1);
	return at;
}

static void grow_ids(struct dwarf_db *db)
{
	free(db->ids);
	db->ids_size = db->ids_size ? db->ids_size * 2 : 1 << 12;
	db->ids = mem_calloc(db->ids_size, sizeof(*db->ids));
	for (size_t i = 1; i < db->by_id.n; i++)
		db->ids[id_slot(db, db->by_id.v[i]->die)] = (type_id)i;
}

static type_id id_of(struct dwarf_db *db, Dwarf_Off die)
{
	if (db->by_id.n * 2 >= db->ids_size)
		grow_ids(db);
	size_t at = id_slot(db, die);
	if (!db->ids[at] && db->by_id.n < MAX_TYPES) {
		struct dwarf_type *type = arena_alloc(&db->arena, sizeof(*type));
		type->die = die;
		db->ids[at] = (type_id)db->by_id.n;
		*vec_push(&db->by_id) = type;
	}
	return db->ids[at];
}

/* Id of the type that DW_AT_type names; 0 (void) when there is none. */
static type_id type_of(struct dwarf_db *db, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Die type;
	if (!dwarf_attr(die, DW_AT_type, &attr) || !dwarf_formref_die(&attr, &type))
		return 0;
	return id_of(db, dwarf_dieoffset(&type));
}

/* --- conversion ---------------------------------------------------------------------------- */

static bool unsigned_attr(Dwarf_Die *die, unsigned name, u64 *value)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;
	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &word))
		return false;
	*value = word;
	return true;
}

/* A constant, or in DWARF 2 an expression that adds one. */
static u64 member_location(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t nr_ops;
	u64 value = 0;
	if (unsigned_attr(die, DW_AT_data_member_location, &value))
		return value;
	if (dwarf_attr(die, DW_AT_data_member_location, &attr) &&
	    dwarf_getlocation(&attr, &ops, &nr_ops) == 0 && nr_ops == 1 &&
	    ops[0].atom == DW_OP_plus_uconst)
		return ops[0].number;
	return 0;
}

/* Before DWARF 4 a bit field's place counts from the most significant bit of its storage unit. */
static u64 old_bit_offset(Dwarf_Die *die, u64 bit_offset, u64 bit_size)
{
	Dwarf_Attribute attr;
	Dwarf_Die type;
	Dwarf_Word storage = 0;
	u64 size;
	if (unsigned_attr(die, DW_AT_byte_size, &size))
		storage = size;
	else if (dwarf_attr(die, DW_AT_type, &attr) && dwarf_formref_die(&attr, &type))
		dwarf_aggregate_size(&type, &storage);
	return member_location(die) * 8 + storage * 8 - bit_offset - bit_size;
}

static u64 member_bit_offset(Dwarf_Die *die, u64 bit_size)
{
	u64 bits;
	if (unsigned_attr(die, DW_AT_data_bit_offset, &bits))
		return bits;
	if (bit_size && unsigned_attr(die, DW_AT_bit_offset, &bits))
		return old_bit_offset(die, bits, bit_size);
	return member_location(die) * 8;
}

static struct member_record convert_member(struct dwarf_db *db, Dwarf_Die *die)
{
	u64 bit_size = 0;
	const char *name = dwarf_diename(die);
	unsigned_attr(die, DW_AT_bit_size, &bit_size);
	return (struct member_record){
		.name = name ? name : "",
		.type = type_of(db, die),
		.bit_offset = member_bit_offset(die, bit_size),
		.bit_size = (u32)bit_size,
	};
}

static void convert_members(struct dwarf_db *db, Dwarf_Die *die, struct dwarf_type *type)
{
	Dwarf_Die child;
	VEC(struct member_record) members = {0};
	if (dwarf_child(die, &child) == 0)
		do
			if (dwarf_tag(&child) == DW_TAG_member)
				*vec_push(&members) = convert_member(db, &child);
		while (dwarf_siblingof(&child, &child) == 0);
	type->record.nr_members = (u32)members.n;
	type->members = arena_copy(&db->arena, members.v, members.n * sizeof(*members.v));
	vec_done(&members);
}

/*
 * libdw sign-extends data1..data8 when asked for a signed value; only sdata and implicit_const are
 * signed.
 */
static s64 enumerator_value(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	Dwarf_Word word = 0;
	Dwarf_Sword sword = 0;
	if (!dwarf_attr(die, DW_AT_const_value, &attr))
		return 0;
	unsigned form = dwarf_whatform(&attr);
	if (form == DW_FORM_sdata || form == DW_FORM_implicit_const)
		return dwarf_formsdata(&attr, &sword) ? 0 : (s64)sword;
	return dwarf_formudata(&attr, &word) ? 0 : (s64)word;
}

static void convert_enumerators(struct dwarf_db *db, Dwarf_Die *die, struct dwarf_type *type)
{
	Dwarf_Die child;
	VEC(struct enumerator) all = {0};
	if (dwarf_child(die, &child) == 0)
		do {
			const char *name = dwarf_tag(&child) == DW_TAG_enumerator
						   ? dwarf_diename(&child)
						   : NULL;
			if (name)
				*vec_push(&all) = (struct enumerator){
					.name = name, .value = enumerator_value(&child)};
		} while (dwarf_siblingof(&child, &child) == 0);
	for (size_t i = 0; i < all.n; i++)
		type->record.is_signed |= all.v[i].value < 0 && type->record.size < 8;
	type->record.nr_members = (u32)all.n;
	type->enumerators = arena_copy(&db->arena, all.v, all.n * sizeof(*all.v));
	vec_done(&all);
}

static void convert_base(Dwarf_Die *die, struct type_record *record)
{
	u64 encoding = 0;
	unsigned_attr(die, DW_AT_encoding, &encoding);
	record->kind = encoding == DW_ATE_float ? TYPE_FLOAT : TYPE_INT;
	record->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
}

/* Number of elements; 0 when there is no bound (flexible). */
static u64 subrange_length(Dwarf_Die *die)
{
	u64 n;
	if (unsigned_attr(die, DW_AT_count, &n))
		return n;
	if (unsigned_attr(die, DW_AT_upper_bound, &n) && n != UINT64_MAX && n != UINT32_MAX)
		return n + 1;
	return 0;
}

/*
 * All dimensions in one, as pahole writes them into BTF (btf_encoder's array_type__nelems), so that
 * a path means the same over both.
 */
static void convert_array(struct dwarf_db *db, Dwarf_Die *die, struct type_record *record)
{
	Dwarf_Die child;
	u64 n = 1;
	if (dwarf_child(die, &child) == 0)
		do
			if (dwarf_tag(&child) == DW_TAG_subrange_type &&
			    __builtin_mul_overflow(n, subrange_length(&child), &n))
				n = 0;
		while (dwarf_siblingof(&child, &child) == 0);
	record->kind = TYPE_ARRAY;
	record->nr_elements = n;
	record->target = type_of(db, die);
}

static void convert_compound(struct dwarf_db *db, Dwarf_Die *die, struct dwarf_type *type,
			     enum type_kind kind)
{
	type->record.kind = dwarf_hasattr(die, DW_AT_declaration) ? TYPE_FORWARD : kind;
	if (type->record.kind == TYPE_ENUM)
		convert_enumerators(db, die, type);
	else if (type->record.kind != TYPE_FORWARD)
		convert_members(db, die, type);
}

static void convert_by_tag(struct dwarf_db *db, Dwarf_Die *die, struct dwarf_type *type)
{
	struct type_record *record = &type->record;
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		convert_compound(db, die, type, TYPE_STRUCT);
		break;
	case DW_TAG_union_type:
		convert_compound(db, die, type, TYPE_UNION);
		break;
	case DW_TAG_enumeration_type:
		convert_compound(db, die, type, TYPE_ENUM);
		break;
	case DW_TAG_base_type:
		convert_base(die, record);
		break;
	case DW_TAG_array_type:
		convert_array(db, die, record);
		break;
	case DW_TAG_pointer_type:
		record->kind = TYPE_PTR;
		record->target = type_of(db, die);
		record->size = record->has_size ? record->size : POINTER_SIZE;
		record->has_size = true;
		break;
	case DW_TAG_subroutine_type:
		record->kind = TYPE_FUNC;
		record->target = type_of(db, die);
		break;
	case DW_TAG_typedef:
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		record->is_alias = true;
		record->target = type_of(db, die);
		break;
	}
}

static void convert(struct dwarf_db *db, struct dwarf_type *type)
{
	Dwarf_Die die;
	type->converted = true;
	type->record = (struct type_record){
		.owner = &db->types, .kind = TYPE_OTHER, .name = "", .details = type};
	if (!dwarf_offdie(db->dwarf, type->die, &die))
		return;
	const char *name = dwarf_diename(&die);
	if (name)
		type->record.name = name;
	type->record.has_size = unsigned_attr(&die, DW_AT_byte_size, &type->record.size);
	convert_by_tag(db, &die, type);
}

/* --- the record of the backend ------------------------------------------------------------- */

static type_id dwarf_find(const struct typeinfo *types, enum type_space space, const char *name,
			  size_t len)
{
	struct dwarf_db *db = db_of(types);
	type_id id = 0;
	pthread_mutex_lock(&db->lock);
	if (!db->indexed)
		index_all(db);
	const struct named *slot = name_slot(db, space, name, len);
	if (slot->name)
		id = id_of(db, slot->die);
	pthread_mutex_unlock(&db->lock);
	return id;
}

static void dwarf_record(const struct typeinfo *types, type_id id, struct type_record *out)
{
	struct dwarf_db *db = db_of(types);
	*out = (struct type_record){.owner = types, .kind = TYPE_OTHER, .name = ""};
	pthread_mutex_lock(&db->lock);
	if (id && id < db->by_id.n) {
		struct dwarf_type *type = db->by_id.v[id];
		if (!type->converted)
			convert(db, type);
		*out = type->record;
	}
	pthread_mutex_unlock(&db->lock);
}

/* Members and enumerators do not move once they are converted: no lock. */
static bool dwarf_member(const struct typeinfo *types, const struct type_record *record, u32 i,
			 struct member_record *out)
{
	*out = ((const struct dwarf_type *)record->details)->members[i];
	return true;
}

static bool dwarf_enumerator(const struct typeinfo *types, const struct type_record *record, u32 i,
			     const char **name, s64 *value)
{
	const struct enumerator *e = &((const struct dwarf_type *)record->details)->enumerators[i];
	*name = e->name;
	*value = e->value;
	return true;
}

static type_id dwarf_enum_at(const struct typeinfo *types, size_t i)
{
	struct dwarf_db *db = db_of(types);
	pthread_mutex_lock(&db->lock);
	if (!db->indexed)
		index_all(db);
	type_id id = i < db->enums.n ? id_of(db, db->enums.v[i]) : 0;
	pthread_mutex_unlock(&db->lock);
	return id;
}

static void dwarf_free(struct typeinfo *types)
{
	struct dwarf_db *db = db_of(types);
	dwarf_end(db->dwarf);
	close(db->fd);
	free(db->names);
	free(db->ids);
	vec_done(&db->enums);
	vec_done(&db->by_id);
	arena_done(&db->arena);
	pthread_mutex_destroy(&db->lock);
	free(db);
}

static const struct typeinfo_ops dwarf_ops = {
	.free = dwarf_free,
	.find = dwarf_find,
	.record = dwarf_record,
	.member = dwarf_member,
	.enumerator = dwarf_enumerator,
	.enum_at = dwarf_enum_at,
};

static bool has_units(Dwarf *dwarf)
{
	Dwarf_CU *cu;
	return dwarf_get_units(dwarf, NULL, &cu, NULL, NULL, NULL, NULL) == 0;
}

int typeinfo_from_dwarf(struct typeinfo **types, const char *path, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, EXIT_INPUT, "%s: %s", path, strerror(errno));
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	if (!dwarf || !has_units(dwarf)) {
		error_set(error, EXIT_INPUT, "%s: no DWARF in it%s%s", path, dwarf ? "" : ": ",
			  dwarf ? "" : dwarf_errmsg(-1));
		dwarf_end(dwarf);
		close(fd);
		return -1;
	}
	struct dwarf_db *db = mem_alloc(sizeof(*db));
	db->types.ops = &dwarf_ops;
	db->fd = fd;
	db->dwarf = dwarf;
	pthread_mutex_init(&db->lock, NULL);
	vec_push(&db->by_id);
	snprintf(db->types.source, sizeof(db->types.source), "DWARF of %.120s", path);
	*types = &db->types;
	return 0;
}

#endif
