/* Words of objects, roots and struct pages. */
#include "analysis/leak_scan.h"

#include <stdlib.h>

void leak_scan_init(struct leak_scan *s, const struct leak_map *map, leak_word_fn fn, void *arg)
{
	*s = (struct leak_scan){.map = map, .fn = fn, .arg = arg};
	s->bytes = mem_alloc(LEAK_PIECE);
}

void leak_scan_done(struct leak_scan *s)
{
	free(s->bytes);
	if (s->window.map)
		page_window_done(&s->window);
	*s = (struct leak_scan){0};
}

/* nr bytes that lie at kva, an aligned address. */
static void scan_words(struct leak_scan *s, const u8 *bytes, u64 kva, u64 nr)
{
	const struct leak_map *map = s->map;
	for (u64 i = 0; i + sizeof(u64) <= nr; i += sizeof(u64)) {
		u64 value;
		memcpy(&value, bytes + i, sizeof(value));
		if (leak_map_may_be(map, value) || value - s->also_start < s->also_bytes)
			s->fn(s->arg, &s->source, kva + i, value);
	}
	s->bytes_scanned += nr;
}

static void here(struct leak_scan *s, const u8 *bytes, u64 kva, u64 nr)
{
	s->source.bytes = bytes;
	s->source.bytes_kva = kva;
	s->source.nr_bytes = nr;
}

/*
 * What is left out by dump level is user memory, page cache, free pages, which are not looked at,
 * or pages of zeros, which hold no pointers.
 */
static void not_readable(struct leak_scan *s, enum read_status why, u64 kva, u64 nr)
{
	if (why == READ_EXCLUDED) {
		s->bytes_excluded += nr;
		return;
	}
	if (!s->bytes_unreadable) {
		s->why = why;
		s->why_at = kva;
	}
	s->bytes_unreadable += nr;
}

static void scan_piece(struct leak_scan *s, u64 kva, u64 nr)
{
	s->held = 0;
	enum read_status status = kernel_read(s->map->k, kva, s->bytes, nr);
	if (status) {
		not_readable(s, status, kva, nr);
		return;
	}
	here(s, s->bytes, kva, nr);
	scan_words(s, s->bytes, kva, nr);
}

/* Any length; a piece that can't be read as a whole is read page by page. */
static void scan_range(struct leak_scan *s, u64 kva, u64 nr)
{
	u64 page = s->map->k->page_size;
	s->held = 0;
	while (nr) {
		u64 n = u64_min(nr, LEAK_PIECE - kva % LEAK_PIECE);
		enum read_status status = kernel_read(s->map->k, kva, s->bytes, n);
		if (!status) {
			here(s, s->bytes, kva, n);
			scan_words(s, s->bytes, kva, n);
		} else {
			for (u64 done = 0, part; done < n; done += part) {
				part = u64_min(n - done, page - (kva + done) % page);
				scan_piece(s, kva + done, part);
			}
		}
		kva += n;
		nr -= n;
	}
}

/* --- units ---------------------------------------------------------------------------------- */

static u32 count_bits(const u64 *bits, u32 words)
{
	u32 n = 0;
	for (u32 i = 0; i < words; i++)
		n += (u32)__builtin_popcountll(bits[i]);
	return n;
}

/*
 * The slab's memory in s->bytes: when much of it is wanted, or when it is wanted again at once, as
 * for a list in the order of allocation.
 */
static bool hold_slab(struct leak_scan *s, u32 unit, const struct leak_unit *u, u64 bytes,
		      u32 wanted)
{
	if (s->held == unit)
		return true;
	bool again = s->last == unit;
	s->last = unit;
	if ((wanted * 4 < u->objects && !again) || bytes > LEAK_PIECE ||
	    kernel_read(s->map->k, u->first, s->bytes, bytes))
		return false;
	s->held = unit;
	return true;
}

static void scan_slab(struct leak_scan *s, u32 unit, const struct leak_unit *u, const u64 *bits)
{
	const struct leak_cache *c = &s->map->caches[u->group];
	u32 words = leak_unit_words(u), n = count_bits(bits, words);
	u64 whole = (u->objects - 1) * c->size + c->object_bytes, usable = c->object_bytes & ~7ull;
	bool at_once = hold_slab(s, unit, u, whole, n);
	s->source.kind = IN_SLAB;
	s->source.id = u->group;
	s->nr_objects += n;
	for (u32 w = 0; w < words; w++) {
		for (u64 left = bits[w]; left; left &= left - 1) {
			u32 slot = w * 64 + (u32)__builtin_ctzll(left);
			u64 at = slot * c->size;
			s->source.slot = slot;
			s->source.start = u->first + at;
			if (at_once) {
				here(s, s->bytes + at, u->first + at, usable);
				scan_words(s, s->bytes + at, u->first + at, usable);
			} else {
				scan_range(s, u->first + at, usable);
			}
		}
	}
}

/* Struct pages say something in the first of a block and, when it is compound, in the next three.
 */
static void scan_own_struct_pages(struct leak_scan *s, const struct leak_unit *u)
{
	enum { OF_A_BLOCK = 4 };
	const struct leak_map *map = s->map;
	u64 pfn = leak_map_pfn(map, u->first);
	for (u64 i = 0; i < u64_min(u->group, OF_A_BLOCK); i++) {
		u64 kva = memmap_page(&map->census->map, pfn + i);
		if (!kva)
			continue;
		s->source.kind = IN_STRUCT_PAGE;
		s->source.start = kva;
		scan_piece(s, kva, map->page_bytes);
	}
}

static void scan_block(struct leak_scan *s, u32 unit, const struct leak_unit *u)
{
	s->source.kind = IN_PAGES;
	s->source.id = unit;
	s->source.start = u->first;
	scan_range(s, u->first, (u64)u->group << s->map->page_shift);
	scan_own_struct_pages(s, u);
}

/* What maps pages of others points to them. */
static void scan_mapping(struct leak_scan *s, const struct leak_area *a)
{
	struct kernel *k = s->map->k;
	for (u64 kva = a->start; kva < a->end; kva += k->page_size) {
		u64 paddr, run, direct;
		if (vspace_translate(&k->vspace, kva, &paddr, &run))
			continue;
		direct = vspace_direct_kva(&k->vspace, paddr);
		here(s, NULL, 0, 0);
		if (direct)
			s->fn(s->arg, &s->source, kva, direct);
	}
}

static void scan_area(struct leak_scan *s, const struct leak_unit *u)
{
	const struct leak_area *a = &s->map->areas.v[u->group];
	struct kernel *k = s->map->k;
	s->source.kind = a->stack ? IN_STACK : IN_AREA;
	s->source.id = u->group;
	s->source.start = a->start;
	if (a->maps_others) {
		scan_mapping(s, a);
		return;
	}
	for (u64 kva = a->start; kva < a->end; kva += k->page_size) {
		u64 paddr, run;
		/* Holes are allowed: parts that are filled on demand. */
		if (vspace_translate(&k->vspace, kva, &paddr, &run) == READ_OK)
			scan_piece(s, kva, u64_min(k->page_size, a->end - kva));
	}
}

void leak_scan_unit(struct leak_scan *s, u32 unit, const u64 *bits)
{
	const struct leak_unit *u = leak_map_unit(s->map, unit);
	s->source = (struct leak_source){.unit = unit};
	if (u->kind == LEAK_SLAB) {
		scan_slab(s, unit, u, bits);
		return;
	}
	if (!(bits[0] & 1))
		return;
	s->nr_objects++;
	if (u->kind == LEAK_AREA)
		scan_area(s, u);
	else
		scan_block(s, unit, u);
}

/* --- roots ---------------------------------------------------------------------------------- */

void leak_scan_root(struct leak_scan *s, const struct leak_root *root, u64 from, u64 nr)
{
	static const enum leak_source_kind kinds[NR_ROOT_KINDS] = {
		[ROOT_DATA] = IN_DATA,	 [ROOT_PERCPU] = IN_PERCPU, [ROOT_BOOT] = IN_BOOT,
		[ROOT_STACK] = IN_STACK, [ROOT_SLAB] = IN_BAD_SLAB,
	};
	u64 unreadable = s->bytes_unreadable;
	s->source = (struct leak_source){
		.kind = kinds[root->kind], .start = root->kva, .names_at = root->names_at};
	scan_range(s, root->kva + from, nr);
	/* Firmware's pages are reserved too, and often not in the dump: nothing of the kernel's. */
	if (root->kind == ROOT_BOOT)
		s->bytes_unreadable = unreadable;
}

struct note_scan {
	struct leak_scan *scan;
};

static bool scan_note(void *arg, const char *name, size_t name_len, u32 type, const void *desc,
		      size_t desc_len)
{
	struct leak_scan *s = ((struct note_scan *)arg)->scan;
	here(s, NULL, 0, 0);
	scan_words(s, desc, 0, desc_len);
	/* struct elf_prstatus keeps its registers at a multiple of 8; QEMU's at one of 4. */
	if (desc_len > 4)
		scan_words(s, (const u8 *)desc + 4, 0, desc_len - 4);
	return true;
}

void leak_scan_registers(struct leak_scan *s)
{
	struct note_scan scan = {s};
	s->source = (struct leak_source){.kind = IN_REGISTERS};
	image_for_each_note(s->map->k->image, scan_note, &scan);
}

/* --- struct pages --------------------------------------------------------------------------- */

/* How many pages from pfn on are of no interest, this one included; *nr: struct pages to look at.
 */
static u64 judge_page(const struct leak_scan *s, u64 pfn, const u8 *bytes, u64 *nr)
{
	enum { OF_A_BLOCK = 4 };
	const struct page_layout *l = &s->map->census->layout;
	struct page_frame page;
	*nr = 0;
	page_decode(l, bytes, &page);
	if (page.tail)
		return 1;
	u32 order = page_compound_order_of(l, &page, bytes);
	if (page.type == PAGE_BUDDY && page.private_ <= l->max_order)
		order = (u32)page.private_;
	u64 pages = pfn & ((1ull << order) - 1) ? 1 : 1ull << order;
	u32 unit = leak_map_at(s->map, pfn);
	if (page.type == PAGE_BUDDY || page.flags == ~0ull)
		return pages;
	if (unit && leak_map_unit(s->map, unit)->kind != LEAK_SLAB)
		return leak_unit_is_block(leak_map_unit(s->map, unit)) ? pages : 1;
	*nr = unit ? 1 : u64_min(pages, OF_A_BLOCK);
	return pages;
}

void leak_scan_struct_pages(struct leak_scan *s, const struct memmap_section *section)
{
	const struct leak_map *map = s->map;
	enum read_status status;
	if (!section->online)
		return;
	if (!s->window.map)
		page_window_init(&s->window, &map->census->map);
	s->source = (struct leak_source){.kind = IN_STRUCT_PAGE};
	for (u64 done = 0; done < section->nr_pages; done += WINDOW_PAGES) {
		u64 pfn = section->pfn + done, nr = 0;
		u64 end = pfn + u64_min(WINDOW_PAGES, section->nr_pages - done);
		u64 kva = section->kva + done * map->page_bytes, first = pfn;
		page_window_set(&s->window, pfn, end - pfn, kva);
		while (pfn < end) {
			const u8 *bytes = page_window_get(&s->window, pfn, &status);
			u64 next = bytes ? judge_page(s, pfn, bytes, &nr) : 1;
			for (u64 i = 0; bytes && i < nr && pfn + i < end; i++) {
				bytes = page_window_get(&s->window, pfn + i, &status);
				if (!bytes)
					break;
				s->source.start = kva + (pfn + i - first) * map->page_bytes;
				here(s, bytes, s->source.start, map->page_bytes);
				scan_words(s, bytes, s->source.start, map->page_bytes);
			}
			pfn += next;
		}
	}
}
