/*
 * What one struct page says: flags, type, mapping, order.
 *
 * A page frame is described by its own struct page, or, as a part of a larger block, by the block's
 * first: a free block of the buddy allocator (only its first page is marked), a compound page (the
 * others point to it).  A block that was allocated with __get_free_pages(order) and no __GFP_COMP
 * leaves no trace of its size: its later pages have a reference count of 0 and say nothing.
 *
 * The layout is resolved once; decoding is loads from bytes that were read before, so that a pass
 * over millions costs nanoseconds each.  include/linux/mm_types.h, include/linux/page-flags.h.
 */
#ifndef OBJECT_PAGE_H
#define OBJECT_PAGE_H

#include <string.h>

#include "kernel/kernel.h"

/* What page_type says (4.18, 6e292b9be7f4): types of pages that are never mapped by a process. */
enum page_type {
	PAGE_PLAIN,   /* none: the field is a map count */
	PAGE_BUDDY,   /* first page of a free block */
	PAGE_OFFLINE, /* given away: balloons, hot-plug */
	PAGE_TABLE,
	PAGE_GUARD,
	PAGE_HUGETLB,
	PAGE_SLAB,
	PAGE_ZSMALLOC,
	PAGE_UNACCEPTED, /* free, not yet accepted by a confidential guest */
	PAGE_LARGE_KMALLOC,
	PAGE_NETPP, /* page_pool */
	NR_PAGE_TYPES
};

/* How page->mapping is to be read: its two low bits. */
enum page_mapping_kind { MAPPING_FILE, MAPPING_ANON, MAPPING_MOVABLE, MAPPING_KSM };

struct page_layout {
	u64 page_bytes;
	u32 flags, mapping, private_, refcount, mapcount, compound_info, lru;
	bool has_memcg_data;
	u32 memcg_data;
	struct {
		u32 mask, value;
	} types[NR_PAGE_TYPES]; /* mask 0: this kernel has no such type */
	u64 lru_flag, head_flag, reserved_flag, swapbacked_flag, swapcache_flag, hwpoison_flag,
		slab_flag; /* 0: none */
	enum variant_choice order_variant;
	u32 order_at;	  /* from the head page */
	u32 order_bytes;  /* 1 or 8 */
	u32 entire_at;	  /* entire map count, from the head page; 0: none */
	u32 dtor_at;	  /* compound destructor, from the head page; 0: none */
	u32 hugetlb_dtor; /* what it is for hugetlb */
	u32 flags_1_at;	  /* second page's flags, for PG_hugetlb; 0: not so */
	u64 hugetlb_flag_1;
	u64 pp_signature, pp_mask; /* 0: no page_pool in this kernel */
	u32 max_order;
};

/* One struct page, decoded. */
struct page_frame {
	u64 flags, mapping, private_, compound_info, lru, memcg_data;
	u32 mapcount; /* raw: ~0 is "not mapped", or a type */
	s32 refcount;
	enum page_type type;
	bool tail; /* part of a compound page: compound_info tells its head */
};

int page_layout_init(struct page_layout *layout, struct kernel *k, struct error *error);
/* bytes: page_bytes of one struct page. */
void page_decode(const struct page_layout *layout, const u8 *bytes, struct page_frame *page);
/* Where a tail's head is: kva of its struct page. */
u64 page_head_of(const struct page_layout *layout, const struct page_frame *page, u64 page_kva);
/*
 * Order of a compound page whose head's and next page's bytes are given (2 * page_bytes); 0 when it
 * is no head, or the order makes no sense.
 */
u32 page_compound_order_of(const struct page_layout *layout, const struct page_frame *page,
			   const u8 *bytes);
/* The same two pages: a page of a hugetlb pool? */
bool page_is_hugetlb(const struct page_layout *layout, const struct page_frame *page,
		     const u8 *bytes);
/* The same two pages: how often a compound page is mapped as a whole (by a huge entry). */
u64 page_entire_mapcount(const struct page_layout *layout, const struct page_frame *page,
			 const u8 *bytes);
bool page_of_page_pool(const struct page_layout *layout, const struct page_frame *page);
bool page_is_slab(const struct page_layout *layout, const struct page_frame *page);

static inline bool page_is_head(const struct page_layout *layout, const struct page_frame *page)
{
	return page->flags & layout->head_flag;
}

static inline enum page_mapping_kind page_mapping_kind(const struct page_frame *page)
{
	return (enum page_mapping_kind)(page->mapping & 3);
}

#endif
