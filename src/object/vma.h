/*
 * Virtual memory areas of a process: which addresses, of which file.
 */
#ifndef OBJECT_VMA_H
#define OBJECT_VMA_H

#include "kernel/kernel.h"

struct vma {
	u64 kva;
	u64 start, end;	      /* bytes; end is the first that is not in it */
	u64 flags;	      /* VM_*; 0 when not known */
	u64 file;	      /* struct file; 0: anonymous */
	u64 file_page_offset; /* of start in the file */
};

/* Areas of one mm in rising order; stops when fn returns false. */
typedef bool (*vma_fn)(void *arg, const struct vma *vma);
/*
 * READ_OK also when single areas are lost (told with kernel_unreadable); else why there are none.
 */
enum read_status vma_for_each(struct kernel *k, u64 mm, vma_fn fn, void *arg);

#endif
