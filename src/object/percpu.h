/*
 * Chunks of the per-cpu allocator (mm/percpu.c) and the pages behind them.
 *
 * A chunk is the same stretch of addresses once for each CPU (a unit); a bitmap says which pages of
 * a unit are populated, the same in all units.  The first chunk is the boot's: static variables of
 * the kernel, the reserve for modules and the first dynamic room, in pages of the boot allocator
 * that are all there; of it only the dynamic room is a struct pcpu_chunk.  Others lie in vmalloc
 * space, in areas whose caller is pcpu_get_vm_areas().
 */
#ifndef OBJECT_PERCPU_H
#define OBJECT_PERCPU_H

#include "kernel/kernel.h"

struct percpu_layout {
	u32 nr_units;	       /* at least one for each CPU that may be */
	u64 unit_pages;	       /* room of a unit; 0 when not known */
	u64 first_chunk_base;  /* kva of the lowest unit of the first chunk */
	u64 first_chunk_pages; /* of each unit: static, reserved and first dynamic */
	u64 nr_chunks;	       /* the first included */
	/*
	 * Pages per unit, over all chunks.  Times nr_units it is Percpu of /proc/meminfo, which
	 * counts units too that no CPU has and that have no pages (seen with NUMA nodes of
	 * different sizes).
	 */
	u64 nr_populated;
};

struct percpu_range {
	u64 kva;
	u64 nr_pages;
	bool first_chunk; /* pages of the boot allocator, in the direct map or where the
			     architecture put them */
	u32 cpu;	  /* whose unit this is */
};

typedef bool (*percpu_range_fn)(void *arg, const struct percpu_range *range);
/*
 * Each populated stretch of pages of each unit of each chunk, once.  *layout (may be NULL) is
 * filled when all are given out.  -1 when the chunks can't be found: then the pages of later chunks
 * are those mapped in vmalloc areas of kind VMALLOC_PERCPU.
 */
int percpu_for_each_page_range(struct kernel *k, percpu_range_fn fn, void *arg,
			       struct percpu_layout *layout, struct error *error);

#endif
