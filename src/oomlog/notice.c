/*
 * What systemd-oomd, earlyoom, nohang, oomd, lmkd, kubelet and systemd write.  One row is one
 * wording: a piece of text that only this line has, and what follows it.
 *
 * Wordings: systemd src/oom/oomd-util.c and core/unit.c; earlyoom kill.c; nohang; facebook's oomd
 * Oomd.cpp; Android's lmkd.c; kubelet's events.
 */
#include "oomlog/notice.h"

#include "oomlog/pattern.h"

enum part { PART_NONE, PART_VICTIM, PART_PID, PART_RSS_KB };

struct notice_row {
	enum oom_notice_kind kind;
	const char *find; /* the pattern begins there */
	const char *pattern;
	enum part parts[4];
};

static const struct notice_row rows[] = {
	{OOM_NOTICE_SYSTEMD_OOMD, "Killed /", "Killed %w due to memory pressure", {PART_VICTIM}},
	{OOM_NOTICE_SYSTEMD_OOMD, "Killed /", "Killed %w due to memory used", {PART_VICTIM}},
	{OOM_NOTICE_SYSTEMD_OOMD, "Killed /", "Killed %w due to swap used", {PART_VICTIM}},
	{OOM_NOTICE_SYSTEMD_OOMD, "Marked ", "Marked %w for killing", {PART_VICTIM}},
	{OOM_NOTICE_EARLYOOM,
	 "sending SIG",
	 "sending %w to process %d uid %d \"%s\"",
	 {PART_NONE, PART_PID, PART_NONE, PART_VICTIM}},
	{OOM_NOTICE_EARLYOOM,
	 "sending SIG",
	 "sending %w to process %d \"%s\"",
	 {PART_NONE, PART_PID, PART_VICTIM}},
	{OOM_NOTICE_EARLYOOM,
	 "Killing process ",
	 "Killing process %d (%s)",
	 {PART_PID, PART_VICTIM}},
	{OOM_NOTICE_NOHANG, "Sending SIG", "Sending %w to the victim", {PART_NONE}},
	{OOM_NOTICE_NOHANG, "Victim:", "Victim: %s, PID: %d", {PART_VICTIM, PART_PID}},
	{OOM_NOTICE_OOMD, "oomd kill:", "oomd kill: %s", {PART_VICTIM}},
	{OOM_NOTICE_LOWMEMORYKILLER,
	 "Kill '",
	 "Kill '%s' (%d), uid %d, oom_score_adj %d",
	 {PART_VICTIM, PART_PID}},
	{OOM_NOTICE_LOWMEMORYKILLER,
	 "Kill '",
	 "Kill '%s' (%d), uid %d, oom_adj %d",
	 {PART_VICTIM, PART_PID}},
	{OOM_NOTICE_KUBERNETES, "SystemOOM", "SystemOOM ", {PART_NONE}},
	{OOM_NOTICE_KUBERNETES, "OOMKilling", "OOMKilling ", {PART_NONE}},
	{OOM_NOTICE_KUBERNETES, "OOMKilled", "OOMKilled", {PART_NONE}},
	{OOM_NOTICE_SYSTEMD,
	 "A process of this unit has been killed by the OOM killer",
	 "A process of this unit",
	 {PART_NONE}},
	{OOM_NOTICE_SYSTEMD, "Failed with result 'oom-kill'", "Failed with result", {PART_NONE}},
};

static void take_parts(struct arena *arena, const struct notice_row *row,
		       const struct pattern_match *m, struct oom_notice *notice)
{
	for (size_t i = 0; i < m->n && i < ARRAY_SIZE(row->parts); i++) {
		const struct capture *c = &m->c[i];
		if (row->parts[i] == PART_VICTIM)
			notice->victim = arena_strndup(arena, c->text.s, c->text.len);
		else if (row->parts[i] == PART_PID && c->number)
			notice->pid = (struct known){c->n, true};
		else if (row->parts[i] == PART_RSS_KB && c->number)
			notice->rss_kb = (struct known){c->n, true};
	}
}

/* "foo.service: A process of this unit ...": the unit stands in front. */
static void unit_in_front(struct arena *arena, struct str text, size_t at,
			  struct oom_notice *notice)
{
	struct str unit = str_trim(str_head(text, at));
	if (unit.len > 1 && unit.s[unit.len - 1] == ':' && str_find_char(unit, ' ') == SIZE_MAX)
		notice->victim = arena_strndup(arena, unit.s, unit.len - 1);
}

bool notice_parse(struct arena *arena, struct str text, struct oom_notice *notice)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pattern_match m;
		size_t at = str_find(text, str_of(rows[i].find));
		if (at == SIZE_MAX || !pattern_match(rows[i].pattern, str_from(text, at), &m) ||
		    m.partial)
			continue;
		notice->kind = rows[i].kind;
		take_parts(arena, &rows[i], &m, notice);
		if (rows[i].kind == OOM_NOTICE_SYSTEMD)
			unit_in_front(arena, text, at, notice);
		return true;
	}
	return false;
}
