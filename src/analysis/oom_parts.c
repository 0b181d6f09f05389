/* Rows of the tables within an OOM event: as the text shows them, one builder for each. */
#include "analysis/oom_parts.h"

#define SPEC(name, key_text, title_text, help_text)       \
	const struct table_spec name##_spec = {           \
		.key = (key_text),                        \
		.title = (title_text),                    \
		.help = (help_text),                      \
		.columns = name##_columns,                \
		.nr_columns = ARRAY_SIZE(name##_columns), \
	}

#define SHOWN(key, help)                                                \
	{                                                               \
		(key), (key), (help), COL_SIGNED, COLUMN_OPTIONAL, NULL \
	}
#define SHOWN_TEXT(key, help)                                         \
	{                                                             \
		(key), (key), (help), COL_TEXT, COLUMN_OPTIONAL, NULL \
	}

void set_known(struct table *t, unsigned column, struct known k)
{
	if (k.known)
		table_set_signed(t, column, k.value);
}

static struct table *none_if_empty(struct table *t)
{
	if (table_nr_rows(t))
		return t;
	table_free(t);
	return NULL;
}

/* --- time ----------------------------------------------------------------------------------- */

enum { TIME_UPTIME, TIME_WALL, TIME_KMSG, TIME_REALTIME };
static const struct column oom_time_columns[] = {
	[TIME_UPTIME] = SHOWN_TEXT("uptime", "seconds since boot, as printed"),
	[TIME_WALL] = SHOWN_TEXT("wall", "the wall clock, as printed"),
	[TIME_KMSG] = SHOWN_TEXT("kmsg_usec", "/dev/kmsg: microseconds since boot"),
	[TIME_REALTIME] = SHOWN_TEXT("realtime_usec", "journal: microseconds since 1970, UTC"),
};
SPEC(oom_time, "time", "Time", "of the event's first line, as printed");

struct table *oom_time_table(const struct oom_time *time)
{
	if (!time->uptime && !time->wall && !time->kmsg_usec && !time->realtime_usec)
		return NULL;
	struct table *t = table_new(&oom_time_spec);
	table_add(t);
	table_set_text(t, TIME_UPTIME, time->uptime);
	table_set_text(t, TIME_WALL, time->wall);
	table_set_text(t, TIME_KMSG, time->kmsg_usec);
	table_set_text(t, TIME_REALTIME, time->realtime_usec);
	return t;
}

/* --- who ------------------------------------------------------------------------------------ */

enum { TRIGGER_COMM, TRIGGER_PID };
static const struct column oom_trigger_columns[] = {
	[TRIGGER_COMM] = SHOWN_TEXT("comm", "name"),
	[TRIGGER_PID] = SHOWN("pid", "process id"),
};
SPEC(oom_trigger, "trigger", "Who asked", "the task whose request failed");

struct table *oom_trigger_table(const struct oom_origin *o)
{
	if (!o->comm && !o->pid.known)
		return NULL;
	struct table *t = table_new(&oom_trigger_spec);
	table_add(t);
	table_set_text(t, TRIGGER_COMM, o->comm);
	set_known(t, TRIGGER_PID, o->pid);
	return t;
}

enum { ORIGIN_CPU, ORIGIN_UID, ORIGIN_TAINTED, ORIGIN_HARDWARE };
static const struct column oom_origin_columns[] = {
	[ORIGIN_CPU] = SHOWN("cpu", "CPU that the trigger ran on"),
	[ORIGIN_UID] = SHOWN("uid", "user id of the trigger"),
	[ORIGIN_TAINTED] = SHOWN_TEXT("tainted", "the kernel's taint; empty: not tainted"),
	[ORIGIN_HARDWARE] = SHOWN_TEXT("hardware", "name of the machine"),
};
SPEC(oom_origin, "origin", "Where", "what the report's stack dump tells besides");

struct table *oom_origin_table(const struct oom_origin *o)
{
	if (!o->cpu.known && !o->uid.known && !o->tainted && !o->hardware)
		return NULL;
	struct table *t = table_new(&oom_origin_spec);
	table_add(t);
	set_known(t, ORIGIN_CPU, o->cpu);
	set_known(t, ORIGIN_UID, o->uid);
	table_set_text(t, ORIGIN_TAINTED, o->tainted);
	table_set_text(t, ORIGIN_HARDWARE, o->hardware);
	return t;
}

enum { CHOSEN_COMM, CHOSEN_PID, CHOSEN_SCORE };
static const struct column oom_chosen_columns[] = {
	[CHOSEN_COMM] = SHOWN_TEXT("comm", "name"),
	[CHOSEN_PID] = SHOWN("pid", "process id"),
	[CHOSEN_SCORE] = SHOWN("score", "as printed"),
};
SPEC(oom_chosen, "chosen", "Chosen", "who was chosen");

struct table *oom_chosen_table(const char *comm, struct known pid, struct known score)
{
	struct table *t = table_new(&oom_chosen_spec);
	table_add(t);
	table_set_text(t, CHOSEN_COMM, comm);
	set_known(t, CHOSEN_PID, pid);
	set_known(t, CHOSEN_SCORE, score);
	return t;
}

enum {
	VICTIM_PID,
	VICTIM_COMM,
	VICTIM_UID,
	VICTIM_TOTAL_VM,
	VICTIM_ANON,
	VICTIM_FILE,
	VICTIM_SHMEM,
	VICTIM_PGTABLES,
	VICTIM_SWAP,
	VICTIM_SCORE,
	VICTIM_ADJ,
	VICTIM_PARENT,
	VICTIM_VE,
	VICTIM_FREE,
	VICTIM_GEN,
	VICTIM_SIGNAL,
	VICTIM_LINE
};
static const struct column oom_victims_columns[] = {
	[VICTIM_PID] = SHOWN("pid", "process id"),
	[VICTIM_COMM] = SHOWN_TEXT("comm", "name"),
	[VICTIM_UID] = SHOWN("uid", "user id"),
	[VICTIM_TOTAL_VM] = SHOWN("total_vm_kb", "address space"),
	[VICTIM_ANON] = SHOWN("anon_rss_kb", "anonymous memory"),
	[VICTIM_FILE] = SHOWN("file_rss_kb", "pages of files"),
	[VICTIM_SHMEM] = SHOWN("shmem_rss_kb", "shared memory: its end does not free it"),
	[VICTIM_PGTABLES] = SHOWN("pgtables_kb", "page tables"),
	[VICTIM_SWAP] = SHOWN("swap_kb", "swap (kernels of some vendors)"),
	[VICTIM_SCORE] = SHOWN("score", "as printed, on either scale"),
	[VICTIM_ADJ] = SHOWN("oom_score_adj", "its adjustment"),
	[VICTIM_PARENT] = {"chosen_parent", "chosen_parent",
			   "the process that was chosen, when its child was killed", COL_RECORD,
			   COLUMN_OPTIONAL, &oom_chosen_spec},
	[VICTIM_VE] = SHOWN("ve", "OpenVZ: its container"),
	[VICTIM_FREE] = SHOWN("free_pages", "OpenVZ: free= of its line"),
	[VICTIM_GEN] = SHOWN("gen", "OpenVZ: gen= of its line"),
	[VICTIM_SIGNAL] = SHOWN_TEXT("signal", "the signal, when printed"),
	[VICTIM_LINE] = SHOWN("line", "number of its line in the text"),
};
SPEC(oom_victims, "victims", "Killed", "in order of their lines");

struct table *oom_victims_table(const struct oom_event *e)
{
	struct table *t = table_new(&oom_victims_spec);
	for (size_t i = 0; i < e->victims.n; i++) {
		const struct oom_victim *v = &e->victims.v[i];
		table_add(t);
		set_known(t, VICTIM_PID, v->pid);
		table_set_text(t, VICTIM_COMM, v->comm);
		set_known(t, VICTIM_UID, v->uid);
		set_known(t, VICTIM_TOTAL_VM, v->total_vm_kb);
		set_known(t, VICTIM_ANON, v->anon_rss_kb);
		set_known(t, VICTIM_FILE, v->file_rss_kb);
		set_known(t, VICTIM_SHMEM, v->shmem_rss_kb);
		set_known(t, VICTIM_PGTABLES, v->pgtables_kb);
		set_known(t, VICTIM_SWAP, v->swap_kb);
		set_known(t, VICTIM_SCORE, v->score);
		set_known(t, VICTIM_ADJ, v->oom_score_adj);
		if (v->has_parent)
			table_set_table(
				t, VICTIM_PARENT,
				oom_chosen_table(v->parent_comm, v->parent_pid, v->parent_score));
		set_known(t, VICTIM_VE, v->ve);
		set_known(t, VICTIM_FREE, v->free_pages);
		set_known(t, VICTIM_GEN, v->generation);
		table_set_text(t, VICTIM_SIGNAL, v->signal);
		if (v->line)
			table_set_signed(t, VICTIM_LINE, (s64)v->line);
	}
	return t;
}

enum { REAPER_WHAT, REAPER_PID, REAPER_COMM, REAPER_ANON, REAPER_FILE, REAPER_SHMEM };
static const struct column oom_reapers_columns[] = {
	[REAPER_WHAT] = {"what", "what", "reaped, unable-to-reap, other"},
	[REAPER_PID] = SHOWN("pid", "process id"),
	[REAPER_COMM] = SHOWN_TEXT("comm", "name"),
	[REAPER_ANON] = SHOWN("anon_rss_kb", "what it still had afterwards"),
	[REAPER_FILE] = SHOWN("file_rss_kb", "the same of files"),
	[REAPER_SHMEM] = SHOWN("shmem_rss_kb", "the same of shared memory"),
};
SPEC(oom_reapers, "reapers", "The reaper", "lines of oom_reaper");

struct table *oom_reapers_table(const struct oom_event *e)
{
	static const char *const what[] = {"reaped", "unable-to-reap", "other"};
	struct table *t = table_new(&oom_reapers_spec);
	for (size_t i = 0; i < e->reapers.n; i++) {
		const struct oom_reaper *r = &e->reapers.v[i];
		table_add(t);
		table_set_text(t, REAPER_WHAT, what[r->what]);
		set_known(t, REAPER_PID, r->pid);
		table_set_text(t, REAPER_COMM, r->comm);
		set_known(t, REAPER_ANON, r->anon_rss_kb);
		set_known(t, REAPER_FILE, r->file_rss_kb);
		set_known(t, REAPER_SHMEM, r->shmem_rss_kb);
	}
	return none_if_empty(t);
}

/* --- cgroups -------------------------------------------------------------------------------- */

enum { LIMIT_USAGE, LIMIT_LIMIT, LIMIT_FAILCNT };
static const struct column oom_limit_columns[] = {
	[LIMIT_USAGE] = SHOWN("usage_kb", "in use"),
	[LIMIT_LIMIT] = SHOWN("limit_kb", "the limit as printed; 2^53 and more is none"),
	[LIMIT_FAILCNT] = SHOWN("failcnt", "how often it was reached"),
};
SPEC(oom_limit, "limit", "Limit", "one limit of a cgroup");

#define LIMIT(key, help)                                                           \
	{                                                                          \
		(key), (key), (help), COL_RECORD, COLUMN_OPTIONAL, &oom_limit_spec \
	}
static const struct column oom_memcg_columns[] = {
	[OOM_LIMIT_MEMORY] = LIMIT("memory", "memory"),
	[OOM_LIMIT_MEMORY_SWAP] = LIMIT("memory_swap", "memory and swap together (cgroup v1)"),
	[OOM_LIMIT_KMEM] = LIMIT("kmem", "the kernel's memory (cgroup v1)"),
	[OOM_LIMIT_SWAP] = LIMIT("swap", "swap (cgroup v2)"),
};
SPEC(oom_memcg, "memcg", "Limits of the cgroup", "usage and limits");

struct table *oom_memcg_table(const struct oom_event *e)
{
	struct table *t = table_new(&oom_memcg_spec);
	bool any = false;
	table_add(t);
	for (unsigned i = 0; i < OOM_LIMIT_N; i++) {
		if (!e->memcg[i].shown)
			continue;
		struct table *limit = table_new(&oom_limit_spec);
		table_add(limit);
		set_known(limit, LIMIT_USAGE, e->memcg[i].usage_kb);
		set_known(limit, LIMIT_LIMIT, e->memcg[i].limit_kb);
		set_known(limit, LIMIT_FAILCNT, e->memcg[i].failcnt);
		table_set_table(t, i, limit);
		any = true;
	}
	if (any)
		return t;
	table_free(t);
	return NULL;
}

enum { STAT_PATH, STAT_NAME, STAT_VALUE, STAT_UNIT };
static const struct column oom_memcg_stats_columns[] = {
	[STAT_PATH] = SHOWN_TEXT("path", "the cgroup"),
	[STAT_NAME] = {"name", "name", "as memory.stat names it"},
	[STAT_VALUE] = {"value", "value", "the figure", COL_SIGNED},
	[STAT_UNIT] = {"unit", "unit", "kB to Linux 5.2; since then as in memory.stat"},
};
SPEC(oom_memcg_stats, "memcg_stats", "Statistics of cgroups", "memory.stat as printed");

struct table *oom_memcg_stats_table(const struct oom_event *e)
{
	struct table *t = table_new(&oom_memcg_stats_spec);
	for (size_t i = 0; i < e->memcg_stats.n; i++) {
		const struct oom_memcg_stat *s = &e->memcg_stats.v[i];
		table_add(t);
		table_set_text(t, STAT_PATH, s->path);
		table_set_text(t, STAT_NAME, s->name);
		table_set_signed(t, STAT_VALUE, s->value);
		table_set_text(t, STAT_UNIT, s->in_kb ? "kB" : "memory.stat");
	}
	return none_if_empty(t);
}

/* --- accounting ----------------------------------------------------------------------------- */

enum { PART_KEY, PART_LABEL, PART_PAGES, PART_SHARE };
static const struct column oom_class_columns[] = {
	[PART_KEY] = {"key", "key", "a stable word"},
	[PART_LABEL] = {"label", "label", "for people"},
	[PART_PAGES] = {"pages", "pages", "pages", COL_SIGNED},
	[PART_SHARE] = {"share", "share", "of the managed pages", COL_PERCENT},
};
SPEC(oom_class, "classes", "Classes", "counters that add up");

enum {
	BOOKS_MANAGED,
	BOOKS_ACCOUNTED,
	BOOKS_UNACCOUNTED,
	BOOKS_ERROR,
	BOOKS_CPUS,
	BOOKS_LEFT_OUT,
	BOOKS_NOT_PRINTED,
	BOOKS_CLASSES
};
static const struct column oom_accounted_columns[] = {
	[BOOKS_MANAGED] = {"managed_pages", "managed", "RAM - reserved", COL_SIGNED},
	[BOOKS_ACCOUNTED] = {"accounted_pages", "accounted", "the sum of the classes", COL_SIGNED},
	[BOOKS_UNACCOUNTED] = {"unaccounted_pages", "unaccounted", "managed - accounted",
			       COL_SIGNED},
	[BOOKS_ERROR] = {"error_pages", "error", "by which the remainder can be off", COL_SIGNED},
	[BOOKS_CPUS] = SHOWN("cpus", "CPUs that the error is for: as many as the text names"),
	[BOOKS_LEFT_OUT] = SHOWN("left_out_pages",
				 "managed pages of zones that the report leaves out (since 6.0)"),
	[BOOKS_NOT_PRINTED] = {"not_printed", "not printed",
			       "what is in the remainder because this kernel does not print it"},
	[BOOKS_CLASSES] = {"classes", "classes", "what is counted", COL_TABLE, 0, &oom_class_spec},
};
SPEC(oom_accounted, "accounted", "Where memory was", "the books of the report");

static struct table *class_table(const struct oom_account *a)
{
	struct table *t = table_new(&oom_class_spec);
	for (unsigned i = 0; i < OOM_CLASS_N; i++) {
		if (!a->classes[i].known)
			continue;
		table_add(t);
		table_set_text(t, PART_KEY, oom_class_keys[i]);
		table_set_text(t, PART_LABEL, oom_class_labels[i]);
		table_set_signed(t, PART_PAGES, a->classes[i].value);
		if (a->managed.known && a->managed.value)
			table_set_real(t, PART_SHARE,
				       100.0 * (double)a->classes[i].value /
					       (double)a->managed.value);
		else
			table_set_unknown(t, PART_SHARE,
					  "how much memory there is, is not in the text");
	}
	return t;
}

static void set_or_why(struct table *t, unsigned column, struct known k, const char *why)
{
	if (k.known)
		table_set_signed(t, column, k.value);
	else
		table_set_unknown(t, column, why ? why : "not in the text");
}

struct table *oom_accounted_table(const struct oom_account *a)
{
	struct table *t = table_new(&oom_accounted_spec);
	table_add(t);
	set_or_why(t, BOOKS_MANAGED, a->managed,
		   "the lines \"pages RAM\" and \"pages reserved\" are not in the text");
	set_or_why(t, BOOKS_ACCOUNTED, a->accounted, a->why);
	set_or_why(t, BOOKS_UNACCOUNTED, a->unaccounted, a->why);
	set_or_why(t, BOOKS_ERROR, a->error, a->error_why);
	if (a->cpus)
		table_set_signed(t, BOOKS_CPUS, a->cpus);
	set_known(t, BOOKS_LEFT_OUT, a->left_out);
	table_set_text(t, BOOKS_NOT_PRINTED, a->not_printed);
	table_set_table(t, BOOKS_CLASSES, class_table(a));
	return t;
}

/* --- tasks ---------------------------------------------------------------------------------- */

enum { TASK_NAME = OOM_TASK_N, TASK_RANK, TASK_POINTS, TASK_EXEMPT };
static const struct column oom_tasks_columns[] = {
#define TASK(id, word) [OOM_TASK_##id] = SHOWN(word, "as the report's table has it"),
#include "oomlog/fields.def"
#undef TASK
	[TASK_NAME] = SHOWN_TEXT("name", "name"),
	[TASK_RANK] = SHOWN("rank", "place in the recomputed ranking, from 1"),
	[TASK_POINTS] = SHOWN("points", "recomputed badness, in pages"),
	[TASK_EXEMPT] = SHOWN_TEXT("exempt", "why it can't be killed"),
};
SPEC(oom_tasks, "tasks", "Tasks", "the report's table, in its order");

struct table *oom_tasks_table(const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	size_t *place = mem_calloc(e->tasks.n + 1, sizeof(*place));
	struct table *t = table_new(&oom_tasks_spec);
	for (size_t i = 0; i < a->choice.nr_ranking; i++)
		place[a->choice.ranking[i].task] = i;
	bool points = e->task_columns & 1U << OOM_TASK_OOM_SCORE_ADJ;
	for (size_t i = 0; i < e->tasks.n; i++) {
		const struct oom_rank *r = &a->choice.ranking[place[i]];
		table_add(t);
		for (unsigned j = 0; j < OOM_TASK_N; j++)
			set_known(t, j, e->tasks.v[i].field[j]);
		table_set_text(t, TASK_NAME, e->tasks.v[i].name);
		if (points && r->points.known) {
			table_set_signed(t, TASK_POINTS, r->points.value);
			if (!r->exempt)
				table_set_signed(t, TASK_RANK, (s64)place[i] + 1);
		}
		table_set_text(t, TASK_EXEMPT, r->exempt);
	}
	free(place);
	return none_if_empty(t);
}

/* --- nodes, zones, blocks ------------------------------------------------------------------- */

#define SHOWN_KB(word) SHOWN(word "_kb", "as printed")

enum { NODE_NODE = OOM_NODE_N };
static const struct column oom_nodes_columns[] = {
	[OOM_NODE_ACTIVE_ANON] = SHOWN_KB("active_anon"),
	[OOM_NODE_INACTIVE_ANON] = SHOWN_KB("inactive_anon"),
	[OOM_NODE_ACTIVE_FILE] = SHOWN_KB("active_file"),
	[OOM_NODE_INACTIVE_FILE] = SHOWN_KB("inactive_file"),
	[OOM_NODE_UNEVICTABLE] = SHOWN_KB("unevictable"),
	[OOM_NODE_ISOLATED_ANON] = SHOWN_KB("isolated_anon"),
	[OOM_NODE_ISOLATED_FILE] = SHOWN_KB("isolated_file"),
	[OOM_NODE_MAPPED] = SHOWN_KB("mapped"),
	[OOM_NODE_DIRTY] = SHOWN_KB("dirty"),
	[OOM_NODE_WRITEBACK] = SHOWN_KB("writeback"),
	[OOM_NODE_SHMEM] = SHOWN_KB("shmem"),
	[OOM_NODE_SHMEM_THP] = SHOWN_KB("shmem_thp"),
	[OOM_NODE_SHMEM_PMDMAPPED] = SHOWN_KB("shmem_pmdmapped"),
	[OOM_NODE_ANON_THP] = SHOWN_KB("anon_thp"),
	[OOM_NODE_WRITEBACK_TMP] = SHOWN_KB("writeback_tmp"),
	[OOM_NODE_UNSTABLE] = SHOWN_KB("unstable"),
	[OOM_NODE_KERNEL_STACK] = SHOWN_KB("kernel_stack"),
	[OOM_NODE_SHADOW_CALL_STACK] = SHOWN_KB("shadow_call_stack"),
	[OOM_NODE_PAGETABLES] = SHOWN_KB("pagetables"),
	[OOM_NODE_SEC_PAGETABLES] = SHOWN_KB("sec_pagetables"),
	[OOM_NODE_KERNEL_MISC_RECLAIMABLE] = SHOWN_KB("kernel_misc_reclaimable"),
	[OOM_NODE_PAGES_SCANNED] = SHOWN("pages_scanned", "a count"),
	[OOM_NODE_ALL_UNRECLAIMABLE] = SHOWN("all_unreclaimable", "1: reclaim has given up"),
	[OOM_NODE_BALLOON] = SHOWN_KB("balloon"),
	[OOM_NODE_GPU_ACTIVE] = SHOWN_KB("gpu_active"),
	[OOM_NODE_GPU_RECLAIM] = SHOWN_KB("gpu_reclaim"),
	[NODE_NODE] = SHOWN("node", "number of the node"),
};
SPEC(oom_nodes, "nodes", "Nodes", "counters by node (4.8 and later)");

struct table *oom_nodes_table(const struct oom_meminfo *info)
{
	struct table *t = table_new(&oom_nodes_spec);
	for (size_t i = 0; i < info->nodes.n; i++) {
		table_add(t);
		for (unsigned j = 0; j < OOM_NODE_N; j++)
			set_known(t, j, info->nodes.v[i].field[j]);
		table_set_signed(t, NODE_NODE, info->nodes.v[i].node);
	}
	return none_if_empty(t);
}

enum {
	ZONE_COL_NODE = OOM_ZONE_N,
	ZONE_COL_ZONE,
	ZONE_COL_STATE,
	ZONE_COL_USABLE,
	ZONE_COL_KEPT,
	ZONE_COL_RESERVE
};
static const struct column oom_zones_columns[] = {
	[OOM_ZONE_FREE] = SHOWN_KB("free"),
	[OOM_ZONE_BOOST] = SHOWN_KB("boost"),
	[OOM_ZONE_MIN] = SHOWN_KB("min"),
	[OOM_ZONE_LOW] = SHOWN_KB("low"),
	[OOM_ZONE_HIGH] = SHOWN_KB("high"),
	[OOM_ZONE_PROMO] = SHOWN_KB("promo"),
	[OOM_ZONE_RESERVED_HIGHATOMIC] = SHOWN_KB("reserved_highatomic"),
	[OOM_ZONE_FREE_HIGHATOMIC] = SHOWN_KB("free_highatomic"),
	[OOM_ZONE_ACTIVE] = SHOWN_KB("active"),
	[OOM_ZONE_INACTIVE] = SHOWN_KB("inactive"),
	[OOM_ZONE_ACTIVE_ANON] = SHOWN_KB("active_anon"),
	[OOM_ZONE_INACTIVE_ANON] = SHOWN_KB("inactive_anon"),
	[OOM_ZONE_ACTIVE_FILE] = SHOWN_KB("active_file"),
	[OOM_ZONE_INACTIVE_FILE] = SHOWN_KB("inactive_file"),
	[OOM_ZONE_UNEVICTABLE] = SHOWN_KB("unevictable"),
	[OOM_ZONE_ISOLATED_ANON] = SHOWN_KB("isolated_anon"),
	[OOM_ZONE_ISOLATED_FILE] = SHOWN_KB("isolated_file"),
	[OOM_ZONE_WRITEPENDING] = SHOWN_KB("writepending"),
	[OOM_ZONE_ZSPAGES] = SHOWN_KB("zspages"),
	[OOM_ZONE_PRESENT] = SHOWN_KB("present"),
	[OOM_ZONE_MANAGED] = SHOWN_KB("managed"),
	[OOM_ZONE_MLOCKED] = SHOWN_KB("mlocked"),
	[OOM_ZONE_DIRTY] = SHOWN_KB("dirty"),
	[OOM_ZONE_WRITEBACK] = SHOWN_KB("writeback"),
	[OOM_ZONE_MAPPED] = SHOWN_KB("mapped"),
	[OOM_ZONE_SHMEM] = SHOWN_KB("shmem"),
	[OOM_ZONE_SLAB_RECLAIMABLE] = SHOWN_KB("slab_reclaimable"),
	[OOM_ZONE_SLAB_UNRECLAIMABLE] = SHOWN_KB("slab_unreclaimable"),
	[OOM_ZONE_KERNEL_STACK] = SHOWN_KB("kernel_stack"),
	[OOM_ZONE_SHADOW_CALL_STACK] = SHOWN_KB("shadow_call_stack"),
	[OOM_ZONE_PAGETABLES] = SHOWN_KB("pagetables"),
	[OOM_ZONE_UNSTABLE] = SHOWN_KB("unstable"),
	[OOM_ZONE_BOUNCE] = SHOWN_KB("bounce"),
	[OOM_ZONE_FREE_PCP] = SHOWN_KB("free_pcp"),
	[OOM_ZONE_LOCAL_PCP] = SHOWN_KB("local_pcp"),
	[OOM_ZONE_FREE_CMA] = SHOWN_KB("free_cma"),
	[OOM_ZONE_WRITEBACK_TMP] = SHOWN_KB("writeback_tmp"),
	[OOM_ZONE_PAGES_SCANNED] = SHOWN("pages_scanned", "a count"),
	[OOM_ZONE_ALL_UNRECLAIMABLE] = SHOWN("all_unreclaimable", "1: reclaim has given up"),
	[ZONE_COL_NODE] = SHOWN("node", "number of the node"),
	[ZONE_COL_ZONE] = SHOWN_TEXT("zone", "name of the zone"),
	[ZONE_COL_STATE] =
		SHOWN_TEXT("state", "for the request: enough, below-min, reserved, fragmented, "
				    "not-allowed, unknown"),
	[ZONE_COL_USABLE] = SHOWN("usable_kb", "free, without what is kept for others"),
	[ZONE_COL_KEPT] = SHOWN("reserve_kb", "kept for requests that can't use higher zones"),
	[ZONE_COL_RESERVE] = {"lowmem_reserve", "lowmem_reserve", "as printed, pages", COL_NUMBERS,
			      COLUMN_OPTIONAL},
};
SPEC(oom_zones, "zones", "Zones", "watermarks and counters of zones");

static void set_reserve(struct table *t, const struct oom_zone *zone)
{
	u64 numbers[OOM_MAX_RESERVES];
	u32 n = zone->nr_reserve < OOM_MAX_RESERVES ? zone->nr_reserve : OOM_MAX_RESERVES;
	for (u32 i = 0; i < n; i++) {
		if (!zone->reserve[i].known)
			return;
		numbers[i] = (u64)zone->reserve[i].value;
	}
	if (n)
		table_set_numbers(t, ZONE_COL_RESERVE, numbers, n);
}

struct table *oom_zones_table(const struct oom_meminfo *info, const struct oom_failed *failed)
{
	struct table *t = table_new(&oom_zones_spec);
	for (size_t i = 0; i < info->zones.n; i++) {
		const struct oom_zone *zone = &info->zones.v[i];
		table_add(t);
		for (unsigned j = 0; j < OOM_ZONE_N; j++)
			set_known(t, j, zone->field[j]);
		if (zone->node >= 0)
			table_set_signed(t, ZONE_COL_NODE, zone->node);
		table_set_text(t, ZONE_COL_ZONE, zone->name);
		set_reserve(t, zone);
		if (!failed)
			continue;
		table_set_text(t, ZONE_COL_STATE, oom_zone_state_keys[failed->zones[i].state]);
		set_known(t, ZONE_COL_USABLE, failed->zones[i].usable_kb);
		set_known(t, ZONE_COL_KEPT, failed->zones[i].reserve_kb);
	}
	return none_if_empty(t);
}

enum { BUDDY_NODE, BUDDY_ZONE, BUDDY_BLOCKS, BUDDY_TYPES, BUDDY_TOTAL };
static const struct column oom_buddy_columns[] = {
	[BUDDY_NODE] = SHOWN("node", "number of the node"),
	[BUDDY_ZONE] = SHOWN_TEXT("zone", "name of the zone"),
	[BUDDY_BLOCKS] = {"blocks", "blocks", "free blocks of order 0, 1, 2 ...", COL_NUMBERS,
			  COLUMN_OPTIONAL},
	[BUDDY_TYPES] = {"types", "types",
			 "migrate types of them, by order: U M E H C I; empty: none shown",
			 COL_LIST, COLUMN_OPTIONAL},
	[BUDDY_TOTAL] = SHOWN("total_kb", "their sum as printed"),
};
SPEC(oom_buddy, "buddy", "Free blocks", "the buddy lines");

static void set_blocks(struct table *t, const struct oom_zone *zone)
{
	u64 blocks[OOM_MAX_ORDERS];
	const char *types[OOM_MAX_ORDERS];
	u32 n = zone->nr_orders < OOM_MAX_ORDERS ? zone->nr_orders : OOM_MAX_ORDERS;
	for (u32 i = 0; i < n; i++) {
		if (!zone->order[i].blocks.known)
			return;
		blocks[i] = (u64)zone->order[i].blocks.value;
		types[i] = zone->order[i].types ? zone->order[i].types : "";
	}
	if (!n)
		return;
	table_set_numbers(t, BUDDY_BLOCKS, blocks, n);
	table_set_list(t, BUDDY_TYPES, types, n);
}

struct table *oom_buddy_table(const struct oom_meminfo *info)
{
	struct table *t = table_new(&oom_buddy_spec);
	for (size_t i = 0; i < info->zones.n; i++) {
		const struct oom_zone *zone = &info->zones.v[i];
		if (!zone->has_buddy)
			continue;
		table_add(t);
		if (zone->node >= 0)
			table_set_signed(t, BUDDY_NODE, zone->node);
		table_set_text(t, BUDDY_ZONE, zone->name);
		set_blocks(t, zone);
		set_known(t, BUDDY_TOTAL, zone->buddy_total_kb);
	}
	return none_if_empty(t);
}

enum { HUGE_NODE, HUGE_SIZE, HUGE_TOTAL, HUGE_FREE, HUGE_SURPLUS };
static const struct column oom_hugepages_columns[] = {
	[HUGE_NODE] = SHOWN("node", "number of the node"),
	[HUGE_SIZE] = SHOWN("size_kb", "size of one"),
	[HUGE_TOTAL] = SHOWN("total", "how many are set aside"),
	[HUGE_FREE] = SHOWN("free", "of them, not in use"),
	[HUGE_SURPLUS] = SHOWN("surplus", "of them, beyond the pool's size"),
};
SPEC(oom_hugepages, "hugepages", "Huge pages", "pools of huge pages");

struct table *oom_hugepages_table(const struct oom_meminfo *info)
{
	struct table *t = table_new(&oom_hugepages_spec);
	for (size_t i = 0; i < info->hugepages.n; i++) {
		const struct oom_hugepages *h = &info->hugepages.v[i];
		table_add(t);
		if (h->node >= 0)
			table_set_signed(t, HUGE_NODE, h->node);
		set_known(t, HUGE_SIZE, h->size_kb);
		set_known(t, HUGE_TOTAL, h->total);
		set_known(t, HUGE_FREE, h->free);
		set_known(t, HUGE_SURPLUS, h->surplus);
	}
	return none_if_empty(t);
}

/* --- what the kernel itself adds ------------------------------------------------------------ */

enum { SLAB_COL_NAME, SLAB_COL_USED, SLAB_COL_TOTAL };
static const struct column oom_slab_columns[] = {
	[SLAB_COL_NAME] = SHOWN_TEXT("name", "the cache"),
	[SLAB_COL_USED] = SHOWN("used_kb", "of allocated objects"),
	[SLAB_COL_TOTAL] = SHOWN("total_kb", "with free slots"),
};
SPEC(oom_slab, "slab_dump", "Unreclaimable slab", "the kernel's own dump of caches");

struct table *oom_slab_table(const struct oom_meminfo *info)
{
	struct table *t = table_new(&oom_slab_spec);
	for (size_t i = 0; i < info->slabs.n; i++) {
		table_add(t);
		table_set_text(t, SLAB_COL_NAME, info->slabs.v[i].name);
		set_known(t, SLAB_COL_USED, info->slabs.v[i].used_kb);
		set_known(t, SLAB_COL_TOTAL, info->slabs.v[i].total_kb);
	}
	return none_if_empty(t);
}

enum { TAG_SIZE, TAG_BYTES, TAG_CALLS, TAG_FILE, TAG_FUNCTION, TAG_MODULE };
static const struct column oom_tags_columns[] = {
	[TAG_SIZE] = SHOWN_TEXT("size", "as printed (rounded by the kernel)"),
	[TAG_BYTES] = SHOWN("size_bytes", "of that text"),
	[TAG_CALLS] = SHOWN("calls", "allocations that are still there"),
	[TAG_FILE] = SHOWN_TEXT("file", "source file and line"),
	[TAG_FUNCTION] = SHOWN_TEXT("function", "who allocates"),
	[TAG_MODULE] = SHOWN_TEXT("module", "the module, when it is one"),
};
SPEC(oom_tags, "alloc_tags", "Who allocated", "memory allocation profiling (6.10 and later)");

struct table *oom_tags_table(const struct oom_meminfo *info)
{
	struct table *t = table_new(&oom_tags_spec);
	for (size_t i = 0; i < info->alloc_tags.n; i++) {
		const struct oom_alloc_tag *tag = &info->alloc_tags.v[i];
		table_add(t);
		table_set_text(t, TAG_SIZE, tag->size_text);
		set_known(t, TAG_BYTES, tag->size_bytes);
		set_known(t, TAG_CALLS, tag->calls);
		table_set_text(t, TAG_FILE, tag->file);
		table_set_text(t, TAG_FUNCTION, tag->function);
		table_set_text(t, TAG_MODULE, tag->module);
	}
	return none_if_empty(t);
}
