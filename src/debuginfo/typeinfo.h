/*
 * Types of the kernel: structs, unions, enums, by name; from BTF (the dump's own, or a module's on
 * top of it) or from DWARF of a vmlinux.  Everything that the schema (src/kernel) asks is asked
 * here.
 *
 * A type database is constant after opening and may be shared by threads.
 */
#ifndef DEBUGINFO_TYPEINFO_H
#define DEBUGINFO_TYPEINFO_H

#include "base/error.h"
#include "base/types.h"

struct typeinfo;
typedef u32 type_id; /* 0 is void; ids are stable within one database */

enum type_kind {
	TYPE_VOID,
	TYPE_INT,
	TYPE_FLOAT,
	TYPE_PTR,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_ENUM,
	TYPE_FUNC,
	TYPE_FORWARD,
	TYPE_OTHER /* typedefs and qualifiers are looked through */
};

/*
 * BTF (Documentation/bpf/btf.rst, include/uapi/linux/btf.h).  The bytes are copied when `copy`,
 * else they must outlive the database.  base: NULL, or the kernel's database for a module's split
 * BTF (ids continue). Every count, offset and id is checked; a broken type ends as TYPE_OTHER, it
 * never ends the database unless the header itself is wrong.
 */
int typeinfo_from_btf(struct typeinfo **types, const void *btf, size_t size, bool copy,
		      const struct typeinfo *base, struct error *error);
/* DWARF through libdw, indexed by name on first use; vmlinux, or a .debug file. */
int typeinfo_from_dwarf(struct typeinfo **types, const char *path, struct error *error);
/* A vmlinux: its .BTF section when there is one, else its DWARF. */
int typeinfo_from_vmlinux(struct typeinfo **types, const char *path, struct error *error);
void typeinfo_free(
	struct typeinfo *types); /* not the base; free a module's database before its base */

/* "BTF of the dump, 4.36 MB, 132118 types": for memwho layout and errors. */
const char *typeinfo_source(const struct typeinfo *types);

/*
 * Find "struct page", "union x", "enum zone_stat_item", "typedef spinlock_t" or a bare name
 * (struct, union, enum, typedef, base type such as "unsigned int", in this order).  Complete types
 * only, a module's own before those of its base.  0 when there is none.
 */
type_id typeinfo_find(const struct typeinfo *types, const char *name);
/* Type of a variable that the database lists: BTF has the per-CPU ones (e.g. "runqueues"); DWARF: 0
 * always.
 */
type_id typeinfo_variable(const struct typeinfo *types, const char *name);
/*
 * Kind, size, target and members below are those of the type that typedefs and qualifiers stand
 * for.  A forward declaration stands for the complete struct or union of its name, when there is
 * one.
 */
enum type_kind typeinfo_kind(const struct typeinfo *types, type_id id);
/*
 * Size in bytes after looking through typedefs; false when it has none (void, function,
 * incomplete).
 */
bool typeinfo_size(const struct typeinfo *types, type_id id, u64 *size);
/* The type's own name, "" when anonymous. */
const char *typeinfo_name(const struct typeinfo *types, type_id id);
bool typeinfo_is_signed(const struct typeinfo *types, type_id id); /* integers and enums */
/* Pointer's or array's target after typedefs; 0 else.  *nr_elements (may be NULL) is for arrays. */
type_id typeinfo_target(const struct typeinfo *types, type_id id, u64 *nr_elements);

/* Where a member path lies. */
struct type_member {
	u64 bit_offset; /* from the start of the outermost struct */
	u32 bit_size;	/* of a bit field; 0 otherwise */
	u64 size;     /* bytes, of a bit field: of its declared type; 0 when unknown or flexible */
	type_id type; /* after typedefs */
	enum type_kind kind;
	bool is_signed;	 /* integers and enums */
	u64 nr_elements; /* arrays (all dimensions); else 0 */
};

/*
 * Resolve "member.inner.deeper" below the struct/union id.  Anonymous members are searched.
 * "[n]" after an array member steps to its element; n is checked unless the array is flexible.
 * An array of arrays is one flat array, in BTF and so in DWARF: of "int a[4][2]" take a[5] for
 * a[2][1]. A pointer is not followed.  false when a part is missing.
 */
bool typeinfo_member(const struct typeinfo *types, type_id id, const char *path,
		     struct type_member *out);

/* Members in order, anonymous ones with name "".  Stops when fn returns false. */
typedef bool (*type_member_fn)(void *arg, const char *name, const struct type_member *member);
void typeinfo_for_each_member(const struct typeinfo *types, type_id id, type_member_fn fn,
			      void *arg);

/*
 * Value of an enumerator in the named enum ("enum zone_stat_item"), or in any enum when enum_name
 * is NULL.
 */
bool typeinfo_enumerator(const struct typeinfo *types, const char *enum_name, const char *name,
			 s64 *value);
/* Enumerators in order. */
typedef bool (*enumerator_fn)(void *arg, const char *name, s64 value);
void typeinfo_for_each_enumerator(const struct typeinfo *types, type_id id, enumerator_fn fn,
				  void *arg);

#endif
