/*
 * Areas of an mm hang in a maple tree since 6.1 (524e00b36e8c) and on a list before it.
 *
 * An area that is being put in or taken out when the machine stops may be half there: one that
 * makes no sense is told and left out.
 */
#include "object/vma.h"

#include "kernel/maple.h"
#include "kernel/walk.h"

static enum read_status read_vma(struct kernel *k, u64 kva, struct vma *v)
{
	*v = (struct vma){.kva = kva};
	enum read_status status = kernel_get(k, kva, vma_start, &v->start);
	if (!status)
		status = kernel_get(k, kva, vma_end, &v->end);
	if (!status)
		status = kernel_get(k, kva, vma_file, &v->file);
	if (!status && v->start >= v->end)
		status = READ_DAMAGED;
	if (status)
		return status;
	kernel_get(k, kva, vma_flags, &v->flags);
	kernel_get(k, kva, vma_pgoff, &v->file_page_offset);
	return READ_OK;
}

/* false: fn wants no more. */
static bool give(struct kernel *k, u64 kva, vma_fn fn, void *arg)
{
	struct vma vma;
	enum read_status status = read_vma(k, kva, &vma);
	if (!status)
		return fn(arg, &vma);
	kernel_unreadable(k, "memory area of a task", status, kva);
	return true;
}

static enum read_status walk_tree(struct kernel *k, u64 mm, vma_fn fn, void *arg)
{
	struct maple_walk walk;
	u64 root, kva, first, last, nr = 0;
	enum read_status status = kernel_get(k, mm, mm_maple_root, &root);
	if (status)
		return status;
	for (maple_walk_init(&walk, k, root); maple_walk_next(&walk, &kva, &first, &last); nr++) {
		if (!give(k, kva, fn, arg))
			return READ_OK;
	}
	if (walk.status)
		kernel_unreadable(k, "tree of a task's memory areas", walk.status, walk.at);
	return nr ? READ_OK : walk.status;
}

static enum read_status walk_list(struct kernel *k, u64 mm, vma_fn fn, void *arg)
{
	enum { MOST_AREAS = 1 << 22 };
	struct chain_walk walk;
	u64 first, kva;
	enum read_status status = kernel_get(k, mm, mm_mmap, &first);
	if (status)
		return status;
	for (chain_walk_init(&walk, k, first, vma_next, MOST_AREAS);
	     chain_walk_next(&walk, &kva);) {
		if (!give(k, kva, fn, arg))
			return READ_OK;
	}
	if (walk.status)
		kernel_unreadable(k, "list of a task's memory areas", walk.status, walk.at);
	return walk.nr ? READ_OK : walk.status;
}

enum read_status vma_for_each(struct kernel *k, u64 mm, vma_fn fn, void *arg)
{
	if (!k->schema.group_usable[group_vma])
		return READ_ABSENT;
	switch (k->schema.variant[variant_vma]) {
	case VMA_MAPLE:
		return walk_tree(k, mm, fn, arg);
	case VMA_LIST:
		return walk_list(k, mm, fn, arg);
	default:
		return READ_ABSENT;
	}
}
