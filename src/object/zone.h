/*
 * NUMA nodes, their zones, and the counters that the kernel keeps of their pages.
 *
 * Counters are per zone (enum zone_stat_item) and per node (enum node_stat_item); CPUs keep small
 * differences of their own (up to 125 pages each) that are folded in now and then: a counter here
 * is the shared part plus the part of every possible CPU.  The enumerators' names come from the
 * dump's types.
 */
#ifndef OBJECT_ZONE_H
#define OBJECT_ZONE_H

#include "kernel/kernel.h"

enum {
	MAX_NODES = 1024,
	MAX_ZONES_PER_NODE = 8,
	MAX_PAGE_ORDERS = 20,
	NR_WATERMARKS = 3,
	MAX_STAT_ITEMS = 128
};

struct zone {
	u32 node;
	u32 index;     /* within its node: enum zone_type */
	char name[16]; /* "DMA32", "Normal" */
	u64 kva;
	u64 start_pfn, spanned_pages, present_pages, managed_pages;
	u64 watermark[NR_WATERMARKS]; /* min, low, high, boost included as the allocator sees them
				       */
	u64 watermark_boost;
	u64 lowmem_reserve[MAX_ZONES_PER_NODE];
	u32 nr_lowmem_reserve;
	u64 free_by_order[MAX_PAGE_ORDERS]; /* free blocks on the buddy lists */
	u32 nr_orders;
	u64 free_buddy_pages; /* sum over free_by_order */
	u64 free_pcp_pages;   /* on per-cpu lists of possible CPUs: free too, not in the buddy lists
			       */
	bool pcp_known;
	s64 stat[MAX_STAT_ITEMS]; /* by enum zone_stat_item; per-cpu parts added */
	u32 nr_stats;
};

struct node {
	u32 id;
	u64 kva;
	u64 start_pfn, spanned_pages, present_pages;
	s64 stat[MAX_STAT_ITEMS]; /* by enum node_stat_item; per-cpu parts added */
	u32 nr_stats;
};

/*
 * Every online node; zones of a node that hold or could hold pages (populated or not; check
 * present_pages).
 */
typedef void (*node_fn)(void *arg, const struct node *node);
typedef void (*zone_fn)(void *arg, const struct zone *zone);
int node_for_each(struct kernel *k, node_fn fn, void *arg, struct error *error);
int zone_for_each(struct kernel *k, zone_fn fn, void *arg, struct error *error);

/*
 * The sums over all nodes and zones.  A counter is asked for by the kernel's name, "NR_FREE_PAGES";
 * false when this kernel has no such counter.  Units are the kernel's: pages, but for
 * NR_KERNEL_STACK_KB and names ending in _KB.
 */
struct vmstat {
	struct kernel *k;
	s64 zone_stat[MAX_STAT_ITEMS], node_stat[MAX_STAT_ITEMS];
	u64 spanned_pages, present_pages, managed_pages, free_buddy_pages, free_pcp_pages;
	u32 nr_nodes, nr_zones;
};
/* -1 also when any part of the sums is not readable: they would be wrong. */
int vmstat_read(struct kernel *k, struct vmstat *vmstat, struct error *error);
bool vmstat_get(const struct vmstat *vmstat, const char *name, u64 *value);

/* Events (enum vm_event_item) summed over possible CPUs: "OOM_KILL". */
bool vm_event_get(struct kernel *k, const char *name, u64 *count);

#endif
