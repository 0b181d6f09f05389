/* What is remembered of events when they are gone; between oom_context.c, _timeline.c, _advice.c.
 */
#ifndef ANALYSIS_OOM_CONTEXT_H
#define ANALYSIS_OOM_CONTEXT_H

#include "analysis/oom.h"

/* Figures that can grow from one event to the next. */
enum oom_metric {
	METRIC_UNACCOUNTED,
	METRIC_SLAB_UNRECLAIMABLE,
	METRIC_SLAB_RECLAIMABLE,
	METRIC_PAGE_TABLES,
	METRIC_SHMEM,
	METRIC_ANON,
	METRIC_KERNEL_STACK,
	METRIC_HUGETLB,
	METRIC_LARGEST_TASK, /* resident and swapped, of one process */
	METRIC_N
};
extern const char *const oom_metric_keys[METRIC_N];
extern const char *const oom_metric_labels[METRIC_N];

enum { CLOCK_NONE, CLOCK_WALL, CLOCK_UPTIME };

/* A few hundred bytes: strings are shared (oom_intern). */
struct oom_brief {
	u64 id, line;
	int clock;
	s64 time_us;
	const char *time_text;
	const char *kind, *signature, *failed_key, *why_key;
	const char *victim, *trigger, *memcg;
	struct known victim_pid, freed_kb, left_kb; /* left: anon that the reaper left */
	u32 nr_victims;
	s64 page_kb; /* 0: not known */
	struct known managed, metric[METRIC_N];
	const char *largest; /* the process of METRIC_LARGEST_TASK */
	struct known largest_pid;
};

struct oom_kill {
	int clock;
	s64 time_us;
	const char *comm;
	s64 pid; /* -1: not known */
};

struct oom_proof {
	const char *kind, *text;
};

struct oom_suspect {
	const char *kind, *what;
	s64 bytes;
	int metric; /* -1: none; its growth is a proof */
	const char *next_step;
	struct oom_proof proofs[3];
	unsigned nr_proofs;
};

enum {
	MOST_BRIEFS = 8192,
	MOST_KILLS = 32768,
	MOST_STRINGS = 32768,
	DYING = 32,
	MOST_SUSPECTS = 16
};

struct oom_context {
	struct arena arena;   /* strings */
	const char **strings; /* open addressing, a power of two of places */
	size_t nr_strings, room_strings;
	VEC(struct oom_brief) briefs;
	VEC(struct oom_kill) kills;
	u64 nr_events, nr_kills, nr_panics, nr_no_killable, nr_group, nr_alloc_task, nr_sysrq;
	u64 nr_openvz, nr_old_adj;
	u64 openvz_first_free, openvz_last_free, openvz_signals;
	u32 cpus;
	s64 dying[DYING];
	size_t nr_dying;
	/* Of the newest event that shows memory. */
	struct arena suspects_arena;
	struct oom_suspect suspects[MOST_SUSPECTS];
	size_t nr_suspects;
	struct known swap_total_kb, swap_free_kb;
	bool panic_on_oom_1, panic_on_oom_2;
	char verdict[1024];
};

const char *oom_intern(struct oom_context *context, const char *text); /* NULL stays NULL */
void oom_note_suspects(struct oom_context *context, const struct oom_analysis *analysis);

/* The newest two briefs between which the metric is known on one clock and one machine. */
struct oom_growth {
	enum oom_metric metric;
	const struct oom_brief *from, *to;
	s64 pages;	  /* may be negative */
	double seconds;	  /* 0: not known */
	const char *what; /* the process, of METRIC_LARGEST_TASK */
};
/* From the first to the last event that show it; false: fewer than two do. */
bool oom_growth(const struct oom_context *context, enum oom_metric metric,
		struct oom_growth *growth);

#endif
