/* The classes of the census by name. */
#include "analysis/census.h"

static const struct {
	const char *key, *label;
} classes[NR_PAGE_CLASSES] = {
	[PC_FREE_BUDDY] = {"free_buddy", "free"},
	[PC_FREE_PCP] = {"free_pcp", "free, on lists of CPUs"},
	[PC_ANON] = {"anon", "anonymous memory of processes"},
	[PC_FILE_MAPPED] = {"file_mapped", "page cache, mapped by processes"},
	[PC_PAGE_CACHE] = {"page_cache", "page cache of files, not mapped"},
	[PC_BUFFERS] = {"buffers", "page cache of block devices"},
	[PC_SHMEM] = {"shmem", "tmpfs and shared memory"},
	[PC_SWAP_CACHE] = {"swap_cache", "swap cache, not mapped"},
	[PC_HUGETLB_FREE] = {"hugetlb_free", "huge pages, free"},
	[PC_HUGETLB_USED] = {"hugetlb_used", "huge pages, in use"},
	[PC_SLAB] = {"slab", "slab caches"},
	[PC_LARGE_KMALLOC] = {"large_kmalloc", "large kmalloc, in no cache"},
	[PC_PAGE_TABLE] = {"page_table", "page tables"},
	[PC_KERNEL_STACK] = {"kernel_stack", "kernel stacks"},
	[PC_VMALLOC] = {"vmalloc", "vmalloc"},
	[PC_PERCPU] = {"percpu", "per-cpu memory"},
	[PC_KERNEL_IMAGE] = {"kernel_image", "kernel image"},
	[PC_MODULE] = {"module", "modules"},
	[PC_MEMMAP] = {"memmap", "struct pages"},
	[PC_BOOT_RESERVED] = {"boot_reserved", "taken at boot, or by firmware"},
	[PC_NOT_PRESENT] = {"not_present", "holes in the physical memory map"},
	[PC_OFFLINE] = {"offline", "memory that was taken offline"},
	[PC_POISONED] = {"poisoned", "hardware errors"},
	[PC_BALLOON] = {"balloon", "balloon: given back to the hypervisor"},
	[PC_ZSMALLOC] = {"zsmalloc", "zsmalloc (zram, zswap)"},
	[PC_PAGE_POOL] = {"page_pool", "page_pool (network receive)"},
	[PC_DRIVER_KNOWN] = {"driver_known", "drivers and sockets, owner known"},
	[PC_KERNEL_UNKNOWN] = {"kernel_unknown", "in use by the kernel, owner not known"},
};

const char *page_class_key(enum page_class c)
{
	return classes[c].key;
}

const char *page_class_label(enum page_class c)
{
	return classes[c].label;
}
