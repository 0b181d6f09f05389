/*
 * What the kernel says when memory runs out, read from any text: console, dmesg, syslog, journal,
 * a paste in a mail.  2.4 to 7.2.
 *
 * Lines go in one after the other (oomlog_feed), finished things come out through callbacks: OOM
 * events, allocation failures, Mem-Info dumps that belong to neither, and notices (other killers).
 * One pass, and memory that does not grow with the text: what is delivered is freed.
 *
 * The rule for every figure: known only when the text shows it, whole.  What was cut, wrapped in an
 * undecidable place or never printed is not known; nothing is filled in, and nothing is 0 by
 *default. (known_or() is for sorting, not for printing.)
 *
 * How it works, from the text inwards:
 *	envelope.c	one physical line to messages: JSON, journal export, #012 and \x0a escapes
 *	prefix.c	strips what stands before the kernel's words, and reads the time in it
 *	join.c		gives wrapped lines their other half back
 *	grammar.c	which line is it, by the rows of lines.def and the lists of tables_*.c
 *	context.c	which stream and which report does it belong to
 *	apply.c		what it changes there
 *	hold.c		copies of an event are found, events leave in order
 *
 * Facts about the text are from mm/oom_kill.c, mm/page_alloc.c, mm/show_mem.c, mm/memcontrol.c and
 * lib/dump_stack.c of the releases named beside them.
 */
#ifndef OOMLOG_OOMLOG_H
#define OOMLOG_OOMLOG_H

#include "base/mem.h"
#include "base/types.h"

/* --- values --- */

/* A figure that the text shows, or does not. */
struct known {
	s64 value;
	bool known;
};

static inline s64 known_or(struct known k, s64 otherwise)
{
	return k.known ? k.value : otherwise;
}

/* Strings: NULL is "not shown"; else as printed, NUL terminated (a NUL byte in the text ends it).
 */

/*
 * When, as printed, and as numbers where that can be read.  A line can have several (syslog's wall
 * clock and printk's uptime).  It is the time of the first line of an event and of nothing else: a
 * header without a prefix has no time even if its next line has one.
 */
struct oom_time {
	const char *uptime;	   /* "3.495842": printk's clock, seconds since boot */
	const char *wall;	   /* "Oct  9 21:46:16", "2026-09-01T05:34:58+02:00" ... */
	const char *kmsg_usec;	   /* /dev/kmsg: microseconds since boot */
	const char *realtime_usec; /* journal: microseconds since 1970, UTC */
	struct known uptime_us;
	/* Seconds since 1970 of the wall clock as it stands there; a zone that is shown is applied.
	 * Syslog has no year: then has_year is false and the year 1972 (a leap year) is taken. */
	struct known wall_us;
	bool wall_has_year, wall_has_zone;
};

/* Where it stands in the text.  Numbers are those given to oomlog_feed (from 1). */
struct oom_span {
	u64 first_line, last_line;
	u64 first_offset, end_offset; /* bytes, when the caller gave offsets */
};

/* --- memory state: one Mem-Info dump --- */

#define MEM(id, word, key) OOM_MEM_##id,
enum oom_mem {
#include "oomlog/fields.def"
	OOM_MEM_N
};
#undef MEM

#define NODE(id, word) OOM_NODE_##id,
enum oom_node_field {
#include "oomlog/fields.def"
	OOM_NODE_N
};
#undef NODE

#define ZONE(id, word) OOM_ZONE_##id,
enum oom_zone_field {
#include "oomlog/fields.def"
	OOM_ZONE_N
};
#undef ZONE

#define TASK(id, word) OOM_TASK_##id,
enum oom_task_field {
#include "oomlog/fields.def"
	OOM_TASK_N
};
#undef TASK

/* JSON keys and words, for those who print. */
extern const char *const oom_mem_keys[OOM_MEM_N];    /* "free_pages", "swap_free_kb" */
extern const char *const oom_node_words[OOM_NODE_N]; /* "active_anon": kB unless fields.def notes */
extern const char *const oom_zone_words[OOM_ZONE_N];
extern const char *const oom_task_words[OOM_TASK_N];

enum { OOM_MAX_ORDERS = 24, OOM_MAX_RESERVES = 8 };

/* "Node 0 active_anon:..kB ..." and its hugepages are per node. */
struct oom_node {
	s32 node;
	struct known field[OOM_NODE_N];
};

/* "Node 0 hugepages_total=64 hugepages_free=64 hugepages_surp=0 hugepages_size=2048kB" */
struct oom_hugepages {
	s32 node; /* -1: not shown */
	struct known total, free, surplus, size_kb;
};

/* One size of a buddy line: "12*8kB (UME)". */
struct oom_buddy {
	struct known blocks;
	u64 block_kb;
	const char *types; /* letters U M E H C I of the migrate types with free blocks; NULL: not
			      shown */
};

/* A zone line, its lowmem_reserve[] and its buddy line: whichever of them is there. */
struct oom_zone {
	s32 node;	  /* -1: a kernel or a machine that prints none (before 2.6.19, no NUMA) */
	const char *name; /* "DMA", "Normal", "HighMem", "Movable", "Device" ... */
	struct known field[OOM_ZONE_N];
	struct known reserve[OOM_MAX_RESERVES]; /* lowmem_reserve[], pages (2.6.14+) */
	u32 nr_reserve;
	bool has_line;	/* the watermarks' line is there */
	bool has_buddy; /* the buddy line is there (and "empty" is one with nr_orders 0) */
	struct oom_buddy order[OOM_MAX_ORDERS]; /* order n has blocks of page size << n */
	u32 nr_orders;
	struct known buddy_total_kb; /* " = 12kB" at its end */
};

/* "Unreclaimable slab info:" and its rows; OpenVZ's and others' cache tables go here too. */
struct oom_slab {
	const char *name;
	struct known used_kb, total_kb;
};

/* "Memory allocations:" rows (6.10+): 512 MiB 131072 mm/slub.c:2326 func:alloc_slab_page [module]
 */
struct oom_alloc_tag {
	const char *size_text;	 /* "512 MiB" as printed (rounded by the kernel) */
	struct known size_bytes; /* of that text: exact when it has no fraction and no unit */
	struct known calls;
	const char *file; /* "mm/slub.c:2326" */
	const char *function;
	const char *module; /* NULL: none shown */
};

struct oom_meminfo {
	struct known mem[OOM_MEM_N];
	VEC(struct oom_node) nodes;
	VEC(struct oom_zone) zones; /* in printed order */
	VEC(struct oom_hugepages) hugepages;
	VEC(struct oom_slab) slabs;
	bool slab_dump_failed; /* "excessive unreclaimable slab but cannot dump stats" */
	VEC(struct oom_alloc_tag) alloc_tags;
	bool profiling_off; /* "(profiling is currently turned off)" */
	/*
	 * The smallest block of a buddy line is one page: 4, 16, 64.  Else from what the
	 * architecture has only one of (then page_size_from is "arch").  NULL: unknown.
	 */
	struct known page_size_kb;
	const char *page_size_from; /* "buddy", "arch" */
	bool any;		    /* at least one line of Mem-Info was seen */
	bool complete;		    /* both the counters and the "pages RAM" line were seen */
};

/* --- parts of an event --- */

struct oom_task {
	struct known field[OOM_TASK_N];
	const char *name; /* may hold blanks, brackets, colons */
};

/* The first row that could not be trusted whole (wrapped, cut) has the columns that could. */

struct oom_victim {
	const char *comm;
	struct known pid, uid;
	struct known total_vm_kb, anon_rss_kb, file_rss_kb, shmem_rss_kb, pgtables_kb;
	struct known swap_kb; /* vendors */
	struct known score;   /* as printed, either scale; may be over 1000 */
	struct known oom_score_adj;
	/* The process that was chosen, when one of its children was killed instead (to 5.0). */
	bool has_parent;
	const char *parent_comm;
	struct known parent_pid, parent_score;
	/* OpenVZ: "OOM killed process x (pid=1, ve=2) exited, free=3 gen=4." */
	struct known ve, free_pages, generation;
	const char *signal;   /* when printed: "SIGTERM" of Android and vendors */
	struct oom_time time; /* of its line */
	u64 line;
};

/* "Kill process 12 (a) score 3 or sacrifice child" without the line that says it was done. */
struct oom_chosen {
	const char *comm;
	struct known pid, score;
};

/* memory: usage 4kB, limit 8kB, failcnt 1 */
struct oom_limit {
	bool shown;
	struct known usage_kb, limit_kb, failcnt;
};

enum oom_limit_id {
	OOM_LIMIT_MEMORY,
	OOM_LIMIT_MEMORY_SWAP,
	OOM_LIMIT_KMEM,
	OOM_LIMIT_SWAP,
	OOM_LIMIT_N
};
extern const char *const oom_limit_keys[OOM_LIMIT_N]; /* "memory", "memory_swap", "kmem", "swap" */

/*
 * One row of memory.stat (bytes, or a count, as the cgroup's own file has it: 5.3+), or one
 * "cache:12KB" of the older single line (then value is kB and in_kb is set).
 */
struct oom_memcg_stat {
	const char *path; /* of the cgroup whose line it is (older kernels print descendants too) */
	const char *name;
	s64 value;
	bool in_kb;
};

enum oom_reap { OOM_REAPED, OOM_UNABLE_TO_REAP, OOM_REAP_OTHER };

struct oom_reaper {
	enum oom_reap what;
	struct known pid;
	const char *comm;
	struct known anon_rss_kb, file_rss_kb, shmem_rss_kb; /* what is left after it */
	u64 line;
};

struct oom_line {
	const char *text; /* prefix stripped; cut at 400 bytes */
	u64 line;
};

/* How a kernel kill came about, as far as the text tells; a consumer's "kind". */
enum oom_kind {
	OOM_KIND_UNKNOWN, /* not shown */
	OOM_KIND_GLOBAL,  /* CONSTRAINT_NONE, or a report of the whole machine */
	OOM_KIND_MEMCG,
	OOM_KIND_CPUSET,
	OOM_KIND_MEMPOLICY,
	OOM_KIND_OTHER, /* a constraint that this program does not know: see constraint */
	OOM_KIND_SYSRQ, /* order -1 */
	OOM_KIND_OPENVZ,
	OOM_KIND_USERSPACE,	  /* a notice, not an event */
	OOM_KIND_LOWMEMORYKILLER, /* Android's killer in the kernel, to 4.11 */
};

enum oom_ended { OOM_ENDED_NOT_SHOWN, OOM_ENDED_KILL, OOM_ENDED_PANIC, OOM_ENDED_NO_KILLABLE };
extern const char *const oom_ended_keys[]; /* "not-shown", "kill", "panic", "no-killable" */

/* Who and what machine: from the header's stack dump, or any CPU:/Pid: line inside of the block. */
struct oom_origin {
	const char *comm; /* "tail invoked ...", "tail: page allocation failure" */
	struct known pid, cpu, uid;
	const char *kernel;  /* release: "6.12.107+deb13-amd64" */
	const char *version; /* what follows it: "#1 SMP PREEMPT_DYNAMIC ..." */
	const char
		*tainted; /* "Tainted: G W" without the word; "" for Not tainted; NULL: not shown */
	const char *hardware; /* "Hardware name:" */
	const char
		*arch; /* "x86_64", "i386", "aarch64", "arm", "ppc64le", "s390x", "riscv64" ... */
	const char *arch_from; /* the words that showed it: "release", "registers", "hardware",
				  "symbols" */
};

enum { OOM_MAX_TASKS = 65536, OOM_MAX_VICTIMS = 16384, OOM_MAX_LINES_KEPT = 16 };

struct oom_event {
	u64 id; /* 1, 2, ... in order of their start in the text */
	enum oom_kind kind;
	struct oom_time time;
	struct oom_span span;

	bool header_missing; /* begins after "invoked oom-killer" */
	struct oom_origin trigger;
	const char *gfp_mask;  /* "0x100dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)" */
	struct known gfp_bits; /* 0x100dca: which names they have depends on the release */
	const char *gfp_names; /* "GFP_HIGHUSER_MOVABLE|__GFP_ZERO"; NULL to 4.5 */
	struct known order;    /* -1: sysrq f */
	struct known trigger_oom_score_adj;
	struct known trigger_oom_adj;	   /* 2.6.31 to 3.6 */
	struct known trigger_oomkilladj;   /* 2.6.19 to 2.6.30 */
	const char *nodemask;		   /* of the header (4.9 to 4.20): "(null)", "0-1" */
	const char *cpuset, *mems_allowed; /* of either line */
	bool sysrq;			   /* order -1 */
	bool compaction_disabled;

	/* oom-kill:constraint=... (5.0+), or "Task in A killed as a result of limit of B" */
	const char *constraint; /* "CONSTRAINT_MEMCG": as printed, also when unknown to us */
	const char *constraint_nodemask;
	bool global_oom; /* the word is there */
	const char *oom_memcg, *task_memcg;
	const char *oom_task; /* task=, pid=, uid= of that line: the choice */
	struct known oom_task_pid, oom_task_uid;
	const char *memcg_stats_path;
	struct oom_limit memcg[OOM_LIMIT_N];
	VEC(struct oom_memcg_stat) memcg_stats;
	struct known min_protection_kb, low_protection_kb; /* 6.18+ */
	bool is_memcg;		 /* "Memory cgroup out of memory", or any of its lines */
	bool alloc_task;	 /* "(oom_kill_allocating_task)" */
	const char *kill_reason; /* "Out of memory", "Memory cgroup out of memory", "No available
				    memory (MPOL_BIND)" */

	struct oom_meminfo info;

	VEC(struct oom_task) tasks;
	u64 tasks_left_out;	  /* rows beyond OOM_MAX_TASKS */
	u64 tasks_damaged;	  /* rows that were seen and could not be read */
	bool task_table;	  /* its head was seen: which columns, in task_columns */
	u32 task_columns;	  /* bit OOM_TASK_x */
	u32 task_unknown_columns; /* vendors' */

	VEC(struct oom_victim) victims;
	u64 victims_left_out; /* beyond OOM_MAX_VICTIMS */
	bool has_chosen;
	struct oom_chosen chosen; /* only when no victim is shown */
	bool group_kill;	  /* memory.oom.group */
	const char *group_memcg;
	VEC(s64) sharing_mm_killed;
	VEC(s64) reaped_pids;
	VEC(struct oom_reaper) reapers;

	bool no_killable;
	bool panic;
	const char *panic_text; /* after "Kernel panic - not syncing: " */
	enum oom_ended ended;

	/* OpenVZ */
	struct known ve;
	u64 kill_signals;	/* kill_signal(...) lines */
	struct known signalled; /* the sum of their "signalled" */

	u32 printed_copies; /* 1, or more when the same event stands in the text again */
	u64 unknown_lines;  /* inside of the block, of no known kind (call traces are known) */
	VEC(struct oom_line) unknown; /* the first OOM_MAX_LINES_KEPT of them */
	u64 lines;
	u64 damaged_lines; /* joined from pieces, or cut */
};

/* --- the other things --- */

enum oom_failure_kind {
	OOM_FAILURE_PAGE,
	OOM_FAILURE_STALL,
	OOM_FAILURE_VMALLOC,
	OOM_FAILURE_SLUB,
	OOM_FAILURE_OLD
};
extern const char *const oom_failure_keys[]; /* "page allocation failure", ... NULL for OLD (2.4) */

/* A request that failed and killed nobody (warn_alloc, vmalloc, 2.4's __alloc_pages). */
struct oom_failure {
	enum oom_failure_kind kind;
	struct oom_time time;
	struct oom_span span;
	struct oom_origin trigger;
	struct known order;
	const char *mode; /* "0xa20(GFP_ATOMIC)", "0x1d2/0" (2.4) */
	const char *nodemask, *cpuset, *mems_allowed;
	struct known vmalloc_bytes;
	struct known stall_ms;
	struct oom_meminfo info;
	u32 printed_copies;
	u64 unknown_lines;
};

/* A Mem-Info dump that belongs to no event and no failure (sysrq m, a hung task's panic ...). */
struct oom_show_mem {
	struct oom_time time;
	struct oom_span span;
	struct oom_origin trigger;
	struct oom_meminfo info;
};

enum oom_notice_kind {
	OOM_NOTICE_SYSTEMD_OOMD, /* killed a cgroup */
	OOM_NOTICE_EARLYOOM,	 /* sent a signal */
	OOM_NOTICE_NOHANG,
	OOM_NOTICE_OOMD,	    /* facebook's */
	OOM_NOTICE_LOWMEMORYKILLER, /* Android: kernel's (to 4.11) or lmkd */
	OOM_NOTICE_KUBERNETES,	    /* SystemOOM, OOMKilling, OOMKilled */
	OOM_NOTICE_SYSTEMD, /* unit: "A process of this unit has been killed by the OOM killer." */
	OOM_NOTICE_OPENVZ,  /* kill_signal waves without an exit */
	OOM_NOTICE_OTHER,   /* kernel: "OOM killer disabled", "Huh VM_FAULT_OOM leaked out" ... */
};

/* A line about memory that is no kernel OOM: to be told apart from one, never counted as one. */
struct oom_notice {
	enum oom_notice_kind kind;
	struct oom_time time;
	struct oom_span span;
	const char *text;   /* the message, cut at 400 bytes */
	const char *victim; /* process, cgroup or unit */
	struct known pid, rss_kb;
};

extern const char *const oom_notice_keys[];

/* --- the parser --- */

struct oomlog_options {
	void *arg;
	/* What is given lives until the callback returns.  Each may be NULL. */
	void (*event)(void *arg, const struct oom_event *event);
	void (*failure)(void *arg, const struct oom_failure *failure);
	void (*show_mem)(void *arg, const struct oom_show_mem *dump);
	void (*notice)(void *arg, const struct oom_notice *notice);
	/*
	 * Finished events are held back so that copies of them (console and syslog of one machine
	 * in one text) are counted in printed_copies and their reaper lines reach them: at most so
	 * many bytes of events (0: 4 MiB).  Events come out in order of their first line.
	 */
	size_t hold_bytes;
};

struct oomlog;

/* One physical line without its '\n'; a '\r' may stay. */
struct oomlog_line {
	const char *text;
	size_t len;
	u64 number;	/* 1, 2, ...; 0: count them for me */
	u64 offset;	/* of the line in the text, if known */
	bool cut_start; /* the text begins inside of this line, or may: the first line of a tail */
	bool cut_end;	/* no '\n' after it: the last line, which may lack its end */
};

/* One record whose framing is known already: the journal's, or the printk buffer of a dump. */
struct oomlog_record {
	const char *text; /* may have several lines */
	size_t len;
	u64 number;
	struct known realtime_us, uptime_us;
	const char *caller; /* "T123", "C1"; NULL: not known */
	bool cut_end;
};

struct oomlog *oomlog_new(const struct oomlog_options *options);
void oomlog_feed(struct oomlog *log, const struct oomlog_line *line);
void oomlog_feed_record(struct oomlog *log, const struct oomlog_record *record);
/*
 * Lines were left out here (by a scanner that knows that they hold no needle): what is open is
 * closed; what comes is of another time.
 */
void oomlog_skip(struct oomlog *log);
/* The text is over: what is open or held back is delivered.  Another text may follow. */
void oomlog_finish(struct oomlog *log);
void oomlog_free(struct oomlog *log);

/* Lines are not needed until one has a needle: no block is open. */
bool oomlog_idle(const struct oomlog *log);

/* Lines before the one with a needle that should be fed too (wrapped heads, journal's fields). */
enum { OOMLOG_LOOKBACK_LINES = 48 };

/*
 * Any line that can begin something has one of these in it, as bytes (also inside of JSON).  Sorted
 * by how often they can be expected in reports, not in texts.
 */
struct oomlog_needle {
	const char *text;
	size_t len;
};
const struct oomlog_needle *oomlog_needles(size_t *n);

struct oomlog_stats {
	u64 lines, messages, joined;
	u64 events, copies, failures, show_mems, notices;
	u64 late_copies; /* of events that had left already: not delivered again */
};
struct oomlog_stats oomlog_stats(const struct oomlog *log);

#endif
