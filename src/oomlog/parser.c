/*
 * The parser: envelope -> join -> grammar -> contexts -> hold -> the caller.
 *
 * Everything is pushed: a line goes in and what it completes comes out at once, so that a text of
 * any size needs the memory of its open reports and of the events that are held back.
 */
#include "oomlog/oomlog.h"

#include "oomlog/context.h"
#include "oomlog/envelope.h"
#include "oomlog/hold.h"
#include "oomlog/join.h"
#include "oomlog/notice.h"

enum { DEFAULT_HOLD = 4 << 20, LONGEST_NOTICE = 400, RECENT_FAILURES = 16 };

struct oomlog {
	struct oomlog_options options;
	struct envelope *envelope;
	struct join join;
	struct contexts contexts;
	struct hold hold;
	struct oomlog_stats stats;
	u64 next_id;
	/* Failures that were just delivered, to tell copies: printk's clock and the pid. */
	s64 recent_failures[RECENT_FAILURES][2];
};

/* --- out --- */

static void deliver_event(struct oomlog *log, struct block *b)
{
	b->e.id = ++log->next_id;
	log->stats.events++;
	if (log->options.event)
		log->options.event(log->options.arg, &b->e);
	block_free(b);
}

static u64 oldest_open(const struct oomlog *log)
{
	u64 order = UINT64_MAX;
	for (size_t i = 0; i < MOST_CONTEXTS; i++)
		if (log->contexts.list[i].event)
			order = u64_min(order, log->contexts.list[i].event->order);
	return order;
}

static void deliver_held(struct oomlog *log, bool all)
{
	struct block *b;
	while ((b = hold_take(&log->hold, oldest_open(log), all)))
		deliver_event(log, b);
}

static bool failure_is_copy(struct oomlog *log, const struct oom_failure *f)
{
	if (!f->time.uptime_us.known)
		return false;
	s64 us = f->time.uptime_us.value, pid = known_or(f->trigger.pid, -1);
	for (size_t i = 0; i < RECENT_FAILURES; i++)
		if (log->recent_failures[i][0] == us && log->recent_failures[i][1] == pid)
			return true;
	size_t at = log->stats.failures % RECENT_FAILURES;
	log->recent_failures[at][0] = us;
	log->recent_failures[at][1] = pid;
	return false;
}

/* A failure shares its block's memory state, time and place with what an event would have. */
static void deliver_failure(struct oomlog *log, struct block *b)
{
	struct oom_failure *f = &b->f;
	f->time = b->e.time;
	f->span = b->e.span;
	f->info = b->e.info;
	f->unknown_lines = b->e.unknown_lines;
	if (failure_is_copy(log, f)) {
		log->stats.copies++;
	} else {
		log->stats.failures++;
		if (log->options.failure)
			log->options.failure(log->options.arg, f);
	}
	block_free(b);
}

static void deliver_dump(struct oomlog *log, struct block *b)
{
	struct oom_show_mem dump = {
		.time = b->e.time, .span = b->e.span, .trigger = b->e.trigger, .info = b->e.info};
	bool shows = false;
	for (int i = 0; i < OOM_MEM_N; i++)
		shows = shows || dump.info.mem[i].known;
	shows = shows || dump.info.zones.n || dump.info.nodes.n;
	if (shows) {
		log->stats.show_mems++;
		if (log->options.show_mem)
			log->options.show_mem(log->options.arg, &dump);
	}
	block_free(b);
}

static void block_closed(void *arg, struct block *b)
{
	struct oomlog *log = arg;
	block_finish(b);
	if (b->type == BLOCK_FAILURE) {
		deliver_failure(log, b);
	} else if (b->type == BLOCK_SHOW_MEM) {
		deliver_dump(log, b);
	} else if (b->e.ve.known && !b->e.victims.n) {
		/* OpenVZ's kill_signal lines without an exit: nobody was seen to die */
		struct oom_notice notice = {.kind = OOM_NOTICE_OPENVZ,
					    .time = b->e.time,
					    .span = b->e.span,
					    .text = "kill_signal"};
		log->stats.notices++;
		if (log->options.notice)
			log->options.notice(log->options.arg, &notice);
		block_free(b);
	} else {
		hold_add(&log->hold, b);
		deliver_held(log, false);
	}
}

static void give_notice(struct oomlog *log, struct arena *arena, struct oom_notice *notice,
			const struct stamp *stamp, struct str text)
{
	time_from_stamp(arena, stamp, &notice->time);
	notice->text =
		arena_strndup(arena, text.s, text.len < LONGEST_NOTICE ? text.len : LONGEST_NOTICE);
	log->stats.notices++;
	if (log->options.notice)
		log->options.notice(log->options.arg, notice);
}

static void try_notice(struct oomlog *log, struct str text, const struct stamp *stamp,
		       struct oom_span span)
{
	struct arena arena = ARENA_INIT;
	struct oom_notice notice = {.span = span};
	if (notice_parse(&arena, text, &notice))
		give_notice(log, &arena, &notice, stamp, text);
	arena_done(&arena);
}

/* --- in --- */

static void grammar_notice(struct oomlog *log, const struct line *line, const struct parse *parse)
{
	struct arena arena = ARENA_INIT;
	struct oom_notice notice = {
		.kind = (enum oom_notice_kind)parse->which,
		.span = {line->number, line->last_number, line->offset, line->end_offset}};
	const struct capture *who = parse_find(parse, F_WHO), *pid = parse_find(parse, F_WHO_PID);
	if (who)
		notice.victim = arena_strndup(&arena, who->text.s, who->text.len);
	if (pid)
		notice.pid = (struct known){pid->n, true};
	give_notice(log, &arena, &notice, &line->stamp, line->text);
	arena_done(&arena);
}

/*
 * The reaper is a thread of its own: its line comes whenever it is done, perhaps after the event
 * was closed, and with another caller.
 */
static bool reaper_line(struct oomlog *log, const struct line *line, const struct parse *parse)
{
	if (parse->kind != LINE_REAPED && parse->kind != LINE_NOT_REAPED)
		return false;
	const struct capture *pid = parse_find(parse, F_PID);
	struct block *b = pid ? contexts_event_of(&log->contexts, pid->n) : NULL;
	if (!b && pid)
		b = hold_event_of(&log->hold, pid->n);
	if (!b)
		return false;
	block_apply(b, line, parse);
	return true;
}

/*
 * The first line of a text may be the end of one.  Without a prefix before it only kinds are
 * believed whose beginning is their own: "swap: usage" may have been "memory+swap: usage".
 */
static bool believed_first(enum line_kind kind)
{
	static const enum line_kind kinds[] = {
		LINE_HEADER,	  LINE_FAILURE,	   LINE_FAILURE_VMALLOC,
		LINE_FAILURE_OLD, LINE_MEMINFO,	   LINE_TASKS_INTRO,
		LINE_TASKS_HEAD,  LINE_OOM_KILL,   LINE_CHOOSE,
		LINE_KILLED,	  LINE_KILLED_OLD, LINE_PANIC,
		LINE_NO_KILLABLE, LINE_VZ_EXIT,	   LINE_VZ_SIGNAL,
		LINE_LMK,	  LINE_GROUP,	   LINE_STATS_HEAD,
		LINE_NODE,	  LINE_TASK_IN,	   LINE_TASK};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

static void on_line(void *arg, const struct line *line)
{
	struct oomlog *log = arg;
	struct parse parse;
	struct line_context context = {0};
	contexts_grammar(&log->contexts, &line->stamp, &context);
	context.cut_start = line->first;
	context.cut_end = line->cut_end;
	if (!grammar_parse(line->text, &context, &parse)) {
		parse_reset(&parse);
		parse.kind = LINE_UNKNOWN;
	}
	if (line->first && !believed_first(parse.kind))
		return;
	if (parse.kind == LINE_UNKNOWN)
		try_notice(log, line->text, &line->stamp,
			   (struct oom_span){line->number, line->last_number, line->offset,
					     line->end_offset});
	if (parse.kind == LINE_NOTICE)
		grammar_notice(log, line, &parse);
	else if (!reaper_line(log, line, &parse))
		contexts_line(&log->contexts, line, &parse);
}

static void on_context(void *arg, const struct stamp *stamp, struct line_context *context)
{
	struct oomlog *log = arg;
	contexts_grammar(&log->contexts, stamp, context);
}

static bool on_idle(void *arg)
{
	struct oomlog *log = arg;
	return contexts_idle(&log->contexts);
}

static void on_piece(void *arg, const struct piece *piece)
{
	struct oomlog *log = arg;
	log->stats.messages++;
	if (!piece->stamp.foreign) {
		join_feed(&log->join, piece);
		return;
	}
	/* another program's line: it ends what was being joined, and belongs to no report */
	join_flush(&log->join);
	contexts_tick(&log->contexts);
	try_notice(log, piece->text, &piece->stamp,
		   (struct oom_span){piece->line, piece->line, piece->offset, piece->end_offset});
}

/* --- the interface --- */

struct oomlog *oomlog_new(const struct oomlog_options *options)
{
	struct oomlog *log = mem_alloc(sizeof(*log));
	log->options = *options;
	log->envelope = envelope_new(on_piece, log);
	join_init(&log->join, on_line, on_context, on_idle, log);
	log->contexts.closed = block_closed;
	log->contexts.arg = log;
	log->hold.most = options->hold_bytes ? options->hold_bytes : DEFAULT_HOLD;
	return log;
}

void oomlog_feed(struct oomlog *log, const struct oomlog_line *line)
{
	log->stats.lines++;
	envelope_feed(log->envelope, line);
}

void oomlog_feed_record(struct oomlog *log, const struct oomlog_record *record)
{
	log->stats.lines++;
	envelope_feed_record(log->envelope, record);
}

void oomlog_skip(struct oomlog *log)
{
	join_flush(&log->join);
	envelope_reset(log->envelope);
	contexts_close_all(&log->contexts);
}

void oomlog_finish(struct oomlog *log)
{
	envelope_finish(log->envelope);
	join_flush(&log->join);
	contexts_close_all(&log->contexts);
	deliver_held(log, true);
	log->join.started = false;
	log->join.hard_width = log->join.widest = log->join.longest = 0;
}

void oomlog_free(struct oomlog *log)
{
	if (!log)
		return;
	log->options = (struct oomlog_options){0};
	join_flush(&log->join);
	contexts_close_all(&log->contexts);
	deliver_held(log, true);
	envelope_free(log->envelope);
	join_done(&log->join);
	free(log);
}

bool oomlog_idle(const struct oomlog *log)
{
	return contexts_idle(&log->contexts) && !join_promising(&log->join);
}

struct oomlog_stats oomlog_stats(const struct oomlog *log)
{
	struct oomlog_stats stats = log->stats;
	stats.joined = log->join.joined;
	stats.copies += log->hold.copies;
	stats.late_copies = log->hold.late_copies;
	return stats;
}
