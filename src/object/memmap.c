/*
 * Sections of the memory model; include/linux/mmzone.h, mm/sparse.c.
 *
 * mem_section is an array of pointers to pages full of struct mem_section (SPARSEMEM_EXTREME), or
 * the array itself.  section_mem_map holds the address of the struct pages less the section's first
 * pfn's offset, so that it is the array's base for all sections with VMEMMAP, and flags in the low
 * bits.
 */
#include "object/memmap.h"

#include <stdlib.h>

enum {
	MOST_SECTIONS = 1 << 20, /* 128 TiB of 128 MiB each */
	DEFAULT_SECTION_BITS = 27,
	ROOTS_AT_ONCE = 4096
};

struct section_reader {
	struct kernel *k;
	struct memmap *map;
	VEC(struct memmap_section) sections;
	u64 per_root, size;
};

static bool add_section(struct section_reader *r, u64 nr, u64 section_kva, const u8 *bytes)
{
	struct kernel *k = r->k;
	const u64 *quirk = k->schema.quirk;
	u64 map, pfn = nr * r->map->section_pages;
	if (kernel_get_from(k, bytes, r->size, mem_section_map, &map) ||
	    !(map & quirk[quirk_section_present]) || !(map & quirk[quirk_section_has_map]))
		return true;
	if (pfn >= k->max_pfn || r->sections.n >= MOST_SECTIONS)
		return false;
	*vec_push(&r->sections) = (struct memmap_section){
		.pfn = pfn,
		.nr_pages = r->map->section_pages,
		.kva = (map & quirk[quirk_section_map_mask]) + pfn * r->map->page_bytes,
		.online = map & quirk[quirk_section_online],
		.section_kva = section_kva};
	return true;
}

/* One page of struct mem_section; false when what follows is beyond the dump's memory. */
static bool read_root(struct section_reader *r, u64 root, u64 kva)
{
	u8 bytes[64 * 1024];
	size_t n = r->per_root * r->size;
	enum read_status status = kernel_read(r->k, kva, bytes, n);
	if (status) {
		kernel_unreadable(r->k, "memory sections", status, kva);
		return true;
	}
	for (u64 i = 0; i < r->per_root; i++) {
		if (!add_section(r, root * r->per_root + i, kva + i * r->size, bytes + i * r->size))
			return false;
	}
	return true;
}

static void read_roots(struct section_reader *r, u64 table, u64 nr_roots)
{
	u64 roots[ROOTS_AT_ONCE];
	u64 last = r->k->max_pfn / (r->per_root * r->map->section_pages) + 1;
	nr_roots = u64_min(nr_roots, last);
	for (u64 first = 0; first < nr_roots; first += ROOTS_AT_ONCE) {
		u64 n = u64_min(ROOTS_AT_ONCE, nr_roots - first);
		enum read_status status = kernel_read(r->k, table + first * 8, roots, n * 8);
		if (status) {
			kernel_unreadable(r->k, "memory sections", status, table + first * 8);
			continue;
		}
		for (u64 i = 0; i < n; i++) {
			if (roots[i] && !read_root(r, first + i, roots[i]))
				return;
		}
	}
}

static int read_sections(struct section_reader *r, struct error *error)
{
	struct kernel *k = r->k;
	u64 table, size, length;
	s64 bits = DEFAULT_SECTION_BITS;
	if (kernel_global(k, mem_section, &table) || kernel_size(k, mem_section_size, &size) ||
	    !kernel_has(k, mem_section_map))
		return error_set(
			error, EXIT_PARTIAL,
			"the dump does not tell where struct pages are (no mem_section in its symbols)");
	vmcoreinfo_number(&k->vmcoreinfo, "SECTION_SIZE_BITS", &bits);
	if (bits <= k->page_shift || bits > 40 || size < 8 || size > k->page_size)
		return error_set(error, EXIT_PARTIAL,
				 "memory sections of 2^%lld bytes make no sense", (long long)bits);
	r->size = size;
	r->map->section_pages = 1ull << ((u64)bits - k->page_shift);
	/*
	 * The variable is the array with SPARSEMEM_STATIC; VMCOREINFO's symbol of a pointer is what
	 * it points to (VMCOREINFO_SYMBOL_ARRAY), kallsyms' is the pointer itself.
	 */
	if (!vmcoreinfo_length(&k->vmcoreinfo, "mem_section", &length))
		return error_set(error, EXIT_PARTIAL, "VMCOREINFO lacks LENGTH(mem_section)");
	u64 at;
	if (!vmcoreinfo_symbol(&k->vmcoreinfo, "mem_section", &at) &&
	    kernel_read_u64(k, table, &at))
		return error_set(error, EXIT_PARTIAL, "mem_section is not readable");
	r->per_root = k->page_size / size;
	read_roots(r, at, length);
	return 0;
}

static int read_flat(struct section_reader *r, struct error *error)
{
	u64 kva;
	enum read_status status = kernel_variable(r->k, mem_map, 8, &kva);
	if (status)
		return error_set(error, EXIT_PARTIAL, "mem_map %s", read_status_text(status));
	r->map->section_pages = r->k->max_pfn;
	*vec_push(&r->sections) =
		(struct memmap_section){.nr_pages = r->k->max_pfn, .kva = kva, .online = true};
	return 0;
}

static u64 common_base(const struct memmap *map)
{
	u64 base = 0;
	for (size_t i = 0; i < map->nr_sections; i++) {
		const struct memmap_section *s = &map->sections[i];
		u64 mine = s->kva - s->pfn * map->page_bytes;
		if (i && mine != base)
			return 0;
		base = mine;
	}
	return base;
}

int memmap_open(struct memmap *map, struct kernel *k, struct error *error)
{
	struct section_reader r = {.k = k, .map = map};
	*map = (struct memmap){.k = k};
	if (!kernel_has_group(k, group_page, error))
		return -1;
	kernel_size(k, page_struct_size, &map->page_bytes);
	bool flat = kernel_has(k, mem_map) && !kernel_has(k, mem_section);
	if (flat ? read_flat(&r, error) : read_sections(&r, error)) {
		vec_done(&r.sections);
		return -1;
	}
	map->sections = r.sections.v;
	map->nr_sections = r.sections.n;
	map->base = common_base(map);
	if (!map->nr_sections) {
		memmap_close(map);
		return error_set(error, EXIT_PARTIAL, "the kernel has no present memory section");
	}
	return 0;
}

void memmap_close(struct memmap *map)
{
	free(map->sections);
	map->sections = NULL;
	map->nr_sections = 0;
}

const struct memmap_section *memmap_next_section(const struct memmap *map, u64 pfn)
{
	size_t low = 0, high = map->nr_sections;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct memmap_section *s = &map->sections[mid];
		if (pfn >= s->pfn + s->nr_pages)
			low = mid + 1;
		else
			high = mid;
	}
	return low < map->nr_sections ? &map->sections[low] : NULL;
}

const struct memmap_section *memmap_section(const struct memmap *map, u64 pfn)
{
	const struct memmap_section *s = memmap_next_section(map, pfn);
	return s && pfn >= s->pfn ? s : NULL;
}

u64 memmap_page(const struct memmap *map, u64 pfn)
{
	const struct memmap_section *s = memmap_section(map, pfn);
	return s ? s->kva + (pfn - s->pfn) * map->page_bytes : 0;
}

bool memmap_pfn(const struct memmap *map, u64 page_kva, u64 *pfn)
{
	if (map->base) {
		u64 i = (page_kva - map->base) / map->page_bytes;
		*pfn = i;
		return page_kva >= map->base && (page_kva - map->base) % map->page_bytes == 0 &&
		       memmap_section(map, i) != NULL;
	}
	for (size_t i = 0; i < map->nr_sections; i++) {
		const struct memmap_section *s = &map->sections[i];
		u64 offset = page_kva - s->kva;
		if (page_kva < s->kva || offset >= s->nr_pages * map->page_bytes)
			continue;
		*pfn = s->pfn + offset / map->page_bytes;
		return offset % map->page_bytes == 0;
	}
	return false;
}
