/*
 * Dumps for tests, made from a rule instead of memory: what page frame n holds, and whether the
 * dump holds it, follow from n alone, so that a reader can be checked against the rule.
 */
#ifndef TEST_SUPPORT_DUMPMAKE_H
#define TEST_SUPPORT_DUMPMAKE_H

#include "base/status.h"
#include "base/types.h"

struct bytes {
	u8 *v;
	size_t n, room;
};

void bytes_put(struct bytes *b, u64 offset, const void *bytes,
	       size_t len); /* grows; gaps are zeros */
void bytes_done(struct bytes *b);

/* The rule: every 7th page is zeros, every 5th does not compress, the others do. */
void dumpmake_page(u64 pfn, void *page, size_t size);
/* The rule for dumps with gaps: a hole without RAM, single pages and a long range left out. */
enum read_status dumpmake_status(u64 pfn);

struct kdump_spec {
	u32 version;	/* default 6 */
	u32 codec;	/* DUMP_DH_COMPRESSED_*; 0: none */
	u32 block_size; /* default 4096 */
	u64 nr_pfns;
	u32 status; /* further bits of header.status */
	bool split;
	u64 start_pfn, end_pfn; /* split */
	u64 seconds;		/* time stamp: tells sets apart */
	u64 bad_pfn;		/* with has_bad: its packed bytes are spoilt */
	bool has_bad;
	u64 wild_pfn; /* with has_wild: its descriptor points behind the file */
	bool has_wild;
	u64 unwritten_from; /* not 0: descriptors from this page frame on were never written */
};
struct bytes dumpmake_kdump(const struct kdump_spec *spec);
u64 dumpmake_kdump_descs(const struct kdump_spec *spec); /* where the descriptors begin */

struct elf_load {
	u64 paddr, filesz, memsz;
	u64 vaddr;
};
struct elf_spec {
	const struct elf_load *loads;
	size_t nr_loads;
	u64 phoff; /* default 64 */
	u16 type;  /* default ET_CORE */
	bool xnum; /* number of headers in section header 0 */
	bool no_note;
};
struct bytes dumpmake_elf(const struct elf_spec *spec);

/* Raw memory with VMCOREINFO in page frame 3. */
struct bytes dumpmake_raw(u64 nr_pfns);

enum { FLATTEN_NO_END = 1, FLATTEN_OVERLAP = 2, FLATTEN_BACKWARD = 4 };
struct bytes dumpmake_flatten(const struct bytes *in, size_t record, unsigned flags);

/* Whole-file compression; an empty result when the library is not there. */
struct bytes dumpmake_pack(const struct bytes *in, const char *how);

/* Written to a new file; the path is to be freed, the file to be removed, with dumpmake_remove. */
char *dumpmake_write(const struct bytes *b, size_t len);
void dumpmake_remove(char *path);

extern const char dumpmake_vmcoreinfo[];

#endif
