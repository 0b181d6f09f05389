/*
 * The machine: one const record per architecture, page tables as data, one walker.
 *
 * To add an architecture: write arch_NAME.c with one `const struct arch`, add it to the list in
 *arch.c, and give test/unit/test_arch.c its page-walk pairs.  Checklist of a record:
 *	1. name and ELF machine
 *	2. paging_setup: page table geometry and root from VMCOREINFO (and what else is known)
 *	3. the entry rules: which bits say "present", "leaf", and how an entry's address is encoded
 *	4. the kernel image mapping (kva of the image <-> paddr), good before any page table is read
 *	5. direct_map: where all of RAM is mapped linearly, once symbols can be read
 *
 * Nothing else in the program knows about page tables or the layout of the kernel's address space.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include "base/error.h"
#include "base/status.h"
#include "base/types.h"
#include "dump/image.h"

/*
 * What the paging set-up may ask for; answered from VMCOREINFO and the dump's notes by the caller.
 */
struct arch_facts {
	void *context;
	bool (*symbol)(void *context, const char *name, u64 *kva); /* VMCOREINFO's SYMBOL() */
	bool (*number)(void *context, const char *name, s64 *value);
	u32 page_size; /* VMCOREINFO's PAGESIZE; 0: not known */
	u64 phys_base; /* from the dump's header */
	bool has_phys_base;
	u64 root_register; /* CR3 or TTBR1 of some CPU from the dump's notes; 0: not known */
};

enum { PAGING_MAX_LEVELS = 5, NR_LINEAR_MAPS = 2 };

/* kva in [start, end) lies at paddr + (kva - start). */
struct linear_map {
	u64 start, end, paddr;
};

/*
 * Geometry and entry rules of one page table.  level[0] is the root.  An entry e of a level is
 *	present		(e & present_mask) != 0
 *	a leaf		at the last level; above it when leaf_allowed and (e & leaf_mask) ==
 *leaf_value and its address is (e & address_mask), moved together by the high-bits rules.
 */
struct paging {
	u64 root_paddr;
	u32 page_shift;
	u32 nr_levels;
	struct paging_level {
		u8 shift, bits; /* index = (va >> shift) & ((1 << bits) - 1) */
		bool leaf_allowed;
	} level[PAGING_MAX_LEVELS];
	u32 va_bits; /* addresses are sign-extended from here */
	u64 present_mask;
	u64 leaf_mask, leaf_value;
	u64 address_mask;
	u64 inverted_unless; /* x86-64: address bits are inverted while this bit is clear
				(PROT_NONE, against L1TF; 4.18 6b28baca9b1f) */
	u64 clear_mask; /* bits of an entry that are no address and no flag: memory encryption */
	u64 high_mask;	/* arm64 with 52-bit physical addresses: these entry bits ... */
	u32 high_shift; /* ... shifted left by this are the address' top bits */
	u64 signed_va;	/* true (1): canonical addresses have all bits above va_bits equal */
};

struct arch {
	const char *name; /* as in utsname.machine: "x86_64", "aarch64" */
	u16 elf_machine;
	u64 kernel_half; /* lowest address that the kernel may use */
	/* Fill *paging and the kernel image's linear map. */
	int (*paging_setup)(struct paging *paging, struct linear_map *image,
			    const struct arch_facts *facts, struct error *error);
	/*
	 * The direct map of all RAM.  base: value of the kernel's variable named below, 0 when it
	 * could not be read (the fixed default of the geometry is used then).  memory_end: highest
	 * paddr of the dump.
	 */
	const char *direct_map_symbol; /* variable that holds its kva; NULL: always fixed */
	bool (*direct_map)(struct linear_map *map, const struct paging *paging,
			   const struct arch_facts *facts, u64 base, u64 memory_end);
	/*
	 * The kernel's page table root out of a CPU's ELF note (QEMU's has all registers); false
	 * when this note has none. NULL: no note of this machine has it.
	 */
	bool (*note_root)(const char *name, size_t name_len, u32 type, const void *desc,
			  size_t desc_len, u64 *root);
	/* Range that the kernel's own image may lie in, for scans when no symbol is known. */
	u64 image_start, image_end;
};

const struct arch *arch_find(u16 elf_machine);
const struct arch *arch_find_name(const char *machine);
const struct arch *arch_at(size_t i); /* NULL past the last: for help texts and tests */

extern const struct arch arch_x86_64, arch_arm64;

/* The address in an entry, cut to what an entry of that shift can map. */
u64 paging_entry_paddr(const struct paging *paging, u64 entry, u32 shift);

/* Canonical for this geometry? */
bool paging_canonical(const struct paging *paging, u64 va);

/*
 * Walk one address.  On READ_OK *paddr is where va lies and *run_bytes how many bytes from va on
 * are contiguous by the same entry.  READ_UNMAPPED: some entry is not present; *run_bytes then says
 * how far that entry reaches. Any other status is that of reading a table.
 */
enum read_status paging_walk(const struct paging *paging, struct image *image, u64 va, u64 *paddr,
			     u64 *run_bytes);

/*
 * Every present entry of the tables that map [start, end), tables before what they map.  fn is
 * called with table true for an entry that points to a next table (level: that table's, 0 being the
 * root; its pages are one page_size) and false for a leaf; size: bytes of va that it covers.  For a
 * table, false from fn leaves it out.  The root itself is given first, as a table at level 0.
 * Tables that can't be read are told with status; the walk goes on behind them.  Bounded: a table is
 * read at most once per place that it is mapped at, and no more than limit tables are read.
 */
struct paging_entry {
	u64 va, size; /* canonical; a va in [start, end) or, for a table, the first that it covers */
	u64 paddr;
	u32 level;
	bool table;
	enum read_status status; /* not READ_OK: the table at paddr could not be read */
};
typedef bool (*paging_entry_fn)(void *arg, const struct paging_entry *entry);
/* false: limit was reached, the walk is not whole. */
bool paging_for_each(const struct paging *paging, struct image *image, u64 start, u64 end,
		     u64 limit, paging_entry_fn fn, void *arg);

#endif
