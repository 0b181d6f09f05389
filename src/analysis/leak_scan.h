/*
 * Reading kernel memory word by word, and giving out the words that may be pointers to objects.
 *
 * Only aligned words are looked at, as the kernel's own kmemleak does.  Tags in low bits (xarray
 * and maple nodes, page->mapping, list locks) need no care: any address within an object counts.
 */
#ifndef ANALYSIS_LEAK_SCAN_H
#define ANALYSIS_LEAK_SCAN_H

#include "analysis/leak_map.h"
#include "analysis/page_window.h"

/* Where a word lies. */
enum leak_source_kind {
	IN_SLAB,	/* id: index of the cache */
	IN_PAGES,	/* a block of pages; id: unit */
	IN_AREA,	/* id: index of the area */
	IN_STRUCT_PAGE, /* offset: in struct page */
	IN_DATA,	/* symbols name it */
	IN_PERCPU,
	IN_BOOT,
	IN_STACK,
	IN_BAD_SLAB, /* a slab that can't be told into objects */
	IN_REGISTERS,
	NR_LEAK_SOURCES
};

struct leak_source {
	enum leak_source_kind kind;
	u32 id;
	u32 unit, slot;	 /* IN_SLAB, IN_PAGES, IN_AREA: whose word it is; unit 0: nobody's */
	u64 start;	 /* kva of the object, or of the range */
	u64 names_at;	 /* IN_DATA, IN_PERCPU: what symbols know `start` as */
	const u8 *bytes; /* what is being looked at ... */
	u64 bytes_kva, nr_bytes;
};

/* at: kva of the word (names of IN_REGISTERS: 0). */
typedef void (*leak_word_fn)(void *arg, const struct leak_source *source, u64 at, u64 value);

struct leak_scan {
	const struct leak_map *map;
	leak_word_fn fn;
	void *arg;
	struct leak_source source;
	u64 also_start, also_bytes; /* a further range of values to give out; 0 bytes: none */
	u8 *bytes;
	u32 held, last; /* slab whose memory is in bytes, 0: none; the slab looked at last */
	struct page_window window; /* made when struct pages are first looked at */
	u64 bytes_scanned, nr_objects;
	u64 bytes_unreadable; /* of objects and roots: what is held by them alone looks lost */
	enum read_status why;
	u64 why_at;	    /* the first address of these */
	u64 bytes_excluded; /* pages of zeros that the dump leaves out */
};

enum { LEAK_PIECE = 1 << 16 };

void leak_scan_init(struct leak_scan *s, const struct leak_map *map, leak_word_fn fn, void *arg);
void leak_scan_done(struct leak_scan *s);

/* The objects of a unit whose bits are set (leak_unit_words() words; bit 0 for all but slabs). */
void leak_scan_unit(struct leak_scan *s, u32 unit, const u64 *bits);
/* bytes [from, from + nr) of a root. */
void leak_scan_root(struct leak_scan *s, const struct leak_root *root, u64 from, u64 nr);
/* Fields of the struct pages of a section, but of those that belong to a block or an area. */
void leak_scan_struct_pages(struct leak_scan *s, const struct memmap_section *section);
/* Registers of the CPUs, as far as the dump's notes have them. */
void leak_scan_registers(struct leak_scan *s);

#endif
