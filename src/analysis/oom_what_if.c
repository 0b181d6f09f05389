/*
 * What if: the same ranking with other settings.
 *
 * Only the choice is replayed.  Whether there had been an OOM at all with more memory, a log can't
 * tell: what grew would have grown on.
 */
#include <string.h>

#include "analysis/oom.h"
#include "base/text.h"

enum { MOST_TERMS = 64 };

struct task_term {
	const char *name; /* comm, or a number: pid */
	struct known pid;
	bool gone;
	struct known adj;
};

struct size_term {
	enum { SIZE_SAME, SIZE_IS, SIZE_MORE, SIZE_LESS } how;
	u64 bytes;
};

struct what_if {
	struct arena arena;
	const char *text;
	struct task_term tasks[MOST_TERMS];
	size_t nr_tasks;
	struct size_term ram, swap;
};

/* --- parsing -------------------------------------------------------------------------------- */

static int bad(struct error *error, const char *term, const char *why)
{
	return error_set(
		error, EXIT_USAGE,
		"--what-if: \"%.80s\": %s (NAME:adj=N, PID:adj=N, NAME:gone, ram=+2G, swap=0)",
		term, why);
}

static int parse_size(struct size_term *size, const char *value, const char *term,
		      struct error *error)
{
	size->how = *value == '+' ? SIZE_MORE : *value == '-' ? SIZE_LESS : SIZE_IS;
	value += size->how != SIZE_IS;
	return text_parse_size(value, &size->bytes) ? 0 : bad(error, term, "that is no size");
}

static int parse_setting(struct task_term *task, const char *setting, const char *term,
			 struct error *error)
{
	if (!strcmp(setting, "gone")) {
		task->gone = true;
		return 0;
	}
	if (strncmp(setting, "adj=", 4))
		return bad(error, term, "unknown setting");
	task->adj.known = text_parse_s64(setting + 4, &task->adj.value);
	if (!task->adj.known || task->adj.value < -1000 || task->adj.value > 1000)
		return bad(error, term, "oom_score_adj goes from -1000 to 1000");
	return 0;
}

static int parse_term(struct what_if *w, char *term, struct error *error)
{
	char *colon = strrchr(term, ':');
	if (!strncmp(term, "ram=", 4))
		return parse_size(&w->ram, term + 4, term, error);
	if (!strncmp(term, "swap=", 5))
		return parse_size(&w->swap, term + 5, term, error);
	if (!colon && w->nr_tasks)
		return parse_setting(&w->tasks[w->nr_tasks - 1], term, term, error);
	if (!colon || colon == term)
		return bad(error, term, "a task's name or pid is missing in front");
	if (w->nr_tasks == MOST_TERMS)
		return bad(error, term, "too many tasks");
	struct task_term *task = &w->tasks[w->nr_tasks++];
	u64 pid;
	task->name = arena_strndup(&w->arena, term, (size_t)(colon - term));
	if (text_parse_u64(task->name, &pid))
		task->pid = (struct known){(s64)pid, true};
	return parse_setting(task, colon + 1, term, error);
}

int what_if_parse(struct what_if **what_if, const char *text, struct error *error)
{
	struct what_if *w = mem_alloc(sizeof(*w));
	w->text = arena_strdup(&w->arena, text);
	char *rest = arena_strdup(&w->arena, text), *term;
	int result = *text ? 0 : bad(error, "", "nothing is asked");
	while (!result && (term = strsep(&rest, ",;")))
		result = parse_term(w, term, error);
	if (result)
		what_if_free(w);
	else
		*what_if = w;
	return result;
}

void what_if_free(struct what_if *w)
{
	if (!w)
		return;
	arena_done(&w->arena);
	free(w);
}

/* --- answering ------------------------------------------------------------------------------ */

static bool fits(const struct task_term *term, const struct oom_task *task)
{
	if (!term->pid.known)
		return task->name && !strcmp(term->name, task->name);
	const struct known *f = task->field;
	return (f[OOM_TASK_PID].known && f[OOM_TASK_PID].value == term->pid.value) ||
	       (f[OOM_TASK_TGID].known && f[OOM_TASK_TGID].value == term->pid.value);
}

static s64 resized(s64 pages, const struct size_term *size, s64 page_kb)
{
	s64 n = (s64)(size->bytes >> 10) / page_kb;
	switch (size->how) {
	case SIZE_IS:
		return n;
	case SIZE_MORE:
		return pages + n;
	case SIZE_LESS:
		return s64_max(1, pages - n);
	case SIZE_SAME:
		break;
	}
	return pages;
}

/* The new totalpages; 0: not known. */
static s64 new_total(const struct what_if *w, const struct oom_account *account,
		     const struct oom_choice *choice)
{
	s64 page_kb = known_or(account->page_kb, 0), total = known_or(choice->total, 0);
	if (!total || !page_kb)
		return total;
	s64 swap = s64_min(known_or(account->swap_total_kb, 0) / page_kb, total);
	return resized(total - swap, &w->ram, page_kb) + resized(swap, &w->swap, page_kb);
}

struct replay {
	s64 points;
	s64 adj;
	size_t task;
	bool any;
};

static struct replay replay(const struct what_if *w, const struct oom_event *event,
			    const struct oom_choice *choice, s64 total, bool *matched)
{
	struct replay best = {0};
	for (size_t i = 0; i < choice->nr_ranking; i++) {
		const struct oom_rank *r = &choice->ranking[i];
		const struct oom_task *task = &event->tasks.v[r->task];
		bool gone = false, exempt = r->exempt && r->adj != -1000;
		s64 adj = r->adj;
		for (size_t j = 0; j < w->nr_tasks; j++) {
			if (!fits(&w->tasks[j], task))
				continue;
			matched[j] = true;
			gone |= w->tasks[j].gone;
			adj = known_or(w->tasks[j].adj, adj);
		}
		if (gone || exempt || adj == -1000 || !r->points.known)
			continue;
		struct badness_new b = {.rss = r->rss,
					.swap = r->swap,
					.tables = r->tables,
					.oom_score_adj = adj,
					.total = total};
		s64 points = badness_new(&b);
		if (!best.any || points > best.points)
			best = (struct replay){points, adj, r->task, true};
	}
	return best;
}

static bool needs_total(const struct what_if *w, const struct oom_choice *choice)
{
	for (size_t i = 0; i < w->nr_tasks; i++) {
		if (w->tasks[i].adj.known && w->tasks[i].adj.value != -1000 &&
		    w->tasks[i].adj.value)
			return !choice->total.known;
	}
	return false;
}

const char *what_if_answer(const struct what_if *w, const struct oom_event *event,
			   const struct oom_account *account, const struct oom_choice *choice,
			   struct arena *arena)
{
	bool matched[MOST_TERMS] = {false};
	if (!event->tasks.n)
		return "the report's task table is not in the text";
	if (!(event->task_columns & 1U << OOM_TASK_OOM_SCORE_ADJ))
		return "this kernel's formula (to 2.6.35) can't be replayed from a log";
	if (needs_total(w, choice))
		return arena_printf(arena, "oom_score_adj can't be weighed: %s", choice->total_why);
	struct replay r = replay(w, event, choice, new_total(w, account, choice), matched);
	for (size_t i = 0; i < w->nr_tasks; i++) {
		if (!matched[i])
			return arena_printf(arena, "no task \"%s\" is in this report's table",
					    w->tasks[i].name);
	}
	if (!r.any)
		return "nobody: all that is left is exempt, and the kernel would have panicked (or, in "
		       "a cgroup, given up)";
	const struct oom_task *task = &event->tasks.v[r.task];
	bool same = choice->victim >= 0 && choice->ranking[choice->victim].task == r.task;
	s64 total = new_total(w, account, choice);
	const char *score = total ? arena_printf(arena, ", score %lld of 1000",
						 (long long)badness_printed_score(r.points, total))
				  : "";
	return arena_printf(arena, "%s (%lld)%s%s", task->name ? task->name : "?",
			    (long long)known_or(task->field[OOM_TASK_TGID],
						known_or(task->field[OOM_TASK_PID], 0)),
			    score, same ? ": the same as it was" : ": not the one that died");
}
