/*
 * The rows of the report: OOM events, failed allocations, dumps of memory, notices.
 *
 * Keys of what the text shows are left out when it does not show them; what is concluded from it is
 * null then, and says why.
 */
#include "analysis/oom_parts.h"

#define SHOWN(key, help)                                                \
	{                                                               \
		(key), (key), (help), COL_SIGNED, COLUMN_OPTIONAL, NULL \
	}
#define SHOWN_TEXT(key, help)                                         \
	{                                                             \
		(key), (key), (help), COL_TEXT, COLUMN_OPTIONAL, NULL \
	}
#define SHOWN_TABLE(key, help, spec)                                      \
	{                                                                 \
		(key), (key), (help), COL_TABLE, COLUMN_OPTIONAL, &(spec) \
	}
#define SHOWN_RECORD(key, help, spec)                                      \
	{                                                                  \
		(key), (key), (help), COL_RECORD, COLUMN_OPTIONAL, &(spec) \
	}
#define FLAG(key, help)                                               \
	{                                                             \
		(key), (key), (help), COL_BOOL, COLUMN_OPTIONAL, NULL \
	}
#define NUMBERS(key, help)                                               \
	{                                                                \
		(key), (key), (help), COL_NUMBERS, COLUMN_OPTIONAL, NULL \
	}

/* clang-format off */
static const struct column event_columns[] = {
	[OOM_COL_ID] = {"id", "id", "1, 2, ... in order of the first lines", COL_COUNT},
	[OOM_COL_TIME] = SHOWN_RECORD("time", "of its first line", oom_time_spec),
	[OOM_COL_FILE] = SHOWN_TEXT("file", "the file that it stands in"),
	[OOM_COL_LINE] = NUMBERS("lines", "numbers of its first and last line in the text"),
	[OOM_COL_KIND] = {"kind", "kind", "global memcg cpuset mempolicy sysrq panic no-killable openvz other"},
	[OOM_COL_SIGNATURE] = {"signature", "signature", "the same for the same thing: no addresses, pids, times"},
	[OOM_COL_KERNEL] = SHOWN_TEXT("kernel", "release"),
	[OOM_COL_ARCH] = SHOWN_TEXT("arch", "architecture"),
	[OOM_COL_HEADER_MISSING] = FLAG("header_missing", "the text begins after \"invoked oom-killer\""),
	[OOM_COL_TRIGGER] = SHOWN_RECORD("trigger", "the task whose request failed", oom_trigger_spec),
	[OOM_COL_ORIGIN] = SHOWN_RECORD("origin", "what the stack dump tells besides", oom_origin_spec),
	[OOM_COL_TRIGGER_OOM_SCORE_ADJ] = SHOWN("trigger_oom_score_adj", "its adjustment"),
	[OOM_COL_TRIGGER_OOM_ADJ] = SHOWN("trigger_oom_adj", "its oom_adj (2.6.31 to 3.6)"),
	[OOM_COL_TRIGGER_OOMKILLADJ] = SHOWN("trigger_oomkilladj", "its oomkilladj (2.6.19 to 2.6.30)"),
	[OOM_COL_GFP_MASK] = SHOWN_TEXT("gfp_mask", "as printed"),
	[OOM_COL_ORDER] = SHOWN("order", "asked for 2^order pages; -1: SysRq f"),
	[OOM_COL_NODEMASK] = SHOWN_TEXT("nodemask", "of the header (4.9 to 4.20), as printed"),
	[OOM_COL_SYSRQ] = FLAG("sysrq", "asked for by SysRq f"),
	[OOM_COL_CPUSET] = SHOWN_TEXT("cpuset", "cpuset of the trigger"),
	[OOM_COL_MEMS_ALLOWED] = SHOWN_TEXT("mems_allowed", "nodes that the cpuset allows"),
	[OOM_COL_CONSTRAINT] = SHOWN_TEXT("constraint", "as printed, also when unknown here"),
	[OOM_COL_CONSTRAINT_NODEMASK] = SHOWN_TEXT("constraint_nodemask", "nodemask of the constraint's line (5.0 and later)"),
	[OOM_COL_OOM_MEMCG] = SHOWN_TEXT("oom_memcg", "cgroup whose limit was reached"),
	[OOM_COL_TASK_MEMCG] = SHOWN_TEXT("task_memcg", "cgroup of the victim"),
	[OOM_COL_MEMCG_STATS_PATH] = SHOWN_TEXT("memcg_stats_path", "cgroup of the statistics"),
	[OOM_COL_MEMCG] = SHOWN_RECORD("memcg", "usage and limits of the cgroup", oom_memcg_spec),
	[OOM_COL_MEMCG_STATS] = SHOWN_TABLE("memcg_stats", "statistics of cgroups", oom_memcg_stats_spec),
	[OOM_COL_VE] = SHOWN("ve", "OpenVZ: the container"),
	[OOM_COL_PAGE_SIZE_KB] = SHOWN("page_size_kb", "the size of a page"),
#define MEM(id, word, key) [OOM_COL_MEM + OOM_MEM_##id] = SHOWN(key, "as printed"),
#include "oomlog/fields.def"
#undef MEM
	[OOM_COL_FAILED_BECAUSE] = {"failed_because", "failed because", "why the request failed"},
	[OOM_COL_FAILED_KEY] = SHOWN_TEXT("failed_key", "really-empty fragmentation wrong-zone one-node reserves cma-only cgroup-limit cpuset mempolicy sysrq false-oom recovered"),
	[OOM_COL_VICTIMS] = {"victims", "killed", "who was killed", COL_TABLE, 0, &oom_victims_spec},
	[OOM_COL_CHOSEN] = SHOWN_RECORD("chosen", "who was chosen, when no kill is shown", oom_chosen_spec),
	[OOM_COL_GROUP_KILL] = FLAG("group_kill", "memory.oom.group: a whole cgroup was killed"),
	[OOM_COL_SHARING_MM_KILLED] = NUMBERS("sharing_mm_killed", "pids killed because they share the victim's memory"),
	[OOM_COL_REAPED_PIDS] = NUMBERS("reaped_pids", "pids whose memory the reaper took"),
	[OOM_COL_REAPERS] = SHOWN_TABLE("reapers", "the reaper's lines", oom_reapers_spec),
	[OOM_COL_NO_KILLABLE] = FLAG("no_killable", "nobody could be killed"),
	[OOM_COL_PANIC] = FLAG("panic", "the kernel panicked"),
	[OOM_COL_PANIC_TEXT] = SHOWN_TEXT("panic_text", "the panic's words"),
	[OOM_COL_ENDED] = {"ended", "ended", "kill, panic, no-killable, not-shown"},
	[OOM_COL_WHY_VICTIM] = {"why_this_victim", "why this victim", "the ranking, or the rule that went around it"},
	[OOM_COL_WHY_KEY] = SHOWN_TEXT("why_key", "highest-score allocating-task child group others-dying root-bonus ..."),
	[OOM_COL_CHOICE_VERDICT] = {"choice", "choice", "confirmed, explained, unexplained, unknown"},
	[OOM_COL_SCORE] = SHOWN("score_recomputed", "of who was chosen, 0 to 1000, from the table"),
	[OOM_COL_WHAT_IF] = SHOWN_TEXT("what_if", "with --what-if: who it would have been"),
	[OOM_COL_ACCOUNTED] = SHOWN_RECORD("accounted", "where memory was", oom_accounted_spec),
	[OOM_COL_UNACCOUNTED] = {"unaccounted_pages", "unaccounted", "in no counter that is printed", COL_SIGNED},
	[OOM_COL_UNACCOUNTED_ERROR] = {"unaccounted_error_pages", "error", "by which unaccounted_pages can be off, for the CPUs that the text names", COL_SIGNED},
	[OOM_COL_TASKS] = SHOWN_TABLE("tasks", "the task table", oom_tasks_spec),
	[OOM_COL_TASKS_LEFT_OUT] = SHOWN("tasks_left_out", "rows beyond what is kept"),
	[OOM_COL_TASKS_DAMAGED] = SHOWN("tasks_damaged", "rows that could not be read"),
	[OOM_COL_NODES] = SHOWN_TABLE("nodes", "counters by node", oom_nodes_spec),
	[OOM_COL_ZONES] = SHOWN_TABLE("zones", "watermarks and counters by zone", oom_zones_spec),
	[OOM_COL_BUDDY] = SHOWN_TABLE("buddy", "free blocks by order", oom_buddy_spec),
	[OOM_COL_HUGEPAGES] = SHOWN_TABLE("hugepages", "pools of huge pages", oom_hugepages_spec),
	[OOM_COL_SLAB_DUMP] = SHOWN_TABLE("slab_dump", "the kernel's dump of caches", oom_slab_spec),
	[OOM_COL_ALLOC_TAGS] = SHOWN_TABLE("alloc_tags", "allocation profiling", oom_tags_spec),
	[OOM_COL_PRINTED_COPIES] = SHOWN("printed_copies", "how often the text has it, when more than once"),
	[OOM_COL_LINES] = {"nr_lines", "lines", "lines that belong to it", COL_COUNT},
	[OOM_COL_UNKNOWN_LINES] = {"unknown_lines", "unknown", "lines within it of no known kind", COL_COUNT},
};
/* clang-format on */

const struct table_spec oom_events_spec = {
	.key = "oom_events",
	.title = "Out of memory",
	.help = "OOM kills and reports, in order of their first lines",
	.columns = event_columns,
	.nr_columns = OOM_COL_N,
};

static void set_part(struct table *t, unsigned column, struct table *part)
{
	if (part)
		table_set_table(t, column, part);
}

static void set_flag(struct table *t, unsigned column, bool flag)
{
	if (flag)
		table_set(t, column, 1);
}

static void set_or_why(struct table *t, unsigned column, struct known k, const char *why)
{
	if (k.known)
		table_set_signed(t, column, k.value);
	else
		table_set_unknown(t, column, why);
}

static void set_span(struct table *t, unsigned column, const struct oom_span *span)
{
	const u64 lines[] = {span->first_line, span->last_line};
	if (span->first_line)
		table_set_numbers(t, column, lines, 2);
}

static void set_pids(struct table *t, unsigned column, const s64 *pids, size_t n)
{
	if (n)
		table_set_numbers(t, column, (const u64 *)pids, n);
}

static void set_request(struct table *t, const struct oom_event *e)
{
	set_flag(t, OOM_COL_HEADER_MISSING, e->header_missing);
	set_part(t, OOM_COL_TRIGGER, oom_trigger_table(&e->trigger));
	set_part(t, OOM_COL_ORIGIN, oom_origin_table(&e->trigger));
	table_set_text(t, OOM_COL_KERNEL, e->trigger.kernel);
	table_set_text(t, OOM_COL_ARCH, e->trigger.arch);
	set_known(t, OOM_COL_TRIGGER_OOM_SCORE_ADJ, e->trigger_oom_score_adj);
	set_known(t, OOM_COL_TRIGGER_OOM_ADJ, e->trigger_oom_adj);
	set_known(t, OOM_COL_TRIGGER_OOMKILLADJ, e->trigger_oomkilladj);
	table_set_text(t, OOM_COL_GFP_MASK, e->gfp_mask);
	set_known(t, OOM_COL_ORDER, e->order);
	table_set_text(t, OOM_COL_NODEMASK, e->nodemask);
	table_set_text(t, OOM_COL_CONSTRAINT_NODEMASK, e->constraint_nodemask);
	set_flag(t, OOM_COL_SYSRQ, e->sysrq);
	table_set_text(t, OOM_COL_CPUSET, e->cpuset);
	table_set_text(t, OOM_COL_MEMS_ALLOWED, e->mems_allowed);
	table_set_text(t, OOM_COL_CONSTRAINT, e->constraint);
	table_set_text(t, OOM_COL_OOM_MEMCG, e->oom_memcg);
	table_set_text(t, OOM_COL_TASK_MEMCG, e->task_memcg);
	table_set_text(t, OOM_COL_MEMCG_STATS_PATH, e->memcg_stats_path);
	set_part(t, OOM_COL_MEMCG, oom_memcg_table(e));
	set_part(t, OOM_COL_MEMCG_STATS, oom_memcg_stats_table(e));
	set_known(t, OOM_COL_VE, e->ve);
}

static void set_end(struct table *t, const struct oom_event *e)
{
	table_set_table(t, OOM_COL_VICTIMS, oom_victims_table(e));
	if (e->has_chosen)
		table_set_table(t, OOM_COL_CHOSEN,
				oom_chosen_table(e->chosen.comm, e->chosen.pid, e->chosen.score));
	set_flag(t, OOM_COL_GROUP_KILL, e->group_kill);
	set_pids(t, OOM_COL_SHARING_MM_KILLED, e->sharing_mm_killed.v, e->sharing_mm_killed.n);
	set_pids(t, OOM_COL_REAPED_PIDS, e->reaped_pids.v, e->reaped_pids.n);
	set_part(t, OOM_COL_REAPERS, oom_reapers_table(e));
	set_flag(t, OOM_COL_NO_KILLABLE, e->no_killable);
	set_flag(t, OOM_COL_PANIC, e->panic);
	table_set_text(t, OOM_COL_PANIC_TEXT, e->panic_text);
	table_set_text(t, OOM_COL_ENDED, oom_ended_keys[e->ended]);
}

static void set_memory(struct table *t, unsigned first, const struct oom_meminfo *info)
{
	for (unsigned i = 0; i < OOM_MEM_N; i++)
		set_known(t, first + i, info->mem[i]);
}

static void set_conclusions(struct table *t, const struct oom_analysis *a)
{
	if (a->failed.key)
		table_set_text(t, OOM_COL_FAILED_BECAUSE, a->failed.text);
	else
		table_set_unknown(t, OOM_COL_FAILED_BECAUSE, a->failed.text);
	table_set_text(t, OOM_COL_FAILED_KEY, a->failed.key);
	if (a->choice.key)
		table_set_text(t, OOM_COL_WHY_VICTIM, a->choice.text);
	else
		table_set_unknown(t, OOM_COL_WHY_VICTIM, a->choice.text);
	table_set_text(t, OOM_COL_WHY_KEY, a->choice.key);
	table_set_text(t, OOM_COL_CHOICE_VERDICT, oom_choice_verdicts[a->choice.verdict]);
	set_known(t, OOM_COL_SCORE, a->choice.victim_score);
	table_set_text(t, OOM_COL_WHAT_IF, a->what_if);
	if (a->event->info.any)
		table_set_table(t, OOM_COL_ACCOUNTED, oom_accounted_table(&a->account));
	set_or_why(t, OOM_COL_UNACCOUNTED, a->account.unaccounted, a->account.why);
	set_or_why(t, OOM_COL_UNACCOUNTED_ERROR, a->account.error, a->account.error_why);
}

void oom_event_row(struct table *t, const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	table_add(t);
	table_set(t, OOM_COL_ID, e->id);
	set_part(t, OOM_COL_TIME, oom_time_table(&e->time));
	table_set_text(t, OOM_COL_FILE, a->file);
	set_span(t, OOM_COL_LINE, &e->span);
	if (a->kind)
		table_set_text(t, OOM_COL_KIND, a->kind);
	else
		table_set_unknown(t, OOM_COL_KIND,
				  "the text does not show which limit was reached");
	table_set_text(t, OOM_COL_SIGNATURE, a->signature);
	set_request(t, e);
	set_known(t, OOM_COL_PAGE_SIZE_KB, e->info.page_size_kb);
	set_memory(t, OOM_COL_MEM, &e->info);
	set_end(t, e);
	set_conclusions(t, a);
	set_part(t, OOM_COL_TASKS, oom_tasks_table(a));
	if (e->tasks_left_out)
		table_set_signed(t, OOM_COL_TASKS_LEFT_OUT, (s64)e->tasks_left_out);
	if (e->tasks_damaged)
		table_set_signed(t, OOM_COL_TASKS_DAMAGED, (s64)e->tasks_damaged);
	set_part(t, OOM_COL_NODES, oom_nodes_table(&e->info));
	set_part(t, OOM_COL_ZONES, oom_zones_table(&e->info, &a->failed));
	set_part(t, OOM_COL_BUDDY, oom_buddy_table(&e->info));
	set_part(t, OOM_COL_HUGEPAGES, oom_hugepages_table(&e->info));
	set_part(t, OOM_COL_SLAB_DUMP, oom_slab_table(&e->info));
	set_part(t, OOM_COL_ALLOC_TAGS, oom_tags_table(&e->info));
	if (e->printed_copies > 1)
		table_set_signed(t, OOM_COL_PRINTED_COPIES, e->printed_copies);
	table_set(t, OOM_COL_LINES, e->lines);
	table_set(t, OOM_COL_UNKNOWN_LINES, e->unknown_lines);
}

/* --- allocations that failed ---------------------------------------------------------------- */

enum {
	FAILURE_KIND,
	FAILURE_TIME,
	FAILURE_LINE,
	FAILURE_COMM,
	FAILURE_PID,
	FAILURE_ORDER,
	FAILURE_MODE,
	FAILURE_GFP_MASK,
	FAILURE_NODEMASK,
	FAILURE_CPUSET,
	FAILURE_MEMS_ALLOWED,
	FAILURE_VMALLOC_BYTES,
	FAILURE_STALL_MS,
	FAILURE_KERNEL,
	FAILURE_ARCH,
	FAILURE_PAGE_SIZE_KB,
	FAILURE_MEM,
	FAILURE_ZONES = FAILURE_MEM + OOM_MEM_N,
	FAILURE_BUDDY,
	FAILURE_COPIES,
	FAILURE_N
};

static const struct column failure_columns[] = {
	[FAILURE_KIND] = SHOWN_TEXT("kind", "page allocation failure, vmalloc ..."),
	[FAILURE_TIME] = SHOWN_RECORD("time", "of its first line", oom_time_spec),
	[FAILURE_LINE] = NUMBERS("lines", "numbers of its first and last line in the text"),
	[FAILURE_COMM] = SHOWN_TEXT("comm", "who asked"),
	[FAILURE_PID] = SHOWN("pid", "process id"),
	[FAILURE_ORDER] = SHOWN("order", "2^order pages"),
	[FAILURE_MODE] = SHOWN_TEXT("mode", "gfp mask as printed"),
	[FAILURE_GFP_MASK] = SHOWN_TEXT("gfp_mask", "the same"),
	[FAILURE_NODEMASK] = SHOWN_TEXT("nodemask", "as printed"),
	[FAILURE_CPUSET] = SHOWN_TEXT("cpuset", "cpuset of the task"),
	[FAILURE_MEMS_ALLOWED] = SHOWN_TEXT("mems_allowed", "nodes that it allows"),
	[FAILURE_VMALLOC_BYTES] = SHOWN("vmalloc_bytes", "what vmalloc() was asked for"),
	[FAILURE_STALL_MS] = SHOWN("stall_ms", "how long it has been waiting"),
	[FAILURE_KERNEL] = SHOWN_TEXT("kernel", "release"),
	[FAILURE_ARCH] = SHOWN_TEXT("arch", "architecture"),
	[FAILURE_PAGE_SIZE_KB] = SHOWN("page_size_kb", "the size of a page"),
#define MEM(id, word, key) [FAILURE_MEM + OOM_MEM_##id] = SHOWN(key, "as printed"),
#include "oomlog/fields.def"
#undef MEM
	[FAILURE_ZONES] = SHOWN_TABLE("zones", "watermarks and counters by zone", oom_zones_spec),
	[FAILURE_BUDDY] = SHOWN_TABLE("buddy", "free blocks by order", oom_buddy_spec),
	[FAILURE_COPIES] =
		SHOWN("printed_copies", "how often the text has it, when more than once"),
};

const struct table_spec alloc_failures_spec = {
	.key = "alloc_failures",
	.title = "Allocations that failed",
	.help = "requests that failed and killed nobody",
	.columns = failure_columns,
	.nr_columns = FAILURE_N,
};

const struct table_spec other_failures_spec = {
	.key = "other_failures",
	.title = "Other allocations that failed",
	.help = "requests whose order is not told: vmalloc errors, slab caches",
	.columns = failure_columns,
	.nr_columns = FAILURE_N,
};

void alloc_failure_row(struct table *t, const struct oom_failure *f)
{
	table_add(t);
	table_set_text(t, FAILURE_KIND, oom_failure_keys[f->kind]);
	set_part(t, FAILURE_TIME, oom_time_table(&f->time));
	set_span(t, FAILURE_LINE, &f->span);
	table_set_text(t, FAILURE_COMM, f->trigger.comm);
	set_known(t, FAILURE_PID, f->trigger.pid);
	set_known(t, FAILURE_ORDER, f->order);
	table_set_text(t, FAILURE_MODE, f->mode);
	table_set_text(t, FAILURE_GFP_MASK, f->mode);
	table_set_text(t, FAILURE_NODEMASK, f->nodemask);
	table_set_text(t, FAILURE_CPUSET, f->cpuset);
	table_set_text(t, FAILURE_MEMS_ALLOWED, f->mems_allowed);
	set_known(t, FAILURE_VMALLOC_BYTES, f->vmalloc_bytes);
	set_known(t, FAILURE_STALL_MS, f->stall_ms);
	table_set_text(t, FAILURE_KERNEL, f->trigger.kernel);
	table_set_text(t, FAILURE_ARCH, f->trigger.arch);
	set_known(t, FAILURE_PAGE_SIZE_KB, f->info.page_size_kb);
	set_memory(t, FAILURE_MEM, &f->info);
	set_part(t, FAILURE_ZONES, oom_zones_table(&f->info, NULL));
	set_part(t, FAILURE_BUDDY, oom_buddy_table(&f->info));
	if (f->printed_copies > 1)
		table_set_signed(t, FAILURE_COPIES, f->printed_copies);
}

/* --- dumps of memory ------------------------------------------------------------------------ */

enum {
	SHOW_TIME,
	SHOW_LINE,
	SHOW_COMM,
	SHOW_PID,
	SHOW_PAGE_SIZE_KB,
	SHOW_MEM,
	SHOW_ACCOUNTED = SHOW_MEM + OOM_MEM_N,
	SHOW_ZONES,
	SHOW_BUDDY,
	SHOW_N
};

static const struct column show_columns[] = {
	[SHOW_TIME] = SHOWN_RECORD("time", "of its first line", oom_time_spec),
	[SHOW_LINE] = NUMBERS("lines", "numbers of its first and last line in the text"),
	[SHOW_COMM] = SHOWN_TEXT("comm", "who was running"),
	[SHOW_PID] = SHOWN("pid", "process id"),
	[SHOW_PAGE_SIZE_KB] = SHOWN("page_size_kb", "the size of a page"),
#define MEM(id, word, key) [SHOW_MEM + OOM_MEM_##id] = SHOWN(key, "as printed"),
#include "oomlog/fields.def"
#undef MEM
	[SHOW_ACCOUNTED] = SHOWN_RECORD("accounted", "where memory was", oom_accounted_spec),
	[SHOW_ZONES] = SHOWN_TABLE("zones", "watermarks and counters by zone", oom_zones_spec),
	[SHOW_BUDDY] = SHOWN_TABLE("buddy", "free blocks by order", oom_buddy_spec),
};

const struct table_spec show_mem_spec = {
	.key = "show_mem",
	.title = "Dumps of memory",
	.help = "Mem-Info that belongs to no event",
	.columns = show_columns,
	.nr_columns = SHOW_N,
};

void show_mem_row(struct table *t, const struct oom_show_mem *s)
{
	struct arena arena = ARENA_INIT;
	struct oom_account account;
	table_add(t);
	set_part(t, SHOW_TIME, oom_time_table(&s->time));
	set_span(t, SHOW_LINE, &s->span);
	table_set_text(t, SHOW_COMM, s->trigger.comm);
	set_known(t, SHOW_PID, s->trigger.pid);
	set_known(t, SHOW_PAGE_SIZE_KB, s->info.page_size_kb);
	set_memory(t, SHOW_MEM, &s->info);
	oom_account(&account, &s->info, 0, &arena);
	table_set_table(t, SHOW_ACCOUNTED, oom_accounted_table(&account));
	set_part(t, SHOW_ZONES, oom_zones_table(&s->info, NULL));
	set_part(t, SHOW_BUDDY, oom_buddy_table(&s->info));
	arena_done(&arena);
}

/* --- others that kill ----------------------------------------------------------------------- */

enum { NOTICE_KIND, NOTICE_TIME, NOTICE_LINE, NOTICE_VICTIM, NOTICE_PID, NOTICE_RSS, NOTICE_TEXT };

static const struct column notice_columns[] = {
	[NOTICE_KIND] = {"kind", "kind", "systemd-oomd, earlyoom, lowmemorykiller, kubernetes ..."},
	[NOTICE_TIME] = SHOWN_RECORD("time", "of the line", oom_time_spec),
	[NOTICE_LINE] = NUMBERS("lines", "number of the line in the text"),
	[NOTICE_VICTIM] = SHOWN_TEXT("victim", "process, cgroup or unit"),
	[NOTICE_PID] = SHOWN("pid", "process id"),
	[NOTICE_RSS] = SHOWN("rss_kb", "what it held, when the line says it"),
	[NOTICE_TEXT] = {"text", "text", "the line"},
};

const struct table_spec oom_notices_spec = {
	.key = "oom_notices",
	.title = "Other killers",
	.help = "lines of killers in user space, and what the kernel says besides: no kernel OOM",
	.columns = notice_columns,
	.nr_columns = ARRAY_SIZE(notice_columns),
};

void oom_notice_row(struct table *t, const struct oom_notice *n)
{
	table_add(t);
	table_set_text(t, NOTICE_KIND, oom_notice_keys[n->kind]);
	set_part(t, NOTICE_TIME, oom_time_table(&n->time));
	set_span(t, NOTICE_LINE, &n->span);
	table_set_text(t, NOTICE_VICTIM, n->victim);
	set_known(t, NOTICE_PID, n->pid);
	set_known(t, NOTICE_RSS, n->rss_kb);
	table_set_text(t, NOTICE_TEXT, n->text);
}
