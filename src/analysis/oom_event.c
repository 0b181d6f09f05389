/*
 * One event: its kind in a word, its signature, and all that the other files find out about it.
 *
 * The signature is what stays the same when the same thing happens again, on this machine or on
 * another: kind, zone, reason, names.  Numbers, hashes and identifiers in names are made '*'.
 */
#include <ctype.h>
#include <string.h>

#include "analysis/oom.h"

static const char *const kinds[] = {
	[OOM_KIND_UNKNOWN] = NULL,
	[OOM_KIND_GLOBAL] = "global",
	[OOM_KIND_MEMCG] = "memcg",
	[OOM_KIND_CPUSET] = "cpuset",
	[OOM_KIND_MEMPOLICY] = "mempolicy",
	[OOM_KIND_OTHER] = "other",
	[OOM_KIND_SYSRQ] = "sysrq",
	[OOM_KIND_OPENVZ] = "openvz",
	[OOM_KIND_USERSPACE] = "userspace-killer",
	[OOM_KIND_LOWMEMORYKILLER] = "lowmemorykiller",
};

bool oom_is_memcg(const struct oom_event *e)
{
	if (e->global_oom)
		return false;
	if (e->constraint)
		return strstr(e->constraint, "MEMCG") != NULL || e->oom_memcg;
	return e->kind == OOM_KIND_MEMCG || e->is_memcg;
}

static const char *kind_of(const struct oom_event *e)
{
	if (e->panic || e->ended == OOM_ENDED_PANIC)
		return e->no_killable ? "no-killable" : "panic";
	if (e->no_killable || e->ended == OOM_ENDED_NO_KILLABLE)
		return "no-killable";
	if (e->kind == OOM_KIND_MEMCG && !oom_is_memcg(e))
		return kinds[OOM_KIND_GLOBAL];
	return (unsigned)e->kind < ARRAY_SIZE(kinds) ? kinds[e->kind] : NULL;
}

/* --- names without what changes ------------------------------------------------------------- */

static bool hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static size_t hex_run(const char *p)
{
	size_t n = 0;
	while (hex(p[n]))
		n++;
	return n;
}

/* 1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d, also with '_' as systemd writes it. */
static size_t uuid_length(const char *p)
{
	static const size_t groups[] = {8, 4, 4, 4, 12};
	size_t at = 0;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (i && p[at] != '-' && p[at] != '_')
			return 0;
		at += i != 0;
		if (hex_run(p + at) != groups[i])
			return 0;
		at += groups[i];
	}
	return at;
}

/*
 * The length of what changes here: a UUID, a number of three digits or more, a hash of eight or
 * more.  A hash does not begin within a word.
 */
static size_t changing_run(const char *name, const char *p)
{
	size_t digits = strspn(p, "0123456789"), hash = hex_run(p), hash_digits = 0;
	bool within = p > name && isalpha((unsigned char)p[-1]) && !digits;
	if (within)
		return 0;
	if (uuid_length(p))
		return uuid_length(p);
	for (size_t i = 0; i < hash; i++)
		hash_digits += isdigit((unsigned char)p[i]) != 0;
	if (hash >= 8 && hash_digits >= 2)
		return hash;
	return digits >= 3 ? digits : 0;
}

const char *oom_stable_name(const char *name, struct arena *arena)
{
	if (!name)
		return "?";
	char *stable = arena_strdup(arena, name), *to = stable;
	bool kworker = !strncmp(name, "kworker/", 8) || !strncmp(name, "ksoftirqd/", 10) ||
		       !strncmp(name, "migration/", 10);
	for (const char *p = name; *p;) {
		if (kworker && *p == '/') {
			*to++ = '/';
			*to++ = '*';
			break;
		}
		size_t run = changing_run(name, p);
		if (run) {
			*to++ = '*';
			p += run;
			continue;
		}
		*to++ = *p == ' ' ? '_' : *p;
		p++;
	}
	*to = '\0';
	return stable;
}

/* --- signature ------------------------------------------------------------------------------ */

static const char *victim_name(const struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	if (e->victims.n)
		return e->victims.v[0].comm;
	return e->has_chosen ? e->chosen.comm : NULL;
}

static const char *signature_of(struct oom_analysis *a)
{
	const struct oom_event *e = a->event;
	struct arena *arena = &a->arena;
	const char *text = arena_printf(arena, "%s", a->kind ? a->kind : "unknown");
	if (a->failed.key)
		text = arena_printf(arena, "%s failed=%s", text, a->failed.key);
	if (e->order.known)
		text = arena_printf(arena, "%s order=%lld", text, (long long)e->order.value);
	if (a->failed.gfp.known && !a->failed.gfp.zero)
		text = arena_printf(arena, "%s zone=%s", text,
				    zone_rank_names[a->failed.gfp.highest]);
	if (e->oom_memcg)
		text = arena_printf(arena, "%s memcg=%s", text,
				    oom_stable_name(e->oom_memcg, arena));
	if (e->trigger.comm)
		text = arena_printf(arena, "%s trigger=%s", text,
				    oom_stable_name(e->trigger.comm, arena));
	if (victim_name(a))
		text = arena_printf(arena, "%s victim=%s", text,
				    oom_stable_name(victim_name(a), arena));
	if (e->ended != OOM_ENDED_KILL)
		text = arena_printf(arena, "%s ended=%s", text, oom_ended_keys[e->ended]);
	return text;
}

/* --- all of it ------------------------------------------------------------------------------ */

void oom_analyse(struct oom_analysis *a, const struct oom_event *event,
		 const struct oom_context *earlier, const struct what_if *what_if)
{
	size_t nr_killed = 0;
	const s64 *killed = earlier ? oom_context_killed(earlier, &nr_killed) : NULL;
	u32 cpus = earlier ? oom_context_cpus(earlier) : 0;
	if (event->trigger.cpu.known && event->trigger.cpu.value >= cpus &&
	    event->trigger.cpu.value < 65536)
		cpus = (u32)event->trigger.cpu.value + 1;
	*a = (struct oom_analysis){.event = event};
	a->kind = kind_of(event);
	oom_account(&a->account, &event->info, cpus, &a->arena);
	oom_failed(&a->failed, event, &a->arena);
	oom_choice(&a->choice, event, &a->account, killed, nr_killed, &a->arena);
	a->signature = signature_of(a);
	if (what_if)
		a->what_if = what_if_answer(what_if, event, &a->account, &a->choice, &a->arena);
}

void oom_analysis_done(struct oom_analysis *a)
{
	arena_done(&a->arena);
}
