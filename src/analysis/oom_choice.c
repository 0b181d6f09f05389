/*
 * Why this victim: the ranking of the report's own task table, and the rules that go around it.
 *
 * The kernel takes the task with the most points; before it ranks, panic_on_oom, and then
 * oom_kill_allocating_task; to 5.0 a child of the chosen one dies first; a cgroup with
 * memory.oom.group dies whole.  Exempt are oom_score_adj -1000 and init; kernel threads are not in
 * the table.  The table shows tasks that the request may kill: of another cgroup, cpuset or memory
 * policy there are none.
 *
 * What the table can't show: swapoff and KSM (first whatever they hold), tasks that were reaped
 * already, vfork children.  So a victim that is not the first is explained where it can be, and
 * else said to be not explained.
 */
#include <string.h>

#include "analysis/oom.h"
#include "base/text.h"

const char *const oom_choice_verdicts[] = {
	[CHOICE_UNKNOWN] = "unknown",
	[CHOICE_CONFIRMED] = "confirmed",
	[CHOICE_EXPLAINED] = "explained",
	[CHOICE_UNEXPLAINED] = "unexplained",
};

enum { ADJ_NEVER = -1000, ADJ_MOST = 1000, OLD_ADJ_NEVER = -17 };

struct work {
	struct oom_choice *choice;
	const struct oom_event *event;
	const struct oom_account *account;
	const s64 *killed;
	size_t nr_killed;
	struct arena *arena;
	s64 page_kb; /* 0: not known */
};

/* --- totalpages ----------------------------------------------------------------------------- */

static struct known pages(const struct work *w, struct known kb)
{
	if (!kb.known || !w->page_kb)
		return (struct known){0};
	return (struct known){kb.value / w->page_kb, true};
}

static bool unlimited(struct known kb)
{
	return kb.known && !kb_within(kb).known;
}

/* mem_cgroup_get_max(): the limit, and the swap that it allows, if there is as much. */
static struct known memcg_total(struct work *w)
{
	const struct oom_limit *limits = w->event->memcg;
	struct known limit = limits[OOM_LIMIT_MEMORY].limit_kb, none = {0};
	struct known swap = limits[OOM_LIMIT_SWAP].limit_kb,
		     both = limits[OOM_LIMIT_MEMORY_SWAP].limit_kb;
	struct known machine = w->account->swap_total_kb;
	if (!kb_within(limit).known)
		return none;
	if (both.known)
		swap = unlimited(both) ? both
				       : (struct known){s64_max(0, both.value - limit.value), true};
	if (!swap.known || (unlimited(swap) && !machine.known))
		return none;
	if (swap.value < 0)
		return none;
	s64 more = machine.known ? s64_min(swap.value, machine.value) : swap.value;
	return pages(w, (struct known){limit.value + more, true});
}

/* constrained_alloc(): the swap, and what is present on the allowed nodes (node_present_pages). */
static struct known nodes_total(struct work *w, const char *mask)
{
	s64 kb = 0;
	struct known none = {0}, swap = w->account->swap_total_kb;
	for (size_t i = 0; i < w->event->info.zones.n; i++) {
		const struct oom_zone *zone = &w->event->info.zones.v[i];
		if (!oom_mask_has(mask, zone->node))
			continue;
		struct known present = kb_within(zone->field[OOM_ZONE_PRESENT]);
		if (!present.known)
			return none;
		kb += present.value;
	}
	if (!mask || !swap.known || !kb)
		return none;
	return pages(w, (struct known){kb + swap.value, true});
}

static void find_total(struct work *w)
{
	const struct oom_event *e = w->event;
	struct oom_choice *c = w->choice;
	struct known swap = pages(w, w->account->swap_total_kb);
	if (oom_is_memcg(e)) {
		c->total = memcg_total(w);
		c->total_why =
			"the cgroup's limit, or the swap that it may use, is not in the text";
	} else if (e->kind == OOM_KIND_CPUSET || e->kind == OOM_KIND_MEMPOLICY) {
		c->total = nodes_total(w, e->kind == OOM_KIND_CPUSET ? e->mems_allowed
								     : e->constraint_nodemask);
		c->total_why = "the sizes of the allowed nodes are not in the text";
	} else {
		if (w->account->managed.known && swap.known)
			c->total = (struct known){w->account->managed.value + swap.value, true};
		c->total_why = "the sizes of memory and swap are not in the text";
	}
	if (!w->page_kb)
		c->total_why = "the size of a page is not in the text";
	if (c->total.known && c->total.value <= 0)
		c->total.known = false;
}

/* --- the ranking ---------------------------------------------------------------------------- */

static bool new_formula(const struct oom_event *e)
{
	return e->task_columns & 1U << OOM_TASK_OOM_SCORE_ADJ;
}

/* Page tables in pages, in the unit of the column that the kernel prints. */
static struct known tables_of(const struct work *w, const struct oom_task *task)
{
	const struct known *f = task->field;
	u32 columns = w->event->task_columns;
	struct known sum = {0, true}, unknown = {0};
	if (columns & 1U << OOM_TASK_PGTABLES_BYTES) {
		struct known bytes = within(f[OOM_TASK_PGTABLES_BYTES], PAGES_BITS + 12);
		if (!bytes.known || !w->page_kb)
			return unknown;
		sum.value = bytes.value / (w->page_kb << 10);
		return sum;
	}
	static const enum oom_task_field levels[] = {OOM_TASK_NR_PTES, OOM_TASK_NR_PMDS,
						     OOM_TASK_NR_PUDS};
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct known level = pages_within(f[levels[i]]);
		if (columns & 1U << levels[i] && !level.known)
			return unknown;
		sum.value += known_or(level, 0);
	}
	return sum;
}

static const char *exempt(const struct oom_task *task)
{
	const struct known *f = task->field;
	if (known_or(f[OOM_TASK_OOM_SCORE_ADJ], 0) == ADJ_NEVER)
		return "oom_score_adj -1000";
	if (known_or(f[OOM_TASK_OOM_ADJ], 0) == OLD_ADJ_NEVER)
		return "oom_adj -17";
	if (known_or(f[OOM_TASK_TGID], known_or(f[OOM_TASK_PID], 0)) == 1)
		return "init";
	return NULL;
}

static struct known points_of(const struct work *w, const struct oom_rank *r,
			      enum badness_bonus bonus)
{
	struct known total = w->choice->total, unknown = {0};
	if (!total.known && r->adj)
		return unknown;
	struct badness_new task = {
		.rss = r->rss,
		.swap = r->swap,
		.tables = r->tables,
		.oom_score_adj = r->adj,
		.total = known_or(total, 0),
		.bonus = bonus,
	};
	return (struct known){badness_new(&task), true};
}

static void rank_task(struct work *w, size_t i, struct oom_rank *r)
{
	const struct oom_task *task = &w->event->tasks.v[i];
	const struct known *f = task->field;
	struct known tables = tables_of(w, task), rss = pages_within(f[OOM_TASK_RSS]),
		     swap = pages_within(f[OOM_TASK_SWAPENTS]), adj = f[OOM_TASK_OOM_SCORE_ADJ];
	bool has_swap = w->event->task_columns & 1U << OOM_TASK_SWAPENTS;
	if (adj.known && (adj.value < ADJ_NEVER || adj.value > ADJ_MOST))
		adj = (struct known){0};
	*r = (struct oom_rank){
		.task = i,
		.rss = known_or(rss, 0),
		.swap = known_or(swap, 0),
		.tables = tables.value,
		.adj = known_or(adj, 0),
		.exempt = exempt(task),
	};
	bool whole = rss.known && tables.known && (swap.known || !has_swap);
	if (!new_formula(w->event)) {
		r->points = pages_within(f[OOM_TASK_TOTAL_VM]); /* where the old formula begins */
		return;
	}
	if (whole && adj.known)
		r->points = points_of(w, r, BONUS_NONE);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct oom_rank *x = a, *y = b;
	if (!x->exempt != !y->exempt)
		return x->exempt ? 1 : -1;
	if (x->points.known != y->points.known)
		return x->points.known ? -1 : 1;
	if (x->points.value != y->points.value)
		return x->points.value > y->points.value ? -1 : 1;
	return x->task < y->task ? -1 : x->task > y->task;
}

static void rank_all(struct work *w)
{
	struct oom_choice *c = w->choice;
	c->nr_ranking = w->event->tasks.n;
	c->ranking = arena_alloc(w->arena, (c->nr_ranking + 1) * sizeof(*c->ranking));
	for (size_t i = 0; i < c->nr_ranking; i++)
		rank_task(w, i, &c->ranking[i]);
	if (c->nr_ranking)
		qsort(c->ranking, c->nr_ranking, sizeof(*c->ranking), compare_ranks);
	c->formula = new_formula(w->event) ? "rss+swap+tables+adj" : "total_vm";
}

/* --- the victim in it ----------------------------------------------------------------------- */

/* Who the kernel chose; the one that died may be its child. */
static bool chosen_one(const struct oom_event *e, const char **comm, struct known *pid,
		       struct known *score)
{
	if (!e->victims.n) {
		*comm = e->has_chosen ? e->chosen.comm : e->oom_task;
		*pid = e->has_chosen ? e->chosen.pid : e->oom_task_pid;
		*score = e->chosen.score;
		return e->has_chosen || e->oom_task_pid.known;
	}
	const struct oom_victim *v = &e->victims.v[0];
	*comm = v->has_parent ? v->parent_comm : v->comm;
	*pid = v->has_parent ? v->parent_pid : v->pid;
	*score = v->has_parent ? v->parent_score : v->score;
	return true;
}

static s64 place_of(const struct work *w, struct known pid)
{
	for (size_t i = 0; pid.known && i < w->choice->nr_ranking; i++) {
		const struct known *f = w->event->tasks.v[w->choice->ranking[i].task].field;
		if ((f[OOM_TASK_PID].known && f[OOM_TASK_PID].value == pid.value) ||
		    (f[OOM_TASK_TGID].known && f[OOM_TASK_TGID].value == pid.value))
			return (s64)i;
	}
	return -1;
}

/*
 * A printed score tells whether the chosen one had the administrator's bonus: uid 0 in a container
 * has none, so the uid does not.
 */
static void replay_score(struct work *w, struct known printed)
{
	struct oom_choice *c = w->choice;
	if (c->victim < 0 || !c->total.known || !new_formula(w->event))
		return;
	const struct oom_rank *r = &c->ranking[c->victim];
	if (!r->points.known)
		return;
	c->victim_score =
		(struct known){badness_printed_score(r->points.value, c->total.value), true};
	for (unsigned bonus = 1; printed.known && bonus < NR_BONUS; bonus++) {
		s64 points = points_of(w, r, bonus).value;
		if (c->victim_score.value == printed.value ||
		    badness_printed_score(points, c->total.value) != printed.value)
			continue;
		c->victim_score.value = printed.value;
		c->bonus = bonus;
	}
}

/* --- sentences ------------------------------------------------------------------------------ */

static const char *pages_text(struct work *w, s64 n)
{
	char buffer[32];
	if (!w->page_kb)
		return arena_printf(w->arena, "%s pages", text_grouped(buffer, (u64)s64_max(0, n)));
	return arena_strdup(w->arena,
			    text_bytes((char[16]){0}, (u64)s64_max(0, n) * (u64)w->page_kb << 10));
}

static const char *task_text(struct work *w, const struct oom_rank *r)
{
	const struct oom_task *task = &w->event->tasks.v[r->task];
	struct known pid = task->field[OOM_TASK_TGID].known ? task->field[OOM_TASK_TGID]
							    : task->field[OOM_TASK_PID];
	const char *name = task->name ? task->name : "?";
	return pid.known ? arena_printf(w->arena, "%s (%lld)", name, (long long)pid.value) : name;
}

/* "x (12): 1.0 GiB resident, 2 GiB swapped, 4 MiB page tables, oom_score_adj 300" */
static const char *points_text(struct work *w, const struct oom_rank *r)
{
	const char *text = arena_printf(w->arena, "%s resident", pages_text(w, r->rss));
	if (r->swap)
		text = arena_printf(w->arena, "%s, %s swapped", text, pages_text(w, r->swap));
	if (r->tables)
		text = arena_printf(w->arena, "%s, %s page tables", text, pages_text(w, r->tables));
	if (r->adj)
		text = arena_printf(w->arena, "%s, oom_score_adj %lld", text, (long long)r->adj);
	return text;
}

static void say(struct work *w, int verdict, const char *key, const char *text)
{
	w->choice->verdict = verdict;
	w->choice->key = key;
	w->choice->text = text;
}

static u64 count_exempt(const struct oom_choice *c)
{
	u64 n = 0;
	for (size_t i = 0; i < c->nr_ranking; i++)
		n += c->ranking[i].exempt != NULL;
	return n;
}

static void say_confirmed(struct work *w, const struct oom_rank *r)
{
	struct oom_choice *c = w->choice;
	const char *next = "it was the only one that could be killed";
	if (c->nr_ranking > 1 && !c->ranking[1].exempt)
		next = arena_printf(w->arena, "next was %s with %s", task_text(w, &c->ranking[1]),
				    points_text(w, &c->ranking[1]));
	u64 spared = count_exempt(c);
	const char *others = spared ? arena_printf(w->arena, "; %llu of %zu are exempt",
						   (unsigned long long)spared, c->nr_ranking)
				    : "";
	const char *group =
		w->event->group_kill
			? "; its cgroup has memory.oom.group set, so all of it was killed"
			: "";
	const char *score = c->victim_score.known ? arena_printf(w->arena, " (score %lld of 1000)",
								 (long long)c->victim_score.value)
						  : "";
	say(w, CHOICE_CONFIRMED, w->event->group_kill ? "group" : "highest-score",
	    arena_printf(w->arena, "%s had the most points%s: %s; %s%s%s", task_text(w, r), score,
			 points_text(w, r), next, others, group));
}

/* Is everyone above the victim somebody who was being killed already? */
static bool above_are_dying(const struct work *w)
{
	for (s64 i = 0; i < w->choice->victim; i++) {
		const struct oom_task *t = &w->event->tasks.v[w->choice->ranking[i].task];
		bool dying = false;
		for (size_t j = 0; j < w->nr_killed; j++)
			dying |= (t->field[OOM_TASK_TGID].known &&
				  t->field[OOM_TASK_TGID].value == w->killed[j]) ||
				 (t->field[OOM_TASK_PID].known &&
				  t->field[OOM_TASK_PID].value == w->killed[j]);
		if (!dying)
			return false;
	}
	return true;
}

static void say_not_first(struct work *w)
{
	struct oom_choice *c = w->choice;
	const struct oom_rank *r = &c->ranking[c->victim], *first = &c->ranking[0];
	if (r->points.known && first->points.known && r->points.value == first->points.value) {
		say_confirmed(w, r);
		return;
	}
	if (above_are_dying(w)) {
		say(w, CHOICE_EXPLAINED, "others-dying",
		    arena_printf(w->arena,
				 "%s is number %lld of the ranking; those above it had been killed "
				 "before and were still going",
				 task_text(w, r), (long long)c->victim + 1));
		return;
	}
	/* The bonus of root, to 4.16: who has the capability is not in the table. */
	s64 slack = first->points.value * 3 / 100 + known_or(c->total, 0) * 30 / 1000;
	bool may_be_root = w->event->task_columns & (1U << OOM_TASK_NR_PTES) &&
			   first->points.value - r->points.value <= slack;
	if (r->points.known && may_be_root) {
		say(w, CHOICE_EXPLAINED, "root-bonus",
		    arena_printf(
			    w->arena,
			    "%s is number %lld of the ranking; %s is within the 3 %% that root's "
			    "processes were forgiven to Linux 4.16",
			    task_text(w, r), (long long)c->victim + 1, task_text(w, first)));
		return;
	}
	say(w, CHOICE_UNEXPLAINED, "not-highest",
	    arena_printf(
		    w->arena,
		    "%s is number %lld of the ranking (%s); %s has more (%s). What could explain "
		    "it is not printed: a task that swapoff or KSM marked, one that was reaped "
		    "already, a table that changed before the choice",
		    task_text(w, r), (long long)c->victim + 1, points_text(w, r),
		    task_text(w, first), points_text(w, first)));
}

static void say_old(struct work *w, const char *comm, struct known score)
{
	const struct oom_choice *c = w->choice;
	const char *place = "";
	if (c->victim >= 0)
		place = arena_printf(w->arena, " Its total_vm is number %lld of %zu.",
				     (long long)c->victim + 1, c->nr_ranking);
	say(w, CHOICE_UNKNOWN, "old-formula",
	    arena_printf(w->arena,
			 "%s had the highest score%s. It can't be replayed: to Linux 2.6.35 it was "
			 "total_vm with part of the children's, divided by CPU time, age and "
			 "privilege, and the report does not print these.%s",
			 comm ? comm : "the chosen task",
			 score.known ? arena_printf(w->arena, ", %lld", (long long)score.value)
				     : "",
			 place));
}

static void say_not_in_table(struct work *w, const char *comm, struct known pid)
{
	const struct oom_event *e = w->event;
	if (!comm)
		comm = "the victim";
	if (!e->task_table && !e->tasks.n)
		say(w, CHOICE_UNKNOWN, "no-table",
		    "the report's task table is not in the text (or vm.oom_dump_tasks is 0): the "
		    "ranking can't be recomputed");
	else if (e->tasks_damaged || e->tasks_left_out)
		say(w, CHOICE_UNKNOWN, "table-damaged",
		    arena_printf(
			    w->arena,
			    "%s is not in the table, but %llu rows of it are damaged or missing",
			    comm, (unsigned long long)(e->tasks_damaged + e->tasks_left_out)));
	else
		say(w, CHOICE_UNEXPLAINED, "not-in-table",
		    arena_printf(
			    w->arena,
			    "%s (%lld) is not in the table: it is a thread, it came after the table "
			    "was printed, or rows were cut out",
			    comm, (long long)known_or(pid, 0)));
}

/* --- the whole ------------------------------------------------------------------------------ */

static void explain(struct work *w)
{
	const struct oom_event *e = w->event;
	struct oom_choice *c = w->choice;
	const char *comm = NULL;
	struct known pid = {0}, score = {0};
	if (!chosen_one(e, &comm, &pid, &score)) {
		if (e->no_killable)
			say(w, CHOICE_CONFIRMED, "nobody",
			    "nobody could be killed: every process that was left is exempt "
			    "(oom_score_adj -1000, init) or gone already");
		else if (e->panic)
			say(w, CHOICE_CONFIRMED, "panic",
			    "vm.panic_on_oom made the kernel panic before it chose anyone");
		else
			say(w, CHOICE_UNKNOWN, NULL, "the text does not show who was chosen");
		return;
	}
	c->victim = place_of(w, pid);
	replay_score(w, score);
	if (e->alloc_task) {
		say(w, CHOICE_CONFIRMED, "allocating-task",
		    arena_printf(
			    w->arena,
			    "vm.oom_kill_allocating_task is set: %s asked for memory, and that is "
			    "why it died",
			    comm ? comm : "the victim"));
	} else if (e->kind == OOM_KIND_OPENVZ) {
		say(w, CHOICE_UNKNOWN, "openvz",
		    "OpenVZ's lines tell whom it killed, not by what score");
	} else if (e->victims.n && e->victims.v[0].has_parent) {
		say(w, CHOICE_EXPLAINED, "child",
		    arena_printf(
			    w->arena,
			    "%s was chosen (score %s), and to Linux 5.0 a child with memory of its "
			    "own dies in its parent's place: %s (%lld)",
			    comm ? comm : "its parent",
			    score.known ? arena_printf(w->arena, "%lld", (long long)score.value)
					: "not shown",
			    e->victims.v[0].comm ? e->victims.v[0].comm : "?",
			    (long long)known_or(e->victims.v[0].pid, 0)));
	} else if (!new_formula(e) && (score.known || e->tasks.n) &&
		   !(e->tasks.n == 0 && score.known && score.value <= 1000)) {
		say_old(w, comm, score);
	} else if (c->victim < 0) {
		say_not_in_table(w, comm, pid);
	} else if (!c->ranking[c->victim].points.known) {
		say(w, CHOICE_UNKNOWN, "points-unknown",
		    arena_printf(w->arena, "the points of %s can't be recomputed: %s",
				 comm ? comm : "?",
				 c->total.known ? "its row is not whole" : c->total_why));
	} else if (c->victim == 0 && !c->ranking[0].exempt) {
		say_confirmed(w, &c->ranking[0]);
	} else {
		say_not_first(w);
	}
}

void oom_choice(struct oom_choice *choice, const struct oom_event *event,
		const struct oom_account *account, const s64 *killed, size_t nr_killed,
		struct arena *arena)
{
	struct work w = {
		.choice = choice,
		.event = event,
		.account = account,
		.killed = killed,
		.nr_killed = nr_killed,
		.arena = arena,
	};
	*choice = (struct oom_choice){.victim = -1};
	/* A cgroup's report has no buddy lines: then the account of the caller knows better. */
	w.page_kb = known_or(account->page_kb, 0);
	find_total(&w);
	rank_all(&w);
	explain(&w);
}
