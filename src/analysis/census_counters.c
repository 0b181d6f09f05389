/*
 * The census by the kernel's own counters: where memory is, as the kernel itself keeps the books.
 *
 * Every class is one counter, or what is left of one after another was taken out of it, so that
 *nothing is counted twice:
 *	- NR_FILE_PAGES holds page cache, tmpfs (NR_SHMEM), swap cache and the buffers of block
 *devices
 *	- the slab counters hold the caches' slabs and large kmalloc
 *	- with CONFIG_VMAP_STACK kernel stacks are vmalloc memory
 *	- the first per-cpu chunk was allocated at boot: it is in the reserved memory
 * and what is left of the spanned pages is kernel_unknown: memory that was taken from the page
 *allocator by code that keeps no counter (drivers, page pools, socket buffers).  The classes add up
 *to the spanned pages, always.
 */
#include <stdio.h>

#include "analysis/tables.h"
#include "kernel/walk.h"
#include "object/slab.h"
#include "object/storage.h"
#include "object/zone.h"

static const struct column counter_columns[] = {
	[COUNTER_NAME] = {"name", "counter", "the kernel's name of it"},
	[COUNTER_PAGES] = {"pages", "pages", "its value, per-cpu parts added", COL_COUNT},
};
const struct table_spec census_counter_spec = {
	.key = "counter",
	.title = "Counter",
	.help = "the kernel's own counter of a class",
	.columns = counter_columns,
	.nr_columns = ARRAY_SIZE(counter_columns),
};

static const struct column detail_columns[] = {
	[DETAIL_WHAT] = {"what", "what", "a part of the class: who asked for its pages"},
	[DETAIL_PAGES] = {"pages", "pages", "page frames", COL_COUNT},
};
const struct table_spec census_detail_spec = {
	.key = "detail",
	.title = "Detail",
	.help = "parts of a class, largest first; not always all of it",
	.columns = detail_columns,
	.nr_columns = ARRAY_SIZE(detail_columns),
	.sort = "-pages,what",
};

static const struct column class_columns[] = {
	[CLASS_KEY] = {"key", "CLASS", "stable name of the class"},
	[CLASS_LABEL] = {"label", "WHAT", "in words"},
	[CLASS_PAGES] = {"pages", "PAGES", "page frames", COL_COUNT},
	[CLASS_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[CLASS_SHARE] = {"share", "% SPANNED", "of the spanned pages", COL_PERCENT},
	[CLASS_COUNTER] = {"counter", "COUNTER", "the kernel's counter that it is checked against",
			   COL_RECORD, COLUMN_JSON_ONLY, &census_counter_spec},
	[CLASS_DIFFERENCE] = {"difference_pages", "DIFFERENCE",
			      "pages more (or less) than the kernel's counter says", COL_SIGNED},
	[CLASS_DETAIL] = {"detail", "DETAIL", "parts of the class", COL_TABLE,
			  COLUMN_JSON_ONLY | COLUMN_OPTIONAL, &census_detail_spec},
};
const struct table_spec census_classes_spec = {
	.key = "classes",
	.title = "Where memory is",
	.help = "classes of pages; they add up to the spanned pages",
	.columns = class_columns,
	.nr_columns = ARRAY_SIZE(class_columns),
	.sort = "-pages,key",
};

enum node_column { NODE_ID, NODE_SPANNED, NODE_PRESENT, NODE_ZONES };
static const struct column node_columns[] = {
	[NODE_ID] = {"node", "NODE", "NUMA node", COL_COUNT},
	[NODE_SPANNED] = {"spanned_pages", "SPANNED", "from its first page to its last", COL_PAGES},
	[NODE_PRESENT] = {"present_pages", "PRESENT", "pages of RAM", COL_PAGES},
	[NODE_ZONES] = {"zones", "ZONES", "its zones", COL_TABLE, 0, &zones_spec},
};
static const struct table_spec nodes_spec = {
	.key = "nodes",
	.title = "Nodes",
	.help = "NUMA nodes and their zones",
	.columns = node_columns,
	.nr_columns = ARRAY_SIZE(node_columns),
};

static const struct column pass_columns[] = {
	[PASS_MEMMAP] = {"memmap_bytes", "struct pages", "size of all struct pages", COL_BYTES},
	[PASS_READ] = {"memmap_bytes_read", "read",
		       "of these, read: free and huge blocks are told by their first", COL_BYTES},
	[PASS_CLAIMS] = {"claim_bytes", "claims",
			 "bytes that notes on page frames took: one each, where there are any",
			 COL_BYTES},
	[PASS_THREADS] = {"threads", "threads", "threads that looked", COL_COUNT},
};
const struct table_spec census_pass_spec = {
	.key = "pass",
	.title = "Pass",
	.help = "what looking at the page frames took",
	.columns = pass_columns,
	.nr_columns = ARRAY_SIZE(pass_columns),
};

static const struct column marks_columns[] = {
	[MARKS_LRU] = {"lru_pages", "lru", "user pages on the lists of reclaim", COL_COUNT},
	[MARKS_HUGE] = {"large_folio_pages", "large folios",
			"user pages in blocks of more than one page", COL_COUNT},
	[MARKS_KSM] = {"ksm_pages", "ksm",
		       "anonymous pages that stand for several equal ones (KSM)", COL_COUNT},
	[MARKS_MLOCKED] = {"mlocked_pages", "mlocked", "user pages locked into memory", COL_COUNT},
	[MARKS_SWAP_CACHE] = {"swap_cache_pages", "swap cache",
			      "in the swap cache, mapped (anon) or not (swap_cache)", COL_COUNT},
	[MARKS_SHMEM_MAPPED] = {"shmem_mapped_pages", "shmem mapped",
				"of shmem, mapped by processes", COL_COUNT},
	[MARKS_GUARD] = {"guard_pages", "guard", "of free_buddy, kept apart by debug_pagealloc",
			 COL_COUNT},
	[MARKS_UNACCEPTED] = {"unaccepted_pages", "unaccepted",
			      "of free_buddy, not yet accepted by a confidential guest", COL_COUNT},
};
const struct table_spec census_marks_spec = {
	.key = "marks",
	.title = "Marks",
	.help = "pages that carry a mark, whatever their class",
	.columns = marks_columns,
	.nr_columns = ARRAY_SIZE(marks_columns),
};

static const struct column census_columns[] = {
	[CENSUS_PAGE_SIZE] = {"page_size", "page size", "of the kernel", COL_BYTES},
	[CENSUS_BASIS] = {"basis", "basis",
			  "counters: the kernel's own; pages: every page frame was looked at"},
	[CENSUS_SPANNED] = {"spanned_pages", "spanned",
			    "pages from the first to the last of each zone, holes included",
			    COL_COUNT},
	[CENSUS_PRESENT] = {"present_pages", "present", "pages of RAM", COL_COUNT},
	[CENSUS_MANAGED] = {"managed_pages", "managed", "pages that the page allocator was given",
			    COL_COUNT},
	[CENSUS_CLASSES] = {"classes", "classes", "every page in exactly one", COL_TABLE, 0,
			    &census_classes_spec},
	[CENSUS_NODES] = {"nodes", "nodes", "NUMA nodes", COL_TABLE, 0, &nodes_spec},
	[CENSUS_MARKS] = {"marks", "marks", "pages that carry a mark, whatever their class",
			  COL_RECORD, COLUMN_JSON_ONLY | COLUMN_OPTIONAL, &census_marks_spec},
	[CENSUS_PASS] = {"pass", "pass", "what looking at the page frames took", COL_RECORD,
			 COLUMN_JSON_ONLY | COLUMN_OPTIONAL, &census_pass_spec},
};
const struct table_spec census_spec = {
	.key = "census",
	.title = "Census",
	.help = "where all of memory is",
	.columns = census_columns,
	.nr_columns = ARRAY_SIZE(census_columns),
};

/* What the classes are made of, in pages. */
struct books {
	struct kernel *k;
	struct vmstat v;
	struct table *classes;
	u64 claimed; /* sum of the classes so far */
	u64 excess;  /* what counters claim beyond the spanned pages */
	unsigned nr_unknown;
};

static u64 counter(const struct books *b, const char *name)
{
	u64 value = 0;
	vmstat_get(&b->v, name, &value);
	return value;
}

static u64 counter_either(const struct books *b, const char *name, const char *older)
{
	u64 value = 0;
	if (!vmstat_get(&b->v, name, &value))
		vmstat_get(&b->v, older, &value);
	return value;
}

static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/*
 * counter_name NULL: the class is no counter's own.  Counters that overlap (a machine is stopped at
 * any moment) can claim more than there is: a class gets no more than what is left, its difference
 * from the counter shows that, and a finding says so.
 */
static void add_class(struct books *b, const char *key, const char *label, u64 pages,
		      const char *counter_name, u64 counter_pages)
{
	struct table *t = b->classes;
	u64 left = less(b->v.spanned_pages, b->claimed);
	if (pages > left) {
		b->excess += pages - left;
		pages = left;
	}
	table_add(t);
	table_set_text(t, CLASS_KEY, key);
	table_set_text(t, CLASS_LABEL, label);
	table_set(t, CLASS_PAGES, pages);
	table_set(t, CLASS_BYTES, pages * b->k->page_size);
	table_set_real(t, CLASS_SHARE,
		       b->v.spanned_pages ? 100.0 * (double)pages / (double)b->v.spanned_pages : 0);
	b->claimed += pages;
	if (!counter_name)
		return;
	struct table *c = table_new(&census_counter_spec);
	table_add(c);
	table_set_text(c, COUNTER_NAME, counter_name);
	table_set(c, COUNTER_PAGES, counter_pages);
	table_set_table(t, CLASS_COUNTER, c);
	table_set_signed(t, CLASS_DIFFERENCE, (s64)pages - (s64)counter_pages);
}

/* A class that this dump does not tell: its pages are part of kernel_unknown. */
static void add_unknown_class(struct books *b, const char *key, const char *label, const char *why)
{
	struct table *t = b->classes;
	table_add(t);
	table_set_text(t, CLASS_KEY, key);
	table_set_text(t, CLASS_LABEL, label);
	table_set_unknown(t, CLASS_PAGES, why);
	table_set_unknown(t, CLASS_BYTES, why);
	table_set_unknown(t, CLASS_SHARE, why);
	b->nr_unknown++;
}

static void add_if_any(struct books *b, const char *key, const char *label, u64 pages,
		       const char *counter_name)
{
	if (pages)
		add_class(b, key, label, pages, counter_name, pages);
}

/* Pages of block devices' own page cache: nr_blockdev_pages(), block/bdev.c. */
static bool buffer_pages(struct kernel *k, u64 *pages_out)
{
	u64 super, link, total = 0;
	struct list_walk walk;
	if (kernel_variable(k, blockdev_superblock, 8, &super) || !kernel_has(k, super_inodes))
		return false;
	for (list_walk_init(&walk, k, kernel_member(k, super, super_inodes));
	     list_walk_next(&walk, &link);) {
		u64 inode = kernel_container(k, link, inode_sb_list), mapping, pages;
		if (kernel_get(k, inode, inode_mapping, &mapping) == READ_OK &&
		    kernel_get(k, mapping, mapping_nrpages, &pages) == READ_OK)
			total += pages;
	}
	if (walk.status)
		kernel_unreadable(k, "list of block devices", walk.status, walk.at);
	*pages_out = total;
	return true;
}

static void file_classes(struct books *b)
{
	u64 file = counter(b, "NR_FILE_PAGES"), shmem = counter(b, "NR_SHMEM"),
	    anon = counter_either(b, "NR_ANON_MAPPED", "NR_ANON_PAGES");
	u64 swap_cache = counter(b, "NR_SWAPCACHE"), buffers = 0;
	bool has_buffers = buffer_pages(b->k, &buffers);
	buffers = u64_min(buffers, file);
	/*
	 * Swap cache that is also mapped is in the anonymous pages already; the lists of anonymous
	 * pages hold both kinds.
	 */
	u64 anon_lists = counter(b, "NR_INACTIVE_ANON") + counter(b, "NR_ACTIVE_ANON") +
			 counter(b, "NR_UNEVICTABLE");
	u64 swap_only = u64_min(swap_cache, less(anon_lists, anon + shmem));
	add_class(b, "anon", "anonymous memory of processes", anon, "NR_ANON_MAPPED", anon);
	add_class(b, "page_cache", "page cache of files", less(file, shmem + swap_cache + buffers),
		  NULL, 0);
	if (has_buffers)
		add_class(b, "buffers", "page cache of block devices", buffers, NULL, 0);
	add_class(b, "shmem", "tmpfs and shared memory", shmem, "NR_SHMEM", shmem);
	add_if_any(b, "swap_cache", "swap cache, not mapped", swap_only, NULL);
}

struct cache_pages {
	u64 pages;
	bool unknown;
};

static bool add_cache_pages(void *arg, const struct slab_cache *c)
{
	struct cache_pages *sum = arg;
	u64 pages;
	if (c->counters_known && slab_cache_pages(c, &pages))
		sum->pages += pages;
	else
		sum->unknown = true;
	return true;
}

static void slab_classes(struct books *b)
{
	static const char slab_label[] = "slab caches",
			  large_label[] = "large kmalloc, in no cache";
	static const char why[] =
		"the list of slab caches is not whole: their pages can't be told from large kmalloc's";
	struct cache_pages caches = {0};
	u64 counted = counter_either(b, "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE") +
		      counter_either(b, "NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE");
	bool whole = false;
	if (slab_cache_for_each(b->k, &whole, add_cache_pages, &caches, NULL) || !whole ||
	    caches.unknown) {
		add_unknown_class(b, "slab", slab_label, why);
		add_unknown_class(b, "large_kmalloc", large_label, why);
		return;
	}
	u64 slabs = u64_min(caches.pages, counted);
	add_class(b, "slab", slab_label, slabs, "NR_SLAB_*", counted);
	add_class(b, "large_kmalloc", large_label, counted - slabs, NULL, 0);
}

/*
 * A node counter in the newest kernels, a variable before; stacks are vmalloc memory with
 * CONFIG_VMAP_STACK.
 */
static void vmalloc_class(struct books *b, u64 stacks)
{
	bool with_stacks = kernel_has(b->k, task_stack_vm_area);
	const char *label = with_stacks ? "vmalloc, less stacks" : "vmalloc";
	u64 pages;
	if (!vmstat_get(&b->v, "NR_VMALLOC", &pages) &&
	    kernel_variable(b->k, nr_vmalloc_pages, 8, &pages))
		add_unknown_class(b, "vmalloc", label,
				  "nr_vmalloc_pages is in no symbol table of the dump");
	else
		add_class(b, "vmalloc", label, with_stacks ? less(pages, stacks) : pages,
			  "nr_vmalloc_pages", pages);
}

static void percpu_class(struct books *b)
{
	static const char label[] = "per-cpu memory, less the chunk of boot";
	u64 populated, units, first, first_pages;
	enum read_status status = kernel_variable(b->k, pcpu_nr_populated, 8, &populated);
	if (!status)
		status = kernel_variable(b->k, pcpu_nr_units, 4, &units);
	if (!status)
		status = kernel_variable(b->k, pcpu_first_chunk, 8, &first);
	if (!status)
		status = kernel_get(b->k, first, pcpu_chunk_nr_populated, &first_pages);
	if (status) {
		add_unknown_class(b, "percpu", label,
				  status == READ_ABSENT
					  ? "pcpu_nr_populated is in no symbol table of the dump"
					  : read_status_text(status));
		return;
	}
	add_class(b, "percpu", label, less(populated, first_pages) * units, "pcpu_nr_populated",
		  populated * units);
}

static void kernel_classes(struct books *b)
{
	u32 kib_per_page = b->k->page_size / 1024;
	u64 stacks = counter_either(b, "NR_KERNEL_STACK_KB", "NR_KERNEL_STACK") / kib_per_page;
	u64 tables = counter(b, "NR_PAGETABLE") + counter(b, "NR_SECONDARY_PAGETABLE");
	add_class(b, "page_table", "page tables", tables, "NR_PAGETABLE", tables);
	add_class(b, "kernel_stack", "kernel stacks", stacks, "NR_KERNEL_STACK_KB", stacks);
	vmalloc_class(b, stacks);
	percpu_class(b);
	add_if_any(b, "zsmalloc", "zsmalloc (zram, zswap)", counter(b, "NR_ZSPAGES"), "NR_ZSPAGES");
	add_if_any(b, "balloon", "memory balloon", counter(b, "NR_BALLOON_PAGES"),
		   "NR_BALLOON_PAGES");
	add_if_any(b, "gpu", "GPU", counter(b, "NR_GPU_ACTIVE") + counter(b, "NR_GPU_RECLAIM"),
		   "NR_GPU_*");
}

struct hugetlb_sum {
	u64 free, used;
};

static bool add_hugetlb(void *arg, const struct hugetlb_pool *p)
{
	struct hugetlb_sum *sum = arg;
	u64 free = u64_min(p->free, p->total);
	sum->free += free * p->pages_per_huge;
	sum->used += (p->total - free) * p->pages_per_huge;
	return true;
}

static void hugetlb_classes(struct books *b)
{
	struct hugetlb_sum sum = {0};
	if (hugetlb_for_each(b->k, add_hugetlb, &sum, NULL)) {
		add_unknown_class(b, "hugetlb_used", "huge pages",
				  "hstates is in no symbol table of the dump");
		return;
	}
	add_if_any(b, "hugetlb_free", "huge pages, free", sum.free, "free_huge_pages");
	add_if_any(b, "hugetlb_used", "huge pages, in use", sum.used,
		   "nr_huge_pages - free_huge_pages");
}

static void add_rest(struct books *b, struct table *findings)
{
	char evidence[200];
	if (b->excess) {
		snprintf(evidence, sizeof(evidence), "%llu pages more than the %llu spanned ones",
			 (unsigned long long)b->excess, (unsigned long long)b->v.spanned_pages);
		finding_add(findings, SEVERITY_NOTE, "counters_exceed_memory",
			    "The kernel's counters claim more pages than there are", evidence,
			    NULL);
	}
	add_class(b, "kernel_unknown",
		  b->nr_unknown ? "in use, no counter known"
				: "in use, no counter (drivers, sockets, ...)",
		  less(b->v.spanned_pages, b->claimed), NULL, 0);
}

static struct table *classes_table(struct books *b, struct table *findings)
{
	b->classes = table_new(&census_classes_spec);
	u64 free = counter(b, "NR_FREE_PAGES");
	add_class(b, "free_buddy", "free", b->v.free_buddy_pages, "NR_FREE_PAGES", free);
	add_class(b, "free_pcp", "free, on lists of CPUs", b->v.free_pcp_pages, NULL, 0);
	file_classes(b);
	slab_classes(b);
	kernel_classes(b);
	hugetlb_classes(b);
	add_class(b, "boot_reserved", "taken at boot (kernel, struct pages, ...)",
		  less(b->v.present_pages, b->v.managed_pages), NULL, 0);
	add_class(b, "not_present", "holes in the physical memory map",
		  less(b->v.spanned_pages, b->v.present_pages), NULL, 0);
	add_rest(b, findings);
	table_sort(b->classes, NULL, NULL);
	return b->classes;
}

/* --- nodes --------------------------------------------------------------------------------- */

static void add_node(void *arg, const struct node *node)
{
	struct table *t = arg;
	table_add(t);
	table_set(t, NODE_ID, node->id);
	table_set(t, NODE_SPANNED, node->spanned_pages);
	table_set(t, NODE_PRESENT, node->present_pages);
	table_set_table(t, NODE_ZONES, table_new(&zones_spec));
}

/* zones_table() of one node. */
struct node_zones {
	struct table *zones;
	u64 node;
};

static void add_zone_of_node(void *arg, const struct zone *zone)
{
	struct node_zones *wanted = arg;
	if (zone->node == wanted->node)
		zone_table_add(wanted->zones, zone);
}

struct table *census_nodes(struct kernel *k)
{
	struct table *t = table_new(&nodes_spec);
	node_for_each(k, add_node, t, NULL);
	for (size_t i = 0; i < table_nr_rows(t); i++) {
		const struct value *row = table_row(t, i);
		struct node_zones wanted = {row[NODE_ZONES].table, row[NODE_ID].u};
		zone_for_each(k, add_zone_of_node, &wanted, NULL);
	}
	return t;
}

struct table *census_table(struct kernel *k, struct table *findings, struct error *error)
{
	struct books books = {.k = k};
	if (vmstat_read(k, &books.v, error))
		return NULL;
	struct table *t = table_new(&census_spec);
	table_add(t);
	table_set(t, CENSUS_PAGE_SIZE, k->page_size);
	table_set_text(t, CENSUS_BASIS, "counters");
	table_set(t, CENSUS_SPANNED, books.v.spanned_pages);
	table_set(t, CENSUS_PRESENT, books.v.present_pages);
	table_set(t, CENSUS_MANAGED, books.v.managed_pages);
	table_set_table(t, CENSUS_CLASSES, classes_table(&books, findings));
	table_set_table(t, CENSUS_NODES, census_nodes(k));
	return t;
}
