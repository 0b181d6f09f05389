/*
 * The books of a Mem-Info dump.
 *
 *	managed = pages RAM - pages reserved
 *	managed = free + per-cpu free lists + LRU lists + slab + page tables + stacks + hugetlb +
 *...
 *		  + what is in no counter that this kernel prints
 *
 * Shmem lies on the anonymous lists, mapped, dirty and swap cache pages on the lists of their kind,
 * free CMA within free: none of them is added again.  The remainder is vmalloc, per-cpu data,
 * modules, and the pages that drivers took with alloc_pages(): balloons, GPUs, rings of network
 * cards, DRBD; also what a kernel of this age does not print (not_printed).
 *
 * Its error: the kernel prints counters without what each CPU still holds of them.  A CPU holds up
 * to the counter's threshold (mm/vmstat.c calculate_normal_threshold: 2 * fls(cpus) * (1 +
 * fls(zone in units of 128 MiB)), at most 125), for each zone or node and counter, and up to 31
 * pages on their way to an LRU list.  A log tells only as many CPUs as it names: with more CPUs
 *than that the bound is wider.
 */
#include <string.h>

#include "analysis/oom.h"

const char *const oom_class_keys[OOM_CLASS_N] = {
	[OOM_CLASS_FREE] = "free",
	[OOM_CLASS_FREE_PCP] = "free_pcp",
	[OOM_CLASS_ANON] = "anon_lru",
	[OOM_CLASS_FILE] = "file_lru",
	[OOM_CLASS_LRU] = "lru",
	[OOM_CLASS_UNEVICTABLE] = "unevictable",
	[OOM_CLASS_SLAB_RECLAIMABLE] = "slab_reclaimable",
	[OOM_CLASS_SLAB_UNRECLAIMABLE] = "slab_unreclaimable",
	[OOM_CLASS_SLAB] = "slab",
	[OOM_CLASS_MISC_RECLAIMABLE] = "kernel_misc_reclaimable",
	[OOM_CLASS_PAGE_TABLES] = "page_tables",
	[OOM_CLASS_SEC_PAGE_TABLES] = "sec_page_tables",
	[OOM_CLASS_KERNEL_STACK] = "kernel_stack",
	[OOM_CLASS_SHADOW_STACK] = "shadow_call_stack",
	[OOM_CLASS_HUGETLB] = "hugetlb",
	[OOM_CLASS_BOUNCE] = "bounce",
	[OOM_CLASS_HWPOISONED] = "hwpoisoned",
	[OOM_CLASS_ZSPAGES] = "zspages",
	[OOM_CLASS_BALLOON] = "balloon",
	[OOM_CLASS_GPU_ACTIVE] = "gpu_active",
	[OOM_CLASS_GPU_RECLAIM] = "gpu_reclaim",
};

const char *const oom_class_labels[OOM_CLASS_N] = {
	[OOM_CLASS_FREE] = "free",
	[OOM_CLASS_FREE_PCP] = "free, on lists of CPUs",
	[OOM_CLASS_ANON] = "anonymous and tmpfs",
	[OOM_CLASS_FILE] = "file pages",
	[OOM_CLASS_LRU] = "anonymous and file pages",
	[OOM_CLASS_UNEVICTABLE] = "locked (unevictable)",
	[OOM_CLASS_SLAB_RECLAIMABLE] = "slab, reclaimable",
	[OOM_CLASS_SLAB_UNRECLAIMABLE] = "slab, not reclaimable",
	[OOM_CLASS_SLAB] = "slab",
	[OOM_CLASS_MISC_RECLAIMABLE] = "other reclaimable kernel memory",
	[OOM_CLASS_PAGE_TABLES] = "page tables",
	[OOM_CLASS_SEC_PAGE_TABLES] = "page tables of guests and devices",
	[OOM_CLASS_KERNEL_STACK] = "kernel stacks",
	[OOM_CLASS_SHADOW_STACK] = "shadow call stacks",
	[OOM_CLASS_HUGETLB] = "huge pages set aside",
	[OOM_CLASS_BOUNCE] = "bounce buffers",
	[OOM_CLASS_HWPOISONED] = "broken (hwpoison)",
	[OOM_CLASS_ZSPAGES] = "compressed swap (zsmalloc)",
	[OOM_CLASS_BALLOON] = "balloon",
	[OOM_CLASS_GPU_ACTIVE] = "GPU, in use",
	[OOM_CLASS_GPU_RECLAIM] = "GPU, reclaimable",
};

/* --- where the figures come from ------------------------------------------------------------ */

enum { MEMS = 3 };

/* Counters of the machine; the first ones must be there, the rest only if the kernel has them. */
static const struct mem_class {
	enum oom_class class;
	unsigned n, needed;
	enum oom_mem mem[MEMS];
} mem_classes[] = {
	{OOM_CLASS_FREE, 1, 1, {OOM_MEM_FREE}},
	{OOM_CLASS_FREE_PCP, 1, 1, {OOM_MEM_FREE_PCP}},
	{OOM_CLASS_ANON, 3, 2, {OOM_MEM_ACTIVE_ANON, OOM_MEM_INACTIVE_ANON, OOM_MEM_ISOLATED_ANON}},
	{OOM_CLASS_FILE, 3, 2, {OOM_MEM_ACTIVE_FILE, OOM_MEM_INACTIVE_FILE, OOM_MEM_ISOLATED_FILE}},
	{OOM_CLASS_LRU, 2, 2, {OOM_MEM_ACTIVE, OOM_MEM_INACTIVE}},
	{OOM_CLASS_UNEVICTABLE, 1, 1, {OOM_MEM_UNEVICTABLE}},
	{OOM_CLASS_SLAB_RECLAIMABLE, 1, 1, {OOM_MEM_SLAB_RECLAIMABLE}},
	{OOM_CLASS_SLAB_UNRECLAIMABLE, 1, 1, {OOM_MEM_SLAB_UNRECLAIMABLE}},
	{OOM_CLASS_SLAB, 1, 1, {OOM_MEM_SLAB}},
	{OOM_CLASS_MISC_RECLAIMABLE, 1, 1, {OOM_MEM_KERNEL_MISC_RECLAIMABLE}},
	{OOM_CLASS_PAGE_TABLES, 1, 1, {OOM_MEM_PAGETABLES}},
	{OOM_CLASS_SEC_PAGE_TABLES, 1, 1, {OOM_MEM_SEC_PAGETABLES}},
	{OOM_CLASS_BOUNCE, 1, 1, {OOM_MEM_BOUNCE}},
	{OOM_CLASS_HWPOISONED, 1, 1, {OOM_MEM_HWPOISONED}},
};

/* kB in the lines of nodes or zones, wherever a kernel prints it; -1: not there. */
static const struct kb_class {
	enum oom_class class;
	int node, zone;
} kb_classes[] = {
	{OOM_CLASS_KERNEL_STACK, OOM_NODE_KERNEL_STACK, OOM_ZONE_KERNEL_STACK},
	{OOM_CLASS_SHADOW_STACK, OOM_NODE_SHADOW_CALL_STACK, OOM_ZONE_SHADOW_CALL_STACK},
	{OOM_CLASS_ZSPAGES, -1, OOM_ZONE_ZSPAGES},
	{OOM_CLASS_BALLOON, OOM_NODE_BALLOON, -1},
	{OOM_CLASS_GPU_ACTIVE, OOM_NODE_GPU_ACTIVE, -1},
	{OOM_CLASS_GPU_RECLAIM, OOM_NODE_GPU_RECLAIM, -1},
};

static struct known known(s64 value)
{
	return (struct known){value, true};
}

static void add(struct known *sum, struct known k)
{
	if (k.known)
		*sum = known(sum->value + k.value);
}

static void read_mem(struct oom_account *a, const struct oom_meminfo *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(mem_classes); i++) {
		const struct mem_class *row = &mem_classes[i];
		struct known sum = {0};
		unsigned missing = 0;
		for (unsigned j = 0; j < row->n; j++) {
			struct known part = pages_within(info->mem[row->mem[j]]);
			missing += j < row->needed && !part.known;
			add(&sum, part);
		}
		if (!missing)
			a->classes[row->class] = sum;
	}
}

static struct known in_pages(const struct oom_account *a, struct known kb)
{
	if (!kb.known || (!a->page_kb.known && kb.value))
		return (struct known){0};
	return known(kb.value ? kb.value / a->page_kb.value : 0);
}

static void read_kb(struct oom_account *a, const struct oom_meminfo *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(kb_classes); i++) {
		const struct kb_class *row = &kb_classes[i];
		struct known sum = {0};
		for (size_t j = 0; row->node >= 0 && j < info->nodes.n; j++)
			add(&sum, kb_within(info->nodes.v[j].field[row->node]));
		for (size_t j = 0; row->zone >= 0 && !sum.known && j < info->zones.n; j++)
			for (; j < info->zones.n; j++)
				add(&sum, kb_within(info->zones.v[j].field[row->zone]));
		a->classes[row->class] = in_pages(a, sum);
	}
}

/* A size may be listed for each node. */
static void read_hugetlb(struct oom_account *a, const struct oom_meminfo *info)
{
	struct known kb = {0};
	for (size_t i = 0; i < info->hugepages.n; i++) {
		const struct oom_hugepages *h = &info->hugepages.v[i];
		struct known total = within(h->total, 30), size = within(h->size_kb, 30);
		if (!total.known || !size.known || total.value * size.value >> KB_BITS)
			return;
		add(&kb, known(total.value * size.value));
	}
	a->classes[OOM_CLASS_HUGETLB] = in_pages(a, kb);
}

/* Managed pages of zones that the report leaves out. */
static void note_left_out(struct oom_account *a, const struct oom_meminfo *info)
{
	struct known kb = {0};
	for (size_t i = 0; i < info->zones.n; i++) {
		const struct oom_zone *zone = &info->zones.v[i];
		if (zone->has_line && !zone->field[OOM_ZONE_MANAGED].known)
			return;
		add(&kb, kb_within(zone->field[OOM_ZONE_MANAGED]));
	}
	struct known pages = in_pages(a, kb);
	if (pages.known && a->managed.known)
		a->left_out =
			known(a->managed.value > pages.value ? a->managed.value - pages.value : 0);
}

/* --- the remainder -------------------------------------------------------------------------- */

/*
 * What every kernel of some age prints.  A dump that has the first and lacks the second has lost a
 * line, and its remainder would be wrong.
 */
static const struct together {
	enum oom_mem have, needs;
	const char *why;
} together[] = {
	{OOM_MEM_ACTIVE_ANON, OOM_MEM_UNEVICTABLE,
	 "the line with \"unevictable:\" is not in the text"},
	/* 2.6.32, 5.x and newer print all of these */
	{OOM_MEM_ISOLATED_ANON, OOM_MEM_BOUNCE, "the line with \"bounce:\" is not in the text"},
	{OOM_MEM_ISOLATED_ANON, OOM_MEM_ISOLATED_FILE,
	 "the line with \"isolated_file:\" is not in the text"},
	{OOM_MEM_FREE_PCP, OOM_MEM_ISOLATED_ANON,
	 "the line with \"isolated_anon:\" is not in the text"},
};

static const char *why_no_remainder(const struct oom_account *a, const struct oom_meminfo *info)
{
	const struct known *c = a->classes;
	if (!info->any)
		return "the text shows no counters of the machine's memory";
	if (!a->ram.known || !a->reserved.known)
		return "the lines \"pages RAM\" and \"pages reserved\" are not in the text";
	if (!c[OOM_CLASS_FREE].known)
		return "the line with \"free:\" is not in the text";
	if (!c[OOM_CLASS_LRU].known && (!c[OOM_CLASS_ANON].known || !c[OOM_CLASS_FILE].known))
		return "the lines with the LRU lists are not in the text";
	if (!c[OOM_CLASS_SLAB].known &&
	    (!c[OOM_CLASS_SLAB_RECLAIMABLE].known || !c[OOM_CLASS_SLAB_UNRECLAIMABLE].known))
		return "the line with the slab counters is not in the text";
	if (!c[OOM_CLASS_PAGE_TABLES].known)
		return "the line with \"pagetables:\" is not in the text";
	for (size_t i = 0; i < ARRAY_SIZE(together); i++) {
		if (info->mem[together[i].have].known && !info->mem[together[i].needs].known)
			return together[i].why;
	}
	if (!a->page_kb.known)
		return "the size of a page is not in the text (no buddy line)";
	if (!info->zones.n)
		return "the lines of the zones are not in the text";
	return NULL;
}

/* What is in the remainder because this kernel prints no counter of it. */
static const struct not_printed {
	enum oom_class class;
	const char *name;
} not_printed[] = {
	{OOM_CLASS_FREE_PCP, "free pages on the lists of CPUs"},
	{OOM_CLASS_KERNEL_STACK, "kernel stacks"},
	{OOM_CLASS_HUGETLB, "huge pages"},
	{OOM_CLASS_ZSPAGES, "zram and zswap"},
	{OOM_CLASS_BALLOON, "balloons"},
};

static const char *list_not_printed(const struct oom_account *a, struct arena *arena)
{
	const char *list = "vmalloc, per-cpu data, modules, pages of drivers";
	for (size_t i = 0; i < ARRAY_SIZE(not_printed); i++) {
		if (!a->classes[not_printed[i].class].known)
			list = arena_printf(arena, "%s, %s", list, not_printed[i].name);
	}
	return list;
}

/* --- its error ------------------------------------------------------------------------------ */

enum { MOST_DRIFT = 125, LRU_BATCH = 31, UNIT_KB = 128 << 10 };

static u64 fls(u64 n)
{
	return n ? 64 - (u64)__builtin_clzll(n) : 0;
}

static u64 drift_threshold(u64 cpus, u64 zone_kb)
{
	return u64_min(MOST_DRIFT, 2 * fls(cpus) * (1 + fls(zone_kb / UNIT_KB)));
}

/* Counters that are summed; those of nodes where the kernel has them by node (4.8 and later). */
static void count_counters(const struct oom_account *a, u64 *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(mem_classes); i++)
		*n += a->classes[mem_classes[i].class].known ? mem_classes[i].n : 0;
	for (size_t i = 0; i < ARRAY_SIZE(kb_classes); i++)
		*n += a->classes[kb_classes[i].class].known;
}

static void bound_error(struct oom_account *a, const struct oom_meminfo *info)
{
	u64 largest_kb = 0, counters = 0;
	if (!a->cpus) {
		a->error_why = "the text does not tell how many CPUs there are";
		return;
	}
	for (size_t i = 0; i < info->zones.n; i++) {
		const struct known *f = info->zones.v[i].field;
		struct known size =
			f[OOM_ZONE_MANAGED].known ? f[OOM_ZONE_MANAGED] : f[OOM_ZONE_PRESENT];
		if (!kb_within(size).known) {
			a->error_why = "the sizes of the zones are not in the text";
			return;
		}
		largest_kb = u64_max(largest_kb, (u64)size.value);
	}
	count_counters(a, &counters);
	u64 places = info->nodes.n ? info->nodes.n : info->zones.n;
	u64 per_cpu = drift_threshold(a->cpus, largest_kb) *
		      (counters * places + (info->nodes.n ? info->zones.n : 0));
	a->error = known((s64)(a->cpus * (per_cpu + LRU_BATCH)));
}

/* --- the whole ------------------------------------------------------------------------------ */

void oom_account(struct oom_account *a, const struct oom_meminfo *info, u32 cpus,
		 struct arena *arena)
{
	const struct known *mem = info->mem;
	*a = (struct oom_account){
		.page_kb = page_kb_of(info),
		.ram = pages_within(mem[OOM_MEM_RAM]),
		.reserved = pages_within(mem[OOM_MEM_RESERVED]),
		.shmem = pages_within(mem[OOM_MEM_SHMEM]),
		.highmem = pages_within(mem[OOM_MEM_HIGHMEM]),
		.cma = pages_within(mem[OOM_MEM_CMA_RESERVED]),
		.free_cma = pages_within(mem[OOM_MEM_FREE_CMA]),
		.swapcache = pages_within(mem[OOM_MEM_SWAPCACHE]),
		.swap_total_kb = kb_within(mem[OOM_MEM_SWAP_TOTAL_KB]),
		.swap_free_kb = kb_within(mem[OOM_MEM_SWAP_FREE_KB]),
		.cpus = cpus,
	};
	if (a->ram.known && a->reserved.known && a->ram.value >= a->reserved.value)
		a->managed = known(a->ram.value - a->reserved.value);
	read_mem(a, info);
	read_kb(a, info);
	read_hugetlb(a, info);
	note_left_out(a, info);
	a->not_printed = list_not_printed(a, arena);
	a->why = why_no_remainder(a, info);
	if (!a->why && !a->managed.known)
		a->why = "more pages are reserved than there are: the figures are damaged";
	if (a->why) {
		a->error_why = a->why;
		return;
	}
	struct known sum = {0};
	for (size_t i = 0; i < OOM_CLASS_N; i++)
		add(&sum, a->classes[i]);
	a->accounted = sum;
	a->unaccounted = known(a->managed.value - sum.value);
	bound_error(a, info);
}
