/*
 * What a source of types (BTF, DWARF) promises to the questions in typeinfo.c.
 *
 * A backend answers about one type at a time and resolves nothing: typedefs, forwards, paths and
 * sizes of arrays are typeinfo.c's.  Ids and indexes come from outside (a hostile BTF); the backend
 * checks them.
 */
#ifndef DEBUGINFO_TYPEINFO_INTERNAL_H
#define DEBUGINFO_TYPEINFO_INTERNAL_H

#include "debuginfo/typeinfo.h"

/* Spaces of names.  C's tags share one space, but "struct x" must not find a union x. */
enum type_space {
	SPACE_STRUCT,
	SPACE_UNION,
	SPACE_ENUM,
	SPACE_TYPEDEF,
	SPACE_BASE,
	SPACE_VARIABLE,
	NR_TYPE_SPACES
};

struct type_record {
	const struct typeinfo *owner; /* the database that has it: types, or a base of it */
	enum type_kind kind;	      /* TYPE_OTHER for an alias */
	bool is_alias;		      /* typedef or qualifier: target is what it stands for */
	bool is_signed, has_size;
	const char *name; /* "" when anonymous */
	u64 size;
	type_id target;
	u64 nr_elements;     /* arrays */
	u32 nr_members;	     /* of structs and unions; enumerators of enums */
	u32 bits, bit_at;    /* integers whose own width is that of a bit field (BTF before
				pahole 1.16); else 0 */
	bool has_flag;	     /* BTF's kind_flag */
	const void *details; /* the backend's */
};

struct member_record {
	const char *name; /* "" when anonymous */
	type_id type;
	u64 bit_offset;
	u32 bit_size; /* 0: no bit field */
};

struct typeinfo_ops {
	void (*free)(struct typeinfo *types);
	/* 0 when there is none; does not ask the base. */
	type_id (*find)(const struct typeinfo *types, enum type_space space, const char *name,
			size_t len);
	/* Any id; one that is none gives TYPE_OTHER.  id 0 is never asked. */
	void (*record)(const struct typeinfo *types, type_id id, struct type_record *out);
	/* i < nr_members of a record of this owner; false when its bytes make no sense. */
	bool (*member)(const struct typeinfo *types, const struct type_record *record, u32 i,
		       struct member_record *out);
	bool (*enumerator)(const struct typeinfo *types, const struct type_record *record, u32 i,
			   const char **name, s64 *value);
	/* Id of the i-th enum that has enumerators; 0 behind the last. */
	type_id (*enum_at)(const struct typeinfo *types, size_t i);
};

struct typeinfo {
	const struct typeinfo_ops *ops;
	const struct typeinfo *base; /* NULL: none */
	char source[160];
};

#endif
