/*
 * The tables of the report: each builder reads one kind of object and fills one table, for the
 * report and for the list command of the same name.  Keys are those of doc/report.md.
 *
 * A builder returns NULL, with a sentence in error, when this dump or kernel gives nothing of the
 * kind at all; single values that are not known are unknown in their row, with the reason.
 */
#ifndef ANALYSIS_TABLES_H
#define ANALYSIS_TABLES_H

#include "base/table.h"
#include "kernel/kernel.h"

/* --- source and system: records ------------------------------------------------------------ */
enum source_column {
	SOURCE_PATH,
	SOURCE_KIND,
	SOURCE_DESCRIPTION,
	SOURCE_DUMP_LEVEL,
	SOURCE_COMPLETE,
	SOURCE_MISSING_PAGES,
	SOURCE_MISSING_BYTES,
	SOURCE_FILE_BYTES
};
extern const struct table_spec source_spec;
struct table *source_table(struct image *image, const char *const *paths, size_t nr_paths);

enum system_column {
	SYSTEM_RELEASE,
	SYSTEM_VERSION,
	SYSTEM_ARCH,
	SYSTEM_HOSTNAME,
	SYSTEM_BOOT_TIME,
	SYSTEM_CRASH_TIME,
	SYSTEM_UPTIME_S,
	SYSTEM_CPUS,
	SYSTEM_CPUS_PRESENT,
	SYSTEM_CPUS_ONLINE,
	SYSTEM_PAGE_SIZE,
	SYSTEM_RAM_BYTES,
	SYSTEM_PANICKED,
	SYSTEM_PANIC,
	SYSTEM_CMDLINE,
	SYSTEM_TAINTED,
	SYSTEM_BUILD_ID
};
extern const struct table_spec system_spec;
struct table *system_table(struct kernel *k);

/* --- census -------------------------------------------------------------------------------- */
enum census_column {
	CENSUS_PAGE_SIZE,
	CENSUS_BASIS,
	CENSUS_SPANNED,
	CENSUS_PRESENT,
	CENSUS_MANAGED,
	CENSUS_CLASSES,
	CENSUS_NODES,
	CENSUS_MARKS,
	CENSUS_PASS
};
enum marks_column {
	MARKS_LRU,
	MARKS_HUGE,
	MARKS_KSM,
	MARKS_MLOCKED,
	MARKS_SWAP_CACHE,
	MARKS_SHMEM_MAPPED,
	MARKS_GUARD,
	MARKS_UNACCEPTED
};
enum pass_column { PASS_MEMMAP, PASS_READ, PASS_CLAIMS, PASS_THREADS };
enum class_column {
	CLASS_KEY,
	CLASS_LABEL,
	CLASS_PAGES,
	CLASS_BYTES,
	CLASS_SHARE,
	CLASS_COUNTER,
	CLASS_DIFFERENCE,
	CLASS_DETAIL
};
enum counter_column { COUNTER_NAME, COUNTER_PAGES };
enum detail_column { DETAIL_WHAT, DETAIL_PAGES };
extern const struct table_spec census_spec, census_classes_spec, census_counter_spec,
	census_detail_spec, census_pass_spec, census_marks_spec;
/* From the kernel's own counters; the classes add up to the spanned pages. */
struct table *census_table(struct kernel *k, struct table *findings, struct error *error);
struct table *census_nodes(struct kernel *k); /* nodes with their zones */

enum zone_column {
	ZONE_NODE,
	ZONE_NAME,
	ZONE_SPANNED,
	ZONE_PRESENT,
	ZONE_MANAGED,
	ZONE_FREE,
	ZONE_FREE_PCP,
	ZONE_MIN,
	ZONE_LOW,
	ZONE_HIGH,
	ZONE_BOOST,
	ZONE_LOWMEM_RESERVE,
	ZONE_FREE_BY_ORDER,
	ZONE_BELOW
};
extern const struct table_spec zones_spec;
struct table *zones_table(struct kernel *k, struct error *error);
struct zone;
void zone_table_add(struct table *table, const struct zone *zone); /* one row of it */

/* --- lists --------------------------------------------------------------------------------- */
enum task_column {
	TASK_PID,
	TASK_TGID,
	TASK_PPID,
	TASK_COMM,
	TASK_STATE,
	TASK_UID,
	TASK_RSS,
	TASK_RSS_ANON,
	TASK_RSS_FILE,
	TASK_RSS_SHMEM,
	TASK_SWAP,
	TASK_PAGETABLE_BYTES,
	TASK_TOTAL_VM,
	TASK_LOCKED_VM,
	TASK_OOM_SCORE_ADJ,
	TASK_OOM_SCORE,
	TASK_OOM_POINTS,
	TASK_OOM_IMMUNE,
	TASK_THREADS,
	TASK_CGROUP,
	TASK_KERNEL_THREAD,
	TASK_ADDRESS
};
extern const struct table_spec tasks_spec;
struct table *tasks_table(struct kernel *k, bool threads, struct error *error);

enum slab_column {
	SLAB_NAME,
	SLAB_PAGES,
	SLAB_BYTES,
	SLAB_SHARE,
	SLAB_OBJECTS_ALLOCATED,
	SLAB_OBJECTS_TOTAL,
	SLAB_OBJECT_SIZE,
	SLAB_SLOT_SIZE,
	SLAB_SLABS,
	SLAB_RECLAIMABLE,
	SLAB_FREE_PARTIAL,
	SLAB_FREE_CPU,
	SLAB_FREE_SHEAVES,
	SLAB_FREE_RCU,
	SLAB_SLABINFO_ACTIVE,
	SLAB_UNCERTAIN,
	SLAB_ALIASES,
	SLAB_ADDRESS
};
extern const struct table_spec slabs_spec;
struct table *slabs_table(struct kernel *k, struct error *error);

enum module_column {
	MODULE_NAME,
	MODULE_OWNED_BYTES,
	MODULE_SIZE_BYTES,
	MODULE_TEXT_BYTES,
	MODULE_PERCPU_BYTES,
	MODULE_REFCOUNT,
	MODULE_TAINTED,
	MODULE_VERSION,
	MODULE_SRCVERSION,
	MODULE_ADDRESS
};
extern const struct table_spec modules_spec;
struct table *modules_table(struct kernel *k, struct error *error);

enum swap_column { SWAP_PATH, SWAP_PAGES, SWAP_USED_PAGES, SWAP_PRIORITY };
extern const struct table_spec swaps_spec;
struct table *swaps_table(struct kernel *k, struct error *error);

enum hugetlb_column {
	HUGETLB_SIZE,
	HUGETLB_TOTAL,
	HUGETLB_FREE,
	HUGETLB_RESERVED,
	HUGETLB_SURPLUS,
	HUGETLB_PAGES
};
extern const struct table_spec hugetlb_spec;
struct table *hugetlb_table(struct kernel *k, struct error *error);

enum mount_column {
	MOUNT_PATH,
	MOUNT_DEVICE,
	MOUNT_FSTYPE,
	MOUNT_USED_PAGES,
	MOUNT_MAX_PAGES,
	MOUNT_ADDRESS
};
extern const struct table_spec mounts_spec;
struct table *mounts_table(struct kernel *k, struct error *error);

enum log_column { LOG_SEQ, LOG_TIME, LOG_LEVEL, LOG_FACILITY, LOG_CALLER, LOG_TEXT };
extern const struct table_spec log_spec;
struct table *log_table(struct kernel *k, u64 *nr_lost, struct error *error);

enum symbol_column { SYMBOL_ADDRESS, SYMBOL_TYPE, SYMBOL_NAME, SYMBOL_MODULE };
extern const struct table_spec symbols_spec;
struct table *symbols_table(struct kernel *k, struct error *error); /* loads the modules' too */

enum member_column { MEMBER_OFFSET, MEMBER_SIZE, MEMBER_BITS, MEMBER_TYPE, MEMBER_NAME };
extern const struct table_spec members_spec;
/*
 * Members of "page", "struct page"; the modules' types are looked through when the kernel has none
 * of the name.
 */
struct table *members_table(struct kernel *k, const char *name, struct error *error);

enum unreadable_column {
	UNREADABLE_WHAT,
	UNREADABLE_WHY,
	UNREADABLE_FIRST_ADDRESS,
	UNREADABLE_COUNT
};
extern const struct table_spec unreadable_spec;
struct table *unreadable_table(const struct kernel *k);

/* --- what stands out ----------------------------------------------------------------------- */
/* Findings that follow from the system, the log and the dump itself (not from the census). */
void findings_of_system(struct kernel *k, const struct table *system, struct table *findings);

#endif
