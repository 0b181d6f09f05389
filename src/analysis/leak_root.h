/*
 * Roots: memory that is no object of anybody and holds pointers.
 *
 * The kernel's data, read-only data and bss; modules' memory; per-cpu memory of all units; memory
 * that the boot allocator gave out and that never came back (reserved pages: hash tables, early
 * allocations); slabs that can't be told into objects (KFENCE's pages among them); registers of the
 * CPUs.  Beside these, fields of struct pages (leak_scan.h): of user pages and of slabs, whose
 * buffers, mappings and cgroup vectors nothing else points to.
 *
 * What is left out: code of the kernel, struct pages as such, page tables (they hold page frame
 * numbers), the memory that is kept for a crash kernel, user pages and the page cache.
 */
#ifndef ANALYSIS_LEAK_ROOT_H
#define ANALYSIS_LEAK_ROOT_H

#include "base/mem.h"
#include "base/types.h"

struct leak_map;

enum leak_root_kind {
	ROOT_DATA, /* of the kernel or a module: symbols name it */
	ROOT_PERCPU,
	ROOT_BOOT,
	ROOT_STACK, /* that is in no vmalloc area */
	ROOT_SLAB,
	NR_ROOT_KINDS
};

struct leak_root {
	u64 kva, bytes;
	u64 names_at; /* address that symbols know it by: less the CPU's offset for per-cpu memory
		       */
	u32 kind;
};

struct leak_roots {
	VEC(struct leak_root) list;
};

/* Neighbours become one. */
void leak_root_add(struct leak_roots *roots, enum leak_root_kind kind, u64 kva, u64 bytes,
		   u64 names_at);
/* Modules and per-cpu memory: what is found by its owner and not by its pages. */
void leak_roots_by_owner(struct leak_map *map);

#endif
