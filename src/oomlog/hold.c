/*
 * Recognising copies.  printk's clock decides where both have it: the same microsecond is the same
 * line, another one is another event, even when the same process was killed again with the same
 * figures (an OOM that makes no progress does that).  Without it all that both show must agree, and
 * enough of it: a victim and its sizes, or the machine's counters.
 */
#include "oomlog/hold.h"

enum { WALL_SLACK_US = 10 * 1000000, ENOUGH_FACTS = 3 };

struct agreement {
	int same, different;
};

static void compare(struct agreement *a, struct known x, struct known y, int weight)
{
	if (!x.known || !y.known)
		return;
	if (x.value == y.value)
		a->same += weight;
	else
		a->different++;
}

static void compare_text(struct agreement *a, const char *x, const char *y, int weight)
{
	if (!x || !y)
		return;
	if (strcmp(x, y) == 0)
		a->same += weight;
	else
		a->different++;
}

static void compare_victims(struct agreement *a, const struct oom_event *x,
			    const struct oom_event *y)
{
	if (!x->victims.n || !y->victims.n)
		return;
	const struct oom_victim *v = x->victims.v, *w = y->victims.v;
	compare(a, v->pid, w->pid, 1);
	compare_text(a, v->comm, w->comm, 0);
	compare(a, v->total_vm_kb, w->total_vm_kb, 1);
	compare(a, v->anon_rss_kb, w->anon_rss_kb, 1);
	compare(a, v->score, w->score, 1);
}

static bool clocks_agree(const struct oom_time *x, const struct oom_time *y)
{
	if (!x->wall_us.known || !y->wall_us.known || x->wall_has_year != y->wall_has_year)
		return true;
	s64 apart = x->wall_us.value - y->wall_us.value;
	return (apart < 0 ? -apart : apart) <= WALL_SLACK_US;
}

static bool facts_agree(const struct oom_event *x, const struct oom_event *y)
{
	struct agreement a = {0};
	compare(&a, x->trigger.pid, y->trigger.pid, 0);
	compare_text(&a, x->trigger.comm, y->trigger.comm, 0);
	compare_text(&a, x->gfp_mask, y->gfp_mask, 0);
	compare(&a, x->order, y->order, 0);
	compare_victims(&a, x, y);
	if (a.different) /* nearly always */
		return false;
	for (int i = 0; i < OOM_MEM_N; i++)
		compare(&a, x->info.mem[i], y->info.mem[i], 1);
	compare_text(&a, x->oom_memcg, y->oom_memcg, 0);
	return !a.different && a.same >= ENOUGH_FACTS;
}

static bool same_victim(const struct oom_event *x, const struct oom_event *y)
{
	return !x->victims.n || !y->victims.n || !x->victims.v[0].pid.known ||
	       !y->victims.v[0].pid.known || x->victims.v[0].pid.value == y->victims.v[0].pid.value;
}

/* Is there a line that both have, by printk's clock?  1: yes, 0: no such clock, -1: they differ. */
static int clock_says(const struct block *x, const struct block *y)
{
	if (x->header_seen && y->header_seen && x->e.time.uptime_us.known &&
	    y->e.time.uptime_us.known)
		return x->e.time.uptime_us.value == y->e.time.uptime_us.value ? 1 : -1;
	if (x->kill_us.known && y->kill_us.known)
		return x->kill_us.value == y->kill_us.value ? 1 : -1;
	return 0;
}

static bool is_copy(const struct block *x, const struct block *y)
{
	int clock = clock_says(x, y);
	if (clock)
		return clock > 0 && same_victim(&x->e, &y->e);
	return clocks_agree(&x->e.time, &y->e.time) && facts_agree(&x->e, &y->e);
}

/* Which of the two has more to tell. */
static bool richer(const struct block *x, const struct block *y)
{
	if (x->header_seen != y->header_seen)
		return x->header_seen;
	return x->e.lines > y->e.lines + 2;
}

/* Only what the clock vouches for is remembered after it has left. */
static u64 signature(const struct block *b)
{
	s64 us = b->header_seen ? known_or(b->e.time.uptime_us, -1) : known_or(b->kill_us, -1);
	s64 pid =
		b->e.victims.n ? known_or(b->e.victims.v[0].pid, 0) : known_or(b->e.trigger.pid, 0);
	if (us < 0)
		return 0;
	u64 hash =
		((u64)us * 0x9e3779b97f4a7c15u) ^ ((u64)pid * 0xc2b2ae3d27d4eb4fu) ^ b->header_seen;
	return hash ? hash : 1;
}

static void insert(struct hold *hold, struct block *b)
{
	struct block **at = &hold->first;
	while (*at && (*at)->order <= b->order)
		at = &(*at)->next;
	b->next = *at;
	*at = b;
	hold->nr++;
	b->held_bytes = block_bytes(b);
	hold->bytes += b->held_bytes;
}

static void merge(struct hold *hold, struct block **at, struct block *copy)
{
	struct block *held = *at;
	u32 copies = held->e.printed_copies + 1;
	hold->copies++;
	if (richer(copy, held)) {
		*at = held->next;
		hold->nr--;
		hold->bytes -= held->held_bytes;
		copy->order = held->order;
		copy->e.span.first_line = held->e.span.first_line;
		copy->e.span.first_offset = held->e.span.first_offset;
		insert(hold, copy);
		block_free(held);
		held = copy;
	} else {
		block_free(copy);
	}
	held->e.printed_copies = copies;
}

void hold_add(struct hold *hold, struct block *b)
{
	u64 sign = signature(b);
	for (struct block **at = &hold->first; *at; at = &(*at)->next)
		if (is_copy(*at, b)) {
			merge(hold, at, b);
			return;
		}
	if (sign && hold->signatures[sign % HOLD_SIGNATURES] == sign) {
		hold->late_copies++;
		block_free(b);
		return;
	}
	insert(hold, b);
}

struct block *hold_take(struct hold *hold, u64 open_order, bool all)
{
	struct block *b = hold->first;
	bool full = hold->bytes > hold->most || hold->nr > HOLD_MOST;
	bool bursting = hold->bytes > 4 * hold->most || hold->nr > 4 * HOLD_MOST;
	if (!b || (!all && (!full || (b->order > open_order && !bursting))))
		return NULL;
	hold->first = b->next;
	hold->nr--;
	hold->bytes -= b->held_bytes;
	u64 sign = signature(b);
	if (sign)
		hold->signatures[sign % HOLD_SIGNATURES] = sign;
	return b;
}

struct block *hold_event_of(struct hold *hold, s64 pid)
{
	struct block *found = NULL; /* the last one */
	for (struct block *b = hold->first; b; b = b->next)
		if (block_victim(b, pid))
			found = b;
	return found;
}
