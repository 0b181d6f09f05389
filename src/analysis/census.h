/*
 * The census: every page frame in exactly one class, in one pass over all struct pages.
 *
 * How a page finds its class (census_pass.c):
 *	1. what its struct page says: free block, slab, page table, hugetlb, page cache, anonymous
 *...
 *	2. what some structure says that owns pages without marking them (census_claims.c): vmalloc
 *	   areas, per-cpu chunks, page tables above the last levels, the kernel image, struct pages
 *	   themselves, free pages on lists of CPUs, pipes, DRBD.  Their page frames are claimed
 *before the pass: a byte for each page frame of a section in which anything is claimed.
 *	3. reserved at boot; and what is left is kernel_unknown.
 *
 * The classes add up to the spanned pages of all zones: what a zone spans and what is no RAM (or
 *has no struct page) is not_present.  State: a byte for a page frame at most (claims), the tables
 *of files and cgroups are bounded; nothing else grows with memory.
 */
#ifndef ANALYSIS_CENSUS_H
#define ANALYSIS_CENSUS_H

#include "object/cgroup.h"
#include "object/memmap.h"
#include "object/page.h"
#include "object/zone.h"

enum page_class {
	PC_FREE_BUDDY,
	PC_FREE_PCP,
	PC_ANON,
	PC_FILE_MAPPED,
	PC_PAGE_CACHE,
	PC_BUFFERS,
	PC_SHMEM,
	PC_SWAP_CACHE,
	PC_HUGETLB_FREE,
	PC_HUGETLB_USED,
	PC_SLAB,
	PC_LARGE_KMALLOC,
	PC_PAGE_TABLE,
	PC_KERNEL_STACK,
	PC_VMALLOC,
	PC_PERCPU,
	PC_KERNEL_IMAGE,
	PC_MODULE,
	PC_MEMMAP,
	PC_BOOT_RESERVED,
	PC_NOT_PRESENT,
	PC_OFFLINE,
	PC_POISONED,
	PC_BALLOON,
	PC_ZSMALLOC,
	PC_PAGE_POOL,
	PC_DRIVER_KNOWN,
	PC_KERNEL_UNKNOWN,
	NR_PAGE_CLASSES
};

const char *page_class_key(enum page_class c);	 /* "free_buddy": stable */
const char *page_class_label(enum page_class c); /* for people */

/* --- claims --------------------------------------------------------------------------------- */

enum { MAX_OWNERS = 255, OWNER_NONE = 0 };

/* KMALLOC_SHIFT_HIGH: what is larger than two pages is no slab object (mm/slub.c). */
enum { LARGE_KMALLOC_ORDER = 2, MAX_BY_COUNTER = 8 };

/* Who claims pages: at most 255 of them. */
struct page_owner {
	enum page_class class;
	u64 kva;	  /* the caller of a vmalloc area, ...; 0 */
	const char *what; /* in words, for kinds without kva; from a literal or the claims' arena */
	u64 areas;	  /* of vmalloc space: how many */
	bool only_reserved; /* of what it claims, pages that are not marked reserved were given
			       back: anybody may have them since */
	bool maps_others;   /* it maps pages that may well be somebody else's */
};

struct page_claims {
	const struct memmap *map;
	struct arena arena;
	struct page_owner owners[MAX_OWNERS + 1]; /* [0] is nobody */
	unsigned nr_owners;			  /* [0] included */
	u8 **sections; /* by section of the memmap: a byte for each page frame; NULL: none claimed
			*/
	u64 bytes;
};

void claims_init(struct page_claims *c, const struct memmap *map);
void claims_done(struct page_claims *c);
/* The owner of this class and kva (or words), made when new; the last one is shared by all that
 * find no room. */
u8 claims_owner(struct page_claims *c, enum page_class class, u64 kva, const char *what);
/* The first claim of a page stays, but what is claimed only_reserved is taken by others that own
 * pages. */
void claims_add(struct page_claims *c, u8 owner, u64 pfn, u64 nr_pages);
u8 claims_of(const struct page_claims *c, u64 pfn);

/* --- the result ----------------------------------------------------------------------------- */

struct census_zone {
	u32 node, index;
	char name[16];
	u64 start_pfn, spanned_pages, present_pages, managed_pages;
	u64 flags_id; /* as page->flags of its pages say */
	u64 pages[NR_PAGE_CLASSES];
	/* Of kernel_unknown: pages of compound blocks that can be large kmalloc's. */
	u64 large_kmalloc_candidates;
};

/* Pages of kernel_unknown that look alike. */
struct unknown_group {
	u32 order;	  /* of the compound page; 0 also for blocks whose size left no trace */
	u32 zone;	  /* index into zones */
	u64 flags;	  /* struct page's own, less zone and node */
	u32 refcount;	  /* 0, 1, 2: 2 and more */
	u32 migrate_type; /* of its page block; MIGRATE_UNKNOWN: not known */
	bool mapped;	  /* in some process */
	u64 pages, runs;  /* runs: stretches of neighbouring page frames */
	u64 first_pfn;
};
enum { MAX_UNKNOWN_GROUPS = 256, MAX_CENSUS_ORDER = 25, MIGRATE_UNKNOWN = 255 };
#define CHARGED_TO_SEVERAL (~0ull)

/* What memory cgroups are charged for, by page. */
enum charge_kind {
	CHARGE_ANON,
	CHARGE_FILE,
	CHARGE_SHMEM,
	CHARGE_SWAP_CACHE,
	CHARGE_KERNEL, /* page tables, stacks, vmalloc, pipes ... */
	NR_CHARGE_KINDS
};

/* For processes: what a page frame is, in the byte that census_options.page_bytes asks for. */
enum user_kind { USER_NONE, USER_ANON, USER_FILE, USER_SHMEM, USER_HUGETLB, NR_USER_KINDS };
u8 census_page_byte(enum user_kind kind, u64 mapcount);

struct census_file {
	u64 mapping;
	u64 pages, mapped_pages;
	u64 memcg; /* the only cgroup that is charged for its pages; 0: none; CHARGED_TO_SEVERAL */
	u8 class;  /* PC_PAGE_CACHE, PC_BUFFERS, PC_SHMEM, PC_HUGETLB_USED */
};

struct census_cgroup {
	u64 kva;
	u64 pages[NR_CHARGE_KINDS];
};

struct census {
	struct kernel *k;
	struct memmap map;
	struct page_layout layout;
	struct page_claims claims;
	struct census_zone *zones;
	size_t nr_zones;
	bool zones_overlap; /* nodes lie across each other */
	u32 zone_shift;	    /* where node and zone begin in page->flags */
	u64 mlocked_flag;
	u32 page_block_order, page_block_bits; /* bits: of each block's flags; 0: not known */
	bool has_cgroups;
	struct memcg_tree cgroup_tree;
	u64 pages[NR_PAGE_CLASSES]; /* sums over zones; add up to spanned_pages */
	u64 spanned_pages, present_pages, managed_pages;
	u64 owner_pages[MAX_OWNERS + 1]; /* by owner of the claims */
	u64 pages_of_order[NR_PAGE_CLASSES]
			  [MAX_CENSUS_ORDER];	 /* by order of the block they are in */
	u64 thp_pages, ksm_pages, mlocked_pages; /* parts of anon, shmem and the page cache */
	u64 lru_pages;				 /* on a list of reclaim, for comparison */
	u64 swap_cache_pages;  /* in the swap cache, mapped (then they are anon) or not */
	u64 reserved_pages;    /* RAM marked reserved, whatever its class */
	u64 uncounted_tables;  /* page tables that are not marked as such */
	u64 vmalloc_elsewhere; /* pages that vmalloc counts and that are stacks or modules */
	u64 shmem_mapped;
	u64 slab_pages;
	u64 guard_pages, unaccepted_pages;
	struct unknown_group *unknown;
	size_t nr_unknown;
	u64 unknown_ungrouped;	   /* pages of groups that found no room */
	struct census_file *files; /* largest first */
	size_t nr_files;
	u64 files_dropped_pages; /* of small files that found no room */
	u64 *slabs;		 /* struct pages of slabs of socket buffers and sockets */
	size_t nr_slabs;
	struct census_cgroup *cgroups;
	size_t nr_cgroups;
	u64 uncharged_user_pages; /* anon, file, shmem charged to no cgroup */
	u64 memmap_bytes;	  /* of struct pages, all */
	u64 memmap_bytes_read;
	u8 **page_bytes;      /* by section, with census_options.page_bytes; else NULL */
	u64 unreadable_pages; /* page frames whose struct page could not be read; in kernel_unknown
			       */
	bool owners_lost;     /* some of what owns pages was not readable */
	bool ram_known;	      /* what is RAM, from the kernel's resources */
	/* Pages that only a counter knows: taken out of kernel_unknown. */
	struct {
		enum page_class class;
		const char *what;
		u64 pages;
	} by_counter[MAX_BY_COUNTER];
	unsigned nr_by_counter;
	unsigned nr_threads;
};

struct census_options {
	bool page_bytes;     /* note what each page frame is, for census_by_task(): a byte each */
	unsigned nr_threads; /* 0: one for each CPU */
	struct progress *progress;
};

/* -1: there is nothing to look at (no struct page can be found, no zones); the counters may still
 * be. */
int census_take(struct census *census, struct kernel *k, const struct census_options *options,
		struct error *error);
void census_done(struct census *census);

#endif
