/*
 * The kernel in the dump: one context that ties image, machine, symbols, types and schema together.
 *
 * kernel_open() is the boot order (boot.c): VMCOREINFO -> machine and page tables -> symbols ->
 *types -> schema -> direct map -> CPUs.  Each step that fails leaves what it would have given
 *absent; only an unknown machine, or page tables that can't be found, end it.  Afterwards the
 *context is constant (but for caches and the list of what could not be read) and may be shared by
 *threads.
 *
 * Object readers (src/object) name kernel data by the ids of schema.def and never know an offset:
 *
 *	u64 pid;
 *	if (kernel_get(k, task, task_pid, &pid) == READ_OK) ...
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <pthread.h>

#include "arch/vspace.h"
#include "base/mem.h"
#include "base/progress.h"
#include "debuginfo/symbols.h"
#include "debuginfo/typeinfo.h"
#include "debuginfo/vmcoreinfo.h"
#include "dump/image.h"
#include "kernel/schema.h"

enum { KERNEL_MAX_CPUS = 8192 };

/* CPUs by number, one bit each. */
struct cpumask {
	u64 bits[KERNEL_MAX_CPUS / 64];
};

static inline bool cpumask_test(const struct cpumask *mask, u32 cpu)
{
	return cpu < KERNEL_MAX_CPUS && (mask->bits[cpu / 64] >> (cpu % 64) & 1);
}

/* Something that was needed and could not be read: counted per (what, why), lowest address kept. */
struct unreadable {
	const char *what; /* a literal: "slab freelist" */
	enum read_status why;
	u64 first_address, count;
};

struct kernel_options {
	const char *map_path; /* --map: System.map */
	const char
		*vmlinux_path; /* --vmlinux: an ELF vmlinux, or raw BTF (/sys/kernel/btf/vmlinux) */
	struct progress *progress;
};

struct kernel {
	struct image *image;
	struct arena arena;
	struct vmcoreinfo vmcoreinfo;
	bool vmcoreinfo_found_by_scan; /* the container had none: found in memory */
	const struct arch *arch;
	struct vspace vspace;
	u32 page_size, page_shift;
	u64 max_pfn; /* page frames of the dump lie below, in kernel pages */

	const char *release;  /* "6.1.0-42-amd64"; "" when not known */
	const char *build_id; /* hex; NULL before 5.9 */
	u64 kaslr_offset;
	bool has_kaslr_offset;

	enum read_status image_check; /* READ_OK: the release string is where VMCOREINFO says;
					 READ_UNMAPPED: something else is */

	struct symbols *symbols;
	const char *symbols_source; /* for `memwho layout`; NULL: none */
	bool has_data_symbols;	    /* CONFIG_KALLSYMS_ALL, or a map or vmlinux */
	bool module_symbols_loaded;
	struct typeinfo *types; /* NULL: none */
	const char *types_why;	/* why there are none */

	struct schema schema;

	u32 nr_cpu_ids;
	struct cpumask possible, online, present;
	bool cpus_known;	      /* false: possible holds CPU 0 alone, for want of better */
	bool online_cleared_by_panic; /* panic() took the other CPUs offline: online is not what it
					 was */
	u64 *percpu_offset;	      /* nr_cpu_ids entries */

	pthread_mutex_t unreadable_lock;
	VEC(struct unreadable) unreadable;
	struct progress *progress;
};

/*
 * Boot on an open image, which kernel_close() then closes; on failure it stays the caller's.  A
 * wrong --map or --vmlinux is an error that names both releases or build-ids.
 */
int kernel_open(struct kernel **kernel, struct image *image, const struct kernel_options *options,
		struct error *error);
void kernel_close(struct kernel *k);

/* --- reading ------------------------------------------------------------------------------- */
enum read_status kernel_read(struct kernel *k, u64 kva, void *buffer, size_t len);
enum read_status kernel_read_u64(struct kernel *k, u64 kva, u64 *value);
enum read_status kernel_read_u32(struct kernel *k, u64 kva, u32 *value);
/*
 * A terminated string of at most size - 1 bytes; cut when longer; what a page boundary hides is cut
 * too.
 */
enum read_status kernel_read_text(struct kernel *k, u64 kva, char *buffer, size_t size);

/* The integer, pointer or atomic of one datum; sign-extended when the type is signed. */
enum read_status kernel_get(struct kernel *k, u64 object, enum datum_id id, u64 *value);
/* Element `index` of an array datum of integers or pointers; READ_ABSENT past its end. */
enum read_status kernel_get_element(struct kernel *k, u64 object, enum datum_id id, u64 index,
				    u64 *value);
/* A char array datum. */
enum read_status kernel_get_text(struct kernel *k, u64 object, enum datum_id id, char *buffer,
				 size_t size);
/* A datum that is a pointer to a string. */
enum read_status kernel_get_text_at(struct kernel *k, u64 object, enum datum_id id, char *buffer,
				    size_t size);
/* The same out of bytes of the object that were read before (len of them). */
enum read_status kernel_get_from(const struct kernel *k, const void *bytes, size_t len,
				 enum datum_id id, u64 *value);
/*
 * kva of a member, of an array's element, and back: the object that holds a member at kva.  0 when
 * absent.
 */
u64 kernel_member(const struct kernel *k, u64 object, enum datum_id id);
u64 kernel_element(const struct kernel *k, u64 object, enum datum_id id, u64 index);
u64 kernel_container(const struct kernel *k, u64 member, enum datum_id id);

/* --- what this kernel has ------------------------------------------------------------------ */
static inline const struct datum *kernel_datum(const struct kernel *k, enum datum_id id)
{
	return &k->schema.datum[id];
}

static inline bool kernel_has(const struct kernel *k, enum datum_id id)
{
	return k->schema.datum[id].state == DATUM_PRESENT;
}

/* Address of a GLOBAL; size of a SIZE; value of an ENUM.  READ_ABSENT when this kernel has none. */
enum read_status kernel_global(const struct kernel *k, enum datum_id id, u64 *kva);
enum read_status kernel_size(const struct kernel *k, enum datum_id id, u64 *size);
enum read_status kernel_constant(const struct kernel *k, enum datum_id id, u64 *value);
/* The integer stored in a GLOBAL variable of `size` bytes (1, 2, 4, 8). */
enum read_status kernel_variable(struct kernel *k, enum datum_id id, size_t size, u64 *value);
/* Every REQUIRED datum of the group is there? When not, error tells which paths were tried. */
bool kernel_has_group(const struct kernel *k, enum datum_id group, struct error *error);

/* --- CPUs ---------------------------------------------------------------------------------- */
/* The copy of per-cpu data for one CPU. */
static inline u64 kernel_percpu(const struct kernel *k, u64 percpu_kva, u32 cpu)
{
	return percpu_kva + k->percpu_offset[cpu];
}
/* The next possible CPU from cpu on; nr_cpu_ids at the end. */
u32 kernel_next_cpu(const struct kernel *k, u32 cpu);
#define kernel_for_each_cpu(k, cpu)                                  \
	for (u32 cpu = kernel_next_cpu(k, 0); cpu < (k)->nr_cpu_ids; \
	     cpu = kernel_next_cpu(k, cpu + 1))

/*
 * percpu_counter: the shared part and every possible CPU's part.  Never fails half: *value is the
 * sum of what is readable.
 */
enum read_status kernel_percpu_counter(struct kernel *k, u64 counter, s64 *value);

/* --- what could not be read ---------------------------------------------------------------- */
void kernel_unreadable(struct kernel *k, const char *what, enum read_status why, u64 address);
/* How many so far: a sum over what was read between two calls is whole when they give the same. */
u64 kernel_nr_unreadable(struct kernel *k);

/* --- naming -------------------------------------------------------------------------------- */
/* "symbol+0x12/0x40 [module]" style text for an address, or hex; returns buffer. */
const char *kernel_symbolize(const struct kernel *k, u64 kva, char *buffer, size_t size);

#endif
