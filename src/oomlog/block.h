/*
 * A report in the making: the lines of one event, one failure or one Mem-Info dump, applied to an
 * oom_event.  Which block a line belongs to is context.c's business; what it changes is apply.c's.
 */
#ifndef OOMLOG_BLOCK_H
#define OOMLOG_BLOCK_H

#include "oomlog/grammar.h"
#include "oomlog/join.h"

enum block_type { BLOCK_EVENT, BLOCK_FAILURE, BLOCK_SHOW_MEM };

/* The order in which the kernel prints; a line of an earlier stage belongs to another block. */
enum stage {
	STAGE_NONE,
	STAGE_HEADER,
	STAGE_STACK,
	STAGE_MEMCG,
	STAGE_MEMORY,
	STAGE_SLABS,
	STAGE_TASKS,
	STAGE_OOM_KILL,
	STAGE_KILL,
	STAGE_AFTER,
};

enum section { SECTION_NONE, SECTION_STATS, SECTION_SLABS, SECTION_TAGS };

struct block {
	struct block *next; /* in the hold list */
	size_t held_bytes;  /* what it was counted as there */
	enum block_type type;
	struct arena arena;
	struct oom_event e; /* failures and dumps use a part of it */
	struct oom_failure f;
	enum stage stage;
	enum section section;
	struct columns columns;
	bool meminfo_head, meminfo_totals;
	/* The last "Kill process" line that has no "Killed process" line yet. */
	bool choosing;
	struct oom_chosen choice;
	bool header_seen, kill_seen;
	bool time_is_weak; /* of the first line; oom-kill: knows better when there is no header */
	bool mem_conflict[OOM_MEM_N];
	const char *stats_path;
	s64 last_kill_us;
	struct known last_us;
	struct known kill_us; /* uptime of the first kill line, to tell copies from repetitions */
	u64 touched;	      /* contexts' count of lines at its last own one */
	u64 last_kill_line;
	u64 order; /* of its first line, for delivery */
};

struct block *block_new(enum block_type type, const struct line *line);
void block_free(struct block *block);
size_t block_bytes(const struct block *block);

/* Puts a line into the block.  The parse is the line's. */
void block_apply(struct block *block, const struct line *line, const struct parse *parse);
/* A line inside of the block that no row of the grammar fits. */
void block_unknown(struct block *block, const struct line *line);
/* What follows from what was read: kind, how it ended, page size, architecture. */
void block_finish(struct block *block);

enum stage line_stage(enum line_kind kind);

/*
 * The victim with this pid: the first one, which a group kill prints twice, or one of the last.
 * (Looking at all of them would make a hostile text slow.)
 */
struct oom_victim *block_victim(struct block *block, s64 pid);

/* A stamp's texts, copied into the arena. */
void time_from_stamp(struct arena *arena, const struct stamp *stamp, struct oom_time *time);
/* The clock of a stream: uptime, or the wall clock. */
struct known stamp_clock(const struct stamp *stamp);

#endif
