/*
 * BTF as it lies in memory: include/uapi/linux/btf.h, Documentation/bpf/btf.rst.
 *
 * A header, types one after the other (their place in the row is their id, from 1), strings.  Each
 * type is 12 bytes { name, info, size or type } and what its kind appends.
 */
#ifndef DEBUGINFO_BTF_FORMAT_H
#define DEBUGINFO_BTF_FORMAT_H

#include "base/types.h"

enum { BTF_MAGIC = 0xeb9f, BTF_HEADER_MIN = 24, BTF_TYPE_SIZE = 12 };

struct btf_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len;
	u32 type_off, type_len, str_off, str_len; /* from the end of the header */
	u32 layout_off,
		layout_len; /* since 7.1, when hdr_len is 32: an array of struct btf_layout */
};

/* What follows the 12 bytes of each type of a kind: info_sz once, elem_sz for each of vlen. */
struct btf_layout {
	u8 info_sz, elem_sz;
	u16 flags;
};

enum btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,  /* 5.2 */
	BTF_FLOAT,    /* 5.13 */
	BTF_DECL_TAG, /* 5.16 */
	BTF_TYPE_TAG, /* 5.17 */
	BTF_ENUM64,   /* 6.0 */
	NR_BTF_KINDS
};

extern const struct btf_layout btf_known_layouts[NR_BTF_KINDS];

struct btf_type {
	u32 name, info;
	u32 size; /* or the id of a type */
};

/* Kind had 5 bits and vlen 16, the bits between them 0, until both grew into those in 7.1 (no
 * version says so). */
static inline u32 btf_kind(const struct btf_type *t)
{
	return t->info >> 24 & 0x7f;
}

static inline u32 btf_vlen(const struct btf_type *t)
{
	return t->info & 0xffffff;
}

static inline bool btf_kind_flag(const struct btf_type *t)
{
	return t->info >> 31;
}

struct btf_member {
	u32 name, type;
	u32 offset; /* bits; with kind_flag: bit_size << 24 | bits */
};

struct btf_array {
	u32 type, index_type, nelems;
};

/* btf_int: encoding << 24 | offset << 16 | bits */
enum { BTF_INT_SIGNED = 1 };

#endif
