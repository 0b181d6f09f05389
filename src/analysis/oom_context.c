/*
 * What is remembered of events: a brief of each, so that a log of any length takes bounded memory.
 * Beyond MOST_BRIEFS events the rest is only counted.
 */
#include "analysis/oom_context.h"

#include <string.h>

const char *const oom_metric_keys[METRIC_N] = {
	[METRIC_UNACCOUNTED] = "unaccounted",
	[METRIC_SLAB_UNRECLAIMABLE] = "slab_unreclaimable",
	[METRIC_SLAB_RECLAIMABLE] = "slab_reclaimable",
	[METRIC_PAGE_TABLES] = "page_tables",
	[METRIC_SHMEM] = "shmem",
	[METRIC_ANON] = "anon_lru",
	[METRIC_KERNEL_STACK] = "kernel_stack",
	[METRIC_HUGETLB] = "hugetlb",
	[METRIC_LARGEST_TASK] = "largest_task",
};

const char *const oom_metric_labels[METRIC_N] = {
	[METRIC_UNACCOUNTED] = "memory in no counter",
	[METRIC_SLAB_UNRECLAIMABLE] = "unreclaimable slab",
	[METRIC_SLAB_RECLAIMABLE] = "reclaimable slab",
	[METRIC_PAGE_TABLES] = "page tables",
	[METRIC_SHMEM] = "tmpfs and shared memory",
	[METRIC_ANON] = "anonymous memory and tmpfs",
	[METRIC_KERNEL_STACK] = "kernel stacks",
	[METRIC_HUGETLB] = "huge pages",
	[METRIC_LARGEST_TASK] = "the largest process",
};

struct oom_context *oom_context_new(void)
{
	return mem_alloc(sizeof(struct oom_context));
}

void oom_context_free(struct oom_context *c)
{
	if (!c)
		return;
	free(c->strings);
	vec_done(&c->briefs);
	vec_done(&c->kills);
	arena_done(&c->arena);
	arena_done(&c->suspects_arena);
	free(c);
}

/* --- strings -------------------------------------------------------------------------------- */

static size_t hash_of(const char *text)
{
	size_t hash = 14695981039346656037ULL;
	for (; *text; text++)
		hash = (hash ^ (u8)*text) * 1099511628211ULL;
	return hash;
}

static const char **place_of(struct oom_context *c, const char *text)
{
	size_t at = hash_of(text) & (c->room_strings - 1);
	while (c->strings[at] && strcmp(c->strings[at], text))
		at = (at + 1) & (c->room_strings - 1);
	return &c->strings[at];
}

static void grow_strings(struct oom_context *c)
{
	const char **old = c->strings;
	size_t room = c->room_strings;
	c->room_strings = room ? room * 2 : 256;
	c->strings = mem_calloc(c->room_strings, sizeof(*c->strings));
	for (size_t i = 0; i < room; i++) {
		if (old[i])
			*place_of(c, old[i]) = old[i];
	}
	free(old);
}

const char *oom_intern(struct oom_context *c, const char *text)
{
	if (!text)
		return NULL;
	if (c->nr_strings * 2 >= c->room_strings)
		grow_strings(c);
	const char **place = place_of(c, text);
	if (!*place && c->nr_strings >= MOST_STRINGS)
		return "(too many different names)";
	if (!*place) {
		*place = arena_strdup(&c->arena, text);
		c->nr_strings++;
	}
	return *place;
}

/* --- one event ------------------------------------------------------------------------------ */

static void take_time(int *clock, s64 *time_us, const struct oom_time *time)
{
	if (time->wall_us.known) {
		*clock = CLOCK_WALL;
		*time_us = time->wall_us.value;
	} else if (time->uptime_us.known) {
		*clock = CLOCK_UPTIME;
		*time_us = time->uptime_us.value;
	}
}

static void take_metrics(struct oom_context *c, struct oom_brief *b, const struct oom_analysis *a)
{
	const struct known *classes = a->account.classes;
	const struct oom_choice *choice = &a->choice;
	b->page_kb = known_or(a->account.page_kb, 0);
	b->managed = a->account.managed;
	b->metric[METRIC_UNACCOUNTED] = a->account.unaccounted;
	b->metric[METRIC_SLAB_UNRECLAIMABLE] = classes[OOM_CLASS_SLAB_UNRECLAIMABLE].known
						       ? classes[OOM_CLASS_SLAB_UNRECLAIMABLE]
						       : classes[OOM_CLASS_SLAB];
	b->metric[METRIC_SLAB_RECLAIMABLE] = classes[OOM_CLASS_SLAB_RECLAIMABLE];
	b->metric[METRIC_PAGE_TABLES] = classes[OOM_CLASS_PAGE_TABLES];
	b->metric[METRIC_SHMEM] = a->account.shmem;
	b->metric[METRIC_ANON] = classes[OOM_CLASS_ANON];
	b->metric[METRIC_KERNEL_STACK] = classes[OOM_CLASS_KERNEL_STACK];
	b->metric[METRIC_HUGETLB] = classes[OOM_CLASS_HUGETLB];
	for (size_t i = 0; i < choice->nr_ranking; i++) {
		const struct oom_rank *r = &choice->ranking[i];
		const struct oom_task *task = &a->event->tasks.v[r->task];
		struct known *largest = &b->metric[METRIC_LARGEST_TASK];
		if (!pages_within(task->field[OOM_TASK_RSS]).known ||
		    (largest->known && r->rss + r->swap <= largest->value))
			continue;
		*largest = (struct known){r->rss + r->swap, true};
		b->largest = oom_intern(c, task->name);
		b->largest_pid = task->field[OOM_TASK_TGID];
	}
}

static struct known freed_by(const struct oom_event *e)
{
	struct known sum = {0};
	for (size_t i = 0; i < e->victims.n; i++) {
		const struct oom_victim *v = &e->victims.v[i];
		struct known anon = kb_within(v->anon_rss_kb);
		if (anon.known)
			sum = (struct known){sum.value + anon.value, true};
	}
	return sum;
}

static struct known left_by_reaper(const struct oom_event *e)
{
	struct known sum = {0};
	for (size_t i = 0; i < e->reapers.n; i++) {
		struct known left = kb_within(e->reapers.v[i].anon_rss_kb);
		if (left.known)
			sum = (struct known){sum.value + left.value, true};
	}
	return sum;
}

static void remember_kills(struct oom_context *c, const struct oom_event *e)
{
	for (size_t i = 0; i < e->victims.n; i++) {
		const struct oom_victim *v = &e->victims.v[i];
		if (v->pid.known) {
			c->dying[c->nr_dying % DYING] = v->pid.value;
			c->nr_dying++;
		}
		if (c->kills.n >= MOST_KILLS)
			continue;
		struct oom_kill *kill = vec_push(&c->kills);
		kill->comm = oom_intern(c, v->comm);
		kill->pid = known_or(v->pid, -1);
		take_time(&kill->clock, &kill->time_us, &v->time);
		if (!kill->clock)
			take_time(&kill->clock, &kill->time_us, &e->time);
		if (v->free_pages.known) {
			c->openvz_last_free = (u64)v->free_pages.value;
			if (!c->openvz_first_free)
				c->openvz_first_free = c->openvz_last_free;
		}
	}
}

static void count(struct oom_context *c, const struct oom_event *e)
{
	c->nr_events++;
	c->nr_kills += e->victims.n;
	c->nr_panics += e->ended == OOM_ENDED_PANIC || e->panic;
	c->nr_no_killable += e->no_killable;
	c->nr_group += e->group_kill;
	c->nr_alloc_task += e->alloc_task;
	c->nr_sysrq += e->sysrq;
	c->nr_openvz += e->kind == OOM_KIND_OPENVZ;
	c->openvz_signals += e->kill_signals;
	if (e->panic_text && strstr(e->panic_text, "compulsory"))
		c->panic_on_oom_2 = true;
	else if (e->panic_text && strstr(e->panic_text, "panic_on_oom"))
		c->panic_on_oom_1 = true;
	if (e->trigger.cpu.known && e->trigger.cpu.value >= c->cpus && e->trigger.cpu.value < 65536)
		c->cpus = (u32)e->trigger.cpu.value + 1;
}

static const char *time_text(const struct oom_time *time)
{
	return time->wall	 ? time->wall
	       : time->uptime	 ? time->uptime
	       : time->kmsg_usec ? time->kmsg_usec
				 : time->realtime_usec;
}

void oom_context_add(struct oom_context *c, const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	count(c, e);
	remember_kills(c, e);
	oom_note_suspects(c, a);
	if (a->account.swap_total_kb.known) {
		c->swap_total_kb = a->account.swap_total_kb;
		c->swap_free_kb = a->account.swap_free_kb;
	}
	if (c->briefs.n >= MOST_BRIEFS)
		return;
	struct oom_brief *b = vec_push(&c->briefs);
	b->id = e->id;
	b->line = e->span.first_line;
	take_time(&b->clock, &b->time_us, &e->time);
	b->time_text = oom_intern(c, time_text(&e->time));
	b->kind = a->kind;
	b->signature = oom_intern(c, a->signature);
	b->failed_key = a->failed.key;
	b->why_key = a->choice.key;
	b->trigger = oom_intern(c, e->trigger.comm);
	b->memcg = oom_intern(c, e->oom_memcg);
	b->nr_victims = (u32)e->victims.n;
	if (e->victims.n) {
		b->victim = oom_intern(c, e->victims.v[0].comm);
		b->victim_pid = e->victims.v[0].pid;
	}
	b->freed_kb = freed_by(e);
	b->left_kb = left_by_reaper(e);
	take_metrics(c, b, a);
}

u32 oom_context_cpus(const struct oom_context *c)
{
	return c->cpus;
}

const s64 *oom_context_killed(const struct oom_context *c, size_t *n)
{
	*n = c->nr_dying < DYING ? c->nr_dying : DYING;
	return c->dying;
}

u64 oom_context_events(const struct oom_context *c)
{
	return c->nr_events;
}

/* --- growth --------------------------------------------------------------------------------- */

static bool comparable(const struct oom_brief *a, const struct oom_brief *b, enum oom_metric metric)
{
	if (!a->metric[metric].known || !b->metric[metric].known || a->page_kb != b->page_kb ||
	    (a->managed.known && b->managed.known && a->managed.value != b->managed.value &&
	     s64_max(a->managed.value, b->managed.value) * 99 / 100 >
		     s64_min(a->managed.value, b->managed.value)))
		return false;
	if (metric != METRIC_LARGEST_TASK)
		return true;
	return a->largest == b->largest && a->largest_pid.known && b->largest_pid.known &&
	       a->largest_pid.value == b->largest_pid.value;
}

bool oom_growth(const struct oom_context *c, enum oom_metric metric, struct oom_growth *growth)
{
	const struct oom_brief *last = NULL, *first = NULL;
	for (size_t i = c->briefs.n; i-- > 0;) {
		const struct oom_brief *b = &c->briefs.v[i];
		if (!b->metric[metric].known)
			continue;
		if (!last) {
			last = b;
			continue;
		}
		/* An older boot, or another machine in the same file: the clock goes back. */
		const struct oom_brief *next = first ? first : last;
		if (!comparable(b, last, metric) ||
		    (b->clock == CLOCK_UPTIME && next->clock == CLOCK_UPTIME &&
		     b->time_us > next->time_us))
			break;
		first = b;
	}
	if (!first)
		return false;
	*growth = (struct oom_growth){
		.metric = metric,
		.from = first,
		.to = last,
		.pages = last->metric[metric].value - first->metric[metric].value,
		.what = metric == METRIC_LARGEST_TASK ? last->largest : NULL,
	};
	if (first->clock && first->clock == last->clock && last->time_us > first->time_us)
		growth->seconds = (double)(last->time_us - first->time_us) / 1e6;
	return true;
}
