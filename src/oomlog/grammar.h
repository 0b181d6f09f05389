/*
 * Which line of an OOM report is this, and what does it say?
 *
 * One line goes in, without its prefix; out comes the row of the grammar that fits and what it
 * captured, or nothing.  No state but the columns of the last task table, and no effects: lines are
 * also parsed only to see whether two pieces belong together (join.c), so a parse has a score.
 */
#ifndef OOMLOG_GRAMMAR_H
#define OOMLOG_GRAMMAR_H

#include "oomlog/oomlog.h"
#include "oomlog/str.h"

enum line_kind {
	LINE_UNKNOWN,
	LINE_NOISE, /* call traces, registers, per-cpu lists: known, and not needed */
	LINE_HEADER,
	LINE_CPUSET,
	LINE_ORIGIN, /* CPU: 1 PID: 2 Comm: x Not tainted 6.1.0 */
	LINE_HARDWARE,
	LINE_FAILURE,
	LINE_FAILURE_VMALLOC, /* the size; another line has the mode (3.x) */
	LINE_FAILURE_OLD,
	LINE_TASK_IN,
	LINE_TASK_IN_REST,
	LINE_LIMIT,
	LINE_STATS_HEAD,
	LINE_STAT,
	LINE_PROTECTION,
	LINE_MEMINFO,
	LINE_MEM,
	LINE_TOTAL, /* one counter of the machine in a line of its own */
	LINE_NODE,
	LINE_ZONE,
	LINE_RESERVE,
	LINE_BUDDY,
	LINE_HUGEPAGES,
	LINE_SLAB_HEAD,
	LINE_SLAB,
	LINE_SLAB_FAILED,
	LINE_TAGS_HEAD,
	LINE_TAG,
	LINE_TASKS_INTRO,
	LINE_TASKS_HEAD,
	LINE_TASK,
	LINE_OOM_KILL,
	LINE_OOM_KILL_REST,
	LINE_CHOOSE,
	LINE_KILLED,
	LINE_KILLED_OLD, /* 2.4: no pid */
	LINE_SHARING,
	LINE_GROUP,
	LINE_REAPED,
	LINE_NOT_REAPED,
	LINE_NO_KILLABLE,
	LINE_PANIC,
	LINE_VZ_EXIT,
	LINE_VZ_SIGNAL,
	LINE_LMK,
	LINE_NOTICE,
	LINE_KIND_N
};

/* What a capture is; where it goes is the table of apply.c. */
enum field {
	F_NONE,
	F_COMM,
	F_PID,
	F_CPU,
	F_UID,
	F_TAINTED,
	F_KERNEL,
	F_VERSION,
	F_HARDWARE,
	F_GFP,
	F_ORDER,
	F_NODEMASK,
	F_OOM_SCORE_ADJ,
	F_OOM_ADJ,
	F_OOMKILLADJ,
	F_CPUSET,
	F_MEMS_ALLOWED,
	F_MODE,
	F_BYTES,
	F_STALL_MS,
	F_CONSTRAINT,
	F_CONSTRAINT_NODEMASK,
	F_GLOBAL_OOM,
	F_OOM_MEMCG,
	F_TASK_MEMCG,
	F_TASK,
	F_TASK_PID,
	F_TASK_UID,
	F_USAGE,
	F_LIMIT,
	F_FAILCNT,
	F_PATH,
	F_STAT,
	F_MIN_PROTECTION,
	F_LOW_PROTECTION,
	F_MEM,	   /* index: enum oom_mem */
	F_NODE,	   /* the node's number */
	F_NODE_KV, /* index: enum oom_node_field */
	F_ZONE,
	F_ZONE_KV,
	F_RESERVE,
	F_BUDDY,
	F_BUDDY_TOTAL,
	F_EMPTY,
	F_HUGE_TOTAL,
	F_HUGE_FREE,
	F_HUGE_SURPLUS,
	F_HUGE_SIZE,
	F_NAME,
	F_USED,
	F_TOTAL,
	F_SIZE,
	F_CALLS,
	F_FILE,
	F_MODULE,
	F_FUNCTION,
	F_OFF,
	F_COLUMN, /* index: enum oom_task_field, or -1: a column that is not known */
	F_CELL,	  /* index: the same; a number of a row */
	F_REASON,
	F_SCORE,
	F_TOTAL_VM,
	F_ANON_RSS,
	F_FILE_RSS,
	F_SHMEM_RSS,
	F_PGTABLES,
	F_SWAP,
	F_VE,
	F_FREE,
	F_GENERATION,
	F_SIGNALLED,
	F_SELECTED,
	F_TEXT,
	F_WHO,
	F_WHO_PID,
	F_N
};

struct capture {
	enum field field;
	s32 index;
	bool number;
	s64 n, more; /* more: a buddy's block size */
	struct str text;
};

enum { PARSE_MOST = 120 };

struct row;
struct parse {
	enum line_kind kind;
	s32 which; /* of the row: enum oom_limit_id, enum oom_mem, enum oom_notice_kind ... */
	size_t n;
	int garbage;  /* words that do not belong into such a line */
	int loose;    /* the last word is not whole: another piece may bring its end */
	bool partial; /* the text ended inside of the row's pattern */
	int score;
	/* The line ends with a number that has no unit: the next piece may begin with its last
	 * digits. */
	bool open_number;
	bool damaged;		      /* something in it had to be dropped */
	struct capture c[PARSE_MOST]; /* the first n; last, because it is never cleared */
};

static inline void parse_reset(struct parse *parse)
{
	memset(parse, 0, offsetof(struct parse, c));
}

/* Columns of the task table that was seen last. */
struct columns {
	bool known;
	u32 n;	       /* without the name */
	u32 width;     /* inside of the head's brackets: 5, or 7 from 4.19 on */
	s32 index[24]; /* enum oom_task_field, or -1 */
};

struct line_context {
	const struct columns *columns;
	bool in_stats, in_slabs,
		in_tags; /* rows without any mark of their own are believed here only */
	bool cut_start, cut_end;
};

/* True when a row fits; captures point into the text. */
/* What a line is worth: joining two pieces must raise it. */
int parse_value(const struct parse *parse);

bool grammar_parse(struct str text, const struct line_context *context, struct parse *parse);

/* The columns of a LINE_TASKS_HEAD. */
void grammar_columns(const struct parse *head, struct columns *columns);

const struct capture *parse_find(const struct parse *parse, enum field field);

#endif
