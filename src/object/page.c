/*
 * struct page in all its dialects.  Types: a number in the top byte since 6.12 (4ffca5a96678), bits
 * that are cleared in an otherwise all-ones word before (6e292b9be7f4); VMCOREINFO names buddy,
 * offline, slab and hugetlb so that makedumpfile need not know.
 */
#include "object/page.h"

/* Where each type's number stands: 6.12, 6.11, and VMCOREINFO's name of it. */
static const struct {
	enum datum_id number, high_bit;
	const char *vmcoreinfo;
} type_rows[NR_PAGE_TYPES] = {
	[PAGE_BUDDY] = {pgty_buddy, pgtype_buddy, "PAGE_BUDDY_MAPCOUNT_VALUE"},
	[PAGE_OFFLINE] = {pgty_offline, pgtype_offline, "PAGE_OFFLINE_MAPCOUNT_VALUE"},
	[PAGE_TABLE] = {pgty_table, pgtype_table},
	[PAGE_GUARD] = {pgty_guard, pgtype_guard},
	[PAGE_HUGETLB] = {pgty_hugetlb, pgtype_hugetlb, "PAGE_HUGETLB_MAPCOUNT_VALUE"},
	[PAGE_SLAB] = {pgty_slab, pgtype_slab, "PAGE_SLAB_MAPCOUNT_VALUE"},
	[PAGE_ZSMALLOC] = {pgty_zsmalloc, pgtype_zsmalloc},
	[PAGE_UNACCEPTED] = {pgty_unaccepted, group_page, "PAGE_UNACCEPTED_MAPCOUNT_VALUE"},
	[PAGE_LARGE_KMALLOC] = {pgty_large_kmalloc, group_page},
	[PAGE_NETPP] = {pgty_netpp, group_page},
};

enum { CLASSIC_BUDDY_BIT = 0x80 };

static void set_type(struct page_layout *l, enum page_type type, u32 mask, u32 value)
{
	l->types[type].mask = mask;
	l->types[type].value = value;
}

static void types_by_number(struct page_layout *l, const struct kernel *k)
{
	for (unsigned i = PAGE_BUDDY; i < NR_PAGE_TYPES; i++) {
		u64 number;
		if (kernel_constant(k, type_rows[i].number, &number) == READ_OK && number <= 0xff)
			set_type(l, i, 0xff000000u, (u32)number << 24);
	}
}

static void types_by_high_bits(struct page_layout *l, const struct kernel *k)
{
	u64 base = 0, bit;
	kernel_constant(k, pgtype_base, &base);
	for (unsigned i = PAGE_BUDDY; i < NR_PAGE_TYPES; i++) {
		if (type_rows[i].high_bit != group_page &&
		    kernel_constant(k, type_rows[i].high_bit, &bit) == READ_OK)
			set_type(l, i, (u32)(base | bit), (u32)base);
	}
}

static void types_by_low_bits(struct page_layout *l, const struct kernel *k)
{
	u32 base = (u32)k->schema.quirk[quirk_page_type_base];
	for (unsigned i = PAGE_BUDDY; i < NR_PAGE_TYPES; i++) {
		s64 value;
		if (type_rows[i].vmcoreinfo &&
		    vmcoreinfo_number(&k->vmcoreinfo, type_rows[i].vmcoreinfo, &value))
			set_type(l, i, base | ~(u32)value, base);
	}
	if (!l->types[PAGE_BUDDY].mask)
		set_type(l, PAGE_BUDDY, base | CLASSIC_BUDDY_BIT, base);
	set_type(l, PAGE_TABLE, base | (u32)k->schema.quirk[quirk_page_type_table], base);
}

static u64 flag(const struct kernel *k, enum datum_id id)
{
	u64 bit;
	return kernel_constant(k, id, &bit) == READ_OK && bit < 64 ? 1ull << bit : 0;
}

static u32 offset(const struct kernel *k, enum datum_id id)
{
	return (u32)kernel_datum(k, id)->value;
}

/* A member of the second page, or of the folio that begins with the first. */
static u32 in_second(const struct kernel *k, enum datum_id of_page, enum datum_id of_folio,
		     u64 page_bytes)
{
	if (kernel_has(k, of_page))
		return (u32)(offset(k, of_page) + page_bytes);
	return kernel_has(k, of_folio) ? offset(k, of_folio) : 0;
}

static void compound_layout(struct page_layout *l, const struct kernel *k)
{
	u64 dtor = 0;
	l->order_variant = k->schema.variant[variant_page_order];
	l->order_bytes = l->order_variant == ORDER_IN_FLAGS_1 ? 8 : 1;
	switch (l->order_variant) {
	case ORDER_IN_FLAGS_1:
		l->order_at = offset(k, folio_flags_1);
		break;
	case ORDER_OF_PAGE:
		l->order_at = (u32)(offset(k, page_compound_order) + l->page_bytes);
		break;
	case ORDER_OF_FOLIO:
		l->order_at = offset(k, folio_order);
		break;
	default:
		l->order_bytes = 0;
		break;
	}
	l->entire_at = in_second(k, page_compound_mapcount, folio_entire_mapcount, l->page_bytes);
	l->dtor_at = in_second(k, page_compound_dtor, folio_dtor, l->page_bytes);
	if (kernel_constant(k, hugetlb_dtor, &dtor))
		l->dtor_at = 0;
	l->hugetlb_dtor = (u32)dtor;
	if (!l->dtor_at && !l->types[PAGE_HUGETLB].mask && flag(k, pg_hugetlb) &&
	    kernel_has(k, folio_flags_1)) {
		l->flags_1_at = offset(k, folio_flags_1);
		l->hugetlb_flag_1 = flag(k, pg_hugetlb);
	}
}

/* Every load must lie within the two struct pages that decoding is given; offsets may be anything.
 */
static bool lies_within(u64 at, u64 bytes, u64 size)
{
	return at <= size - bytes;
}

static bool within(const struct page_layout *l)
{
	const struct {
		u32 at, bytes, pages;
	} loads[] = {
		{l->flags, 8, 1},	  {l->mapping, 8, 1},  {l->private_, 8, 1},
		{l->compound_info, 8, 1}, {l->lru, 8, 1},      {l->memcg_data, 8, 1},
		{l->mapcount, 4, 1},	  {l->refcount, 4, 1}, {l->order_at, l->order_bytes, 2},
		{l->entire_at, 4, 2},	  {l->dtor_at, 1, 2},  {l->flags_1_at, 8, 2},
	};
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		if (!lies_within(loads[i].at, loads[i].bytes, loads[i].pages * l->page_bytes))
			return false;
	}
	return true;
}

int page_layout_init(struct page_layout *l, struct kernel *k, struct error *error)
{
	*l = (struct page_layout){0};
	if (!kernel_has_group(k, group_page, error))
		return -1;
	kernel_size(k, page_struct_size, &l->page_bytes);
	l->flags = offset(k, page_flags);
	l->mapping = offset(k, page_mapping);
	l->private_ = offset(k, page_private);
	l->refcount = offset(k, page_refcount);
	l->mapcount = offset(k, page_mapcount);
	l->compound_info = offset(k, page_compound_info);
	l->lru = offset(k, page_lru);
	l->has_memcg_data = kernel_has(k, page_memcg_data) || kernel_has(k, page_mem_cgroup);
	if (l->has_memcg_data)
		l->memcg_data = offset(k, kernel_has(k, page_memcg_data) ? page_memcg_data
									 : page_mem_cgroup);

	switch (k->schema.variant[variant_page_type]) {
	case TYPE_NUMBER:
		types_by_number(l, k);
		break;
	case TYPE_HIGH_BITS:
		types_by_high_bits(l, k);
		break;
	default:
		types_by_low_bits(l, k);
		break;
	}
	l->lru_flag = flag(k, pg_lru);
	l->head_flag = flag(k, pg_head);
	l->reserved_flag = flag(k, pg_reserved);
	l->swapbacked_flag = flag(k, pg_swapbacked);
	l->swapcache_flag = flag(k, pg_swapcache);
	l->hwpoison_flag = flag(k, pg_hwpoison);
	if (!l->types[PAGE_SLAB].mask)
		l->slab_flag = flag(k, pg_slab);
	compound_layout(l, k);
	if (kernel_has(k, page_pp_magic)) {
		l->pp_signature = k->schema.quirk[quirk_pp_signature];
		l->pp_mask = k->schema.quirk[quirk_pp_magic_mask];
	}
	u64 orders = kernel_datum(k, zone_free_area)->nr_elements;
	l->max_order = orders && orders <= 20 ? (u32)orders - 1 : 10;
	if (l->page_bytes < 32 || l->page_bytes > 512 || !within(l))
		return error_set(error, EXIT_PARTIAL, "struct page of %llu bytes makes no sense",
				 (unsigned long long)l->page_bytes);
	return 0;
}

static u64 load64(const u8 *bytes, u32 at)
{
	u64 value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static u32 load32(const u8 *bytes, u32 at)
{
	u32 value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static enum page_type decode_type(const struct page_layout *l, u32 word)
{
	/* Types have the sign bit; of counts only "not mapped", all ones, has it. */
	if (word == ~0u || !(word >> 31))
		return PAGE_PLAIN;
	for (unsigned i = PAGE_BUDDY; i < NR_PAGE_TYPES; i++) {
		if (l->types[i].mask && (word & l->types[i].mask) == l->types[i].value)
			return i;
	}
	return PAGE_PLAIN;
}

void page_decode(const struct page_layout *l, const u8 *bytes, struct page_frame *page)
{
	page->flags = load64(bytes, l->flags);
	page->mapping = load64(bytes, l->mapping);
	page->private_ = load64(bytes, l->private_);
	page->compound_info = load64(bytes, l->compound_info);
	page->lru = load64(bytes, l->lru);
	page->memcg_data = l->has_memcg_data ? load64(bytes, l->memcg_data) : 0;
	page->mapcount = load32(bytes, l->mapcount);
	page->refcount = (s32)load32(bytes, l->refcount);
	page->type = decode_type(l, page->mapcount);
	page->tail = page->compound_info & 1;
}

/*
 * A pointer to the head with bit 0 set; since 7.x a mask with bit 0 set, when struct page's size is
 * a power of two: all ones down to the block's size.  A pointer that looks like that is so far
 * aligned that masking any of its tails gives it too.
 */
u64 page_head_of(const struct page_layout *l, const struct page_frame *page, u64 page_kva)
{
	u64 info = page->compound_info & ~1ull, low = ~info;
	(void)l;
	return (low & (low + 1)) == 0 ? page_kva & info : info;
}

u32 page_compound_order_of(const struct page_layout *l, const struct page_frame *page,
			   const u8 *bytes)
{
	enum { MOST = 24 }; /* 64 GiB of 4 KiB pages */
	if (!page_is_head(l, page) || !l->order_bytes)
		return 0;
	u32 order = bytes[l->order_at]; /* little endian: the low byte of either */
	return order <= MOST ? order : 0;
}

bool page_is_hugetlb(const struct page_layout *l, const struct page_frame *page, const u8 *bytes)
{
	if (page->type == PAGE_HUGETLB)
		return true;
	if (!page_is_head(l, page))
		return false;
	if (l->dtor_at)
		return bytes[l->dtor_at] == l->hugetlb_dtor;
	return l->flags_1_at && load64(bytes, l->flags_1_at) & l->hugetlb_flag_1;
}

u64 page_entire_mapcount(const struct page_layout *l, const struct page_frame *page,
			 const u8 *bytes)
{
	s32 count = l->entire_at && page_is_head(l, page) ? (s32)load32(bytes, l->entire_at) : -1;
	return count >= 0 ? (u64)count + 1 : 0;
}

bool page_of_page_pool(const struct page_layout *l, const struct page_frame *page)
{
	return page->type == PAGE_NETPP ||
	       (l->pp_mask && (page->lru & l->pp_mask) == l->pp_signature);
}

bool page_is_slab(const struct page_layout *l, const struct page_frame *page)
{
	return page->type == PAGE_SLAB || page->flags & l->slab_flag;
}
