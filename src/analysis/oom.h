/*
 * What an OOM event of a log means: where memory was, why the request failed, why this victim, and
 * what many events have in common.
 *
 *	oom_account.c	the books of a Mem-Info dump, with the remainder that no counter holds
 *	oom_gfp.c	what a gfp mask allows: zones, nodes, CMA
 *	oom_failed.c	the allocator's rule applied to the zones that are printed
 *	oom_badness.c	the kernel's score, both formulas
 *	oom_choice.c	the ranking of a task table, and why this one; what if
 *	oom_timeline.c	many events: growth, repetition, verdict
 *	oom_advice.c	suspects and findings
 *	oom_table*.c	all of it as rows
 *
 * The rule of oomlog.h holds here too: what the text does not show is not known, and says why.
 */
#ifndef ANALYSIS_OOM_H
#define ANALYSIS_OOM_H

#include "base/mem.h"
#include "base/table.h"
#include "oomlog/oomlog.h"

static inline s64 s64_min(s64 a, s64 b)
{
	return a < b ? a : b;
}

static inline s64 s64_max(s64 a, s64 b)
{
	return a > b ? a : b;
}

/*
 * Figures of a text can be anything.  What no machine has (4 PiB in pages of 4 KiB; 64 PiB) is not
 * known, and so nothing that is computed of them overflows.
 */
enum { PAGES_BITS = 40, KB_BITS = 46, MOST_PAGE_KB = 256 };
static inline struct known within(struct known k, unsigned bits)
{
	return k.known && (k.value < 0 || k.value >> bits) ? (struct known){0, false} : k;
}

static inline struct known pages_within(struct known k)
{
	return within(k, PAGES_BITS);
}

static inline struct known kb_within(struct known k)
{
	return within(k, KB_BITS);
}

/* The size of a page, when it is one. */
static inline struct known page_kb_of(const struct oom_meminfo *info)
{
	struct known k = info->page_size_kb;
	return k.known && (k.value <= 0 || k.value > MOST_PAGE_KB) ? (struct known){0, false} : k;
}

/* --- accounting ---------------------------------------------------------------------------- */

enum oom_class {
	OOM_CLASS_FREE,
	OOM_CLASS_FREE_PCP,
	OOM_CLASS_ANON, /* shmem is among it: it lies on the same lists */
	OOM_CLASS_FILE,
	OOM_CLASS_LRU, /* to 2.6.27: anonymous and file pages in one */
	OOM_CLASS_UNEVICTABLE,
	OOM_CLASS_SLAB_RECLAIMABLE,
	OOM_CLASS_SLAB_UNRECLAIMABLE,
	OOM_CLASS_SLAB, /* to 2.6.31: both in one */
	OOM_CLASS_MISC_RECLAIMABLE,
	OOM_CLASS_PAGE_TABLES,
	OOM_CLASS_SEC_PAGE_TABLES,
	OOM_CLASS_KERNEL_STACK,
	OOM_CLASS_SHADOW_STACK,
	OOM_CLASS_HUGETLB,
	OOM_CLASS_BOUNCE,
	OOM_CLASS_HWPOISONED,
	OOM_CLASS_ZSPAGES,
	OOM_CLASS_BALLOON,
	OOM_CLASS_GPU_ACTIVE,
	OOM_CLASS_GPU_RECLAIM,
	OOM_CLASS_N
};

struct oom_account {
	struct known page_kb;
	struct known ram, reserved, managed; /* pages */
	struct known classes[OOM_CLASS_N];   /* pages */
	struct known shmem, highmem, cma, free_cma, swapcache;
	struct known swap_total_kb, swap_free_kb;
	struct known accounted;
	struct known unaccounted; /* managed - accounted; may be a little below 0 */
	struct known error;	  /* pages by which unaccounted can be off: see oom_account.c */
	const char *why;	  /* unaccounted is not known */
	const char *error_why;
	/* Zones or nodes were left out of the report (since 6.0): per-node figures are too low. */
	struct known left_out;
	const char *not_printed; /* what this kernel does not print and so is in the remainder */
	u32 cpus;		 /* as many as the log names, or the caller knows */
};

extern const char *const oom_class_keys[OOM_CLASS_N];
extern const char *const oom_class_labels[OOM_CLASS_N];

/* cpus: how many there are (0: not known). */
void oom_account(struct oom_account *account, const struct oom_meminfo *info, u32 cpus,
		 struct arena *arena);

/* --- what was asked ------------------------------------------------------------------------ */

enum zone_rank { RANK_DMA, RANK_DMA32, RANK_NORMAL, RANK_HIGHMEM, RANK_MOVABLE, RANK_DEVICE };
extern const char *const zone_rank_names[RANK_DEVICE + 1];

struct oom_gfp {
	bool known;
	enum zone_rank highest;
	bool movable;	/* may use CMA and ZONE_MOVABLE */
	bool this_node; /* __GFP_THISNODE */
	bool zero;	/* the mask is 0: nobody asked the allocator */
};

/* From the names when they are printed, else from the four zone bits (the same since 2.6.29). */
struct oom_gfp oom_gfp_of(const struct oom_event *event);
/* RANK_DEVICE for names that are not known. */
enum zone_rank zone_rank_of(const char *name);
/* "0-3,8": is the node in it?  Anything but a list of numbers: true. */
bool oom_mask_has(const char *mask, s32 node);

/* --- why it failed ------------------------------------------------------------------------- */

enum oom_zone_state {
	ZONE_STATE_UNKNOWN,
	ZONE_NOT_ALLOWED, /* the request may not use it */
	ZONE_BELOW_MIN,	  /* free <= min */
	ZONE_RESERVED,	  /* free > min; lowmem_reserve, highatomic or CMA keep the rest away */
	ZONE_FRAGMENTED,  /* enough pages, no block of the order */
	ZONE_BELOW_HIGH,  /* above min again; before it kills, the kernel wants more than high */
	ZONE_ENOUGH,	  /* the request would have succeeded when this was printed */
};
extern const char *const oom_zone_state_keys[];

struct oom_zone_check {
	enum oom_zone_state state;
	bool node_allowed, rank_allowed;
	struct known free_kb, min_kb, high_kb, reserve_kb, highatomic_kb, cma_kb;
	struct known usable_kb; /* what counts against min + reserve */
	s32 largest_order;	/* of a usable free block; -1: none or not known */
};

struct oom_failed {
	const char *key;  /* "really-empty", "fragmentation" ...; NULL: not known */
	const char *text; /* the sentence; with key NULL why it is not known */
	struct oom_gfp gfp;
	struct oom_zone_check *zones; /* one for each of the event's zones */
	u64 free_elsewhere_kb;	      /* in zones and nodes that the request may not use */
};

void oom_failed(struct oom_failed *failed, const struct oom_event *event, struct arena *arena);

/* --- badness ------------------------------------------------------------------------------- */

/* The formula to 2.6.35 (mm/oom_kill.c of 2.6.24; children whole to 2.6.14). */
struct badness_old {
	u64 total_vm;
	const u64 *children; /* total_vm of children with a memory of their own */
	size_t nr_children;
	bool children_whole; /* to 2.6.14; since then half of each, and 1 */
	u64 cpu_jiffies, hz; /* user and system time */
	u64 run_seconds;     /* since the process was started */
	int nice;
	bool admin;	  /* root, or CAP_SYS_ADMIN */
	bool rawio;	  /* CAP_SYS_RAWIO */
	bool other_nodes; /* its cpuset has no node in common with the one that asked (2.6.19+) */
	int oom_adj;
};
u64 badness_old(const struct badness_old *task);

/* What CAP_SYS_ADMIN was worth: 30 of 1000, since 3.15 3 % of its own, nothing since 4.17. */
enum badness_bonus { BONUS_NONE, BONUS_OF_TOTAL, BONUS_OF_OWN, NR_BONUS };

/* The formula since 2.6.36. */
struct badness_new {
	s64 rss, swap, tables; /* pages */
	s64 oom_score_adj;
	s64 total; /* pages that the scale stands for */
	enum badness_bonus bonus;
};
s64 badness_new(const struct badness_new *task);
/* Points as "score N" prints them (2.6.36 to 5.0), and as /proc/PID/oom_score does since 5.9. */
s64 badness_printed_score(s64 points, s64 total);
s64 badness_proc_score(s64 points, s64 total);

/* --- who was chosen ------------------------------------------------------------------------ */

struct oom_rank {
	size_t task; /* of event->tasks */
	struct known points;
	s64 rss, swap, tables; /* pages */
	s64 adj;
	const char *exempt; /* NULL, or why it can't be chosen */
};

struct oom_choice {
	const char *formula; /* "rss+swap+tables", "total_vm" */
	struct known total;  /* totalpages: what oom_score_adj 1000 is worth */
	const char *total_why;
	struct oom_rank *ranking; /* highest first; exempt ones last */
	size_t nr_ranking;
	s64 victim;		   /* its place in the ranking, from 0; -1: not in it */
	struct known victim_score; /* recomputed, on the scale of the printed one (0..1000) */
	enum badness_bonus bonus;  /* that the printed score shows; BONUS_NONE else */
	enum { CHOICE_UNKNOWN, CHOICE_CONFIRMED, CHOICE_EXPLAINED, CHOICE_UNEXPLAINED } verdict;
	const char *key;  /* "highest-score", "allocating-task", "child", "group", ... */
	const char *text; /* why this victim */
};
extern const char *const oom_choice_verdicts[];

/* killed: pids of earlier events' victims, the newest last. */
void oom_choice(struct oom_choice *choice, const struct oom_event *event,
		const struct oom_account *account, const s64 *killed, size_t nr_killed,
		struct arena *arena);

/*
 * --what-if "sshd:adj=-1000,ram=+2G": what would have been chosen.  Terms, separated by commas:
 *	NAME:adj=N, PID:adj=N	oom_score_adj of all tasks of that name, or of one; a further
 *				"adj=N" is for the same
 *	NAME:gone		they do not run
 *	ram=SIZE, ram=+SIZE	the machine's memory (or the cgroup's limit); -SIZE too
 *	swap=...		the same for swap
 */
struct what_if;
int what_if_parse(struct what_if **what_if, const char *text, struct error *error);
void what_if_free(struct what_if *what_if);
/* A sentence: who it would have been. */
const char *what_if_answer(const struct what_if *what_if, const struct oom_event *event,
			   const struct oom_account *account, const struct oom_choice *choice,
			   struct arena *arena);

/* --- one event ----------------------------------------------------------------------------- */

struct oom_analysis {
	const struct oom_event *event;
	const char *file; /* where it stands; NULL: one input, or none */
	struct arena arena;
	struct oom_account account;
	struct oom_failed failed;
	struct oom_choice choice;
	const char *kind;      /* REPORT's word: "global", "memcg", "panic" ... */
	const char *signature; /* stable: no addresses, pids, times */
	const char *what_if;   /* the answer; NULL when not asked */
};

struct oom_context; /* what is remembered of earlier events: oom_timeline.c */

/*
 * Was it a cgroup's limit?  The constraint says it where it is printed; since 6.18 a line about
 * cgroups stands in the reports of the whole machine, too.
 */
bool oom_is_memcg(const struct oom_event *event);

void oom_analyse(struct oom_analysis *analysis, const struct oom_event *event,
		 const struct oom_context *earlier, const struct what_if *what_if);
void oom_analysis_done(struct oom_analysis *analysis);

/* A name or path with what changes from machine to machine (numbers, hashes) as '*'. */
const char *oom_stable_name(const char *name, struct arena *arena);

/* --- many events --------------------------------------------------------------------------- */

struct oom_context *oom_context_new(void);
void oom_context_free(struct oom_context *context);
void oom_context_add(struct oom_context *context, const struct oom_analysis *analysis);
u32 oom_context_cpus(const struct oom_context *context);
const s64 *oom_context_killed(const struct oom_context *context, size_t *n);
u64 oom_context_events(const struct oom_context *context);
/* The verdict on the whole text; "" when there is nothing to say. */
const char *oom_context_verdict(struct oom_context *context);

/* --- tables -------------------------------------------------------------------------------- */

enum oom_event_column {
	OOM_COL_ID,
	OOM_COL_TIME,
	OOM_COL_FILE,
	OOM_COL_LINE,
	OOM_COL_KIND,
	OOM_COL_SIGNATURE,
	OOM_COL_KERNEL,
	OOM_COL_ARCH,
	OOM_COL_HEADER_MISSING,
	OOM_COL_TRIGGER,
	OOM_COL_ORIGIN,
	OOM_COL_TRIGGER_OOM_SCORE_ADJ,
	OOM_COL_TRIGGER_OOM_ADJ,
	OOM_COL_TRIGGER_OOMKILLADJ,
	OOM_COL_GFP_MASK,
	OOM_COL_ORDER,
	OOM_COL_NODEMASK,
	OOM_COL_SYSRQ,
	OOM_COL_CPUSET,
	OOM_COL_MEMS_ALLOWED,
	OOM_COL_CONSTRAINT,
	OOM_COL_CONSTRAINT_NODEMASK,
	OOM_COL_OOM_MEMCG,
	OOM_COL_TASK_MEMCG,
	OOM_COL_MEMCG_STATS_PATH,
	OOM_COL_MEMCG,
	OOM_COL_MEMCG_STATS,
	OOM_COL_VE,
	OOM_COL_PAGE_SIZE_KB,
	OOM_COL_MEM, /* OOM_MEM_N of them */
	OOM_COL_FAILED_BECAUSE = OOM_COL_MEM + OOM_MEM_N,
	OOM_COL_FAILED_KEY,
	OOM_COL_VICTIMS,
	OOM_COL_CHOSEN,
	OOM_COL_GROUP_KILL,
	OOM_COL_SHARING_MM_KILLED,
	OOM_COL_REAPED_PIDS,
	OOM_COL_REAPERS,
	OOM_COL_NO_KILLABLE,
	OOM_COL_PANIC,
	OOM_COL_PANIC_TEXT,
	OOM_COL_ENDED,
	OOM_COL_WHY_VICTIM,
	OOM_COL_WHY_KEY,
	OOM_COL_CHOICE_VERDICT,
	OOM_COL_SCORE,
	OOM_COL_WHAT_IF,
	OOM_COL_ACCOUNTED,
	OOM_COL_UNACCOUNTED,
	OOM_COL_UNACCOUNTED_ERROR,
	OOM_COL_TASKS,
	OOM_COL_TASKS_LEFT_OUT,
	OOM_COL_TASKS_DAMAGED,
	OOM_COL_NODES,
	OOM_COL_ZONES,
	OOM_COL_BUDDY,
	OOM_COL_HUGEPAGES,
	OOM_COL_SLAB_DUMP,
	OOM_COL_ALLOC_TAGS,
	OOM_COL_PRINTED_COPIES,
	OOM_COL_LINES,
	OOM_COL_UNKNOWN_LINES,
	OOM_COL_N
};
extern const struct table_spec oom_events_spec, alloc_failures_spec, other_failures_spec,
	show_mem_spec, oom_notices_spec, oom_timeline_spec, suspects_spec;

/* A failed request belongs to alloc_failures when its order is known, else to other_failures. */
/* One row of oom_events. */
void oom_event_row(struct table *table, const struct oom_analysis *analysis);
void alloc_failure_row(struct table *table, const struct oom_failure *failure);
void show_mem_row(struct table *table, const struct oom_show_mem *dump);
void oom_notice_row(struct table *table, const struct oom_notice *notice);

enum suspect_column {
	SUSPECT_RANK,
	SUSPECT_WHAT,
	SUSPECT_KIND,
	SUSPECT_BYTES,
	SUSPECT_CONFIDENCE,
	SUSPECT_PROOFS,
	SUSPECT_NEXT_STEPS
};

/*
 * The tables of a whole text, for the log inside of a dump: all of them at once, which a ring
 * buffer is small enough for.  findings may be NULL.
 */
struct oom_tables {
	struct table *events, *failures, *other_failures, *show_mem, *notices, *timeline, *suspects;
};
struct kernel;
int oom_tables_of_dump(struct oom_tables *tables, struct kernel *k, struct table *findings,
		       struct error *error);
void oom_tables_done(struct oom_tables *tables); /* frees those that are not NULL */

struct table *oom_suspects(struct oom_context *context);
void oom_findings(struct oom_context *context, struct table *findings);
struct table *oom_timeline(struct oom_context *context);

#endif
