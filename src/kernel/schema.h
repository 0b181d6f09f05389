/*
 * The schema: every kernel datum that the program uses, by name, and where this kernel keeps it.
 *
 * Rows live in schema.def (members, sizes, enumerators, variables), variant.def (which algorithm)
 * and quirk.def (what types can't show).  They are resolved once, against the dump's own types and
 * symbols; a row that finds nothing is ABSENT, and a REQUIRED one makes its GROUP unusable, nothing
 * else.
 */
#ifndef KERNEL_SCHEMA_H
#define KERNEL_SCHEMA_H

#include "base/error.h"
#include "base/types.h"
#include "debuginfo/symbols.h"
#include "debuginfo/typeinfo.h"
#include "debuginfo/vmcoreinfo.h"

enum datum_id {
#define GROUP(id, kernels, title) id,
#define MODULE_GROUP(id, module, title) id,
#define DATUM(id, kind, need, paths) id,
#define SIZE(id, need, names) id,
#define ENUM(id, need, names) id,
#define GLOBAL(id, need, symbols, type) id,
#include "kernel/schema.def"
#undef GROUP
#undef MODULE_GROUP
#undef DATUM
#undef SIZE
#undef ENUM
#undef GLOBAL
	NR_DATA
};

enum row_type { ROW_GROUP, ROW_DATUM, ROW_SIZE, ROW_ENUM, ROW_GLOBAL };

/* What a member must be, so that a path that has come to mean something else is not taken. */
enum datum_kind {
	AS_UINT, /* integer, enum, bool or bit field, read unsigned */
	AS_SINT, /* the same, sign-extended */
	AS_PTR,
	AS_ATOMIC, /* atomic_t, atomic_long_t, refcount_t, or a plain integer that was one: 4 or 8
		      bytes, signed */
	AS_LIST, /* struct list_head, hlist, rb_node, rb_root: embedded struct whose address matters
		  */
	AS_STRUCT, /* any embedded struct or union */
	AS_ARRAY,
	AS_TEXT, /* char array */
	AS_ANY,
};

enum datum_need { REQUIRED, OPTIONAL };
enum group_where {
	EVERY_KERNEL,
	SOME_KERNELS, /* what a group reads came or went with a release */
	IN_MODULE     /* of a module's own types and symbols: absent until schema_resolve_module */
};

struct schema_row {
	enum row_type type;
	const char *id, *paths; /* group: title */
	enum datum_kind kind;
	enum datum_need need;
	const char *variable_type; /* ROW_GLOBAL */
	enum group_where where;	   /* ROW_GROUP */
	const char *module;	   /* ROW_GROUP, IN_MODULE */
};

extern const struct schema_row schema_rows[NR_DATA];

enum datum_state { DATUM_ABSENT, DATUM_PRESENT };
enum datum_source {
	SOURCE_NONE,
	SOURCE_TYPES,
	SOURCE_VMCOREINFO,
	SOURCE_SYMBOLS,
	SOURCE_STRUCTURE
};

struct datum {
	enum datum_state state;
	enum datum_source source;
	u32 alternative; /* which path of the row, from 0 */
	u32 group;	 /* datum_id of the row's group */
	u64 value;	 /* offset in bytes; SIZE: bytes; ENUM: value; GLOBAL: kva */
	u64 size;	 /* bytes of the member; 0 when not known (flexible array) */
	u32 bit_shift,
		bit_size; /* bit fields: within the integer at `value`; 0 size: no bit field */
	bool is_signed;
	u64 nr_elements, stride; /* arrays */
};

enum variant_id {
#define VARIANT(id, title) id,
#define WHEN(id, choice, title, ...)
#include "kernel/variant.def"
#undef VARIANT
#undef WHEN
	NR_VARIANTS
};

/* One enumerator per choice of each variant; VARIANT_NONE: no choice fits this kernel. */
enum variant_choice {
	VARIANT_NONE,
#define VARIANT(id, title)
#define WHEN(id, choice, title, ...) choice,
#include "kernel/variant.def"
#undef VARIANT
#undef WHEN
	NR_VARIANT_CHOICES
};

enum quirk_id {
#define QUIRK(id, value, source) id,
#define QUIRK_IF(id, datum, value, source)
#include "kernel/quirk.def"
#undef QUIRK
#undef QUIRK_IF
	NR_QUIRKS
};

struct schema {
	struct datum datum[NR_DATA];
	bool group_usable[NR_DATA]; /* by the group's datum_id */
	enum variant_choice variant[NR_VARIANTS];
	u64 quirk[NR_QUIRKS];
};

/*
 * Resolve all rows; types, symbols or vmcoreinfo may be NULL.  Globals' addresses come from
 * symbols, then VMCOREINFO.
 */
void schema_resolve(struct schema *schema, const struct typeinfo *types,
		    const struct symbols *symbols, const struct vmcoreinfo *vmcoreinfo);
/*
 * Resolve a MODULE_GROUP against the types of its module (on top of the kernel's; NULL: none) and
 * the module's symbols; module NULL: it is built into the kernel.  Not while other threads read.
 */
void schema_resolve_module(struct schema *schema, enum datum_id group, const char *module,
			   const struct typeinfo *types, const struct symbols *symbols);
/*
 * A reader found a GLOBAL by structure, after schema_resolve: enter it and judge the groups again.
 */
void schema_set_global(struct schema *schema, enum datum_id id, u64 kva);

/* The i-th alternative of a row's paths as text; false past the last. */
bool schema_alternative(const struct schema_row *row, u32 i, char *buffer, size_t size);

const char *variant_title(enum variant_id id);
const char *variant_choice_title(enum variant_choice choice);
const char *variant_choice_name(enum variant_choice choice);
const char *quirk_name(enum quirk_id id);
const char *quirk_source(const struct schema *schema, enum quirk_id id);

/*
 * Is an absent row a loss?  Not an OPTIONAL one, nor one of a group that only some kernels have
 * when this kernel has nothing of what the group starts with.
 */
bool schema_row_missing(const struct schema *schema, enum datum_id id);

/* Says which REQUIRED rows of the group are absent, with the paths that were tried. */
int schema_group_error(const struct schema *schema, enum datum_id group, struct error *error);

#endif
