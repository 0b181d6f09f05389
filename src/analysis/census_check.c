/*
 * The kernel's own counters (enum zone_stat_item, node_stat_item and a few variables), put together
 * so that each says what one class should be.
 */
#include "analysis/census_check.h"

#include "kernel/walk.h"
#include "object/slab.h"
#include "object/storage.h"

u64 census_noise(u64 present_pages)
{
	enum { SMALL = 64, THOUSANDTH = 1000 };
	u64 share = present_pages / THOUSANDTH;
	return share > SMALL ? share : SMALL;
}

struct counters {
	const struct census *census;
	struct kernel *k;
	struct vmstat v;
	struct class_counter *out;
};

static bool get(const struct counters *c, const char *name, u64 *value)
{
	return vmstat_get(&c->v, name, value);
}

static bool get_either(const struct counters *c, const char *name, const char *older, u64 *value)
{
	return get(c, name, value) || get(c, older, value);
}

static void set(struct counters *c, enum page_class class, const char *name, u64 pages)
{
	c->out[class] = (struct class_counter){name, pages};
}

/* a - b - ..., not below 0: counters are read at different moments. */
static u64 less(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static void set_if(struct counters *c, enum page_class class, const char *name)
{
	u64 value;
	if (get(c, name, &value))
		set(c, class, name, value);
}

/* Pages of block devices' own page cache: nr_blockdev_pages(), block/bdev.c. */
static bool blockdev_pages(struct kernel *k, u64 *pages_out)
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

static void user_counters(struct counters *c)
{
	const struct census *census = c->census;
	u64 file, shmem, mapped, buffers = 0, anon;
	/* Kernels before 5.12 do not count the swap cache: what was seen of it is taken off. */
	u64 swap_cache = census->swap_cache_pages;
	bool counts_swap_cache = get(c, "NR_SWAPCACHE", &swap_cache);
	if (get_either(c, "NR_ANON_MAPPED", "NR_ANON_PAGES", &anon))
		set(c, PC_ANON, "NR_ANON_MAPPED", anon);
	set_if(c, PC_SHMEM, "NR_SHMEM");
	if (counts_swap_cache)
		set(c, PC_SWAP_CACHE, "NR_SWAPCACHE - mapped ones",
		    less(swap_cache, census->swap_cache_pages - census->pages[PC_SWAP_CACHE]));
	bool has_buffers = blockdev_pages(c->k, &buffers);
	if (has_buffers)
		set(c, PC_BUFFERS, "nr_blockdev_pages", buffers);
	if (!get(c, "NR_FILE_PAGES", &file) || !get(c, "NR_SHMEM", &shmem) ||
	    !get(c, "NR_FILE_MAPPED", &mapped))
		return;
	set(c, PC_FILE_MAPPED, "NR_FILE_MAPPED - mapped tmpfs", less(mapped, census->shmem_mapped));
	if (has_buffers)
		set(c, PC_PAGE_CACHE, "NR_FILE_PAGES - NR_SHMEM - swap cache - buffers - mapped",
		    less(file, shmem + swap_cache + buffers + less(mapped, census->shmem_mapped)));
}

struct cache_sum {
	u64 pages;
	bool known;
};

static bool add_cache(void *arg, const struct slab_cache *cache)
{
	struct cache_sum *sum = arg;
	u64 pages;
	if (cache->counters_known && slab_cache_pages(cache, &pages))
		sum->pages += pages;
	else
		sum->known = false;
	return true;
}

static void slab_counters(struct counters *c)
{
	struct cache_sum sum = {.known = true};
	struct error error;
	bool whole = false;
	u64 reclaimable, unreclaimable;
	if (slab_cache_for_each(c->k, &whole, add_cache, &sum, &error) == 0 && whole && sum.known)
		set(c, PC_SLAB, "kmem_cache_node.nr_slabs", sum.pages);
	if (get_either(c, "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE", &reclaimable) &&
	    get_either(c, "NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE", &unreclaimable))
		set(c, PC_LARGE_KMALLOC, "NR_SLAB_* - slabs",
		    less(reclaimable + unreclaimable, c->census->pages[PC_SLAB]));
}

static u64 possible_cpus(const struct kernel *k)
{
	u64 n = 0;
	kernel_for_each_cpu(k, cpu) n++;
	return n;
}

static void kernel_counters(struct counters *c)
{
	const struct census *census = c->census;
	u64 pages, kib, secondary = 0;
	get(c, "NR_SECONDARY_PAGETABLE", &secondary);
	if (get(c, "NR_PAGETABLE", &pages))
		set(c, PC_PAGE_TABLE, "NR_PAGETABLE + tables that it does not count",
		    pages + secondary + census->uncounted_tables);
	if (get_either(c, "NR_KERNEL_STACK_KB", "NR_KERNEL_STACK", &kib))
		set(c, PC_KERNEL_STACK, "NR_KERNEL_STACK_KB", kib * 1024 / c->k->page_size);
	bool counted = get(c, "NR_VMALLOC", &pages) ||
		       kernel_variable(c->k, nr_vmalloc_pages, 8, &pages) == READ_OK;
	if (counted)
		set(c, PC_VMALLOC, "nr_vmalloc_pages - stacks - modules",
		    less(pages, census->vmalloc_elsewhere));
	/* pcpu_nr_pages() multiplies by units; those of CPUs that can't be have no pages. */
	if (kernel_variable(c->k, pcpu_nr_populated, 8, &pages) == READ_OK && c->k->cpus_known)
		set(c, PC_PERCPU, "pcpu_nr_populated * possible CPUs", pages * possible_cpus(c->k));
	set_if(c, PC_ZSMALLOC, "NR_ZSPAGES");
	set_if(c, PC_BALLOON, "NR_BALLOON_PAGES");
	u64 memmap, boot = 0;
	if (get_either(c, "NR_MEMMAP_PAGES", "NR_MEMMAP", &memmap) &&
	    get_either(c, "NR_MEMMAP_BOOT_PAGES", "NR_MEMMAP_BOOT", &boot))
		set(c, PC_MEMMAP, "NR_MEMMAP + NR_MEMMAP_BOOT", memmap + boot);
}

struct pool_sum {
	u64 free, used;
};

static bool add_pool(void *arg, const struct hugetlb_pool *p)
{
	struct pool_sum *sum = arg;
	u64 free = u64_min(p->free, p->total);
	sum->free += free * p->pages_per_huge;
	sum->used += (p->total - free) * p->pages_per_huge;
	return true;
}

static void boot_counters(struct counters *c)
{
	const struct census *census = c->census;
	struct pool_sum pools = {0};
	struct error error;
	if (hugetlb_for_each(c->k, add_pool, &pools, &error) == 0) {
		set(c, PC_HUGETLB_FREE, "free_huge_pages", pools.free);
		set(c, PC_HUGETLB_USED, "nr_huge_pages - free_huge_pages", pools.used);
	}
	u64 unmanaged = less(census->present_pages, census->managed_pages),
	    known = less(census->reserved_pages, census->pages[PC_BOOT_RESERVED]),
	    balloon = census->pages[PC_BALLOON];
	/* virtio, Hyper-V and Xen take their balloons off the managed pages; VMware does not. */
	bool with_balloon = balloon > census_noise(census->present_pages) &&
			    unmanaged >= census->reserved_pages + balloon / 2;
	set(c, PC_BOOT_RESERVED,
	    with_balloon ? "present - managed - balloon - what is known of it"
			 : "present - managed - what is known of it",
	    less(unmanaged, known + (with_balloon ? balloon : 0)));
	set(c, PC_NOT_PRESENT, "spanned - present - offline",
	    less(census->spanned_pages, census->present_pages + census->pages[PC_OFFLINE]));
}

void census_counters(const struct census *census, struct class_counter out[NR_PAGE_CLASSES])
{
	struct counters c = {.census = census, .k = census->k, .out = out};
	struct error error;
	memset(out, 0, sizeof(*out) * NR_PAGE_CLASSES);
	if (vmstat_read(c.k, &c.v, &error))
		return;
	set_if(&c, PC_FREE_BUDDY, "NR_FREE_PAGES");
	set(&c, PC_FREE_PCP, "per_cpu_pages.count", c.v.free_pcp_pages);
	user_counters(&c);
	slab_counters(&c);
	kernel_counters(&c);
	boot_counters(&c);
}

static const struct {
	enum page_class class;
	const char *more, *fewer;
} reasons[] = {
	{PC_FREE_BUDDY, "pages were freed while the machine stopped",
	 "pages were taken while the machine stopped, or the counter is wrong"},
	{PC_ANON,
	 "pages that are just being moved (compaction), or were unmapped and not yet freed",
	 "pages that are mapped and lost their mark"},
	{PC_PAGE_CACHE, "pages of files that were truncated are still held",
	 "some page cache has no file that can be found"},
	{PC_SLAB, "caches that were destroyed left slabs behind",
	 "slabs whose pages are not in the dump"},
	{PC_KERNEL_STACK, "stacks kept for the next task", "stacks that are not in vmalloc space"},
	{PC_VMALLOC, "pages mapped into vmalloc space by other means than vmalloc()",
	 "areas that were freed and not yet given back, or whose page tables are not in the dump"},
	{PC_PAGE_TABLE, NULL, "page tables that carry no mark"},
	{PC_PERCPU, NULL, "chunks that can't be found"},
	{PC_BALLOON, "another driver takes pages offline", NULL},
	{PC_BOOT_RESERVED, "drivers mark pages reserved that are not the boot's",
	 "memory of the boot that was given back later"},
};

const char *census_difference_reason(enum page_class class, bool more)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].class == class)
			return more ? reasons[i].more : reasons[i].fewer;
	}
	return NULL;
}
