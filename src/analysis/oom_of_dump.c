/* The kernel log inside of a dump, through the same parser and the same tables as a log file. */
#include "analysis/oom.h"
#include "object/printk.h"

struct collect {
	struct oom_tables *tables;
	struct oom_context *context;
	struct oomlog *log;
	u64 number;
};

static void take_event(void *arg, const struct oom_event *event)
{
	struct collect *c = arg;
	struct oom_analysis a;
	oom_analyse(&a, event, c->context, NULL);
	oom_event_row(c->tables->events, &a);
	oom_context_add(c->context, &a);
	oom_analysis_done(&a);
}

static void take_failure(void *arg, const struct oom_failure *failure)
{
	const struct oom_tables *t = ((struct collect *)arg)->tables;
	alloc_failure_row(failure->order.known ? t->failures : t->other_failures, failure);
}

static void take_show_mem(void *arg, const struct oom_show_mem *dump)
{
	show_mem_row(((struct collect *)arg)->tables->show_mem, dump);
}

static void take_notice(void *arg, const struct oom_notice *notice)
{
	oom_notice_row(((struct collect *)arg)->tables->notices, notice);
}

static bool take_record(void *arg, const struct log_record *record)
{
	struct collect *c = arg;
	char caller[16];
	snprintf(caller, sizeof(caller), "%c%u", record->caller_is_cpu ? 'C' : 'T', record->caller);
	const struct oomlog_record r = {
		.text = record->text,
		.len = record->text_len,
		.number = ++c->number,
		.uptime_us = {(s64)(record->time_ns / 1000), true},
		.caller = record->has_caller ? caller : NULL,
	};
	oomlog_feed_record(c->log, &r);
	return true;
}

int oom_tables_of_dump(struct oom_tables *tables, struct kernel *k, struct table *findings,
		       struct error *error)
{
	struct collect c = {.tables = tables, .context = oom_context_new()};
	const struct oomlog_options options = {
		.arg = &c,
		.event = take_event,
		.failure = take_failure,
		.show_mem = take_show_mem,
		.notice = take_notice,
	};
	*tables = (struct oom_tables){
		.events = table_new(&oom_events_spec),
		.failures = table_new(&alloc_failures_spec),
		.other_failures = table_new(&other_failures_spec),
		.show_mem = table_new(&show_mem_spec),
		.notices = table_new(&oom_notices_spec),
	};
	c.log = oomlog_new(&options);
	int result = printk_for_each(k, take_record, &c, NULL, error);
	oomlog_finish(c.log);
	oomlog_free(c.log);
	tables->timeline = oom_timeline(c.context);
	tables->suspects = oom_suspects(c.context);
	if (findings)
		oom_findings(c.context, findings);
	oom_context_free(c.context);
	if (result)
		oom_tables_done(tables);
	return result;
}

void oom_tables_done(struct oom_tables *t)
{
	struct table *const all[] = {t->other_failures, t->events,   t->failures, t->show_mem,
				     t->notices,	t->timeline, t->suspects};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i])
			table_free(all[i]);
	}
	*t = (struct oom_tables){0};
}
