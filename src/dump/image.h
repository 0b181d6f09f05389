/*
 * An open crash dump: physical memory by address, and what is not in the dump and why.
 *
 * image_open() looks at the bytes, never at the name, and stacks what it finds: whole-file
 * compression or a pipe (unpacked once into an unlinked temporary file), makedumpfile's flattened
 * form (indexed, not copied), then one container:
 *
 *	elf	/proc/vmcore's and kdump's ELF, QEMU's dump-guest-memory (p_vaddr 0, e_phoff
 *anywhere), makedumpfile -E kdump	kdump-compressed ("KDUMP   "), header versions 1-6, zlib lzo
 *snappy zstd, split sets raw	physical memory from address 0 upward, without any header
 *
 * Opening does not read the file whole, and costs next to no memory per page: the bitmaps of
 *kdump-compressed files are read on demand, behind a rank index in memory (70 KiB for a 64 GB dump,
 *35 MiB for 32 TB).
 *
 * What a dump does not hold is told apart: READ_EXCLUDED (left out by dump level; also ELF segments
 * with p_filesz < p_memsz), READ_TRUNCATED (the file ends before), READ_DAMAGED (one page does not
 * decompress or its descriptor points outside of the file), READ_UNMAPPED (no RAM there).
 *
 * All reading functions may be called by several threads at once.
 */
#ifndef DUMP_IMAGE_H
#define DUMP_IMAGE_H

#include "base/error.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/types.h"

struct image;

struct image_info {
	const char *kind; /* "elf", "kdump", "flattened", "proc-vmcore", "raw": REPORT.md's
			     source.kind */
	const char *
		description; /* for people: "kdump-compressed v6, zlib, flattened, 3 split files" */
	u16 elf_machine;     /* EM_X86_64, EM_AARCH64; 0 when the container does not say */
	u32 page_size;	     /* block size of the dump; 0 when the container does not say (ELF) */
	u64 max_pfn; /* page frames lie below this, in units of page_size (4 KiB when that is 0) */
	int dump_level; /* makedumpfile's -d; -1 when the container does not record it */
	bool complete;	/* no part of the file is missing, no dump-incomplete flag, nothing past its
			   end */
	u64 file_bytes; /* of all files together, as they lie on disk */
	u64 missing_bytes; /* what the headers promise past the end of the file (0 when complete) */
	u64 phys_base;	   /* x86-64 kdump header's phys_base; 0 when not there */
	bool has_phys_base;
	const char *release; /* utsname of the kdump header; NULL when not there */
};

/*
 * Open the dump in paths[0..n-1]; more than one is a split set (any order).  "-" is standard input.
 * On failure error says what the file is, and what to do.  progress may be NULL.
 */
int image_open(struct image **image, const char *const paths[], size_t n, struct progress *progress,
	       struct error *error);
void image_close(struct image *image);

const struct image_info *image_info(const struct image *image);

/* Read physical memory.  The range may cross pages; the first page that is not readable decides. */
enum read_status image_read(struct image *image, u64 paddr, void *buffer, size_t len);

/*
 * What reading the page at paddr would end with, as far as the dump's own tables tell (without
 * decompressing), and in *run_bytes for how many bytes from paddr on the same holds (at least 1
 * page). Walking a dump with this takes as many steps as it has runs, not pages.
 */
enum read_status image_state(struct image *image, u64 paddr, u64 *run_bytes);

/* Name what the image itself knows about a range that can't be read; for `unreadable` rows. */
struct image_fault {
	u64 pages[NR_READ_STATUS]; /* pages that reads failed on so far, by status; each counted
				      once per read */
	u64 first_paddr[NR_READ_STATUS];
};
void image_faults(const struct image *image, struct image_fault *faults);

/* VMCOREINFO text (not terminated), NULL when the dump has none.  Lives as long as the image. */
const char *image_vmcoreinfo(const struct image *image, size_t *len);

/*
 * ELF notes of the dump (NT_PRSTATUS per CPU, QEMU's, VMCOREINFO): calls fn for each; stops when it
 * returns false.  name and desc are bounded by the given lengths and are not terminated.
 */
typedef bool (*image_note_fn)(void *arg, const char *name, size_t name_len, u32 type,
			      const void *desc, size_t desc_len);
void image_for_each_note(const struct image *image, image_note_fn fn, void *arg);

#endif
