/* Virtual reads: linear maps, then the translation cache, then the walker. */
#include "arch/vspace.h"

static bool in_linear_map(const struct linear_map *map, u64 kva, u64 *paddr, u64 *run_bytes)
{
	if (kva < map->start || kva >= map->end)
		return false;
	*paddr = map->paddr + (kva - map->start);
	*run_bytes = map->end - kva;
	return true;
}

static bool tlb_find(struct vspace *vs, u64 page, u64 *paddr)
{
	size_t i = page % VSPACE_TLB_ENTRIES;
	u64 key = atomic_load_explicit(&vs->tlb[i].key, memory_order_relaxed);
	u64 value = atomic_load_explicit(&vs->tlb[i].paddr, memory_order_relaxed);
	*paddr = value;
	return key && (key ^ value) == page;
}

static void tlb_add(struct vspace *vs, u64 page, u64 paddr)
{
	size_t i = page % VSPACE_TLB_ENTRIES;
	atomic_store_explicit(&vs->tlb[i].key, page ^ paddr, memory_order_relaxed);
	atomic_store_explicit(&vs->tlb[i].paddr, paddr, memory_order_relaxed);
}

enum read_status vspace_translate(struct vspace *vs, u64 kva, u64 *paddr, u64 *run_bytes)
{
	if (in_linear_map(&vs->direct_map, kva, paddr, run_bytes) ||
	    in_linear_map(&vs->image_map, kva, paddr, run_bytes))
		return READ_OK;
	u32 shift = vs->paging.page_shift;
	u64 in_page = kva & ((1ull << shift) - 1);
	if (tlb_find(vs, kva >> shift, paddr)) {
		*paddr += in_page;
		*run_bytes = (1ull << shift) - in_page;
		return READ_OK;
	}
	enum read_status status = paging_walk(&vs->paging, vs->image, kva, paddr, run_bytes);
	if (status == READ_OK)
		tlb_add(vs, kva >> shift, *paddr - in_page);
	return status;
}

enum read_status vspace_read(struct vspace *vs, u64 kva, void *buffer, size_t len)
{
	u8 *out = buffer;
	while (len) {
		u64 paddr, run;
		enum read_status status = vspace_translate(vs, kva, &paddr, &run);
		if (status)
			return status;
		size_t n = run < len ? (size_t)run : len;
		status = image_read(vs->image, paddr, out, n);
		if (status)
			return status;
		out += n;
		len -= n;
		kva += n;
	}
	return READ_OK;
}

static enum read_status reader_read_vspace(void *context, u64 address, void *buffer, size_t len)
{
	return vspace_read(context, address, buffer, len);
}

struct reader vspace_reader(struct vspace *vs)
{
	return (struct reader){.read = reader_read_vspace, .context = vs};
}

u64 vspace_direct_kva(const struct vspace *vs, u64 paddr)
{
	const struct linear_map *map = &vs->direct_map;
	if (map->start == map->end || paddr - map->paddr >= map->end - map->start)
		return 0;
	return map->start + (paddr - map->paddr);
}
