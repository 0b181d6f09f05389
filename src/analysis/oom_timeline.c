/*
 * Many events as one story: how many, how fast, who again and again, and what grew between them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/oom_context.h"
#include "base/text.h"

/* --- figures -------------------------------------------------------------------------------- */

struct span {
	bool known;
	double seconds;
	u64 peak; /* kills within one minute of the clock */
};

static struct span span_of(const struct oom_context *c)
{
	struct span s = {0};
	s64 first = 0, last = 0, minute = 0;
	u64 within = 0;
	int clock = c->kills.n ? c->kills.v[0].clock : CLOCK_NONE;
	for (size_t i = 0; i < c->kills.n; i++) {
		const struct oom_kill *k = &c->kills.v[i];
		if (!k->clock || k->clock != clock)
			return (struct span){0};
		first = !i || k->time_us < first ? k->time_us : first;
		last = !i || k->time_us > last ? k->time_us : last;
		within = i && k->time_us / 60000000 == minute ? within + 1 : 1;
		minute = k->time_us / 60000000;
		s.peak = u64_max(s.peak, within);
	}
	s.known = c->kills.n > 0;
	s.seconds = (double)(last - first) / 1e6;
	return s;
}

struct often {
	const char *name;
	s64 pid; /* -1: by name */
	u64 times;
};

/* Strings are shared, so names can be compared by address. */
static int by_name(const void *a, const void *b)
{
	const struct oom_kill *x = a, *y = b;
	return x->comm < y->comm   ? -1
	       : x->comm > y->comm ? 1
	       : x->pid < y->pid   ? -1
				   : x->pid > y->pid;
}

static struct oom_kill *sorted_kills(const struct oom_context *c)
{
	struct oom_kill *kills = mem_calloc(c->kills.n + 1, sizeof(*kills));
	if (c->kills.n) {
		memcpy(kills, c->kills.v, c->kills.n * sizeof(*kills));
		qsort(kills, c->kills.n, sizeof(*kills), by_name);
	}
	return kills;
}

/* The name that died most often; and the process: the same pid again is a kill without effect. */
static void most_often(const struct oom_context *c, struct often *name, struct often *process)
{
	struct oom_kill *kills = sorted_kills(c);
	u64 same_name = 0, same_pid = 0;
	*name = *process = (struct often){.pid = -1};
	for (size_t i = 0; i < c->kills.n; i++) {
		bool again = i && kills[i].comm == kills[i - 1].comm;
		same_name = again ? same_name + 1 : 1;
		same_pid = again && kills[i].pid >= 0 && kills[i].pid == kills[i - 1].pid
				   ? same_pid + 1
				   : 1;
		if (kills[i].comm && same_name > name->times)
			*name = (struct often){kills[i].comm, -1, same_name};
		if (kills[i].comm && same_pid > process->times)
			*process = (struct often){kills[i].comm, kills[i].pid, same_pid};
	}
	free(kills);
}

/* What grew most, in pages: what a verdict names. */
static bool largest_growth(const struct oom_context *c, struct oom_growth *largest)
{
	bool any = false;
	for (unsigned m = 0; m < METRIC_N; m++) {
		struct oom_growth g;
		if (!oom_growth(c, m, &g) || !g.to->managed.known || !g.to->page_kb)
			continue;
		bool matters = g.pages * 100 >= g.to->managed.value * 2;
		if (!matters || (any && g.pages <= largest->pages))
			continue;
		*largest = g;
		any = true;
	}
	return any;
}

/* --- the verdict ---------------------------------------------------------------------------- */

static const char *size_text(char buffer[static 16], const struct oom_growth *g, s64 pages)
{
	return text_bytes(buffer, (u64)s64_max(0, pages) * (u64)g->to->page_kb << 10);
}

PRINTF_LIKE(3, 4) static void say(char *to, size_t room, const char *fmt, ...)
{
	size_t used = strlen(to);
	va_list args;
	va_start(args, fmt);
	if (used + 1 < room)
		vsnprintf(to + used, room - used, fmt, args);
	va_end(args);
}

static void say_growth(char *to, size_t room, const struct oom_growth *g)
{
	char from[16], until[16], rate[16], time[32];
	say(to, room, " %s%s%s grew from %s to %s", oom_metric_labels[g->metric],
	    g->what ? ", " : "", g->what ? g->what : "",
	    size_text(from, g, g->from->metric[g->metric].value),
	    size_text(until, g, g->to->metric[g->metric].value));
	if (g->seconds > 0)
		say(to, room, " in %s (%s an hour)", text_duration(time, g->seconds),
		    size_text(rate, g, (s64)((double)g->pages * 3600 / g->seconds)));
	say(to, room, ".");
}

static void say_counts(const struct oom_context *c, char *to, size_t room)
{
	struct span s = span_of(c);
	char time[32];
	say(to, room, "%llu out-of-memory event%s, %llu process%s killed",
	    (unsigned long long)c->nr_events, c->nr_events == 1 ? "" : "s",
	    (unsigned long long)c->nr_kills, c->nr_kills == 1 ? "" : "es");
	if (s.known && c->kills.n > 1)
		say(to, room, " in %s, up to %llu in a minute", text_duration(time, s.seconds),
		    (unsigned long long)s.peak);
	if (c->nr_panics)
		say(to, room, ", ended by a panic");
	say(to, room, ".");
}

static void say_openvz(const struct oom_context *c, char *to, size_t room)
{
	if (c->openvz_last_free > c->openvz_first_free)
		say(to, room, " \"free\" rose from %llu to %llu with the kills.",
		    (unsigned long long)c->openvz_first_free,
		    (unsigned long long)c->openvz_last_free);
	say(to, room,
	    " OpenVZ's lines hold no memory state: who used the memory can't be told from this log.");
}

const char *oom_context_verdict(struct oom_context *c)
{
	char *to = c->verdict;
	size_t room = sizeof(c->verdict);
	struct often name, process;
	struct oom_growth growth = {0};
	*to = '\0';
	if (!c->nr_events)
		return to;
	say_counts(c, to, room);
	most_often(c, &name, &process);
	if (process.times > 1)
		say(to, room, " %.64s (%lld) was killed %llu times: the kills did not end it.",
		    process.name, (long long)process.pid, (unsigned long long)process.times);
	else if (name.times > 1)
		say(to, room, " %.64s was killed %llu times.", name.name,
		    (unsigned long long)name.times);
	if (c->nr_events > 1 && largest_growth(c, &growth))
		say_growth(to, room, &growth);
	if (c->nr_openvz)
		say_openvz(c, to, room);
	return to;
}

/* --- the table ------------------------------------------------------------------------------ */

enum { GROW_WHAT, GROW_PROCESS, GROW_FROM, GROW_TO, GROW_SECONDS, GROW_PER_HOUR, GROW_EVENTS };
static const struct column growth_columns[] = {
	[GROW_WHAT] = {"what", "what", "the figure"},
	[GROW_PROCESS] = {"process", "process", "of largest_task: its name", COL_TEXT,
			  COLUMN_OPTIONAL},
	[GROW_FROM] = {"from_pages", "from", "in the first event that shows it", COL_SIGNED},
	[GROW_TO] = {"to_pages", "to", "in the last", COL_SIGNED},
	[GROW_SECONDS] = {"seconds", "seconds", "between them", COL_SECONDS},
	[GROW_PER_HOUR] = {"pages_per_hour", "per hour", "the rate", COL_SECONDS},
	[GROW_EVENTS] = {"events", "events", "ids of the two events", COL_NUMBERS},
};
static const struct table_spec growth_spec = {
	.key = "growth",
	.title = "What changed between events",
	.help = "from the first to the last event that show a figure",
	.columns = growth_columns,
	.nr_columns = ARRAY_SIZE(growth_columns),
};

static struct table *growth_table(const struct oom_context *c)
{
	struct table *t = table_new(&growth_spec);
	for (unsigned m = 0; m < METRIC_N; m++) {
		struct oom_growth g;
		if (!oom_growth(c, m, &g))
			continue;
		const u64 events[] = {g.from->id, g.to->id};
		table_add(t);
		table_set_text(t, GROW_WHAT, oom_metric_keys[m]);
		table_set_text(t, GROW_PROCESS, g.what);
		table_set_signed(t, GROW_FROM, g.from->metric[m].value);
		table_set_signed(t, GROW_TO, g.to->metric[m].value);
		table_set_numbers(t, GROW_EVENTS, events, 2);
		if (g.seconds > 0) {
			table_set_real(t, GROW_SECONDS, g.seconds);
			table_set_real(t, GROW_PER_HOUR, round((double)g.pages * 3600 / g.seconds));
		} else {
			table_set_unknown(t, GROW_SECONDS,
					  "the text does not tell the time of both");
			table_set_unknown(t, GROW_PER_HOUR,
					  "the text does not tell the time of both");
		}
	}
	return t;
}

enum { MINUTE_FIRST, MINUTE_KILLS };
static const struct column minute_columns[] = {
	[MINUTE_FIRST] = {"from_seconds", "from", "start of the minute, after the first kill",
			  COL_COUNT},
	[MINUTE_KILLS] = {"kills", "kills", "kills in it", COL_COUNT},
};
static const struct table_spec minutes_spec = {
	.key = "minutes",
	.title = "Kills by minute",
	.help = "minutes with kills, counted from the first one",
	.columns = minute_columns,
	.nr_columns = ARRAY_SIZE(minute_columns),
};

static struct table *minutes_table(const struct oom_context *c)
{
	struct table *t = table_new(&minutes_spec);
	s64 minute = -1;
	u64 kills = 0;
	if (!span_of(c).known)
		return t;
	for (size_t i = 0; i <= c->kills.n; i++) {
		s64 here = i < c->kills.n
				   ? (c->kills.v[i].time_us - c->kills.v[0].time_us) / 60000000
				   : -2;
		if (here != minute && kills && minute >= 0) {
			table_add(t);
			table_set(t, MINUTE_FIRST, (u64)minute * 60);
			table_set(t, MINUTE_KILLS, kills);
		}
		kills = here == minute ? kills + 1 : 1;
		minute = here;
	}
	return t;
}

enum { TL_VERDICT, TL_EVENTS, TL_KILLS, TL_PANICS, TL_SECONDS, TL_PEAK, TL_MINUTES, TL_GROWTH };
static const struct column timeline_columns[] = {
	[TL_VERDICT] = {"verdict", "verdict", "the whole text in a few sentences"},
	[TL_EVENTS] = {"events", "events", "OOM events", COL_COUNT},
	[TL_KILLS] = {"kills", "kills", "processes killed", COL_COUNT},
	[TL_PANICS] = {"panics", "panics", "events that ended in a panic", COL_COUNT},
	[TL_SECONDS] = {"seconds", "seconds", "from the first kill to the last", COL_SECONDS},
	[TL_PEAK] = {"kills_per_minute_peak", "peak", "most kills in one minute of the clock",
		     COL_COUNT},
	[TL_MINUTES] = {"minutes", "minutes", "kills by minute", COL_TABLE, 0, &minutes_spec},
	[TL_GROWTH] = {"growth", "growth", "what changed between events", COL_TABLE, 0,
		       &growth_spec},
};
const struct table_spec oom_timeline_spec = {
	.key = "timeline",
	.title = "Timeline",
	.help = "all events together",
	.columns = timeline_columns,
	.nr_columns = ARRAY_SIZE(timeline_columns),
};

struct table *oom_timeline(struct oom_context *c)
{
	struct table *t = table_new(&oom_timeline_spec);
	struct span s = span_of(c);
	table_add(t);
	table_set_text(t, TL_VERDICT, oom_context_verdict(c));
	table_set(t, TL_EVENTS, c->nr_events);
	table_set(t, TL_KILLS, c->nr_kills);
	table_set(t, TL_PANICS, c->nr_panics);
	if (s.known) {
		table_set_real(t, TL_SECONDS, s.seconds);
		table_set(t, TL_PEAK, s.peak);
	} else {
		table_set_unknown(t, TL_SECONDS,
				  c->kills.n ? "the text does not tell the time of all"
					     : "nobody was killed");
		table_set_unknown(t, TL_PEAK,
				  c->kills.n ? "the text does not tell the time of all"
					     : "nobody was killed");
	}
	table_set_table(t, TL_MINUTES, minutes_table(c));
	table_set_table(t, TL_GROWTH, growth_table(c));
	return t;
}
