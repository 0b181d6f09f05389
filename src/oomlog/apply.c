/*
 * What each line changes in its block: a table of targets for plain fields, and one small function
 * for each kind of line that makes rows.
 *
 * A figure is set once.  When the text gives it again with another value, two reports were mixed
 * and nobody can tell whose it is: it becomes unknown and stays so.
 */
#include <stddef.h>

#include "oomlog/apply.h"

enum { LONGEST_KEPT = 400 };

const char *block_keep(struct block *b, struct str text)
{
	return arena_strndup(&b->arena, text.s, text.len);
}

void block_set_text(struct block *b, const char **to, struct str text)
{
	if (!*to && text.len)
		*to = block_keep(b, text);
}

void block_set_number(struct known *to, s64 value)
{
	if (!to->known)
		*to = (struct known){value, true};
}

/* --- plain fields --- */

struct target {
	bool text;
	size_t offset;
};

#define TEXT(member)                                     \
	{                                                \
		true, offsetof(struct oom_event, member) \
	}
#define NUMBER(member)                                    \
	{                                                 \
		false, offsetof(struct oom_event, member) \
	}
#define NO_TARGET SIZE_MAX

static const struct target targets[F_N] = {
	[F_COMM] = TEXT(trigger.comm),
	[F_GFP] = TEXT(gfp_mask),
	[F_ORDER] = NUMBER(order),
	[F_NODEMASK] = TEXT(nodemask),
	[F_OOM_SCORE_ADJ] = NUMBER(trigger_oom_score_adj),
	[F_OOM_ADJ] = NUMBER(trigger_oom_adj),
	[F_OOMKILLADJ] = NUMBER(trigger_oomkilladj),
	[F_CPUSET] = TEXT(cpuset),
	[F_MEMS_ALLOWED] = TEXT(mems_allowed),
	[F_HARDWARE] = TEXT(trigger.hardware),
	[F_CONSTRAINT] = TEXT(constraint),
	[F_CONSTRAINT_NODEMASK] = TEXT(constraint_nodemask),
	[F_OOM_MEMCG] = TEXT(oom_memcg),
	[F_TASK_MEMCG] = TEXT(task_memcg),
	[F_TASK] = TEXT(oom_task),
	[F_TASK_PID] = NUMBER(oom_task_pid),
	[F_TASK_UID] = NUMBER(oom_task_uid),
	[F_MIN_PROTECTION] = NUMBER(min_protection_kb),
	[F_LOW_PROTECTION] = NUMBER(low_protection_kb),
};

static void apply_plain(struct block *b, const struct line *line, const struct parse *parse)
{
	for (size_t i = 0; i < parse->n; i++) {
		const struct capture *c = &parse->c[i];
		const struct target *target = &targets[c->field];
		char *member = (char *)&b->e + target->offset;
		if (!target->offset)
			continue;
		if (target->text)
			block_set_text(b, (const char **)(void *)member, c->text);
		else
			block_set_number((struct known *)(void *)member, c->n);
	}
}

/* --- who asked --- */

/* "0x100dca(GFP_HIGHUSER_MOVABLE|__GFP_ZERO)" into bits and names. */
static void split_gfp(struct block *b)
{
	u64 bits = 0;
	struct str mask = str_of(b->e.gfp_mask);
	if (!str_starts(mask, STR("0x")))
		return;
	size_t n = 2;
	for (; n < mask.len && n < 18; n++) {
		char c = to_lower(mask.s[n]);
		if (!is_digit(c) && !(c >= 'a' && c <= 'f'))
			break;
		bits = bits * 16 + (u64)(is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	if (n == 2)
		return;
	block_set_number(&b->e.gfp_bits, (s64)bits);
	if (str_at(mask, n) == '(' && str_ends(mask, STR(")")) && mask.len > n + 2)
		block_set_text(b, &b->e.gfp_names, (struct str){mask.s + n + 1, mask.len - n - 2});
}

/*
 * A name is at most 15 bytes: what is longer has a program's output or a prefix that nobody knows
 * in front of it, up to the last ": " or "] " or blank.
 */
static struct str comm_only(struct str comm)
{
	enum { LONGEST_COMM = 15 };
	static const char *const ends[] = {"] ", ": ", " "};
	comm = str_trim(comm);
	for (size_t i = 0; i < ARRAY_SIZE(ends) && comm.len > LONGEST_COMM; i++) {
		size_t at = str_find_last(comm, str_of(ends[i]));
		if (at != SIZE_MAX)
			comm = str_trim(str_from(comm, at + strlen(ends[i])));
	}
	return comm;
}

static void apply_header(struct block *b, const struct line *line, const struct parse *parse)
{
	b->header_seen = true;
	b->e.header_missing = false;
	const struct capture *comm = parse_find(parse, F_COMM);
	if (comm)
		block_set_text(b, &b->e.trigger.comm, comm_only(comm->text));
	apply_plain(b, line, parse);
	if (b->e.gfp_mask)
		split_gfp(b);
	b->e.sysrq = b->e.order.known && b->e.order.value == -1;
	b->e.compaction_disabled = str_contains(line->text, STR("COMPACTION is disabled"));
}

/* The second line's words are those of the header's task; the header's own come first. */
static void apply_cpuset(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *cpuset = parse_find(parse, F_CPUSET),
			     *mems = parse_find(parse, F_MEMS_ALLOWED);
	if (cpuset)
		block_set_text(b, &b->e.cpuset, cpuset->text);
	if (mems)
		block_set_text(b, &b->e.mems_allowed, mems->text);
}

/*
 * CPU: 1 PID: 2 Comm: x.  The pid is the trigger's when the name is; a warning of another task may
 * print such a line too, and then only the kernel's release is believed.
 */
static void apply_origin(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_origin *o = b->type == BLOCK_FAILURE ? &b->f.trigger : &b->e.trigger;
	const struct capture *comm = parse_find(parse, F_COMM), *c;
	bool same = comm && o->comm && str_is(comm->text, str_of(o->comm));
	bool unnamed = !o->comm && (b->header_seen || b->type != BLOCK_EVENT);
	if (unnamed && comm)
		block_set_text(b, &o->comm, comm->text);
	if ((same || unnamed) && b->stage <= STAGE_STACK) {
		if ((c = parse_find(parse, F_PID)))
			block_set_number(&o->pid, c->n);
		if ((c = parse_find(parse, F_CPU)))
			block_set_number(&o->cpu, c->n);
		if ((c = parse_find(parse, F_UID)))
			block_set_number(&o->uid, c->n);
		if ((c = parse_find(parse, F_TAINTED)) && !o->tainted)
			o->tainted = block_keep(b, c->text);
	}
	if ((c = parse_find(parse, F_KERNEL)))
		block_set_text(b, &o->kernel, c->text);
	if ((c = parse_find(parse, F_VERSION)))
		block_set_text(b, &o->version, c->text);
}

static void apply_hardware(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_origin *o = b->type == BLOCK_FAILURE ? &b->f.trigger : &b->e.trigger;
	if (parse->n)
		block_set_text(b, &o->hardware, parse->c[0].text);
}

static void apply_failure(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_failure *f = &b->f;
	f->kind = (enum oom_failure_kind)parse->which;
	for (size_t i = 0; i < parse->n; i++) {
		const struct capture *c = &parse->c[i];
		switch (c->field) {
		case F_COMM:
			block_set_text(b, &f->trigger.comm, comm_only(c->text));
			break;
		case F_ORDER:
			block_set_number(&f->order, c->n);
			break;
		case F_MODE:
			block_set_text(b, &f->mode, c->text);
			break;
		case F_NODEMASK:
			block_set_text(b, &f->nodemask, c->text);
			break;
		case F_CPUSET:
			block_set_text(b, &f->cpuset, c->text);
			break;
		case F_MEMS_ALLOWED:
			block_set_text(b, &f->mems_allowed, c->text);
			break;
		case F_BYTES:
			block_set_number(&f->vmalloc_bytes, c->n);
			break;
		case F_STALL_MS:
			block_set_number(&f->stall_ms, c->n);
			break;
		default:
			break;
		}
	}
}

/* --- memory cgroups --- */

static void apply_memcg(struct block *b, const struct line *line, const struct parse *parse)
{
	b->e.is_memcg = true;
	apply_plain(b, line, parse);
}

static void apply_limit(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_limit *limit = &b->e.memcg[parse->which];
	const struct capture *c;
	b->e.is_memcg = true;
	limit->shown = true;
	if ((c = parse_find(parse, F_USAGE)))
		block_set_number(&limit->usage_kb, c->n);
	if ((c = parse_find(parse, F_LIMIT)))
		block_set_number(&limit->limit_kb, c->n);
	if ((c = parse_find(parse, F_FAILCNT)))
		block_set_number(&limit->failcnt, c->n);
}

static void add_stat(struct block *b, struct str name, s64 value, bool in_kb)
{
	enum { MOST_STATS = 4096 };
	if (b->e.memcg_stats.n >= MOST_STATS)
		return;
	struct oom_memcg_stat *stat = vec_push(&b->e.memcg_stats);
	*stat = (struct oom_memcg_stat){b->stats_path, block_keep(b, name), value, in_kb};
}

static void apply_stats_head(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *path = parse_find(parse, F_PATH);
	b->e.is_memcg = true;
	b->section = SECTION_STATS;
	b->stats_path = path ? block_keep(b, path->text) : NULL;
	if (path)
		block_set_text(b, &b->e.memcg_stats_path, path->text);
	for (size_t i = 0; i < parse->n; i++)
		if (parse->c[i].field == F_STAT)
			add_stat(b, parse->c[i].text, parse->c[i].n, true);
}

static void apply_stat(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *name = parse_find(parse, F_NAME), *value = parse_find(parse, F_STAT);
	if (name && value)
		add_stat(b, name->text, value->n, false);
}

/* --- tasks --- */

static void apply_tasks_head(struct block *b, const struct line *line, const struct parse *parse)
{
	b->section = SECTION_NONE;
	b->e.task_table = true;
	if (parse->kind != LINE_TASKS_HEAD)
		return;
	grammar_columns(parse, &b->columns);
	for (size_t i = 0; i < parse->n; i++) {
		if (parse->c[i].index >= 0)
			b->e.task_columns |= 1u << parse->c[i].index;
		else
			b->e.task_unknown_columns++;
	}
}

static void apply_task(struct block *b, const struct line *line, const struct parse *parse)
{
	if (!parse->n || parse->partial) {
		b->e.tasks_damaged++;
		return;
	}
	if (b->e.tasks.n >= OOM_MAX_TASKS) {
		b->e.tasks_left_out++;
		return;
	}
	struct oom_task *task = vec_push(&b->e.tasks);
	for (size_t i = 0; i < parse->n; i++) {
		const struct capture *c = &parse->c[i];
		if (c->field == F_CELL)
			block_set_number(&task->field[c->index], c->n);
		else if (c->field == F_NAME)
			task->name = block_keep(b, c->text);
	}
}

/* --- the kill --- */

static void apply_oom_kill(struct block *b, const struct line *line, const struct parse *parse)
{
	b->section = SECTION_NONE;
	apply_plain(b, line, parse);
	if (parse_find(parse, F_GLOBAL_OOM))
		b->e.global_oom = true;
	if (b->e.constraint && strcmp(b->e.constraint, "CONSTRAINT_MEMCG") == 0)
		b->e.is_memcg = true;
	if (!b->header_seen && b->time_is_weak) {
		time_from_stamp(&b->arena, &line->stamp, &b->e.time);
		b->time_is_weak = false;
	}
}

static void set_reason(struct block *b, const struct parse *parse)
{
	const struct capture *reason = parse_find(parse, F_REASON);
	struct str text = reason ? str_trim(reason->text) : (struct str){0};
	b->section = SECTION_NONE;
	if (!text.len)
		return;
	if (str_contains(text, STR("oom_kill_allocating_task")))
		b->e.alloc_task = true;
	if (str_contains(text, STR("cgroup")))
		b->e.is_memcg = true;
	block_set_text(b, &b->e.kill_reason, text);
}

static void note_kill(struct block *b, const struct line *line)
{
	if (!b->kill_us.known)
		b->kill_us = line->stamp.uptime_us;
	b->kill_seen = true;
	b->last_kill_line = line->last_number;
	if (!b->header_seen && b->time_is_weak) {
		time_from_stamp(&b->arena, &line->stamp, &b->e.time);
		b->time_is_weak = false;
	}
}

static void apply_choose(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *c;
	set_reason(b, parse);
	note_kill(b, line);
	b->choosing = true;
	b->choice = (struct oom_chosen){0};
	if ((c = parse_find(parse, F_COMM)))
		b->choice.comm = block_keep(b, c->text);
	if ((c = parse_find(parse, F_PID)))
		block_set_number(&b->choice.pid, c->n);
	if ((c = parse_find(parse, F_SCORE)))
		block_set_number(&b->choice.score, c->n);
}

/* The figures of a victim's line, by capture. */
static struct known *victim_number(struct oom_victim *v, enum field field)
{
	switch (field) {
	case F_PID:
		return &v->pid;
	case F_UID:
		return &v->uid;
	case F_TOTAL_VM:
		return &v->total_vm_kb;
	case F_ANON_RSS:
		return &v->anon_rss_kb;
	case F_FILE_RSS:
		return &v->file_rss_kb;
	case F_SHMEM_RSS:
		return &v->shmem_rss_kb;
	case F_PGTABLES:
		return &v->pgtables_kb;
	case F_SWAP:
		return &v->swap_kb;
	case F_SCORE:
		return &v->score;
	case F_OOM_SCORE_ADJ:
		return &v->oom_score_adj;
	case F_VE:
		return &v->ve;
	case F_FREE:
		return &v->free_pages;
	case F_GENERATION:
		return &v->generation;
	default:
		return NULL;
	}
}

/* The chosen process itself has the score; when a child was killed, its parent has. */
static void take_choice(struct block *b, struct oom_victim *v)
{
	bool same = b->choice.pid.known && v->pid.known && b->choice.pid.value == v->pid.value;
	b->choosing = false;
	if (same) {
		v->score = b->choice.score;
		return;
	}
	v->has_parent = true;
	v->parent_comm = b->choice.comm;
	v->parent_pid = b->choice.pid;
	v->parent_score = b->choice.score;
}

static void apply_killed(struct block *b, const struct line *line, const struct parse *parse)
{
	struct oom_victim victim = {.line = line->number};
	set_reason(b, parse);
	note_kill(b, line);
	for (size_t i = 0; i < parse->n; i++) {
		const struct capture *c = &parse->c[i];
		struct known *number = victim_number(&victim, c->field);
		if (c->number && number)
			block_set_number(number, c->n);
		else if (c->field == F_COMM)
			victim.comm = block_keep(b, c->text);
	}
	if (b->choosing)
		take_choice(b, &victim);
	if (victim.pid.known && block_victim(b, victim.pid.value))
		return; /* memory.oom.group prints the chosen one twice */
	if (b->e.victims.n >= OOM_MAX_VICTIMS) {
		b->e.victims_left_out++;
		return;
	}
	time_from_stamp(&b->arena, &line->stamp, &victim.time);
	*vec_push(&b->e.victims) = victim;
	/* these killers print no header that could be missing */
	if (victim.ve.known || parse->kind == LINE_LMK)
		b->e.header_missing = false;
	if (parse->kind == LINE_LMK)
		b->e.kind = OOM_KIND_LOWMEMORYKILLER;
	if (victim.ve.known)
		block_set_number(&b->e.ve, victim.ve.value);
}

static void apply_sharing(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *pid = parse_find(parse, F_PID);
	if (pid)
		*vec_push(&b->e.sharing_mm_killed) = pid->n;
}

static void apply_group(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *path = parse_find(parse, F_PATH);
	b->e.group_kill = true;
	b->e.is_memcg = true;
	if (path)
		block_set_text(b, &b->e.group_memcg, path->text);
}

static void apply_reaped(struct block *b, const struct line *line, const struct parse *parse)
{
	enum { MOST_REAPERS = 65536 };
	const struct capture *c, *pid = parse_find(parse, F_PID);
	if (b->e.reapers.n >= MOST_REAPERS)
		return;
	struct oom_reaper *reaper = vec_push(&b->e.reapers);
	reaper->what = parse->kind == LINE_REAPED ? OOM_REAPED : OOM_UNABLE_TO_REAP;
	reaper->line = line->number;
	if (pid)
		block_set_number(&reaper->pid, pid->n);
	if ((c = parse_find(parse, F_COMM)))
		reaper->comm = block_keep(b, c->text);
	if ((c = parse_find(parse, F_ANON_RSS)))
		block_set_number(&reaper->anon_rss_kb, c->n);
	if ((c = parse_find(parse, F_FILE_RSS)))
		block_set_number(&reaper->file_rss_kb, c->n);
	if ((c = parse_find(parse, F_SHMEM_RSS)))
		block_set_number(&reaper->shmem_rss_kb, c->n);
	if (!pid || reaper->what != OOM_REAPED)
		return;
	size_t n = b->e.reaped_pids.n;
	for (size_t i = n > 64 ? n - 64 : 0; i < n;
	     i++) /* the last ones: its line may be printed twice */
		if (b->e.reaped_pids.v[i] == pid->n)
			return;
	*vec_push(&b->e.reaped_pids) = pid->n;
}

static void apply_no_killable(struct block *b, const struct line *line, const struct parse *parse)
{
	b->section = SECTION_NONE;
	b->e.no_killable = true;
}

static void apply_panic(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *text = parse_find(parse, F_TEXT);
	b->section = SECTION_NONE;
	b->e.panic = true;
	if (!text)
		return;
	block_set_text(b, &b->e.panic_text, text->text);
	if (str_contains(text->text, STR("no killable")) ||
	    str_contains(text->text, STR("deadlocked on memory")))
		b->e.no_killable = true;
}

static void apply_signal(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct capture *ve = parse_find(parse, F_VE),
			     *signalled = parse_find(parse, F_SIGNALLED);
	b->e.kill_signals++;
	if (ve)
		block_set_number(&b->e.ve, ve->n);
	if (signalled)
		b->e.signalled = (struct known){known_or(b->e.signalled, 0) + signalled->n, true};
}

/* --- the table --- */

struct kind_rule {
	enum stage stage;
	void (*apply)(struct block *b, const struct line *line, const struct parse *parse);
};

static const struct kind_rule rules[LINE_KIND_N] = {
	[LINE_HEADER] = {STAGE_HEADER, apply_header},
	[LINE_CPUSET] = {STAGE_STACK, apply_cpuset},
	[LINE_ORIGIN] = {STAGE_STACK, apply_origin},
	[LINE_HARDWARE] = {STAGE_STACK, apply_hardware},
	[LINE_FAILURE] = {STAGE_HEADER, apply_failure},
	[LINE_FAILURE_VMALLOC] = {STAGE_HEADER, apply_failure},
	[LINE_FAILURE_OLD] = {STAGE_HEADER, apply_failure},
	[LINE_TASK_IN] = {STAGE_MEMCG, apply_memcg},
	[LINE_TASK_IN_REST] = {STAGE_MEMCG, apply_memcg},
	[LINE_LIMIT] = {STAGE_MEMCG, apply_limit},
	[LINE_STATS_HEAD] = {STAGE_MEMCG, apply_stats_head},
	[LINE_STAT] = {STAGE_MEMCG, apply_stat},
	[LINE_PROTECTION] = {STAGE_NONE, apply_plain}, /* of the root too, in a global report */
	[LINE_MEMINFO] = {STAGE_MEMORY, apply_meminfo},
	[LINE_MEM] = {STAGE_MEMORY, apply_mem},
	[LINE_TOTAL] = {STAGE_MEMORY, apply_mem},
	[LINE_NODE] = {STAGE_MEMORY, apply_node},
	[LINE_ZONE] = {STAGE_MEMORY, apply_zone},
	[LINE_RESERVE] = {STAGE_MEMORY, apply_reserve},
	[LINE_BUDDY] = {STAGE_MEMORY, apply_buddy},
	[LINE_HUGEPAGES] = {STAGE_MEMORY, apply_hugepages},
	[LINE_SLAB_HEAD] = {STAGE_SLABS, apply_slab_head},
	[LINE_SLAB] = {STAGE_SLABS, apply_slab},
	[LINE_SLAB_FAILED] = {STAGE_SLABS, apply_slab_failed},
	[LINE_TAGS_HEAD] = {STAGE_SLABS, apply_tags_head},
	[LINE_TAG] = {STAGE_SLABS, apply_tag},
	[LINE_TASKS_INTRO] = {STAGE_TASKS, apply_tasks_head},
	[LINE_TASKS_HEAD] = {STAGE_TASKS, apply_tasks_head},
	[LINE_TASK] = {STAGE_TASKS, apply_task},
	[LINE_OOM_KILL] = {STAGE_OOM_KILL, apply_oom_kill},
	[LINE_OOM_KILL_REST] = {STAGE_OOM_KILL, apply_oom_kill},
	[LINE_CHOOSE] = {STAGE_KILL, apply_choose},
	[LINE_KILLED] = {STAGE_KILL, apply_killed},
	[LINE_KILLED_OLD] = {STAGE_KILL, apply_killed},
	[LINE_LMK] = {STAGE_KILL, apply_killed},
	[LINE_VZ_EXIT] = {STAGE_KILL, apply_killed},
	[LINE_VZ_SIGNAL] = {STAGE_KILL, apply_signal},
	[LINE_SHARING] = {STAGE_AFTER, apply_sharing},
	[LINE_GROUP] = {STAGE_KILL, apply_group},
	[LINE_REAPED] = {STAGE_AFTER, apply_reaped},
	[LINE_NOT_REAPED] = {STAGE_AFTER, apply_reaped},
	[LINE_NO_KILLABLE] = {STAGE_KILL, apply_no_killable},
	[LINE_PANIC] = {STAGE_KILL, apply_panic},
};

enum stage line_stage(enum line_kind kind)
{
	return rules[kind].stage;
}

void block_apply(struct block *b, const struct line *line, const struct parse *parse)
{
	const struct kind_rule *rule = &rules[parse->kind];
	b->e.lines++;
	b->e.damaged_lines += line->joined || parse->damaged || parse->partial;
	b->e.span.last_line = line->last_number;
	b->e.span.end_offset = line->end_offset;
	if (line->stamp.uptime_us.known || line->stamp.wall_us.known)
		b->last_us = stamp_clock(&line->stamp);
	if (rule->stage == STAGE_SLABS && parse->kind != LINE_SLAB && parse->kind != LINE_TAG)
		b->section = SECTION_NONE;
	if (rule->stage > b->stage && rule->stage <= STAGE_AFTER)
		b->stage = rule->stage;
	if (rule->apply)
		rule->apply(b, line, parse);
}

void block_unknown(struct block *b, const struct line *line)
{
	b->e.unknown_lines++;
	if (b->e.unknown.n >= OOM_MAX_LINES_KEPT)
		return;
	struct oom_line *kept = vec_push(&b->e.unknown);
	kept->text = block_keep(b, str_head(line->text, LONGEST_KEPT));
	kept->line = line->number;
}
