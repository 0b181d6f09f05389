/*
 * Loaded modules: memory, taint, symbols, types.
 */
#ifndef OBJECT_MODULE_H
#define OBJECT_MODULE_H

#include "kernel/kernel.h"

enum { MAX_MODULE_RANGES = 16 };

struct module {
	u64 kva;
	char name[57];
	char srcversion[33], version[65]; /* "" when not known */
	bool loading; /* MODULE_STATE_UNFORMED or COMING: parts of it may not be set yet */
	u64 text_base, text_bytes;
	u64 core_bytes;	  /* text, data and read-only data that stay; lsmod's Size (rounded to pages
			     since 4.5) */
	u64 init_bytes;	  /* freed after loading: 0 then */
	u64 percpu_bytes; /* per CPU */
	struct module_range { /* where all this lies */
		u64 kva, bytes;
	} ranges[MAX_MODULE_RANGES];
	u32 nr_ranges;
	s64 refcount;	  /* users; -1: not known */
	u64 taints;	  /* bits of the kernel's taint mask */
	bool has_taints;
};

typedef bool (*module_fn)(void *arg, const struct module *module);
int module_for_each(struct kernel *k, module_fn fn, void *arg, struct error *error);

/*
 * Add the symbols of every module to k->symbols.  Call it before threads share the context; a
 * second call does nothing.
 */
void modules_load_symbols(struct kernel *k);

/*
 * The module's own BTF on top of the kernel's; READ_ABSENT when it has none.  The caller frees
 * *types.
 */
enum read_status module_types(struct kernel *k, const struct module *module,
			      struct typeinfo **types);

#endif
