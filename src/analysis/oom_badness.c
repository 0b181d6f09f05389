/*
 * The kernel's badness of a task, as mm/oom_kill.c had it.
 *
 * To 2.6.35 it guessed how much work would be lost: the size, made smaller by CPU time, age and
 * privilege, and shifted by oom_adj.  Since 2.6.36 (a63d83f427fb) it is what the task's end would
 * free, plus oom_score_adj thousandths of all there is.
 */
#include "analysis/oom.h"

/* int_sqrt() of lib/int_sqrt.c: rounded down. */
static u64 root_of(u64 n)
{
	u64 root = 0;
	for (u64 bit = (u64)1 << 31; bit; bit >>= 1) {
		u64 next = root | bit;
		if (next * next <= n)
			root = next;
	}
	return root;
}

/* SHIFT_HZ of include/linux/jiffies.h: 100 is 7, 250 is 8, 1000 is 10. */
static unsigned shift_of_hz(u64 hz)
{
	unsigned shift = 4;
	for (u64 top = 24; hz >= top && shift < 14; top *= 2)
		shift++;
	return shift;
}

static u64 shifted(u64 points, int oom_adj)
{
	if (oom_adj > 0)
		return (points ? points : 1) << (oom_adj > 15 ? 15 : oom_adj);
	return points >> (oom_adj < -16 ? 16 : -oom_adj);
}

u64 badness_old(const struct badness_old *t)
{
	u64 points = t->total_vm;
	if (t->oom_adj == -17 || !t->total_vm)
		return 0;
	for (size_t i = 0; i < t->nr_children; i++)
		points += t->children_whole ? t->children[i] : t->children[i] / 2 + 1;
	u64 cpu = root_of(t->cpu_jiffies >> (shift_of_hz(t->hz) + 3));
	u64 age = root_of(root_of(t->run_seconds >> 10));
	points /= cpu ? cpu : 1;
	points /= age ? age : 1;
	points *= t->nice > 0 ? 2 : 1;
	points /= t->admin ? 4 : 1;
	points /= t->rawio ? 4 : 1;
	points /= t->other_nodes ? 8 : 1;
	return shifted(points, t->oom_adj);
}

s64 badness_new(const struct badness_new *t)
{
	s64 points = t->rss + t->swap + t->tables, adj = t->oom_score_adj;
	if (t->bonus == BONUS_OF_OWN)
		points -= points * 3 / 100;
	if (t->bonus == BONUS_OF_TOTAL)
		adj -= 30;
	return points + adj * (t->total / 1000);
}

s64 badness_printed_score(s64 points, s64 total)
{
	return total > 0 ? (points > 0 ? points : 1) * 1000 / total : 0;
}

s64 badness_proc_score(s64 points, s64 total)
{
	return total > 0 ? (1000 + points * 1000 / total) * 2 / 3 : 0;
}
