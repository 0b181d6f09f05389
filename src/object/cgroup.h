/*
 * Memory cgroups, dead ones included: what each may use, uses, and what the kernel counted for it.
 *
 * They form one tree (mm/memcontrol.c, kernel/cgroup/cgroup.c): struct mem_cgroup begins with a
 * struct cgroup_subsys_state, which knows its parent and children.  A cgroup that was removed stays
 * in the tree, offline, until the last page, slab object or socket that was charged to it is gone.
 */
#ifndef OBJECT_CGROUP_H
#define OBJECT_CGROUP_H

#include "base/mem.h"
#include "kernel/kernel.h"

#define MEMCG_NO_LIMIT UINT64_MAX

/* struct page_counter, in pages. */
struct memcg_counter {
	bool known;	/* false: this kernel, or this hierarchy, has no such counter */
	u64 usage, max; /* max, high: MEMCG_NO_LIMIT */
};

/* What the kernel counts for a cgroup, as in memory.stat; bytes. */
enum memcg_stat {
	MEMCG_STAT_ANON,
	MEMCG_STAT_FILE, /* page cache with tmpfs */
	MEMCG_STAT_SHMEM,
	MEMCG_STAT_FILE_MAPPED,
	MEMCG_STAT_SWAPCACHED,
	MEMCG_STAT_KERNEL, /* all kernel memory: 5.19 */
	MEMCG_STAT_KERNEL_STACK,
	MEMCG_STAT_PAGETABLES,
	MEMCG_STAT_PERCPU,
	MEMCG_STAT_VMALLOC,
	MEMCG_STAT_SOCK,
	MEMCG_STAT_SLAB_RECLAIMABLE,
	MEMCG_STAT_SLAB_UNRECLAIMABLE,
	MEMCG_STAT_SWAP,
	MEMCG_STAT_ZSWAP,    /* compressed bytes */
	MEMCG_STAT_ZSWAPPED, /* what they would be in memory */
	NR_MEMCG_STATS
};
const char *memcg_stat_name(enum memcg_stat stat); /* the key of memory.stat */

struct memcg {
	u64 kva;	    /* of struct mem_cgroup */
	const char *path;   /* "/a/b"; of a dead one: what it was called */
	size_t parent;	    /* index into the tree; of the root: itself */
	u32 depth;	    /* root: 0 */
	u32 nr_children;    /* dead ones included */
	u32 nr_dead_below;  /* offline ones in the subtree, itself not included */
	u64 id;		    /* kernel's own, as in swap entries; 0: given back */
	u64 inode;	    /* of its directory; 0: not known */
	bool online;	    /* false: removed, or its controller switched off; held by what it is
			       charged for */
	bool cgroup_online; /* its directory exists */
	bool unified;	    /* cgroup v2 */
	bool has_references;
	u64 references; /* exact only for dead ones: others count per CPU */
	bool has_oom_group, oom_group;
	struct memcg_counter memory, swap, memsw, kmem,
		tcpmem;				 /* swap: v2 only; the last three: v1 only */
	u64 memory_high, memory_low, memory_min; /* pages; MEMCG_NO_LIMIT */
	u64 memory_peak;			 /* pages: highest usage; 0 when not known */
	bool has_events;
	u64 oom_events, oom_kills; /* of the subtree, as in memory.events; its own until 5.1 */
	/*
	 * Bytes.  local: charged to itself.  total: to the subtree, and what removed and freed
	 * cgroups left to it.  What CPUs have not yet added up is added.
	 */
	bool has_local[NR_MEMCG_STATS], has_total[NR_MEMCG_STATS];
	s64 local[NR_MEMCG_STATS], total[NR_MEMCG_STATS];
};

struct memcg_tree {
	struct kernel *k;
	struct arena arena;
	struct memcg *v; /* parents before children; [0] is the root */
	size_t n;
	bool whole;	       /* false: a part could not be read */
	const char *stats_why; /* why no stats are known; NULL: they are, or were not asked for */
	u32 *slots;	       /* kva -> index + 1 */
	size_t nr_slots;
};

/*
 * Read the tree; with_stats: the figures of enum memcg_stat too, which costs a read for each cgroup
 * and CPU.  -1 when this kernel has no memory cgroups, or the root can't be found.
 */
int memcg_tree_load(struct memcg_tree *tree, struct kernel *k, bool with_stats,
		    struct error *error);
void memcg_tree_done(struct memcg_tree *tree);
/* NULL: no memory cgroup has this address. */
const struct memcg *memcg_find(const struct memcg_tree *tree, u64 kva);

/*
 * Who is charged by page->memcg_data (page->mem_cgroup until 5.10), flags in its low bits or not.
 * Until 5.12 that is the cgroup; since 5.13 (b4e0b68fbd9d) kernel pages name a struct obj_cgroup,
 * and in 7.2 all pages do.  Which it is, the address tells.  NULL: nobody, or it is not
 * readable. Not for slab pages: theirs is a table.  May be called by many threads; a read each for
 * an obj_cgroup: cache it by memcg_data.
 */
const struct memcg *memcg_of_charge(const struct memcg_tree *tree, u64 memcg_data);

/*
 * struct obj_cgroup: kernel objects are charged through one, so that a dead cgroup hands them to
 * its parent at once (5.9 bf4f059954dc).  The cgroup that pays now; 0: none.
 */
enum read_status memcg_of_objcg(struct kernel *k, u64 objcg, u64 *memcg_kva);
/* Bytes below a page that it has charged and not used, or used and not charged as pages. */
enum read_status objcg_charged_bytes(struct kernel *k, u64 objcg, u64 *bytes);

#endif
