/*
 * A log from bytes to conclusions: the window in pieces of odd sizes, the parser, the books, the
 * reasons, the ranking, what-if, the screen and all rows.
 */
#include "analysis/oom.h"
#include "command/log_screen.h"
#include "oomlog/source.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct bytes {
	const u8 *v;
	size_t at, n, most;
};

static s64 read_bytes(void *context, void *buffer, size_t room, struct error *error)
{
	struct bytes *b = context;
	size_t n = u64_min(u64_min(room, b->most), b->n - b->at);
	memcpy(buffer, b->v + b->at, n);
	b->at += n;
	return (s64)n;
}

struct run {
	struct oom_context *context;
	struct what_if *what_if;
	struct table *events, *failures, *show_mem, *notices;
	FILE *screen;
};

static void take_event(void *arg, const struct oom_event *event)
{
	struct run *r = arg;
	struct oom_analysis a;
	const struct sink_options options = {.wide = true, .header = true};
	oom_analyse(&a, event, r->context, r->what_if);
	if (table_nr_rows(r->events) < 64)
		oom_event_row(r->events, &a);
	log_screen_event(r->screen, &a, &options);
	log_screen_summary(r->screen, &a);
	oom_context_add(r->context, &a);
	oom_analysis_done(&a);
}

static void take_failure(void *arg, const struct oom_failure *failure)
{
	alloc_failure_row(((struct run *)arg)->failures, failure);
}

static void take_show_mem(void *arg, const struct oom_show_mem *dump)
{
	show_mem_row(((struct run *)arg)->show_mem, dump);
}

static void take_notice(void *arg, const struct oom_notice *notice)
{
	oom_notice_row(((struct run *)arg)->notices, notice);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char *const terms[] = {"a:adj=-1000", "1:gone,ram=+1G", "x:adj=1000,swap=0"};
	if (!size)
		return 0;
	struct error error = ERROR_INIT;
	struct bytes bytes = {.v = data + 1, .n = size - 1, .most = 1 + data[0] * 7U};
	struct run r = {.context = oom_context_new(),
			.events = table_new(&oom_events_spec),
			.failures = table_new(&alloc_failures_spec),
			.show_mem = table_new(&show_mem_spec),
			.notices = table_new(&oom_notices_spec),
			.screen = fopen("/dev/null", "we")};
	if (what_if_parse(&r.what_if, terms[data[0] % ARRAY_SIZE(terms)], &error))
		abort();
	const struct oomlog_options options = {.arg = &r,
					       .event = take_event,
					       .failure = take_failure,
					       .show_mem = take_show_mem,
					       .notice = take_notice};
	struct oomlog *log = oomlog_new(&options);
	const struct source source = {.read = read_bytes, .context = &bytes};
	struct source_stats stats;
	source_scan(log, &source, NULL, &stats, &error);
	oomlog_free(log);
	struct table *const tables[] = {r.events,
					r.failures,
					r.show_mem,
					r.notices,
					oom_timeline(r.context),
					oom_suspects(r.context)};
	oom_findings(r.context, r.notices = table_new(&findings_spec));
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		table_free(tables[i]);
	table_free(r.notices);
	what_if_free(r.what_if);
	oom_context_free(r.context);
	fclose(r.screen);
	return 0;
}
