/*
 * The report on a log: JSON as memwho.report/1 with source.kind "log", screens, or one line for
 * each event.
 *
 * Memory is bounded: of further events than MOST_SCREENS the screens are dropped from the middle,
 * tables of lesser things end at MOST_ROWS, and totals tell how many there were.
 */
#include "command/log_report.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "command/log_screen.h"
#include "sink/json.h"

enum {
	MOST_ROWS = 256,
	MOST_FILES = 256,
	FIRST_SCREENS = 1,
	LAST_SCREENS = 2,
	MOST_SCREENS = FIRST_SCREENS + LAST_SCREENS,
	FIRST_LINES = 12,
	LAST_LINES = 12,
	MOST_LINES = FIRST_LINES + LAST_LINES,
};

/* The first and the last of a row of texts. */
struct ends {
	char *texts[MOST_LINES];
	size_t first, last; /* how many are kept of each end */
	u64 n;
};

struct log_report {
	struct command_context *context;
	struct log_report_options options;
	struct oomlog *parser;
	struct oom_context *memory;
	struct json_writer *json;
	struct table *failures, *other_failures, *show_mem, *notices, *unreadable, *suspects;
	u64 nr_failures, nr_other_failures, nr_show_mem, nr_notices;
	u64 nr_waves; /* of the notices: OpenVZ's kill_signal without a victim */
	struct ends screens, lines;
	struct arena arena;
	const char *file;
	const char *files[MOST_FILES];
	size_t nr_files;
	u64 nr_all_files;
	struct source_stats total;
	bool partial;
	bool shown; /* a screen was written already */
};

/* --- the ends of a row of texts ------------------------------------------------------------- */

static void ends_add(struct ends *e, char *text)
{
	size_t at = e->n < e->first ? e->n : e->first + (e->n - e->first) % e->last;
	free(e->texts[at]);
	e->texts[at] = text;
	e->n++;
}

/* separator stands between two texts; left_out, with the number of them, where some are missing. */
static void ends_put(const struct ends *e, FILE *out, const char *separator, const char *left_out)
{
	u64 skipped = e->n > e->first + e->last ? e->n - e->first - e->last : 0;
	for (u64 i = 0; i < e->n; i++) {
		if (i)
			fputs(separator, out);
		if (i == e->first && skipped) {
			char number[32];
			fprintf(out, "(%s event%s in between: %s)\n%s",
				text_grouped(number, skipped), skipped == 1 ? "" : "s", left_out,
				separator);
			i += skipped;
		}
		fputs(e->texts[i < e->first ? i : e->first + (i - e->first) % e->last], out);
	}
}

static void ends_done(struct ends *e)
{
	for (size_t i = 0; i < MOST_LINES; i++)
		free(e->texts[i]);
}

/* --- what comes out of the parser ----------------------------------------------------------- */

static char *rendered(const struct log_report *r, const struct oom_analysis *a, bool screen)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return mem_strdup("");
	if (screen)
		log_screen_event(out, a, &r->context->sink);
	else
		log_screen_line(out, a);
	fclose(out);
	return text ? text : mem_strdup("");
}

static void show_now(struct log_report *r, const struct oom_analysis *a)
{
	FILE *out = r->context->out;
	if (r->shown)
		fputc('\n', out);
	log_screen_event(out, a, &r->context->sink);
	r->shown = true;
}

static void show_event(struct log_report *r, const struct oom_analysis *a)
{
	bool wide = r->context->sink.wide;
	if (!r->context->out)
		return;
	progress_step(r->context->progress, NULL, 0, 0);
	if (r->options.summary) {
		log_screen_summary(r->context->out, a);
	} else if (r->options.only ? r->options.only == a->event->id : wide) {
		show_now(r, a);
	} else if (!r->options.only) {
		ends_add(&r->screens, rendered(r, a, true));
		ends_add(&r->lines, rendered(r, a, false));
	}
}

static void write_event(struct log_report *r, const struct oom_analysis *a)
{
	if (!r->json || (r->options.only && r->options.only != a->event->id))
		return;
	struct table *t = table_new(&oom_events_spec);
	oom_event_row(t, a);
	json_record(r->json, t, NULL, NULL);
	table_free(t);
}

static void take_event(void *arg, const struct oom_event *event)
{
	struct log_report *r = arg;
	struct oom_analysis a;
	oom_analyse(&a, event, r->memory, r->options.what_if);
	a.file = r->options.many_files ? r->file : NULL;
	show_event(r, &a);
	write_event(r, &a);
	oom_context_add(r->memory, &a);
	oom_analysis_done(&a);
}

static void take_failure(void *arg, const struct oom_failure *failure)
{
	struct log_report *r = arg;
	u64 *n = failure->order.known ? &r->nr_failures : &r->nr_other_failures;
	if ((*n)++ < MOST_ROWS)
		alloc_failure_row(failure->order.known ? r->failures : r->other_failures, failure);
}

static void take_show_mem(void *arg, const struct oom_show_mem *dump)
{
	struct log_report *r = arg;
	if (r->nr_show_mem++ < MOST_ROWS)
		show_mem_row(r->show_mem, dump);
}

static void take_notice(void *arg, const struct oom_notice *notice)
{
	struct log_report *r = arg;
	r->nr_waves += notice->kind == OOM_NOTICE_OPENVZ;
	if (r->nr_notices++ < MOST_ROWS)
		oom_notice_row(r->notices, notice);
}

/* --- the source ----------------------------------------------------------------------------- */

enum {
	SOURCE_PATH,
	SOURCE_KIND,
	SOURCE_FILES,
	SOURCE_COMPLETE,
	SOURCE_BYTES,
	SOURCE_PARSED,
	SOURCE_LINES
};
static const struct column source_columns[] = {
	[SOURCE_PATH] = {"path", "path", "the files", COL_LIST},
	[SOURCE_KIND] = {"kind", "kind", "log"},
	[SOURCE_FILES] = {"files", "files", "how many files", COL_COUNT},
	[SOURCE_COMPLETE] = {"complete", "complete", "all of it was read", COL_BOOL},
	[SOURCE_BYTES] = {"text_bytes", "bytes", "of text, unpacked", COL_BYTES},
	[SOURCE_PARSED] = {"parsed_bytes", "parsed", "of them, near something of interest",
			   COL_BYTES},
	[SOURCE_LINES] = {"lines", "lines", "lines of text, or records of a journal", COL_COUNT},
};
static const struct table_spec log_source_spec = {
	.key = "source",
	.title = "Source",
	.help = "what was read",
	.columns = source_columns,
	.nr_columns = ARRAY_SIZE(source_columns),
};

static struct table *source_record(const struct log_report *r)
{
	struct table *t = table_new(&log_source_spec);
	table_add(t);
	table_set_list(t, SOURCE_PATH, r->files, r->nr_files);
	table_set_text(t, SOURCE_KIND, "log");
	table_set(t, SOURCE_FILES, r->nr_all_files);
	table_set(t, SOURCE_COMPLETE, !r->partial);
	table_set(t, SOURCE_BYTES, r->total.bytes);
	table_set(t, SOURCE_PARSED, r->total.parsed_bytes);
	table_set(t, SOURCE_LINES, r->total.lines);
	return t;
}

enum { UNREADABLE_WHAT, UNREADABLE_WHY };
static const struct column unreadable_columns[] = {
	[UNREADABLE_WHAT] = {"what", "WHAT", "the file"},
	[UNREADABLE_WHY] = {"why", "WHY", "what is wrong with it"},
};
static const struct table_spec log_unreadable_spec = {
	.key = "unreadable",
	.title = "Not readable",
	.help = "files that could not be read, or not to their end",
	.columns = unreadable_columns,
	.nr_columns = ARRAY_SIZE(unreadable_columns),
};

/* --- life ----------------------------------------------------------------------------------- */

/*
 * The document is the report's, with another source: it is begun here and not by command_json(),
 * which would name it after the command.
 */
static struct json_writer *begin_document(struct command_context *context)
{
	struct json_writer *w = &context->json;
	if (!w->out)
		return NULL;
	json_object_begin(w);
	json_key(w, "schema");
	json_text(w, "memwho.report/1");
	json_key(w, "tool");
	json_object_begin(w);
	json_key(w, "version");
	json_text(w, MEMWHO_VERSION);
	json_object_end(w);
	json_key(w, oom_events_spec.key);
	json_array_begin(w);
	return w;
}

struct log_report *log_report_new(struct command_context *context,
				  const struct log_report_options *options)
{
	struct log_report *r = mem_alloc(sizeof(*r));
	*r = (struct log_report){
		.context = context,
		.options = *options,
		.memory = oom_context_new(),
		.failures = table_new(&alloc_failures_spec),
		.other_failures = table_new(&other_failures_spec),
		.show_mem = table_new(&show_mem_spec),
		.notices = table_new(&oom_notices_spec),
		.unreadable = table_new(&log_unreadable_spec),
		.screens = {.first = FIRST_SCREENS, .last = LAST_SCREENS},
		.lines = {.first = FIRST_LINES, .last = LAST_LINES},
	};
	const struct oomlog_options parser = {
		.arg = r,
		.event = take_event,
		.failure = take_failure,
		.show_mem = take_show_mem,
		.notice = take_notice,
	};
	r->parser = oomlog_new(&parser);
	r->json = begin_document(context);
	return r;
}

void log_report_free(struct log_report *r)
{
	struct table *const tables[] = {r->other_failures, r->failures,	  r->show_mem,
					r->notices,	   r->unreadable, r->suspects};
	if (r->parser)
		oomlog_free(r->parser);
	oom_context_free(r->memory);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i])
			table_free(tables[i]);
	}
	ends_done(&r->screens);
	ends_done(&r->lines);
	arena_done(&r->arena);
	free(r);
}

struct oomlog *log_report_parser(struct log_report *r)
{
	return r->parser;
}

void log_report_file(struct log_report *r, const char *path)
{
	r->file = path;
	r->nr_all_files++;
	if (r->nr_files < MOST_FILES)
		r->files[r->nr_files++] = path;
}

void log_report_read(struct log_report *r, const struct source_stats *stats, bool complete)
{
	r->total.bytes += stats->bytes;
	r->total.parsed_bytes += stats->parsed_bytes;
	r->total.lines += stats->lines;
	r->partial |= !complete;
}

void log_report_unreadable(struct log_report *r, const char *path, const char *why)
{
	table_add(r->unreadable);
	table_set_text(r->unreadable, UNREADABLE_WHAT, path);
	table_set_text(r->unreadable, UNREADABLE_WHY, why);
	r->partial = true;
	command_note(r->context, "%s", why);
}

bool log_report_partial(const struct log_report *r)
{
	return r->partial;
}

unsigned log_report_confidence(const struct log_report *r)
{
	unsigned highest = 0;
	for (size_t i = 0; r->suspects && i < table_nr_rows(r->suspects); i++) {
		const char *word = table_row(r->suspects, i)[SUSPECT_CONFIDENCE].text;
		unsigned level = !strcmp(word, "certain") ? 3 : !strcmp(word, "likely") ? 2 : 1;
		highest = level > highest ? level : highest;
	}
	return highest;
}

/* --- the end -------------------------------------------------------------------------------- */

/* VmHWM is of this program alone; ru_maxrss begins with the process that executed it. */
static u64 peak_rss_bytes(void)
{
	struct rusage usage;
	char line[128];
	unsigned long long kib = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && !kib && fgets(line, sizeof(line), status))
		(void)sscanf(line, "VmHWM: %llu kB", &kib);
	if (status)
		fclose(status);
	if (kib)
		return kib * 1024;
	getrusage(RUSAGE_SELF, &usage);
	return (u64)usage.ru_maxrss * 1024;
}

static int write_part(struct log_report *r, const struct table *t, u64 total)
{
	struct json_writer *w = r->json;
	char key[64];
	json_key(w, table_spec(t)->key);
	if (json_table(w, t, NULL, &r->context->error))
		return -1;
	if (total <= table_nr_rows(t))
		return 0;
	snprintf(key, sizeof(key), "%s_total", table_spec(t)->key);
	json_key(w, key);
	json_u64(w, total);
	return 0;
}

static int write_record(struct log_report *r, struct table *t)
{
	json_key(r->json, table_spec(t)->key);
	int result = json_record(r->json, t, NULL, &r->context->error);
	table_free(t);
	return result;
}

static int write_rest(struct log_report *r, const struct table *findings, double seconds)
{
	struct json_writer *w = r->json;
	json_array_end(w);
	if (write_part(r, r->failures, r->nr_failures) ||
	    write_part(r, r->other_failures, r->nr_other_failures) ||
	    write_part(r, r->show_mem, r->nr_show_mem) ||
	    write_part(r, r->notices, r->nr_notices) || write_record(r, oom_timeline(r->memory)) ||
	    write_part(r, r->suspects, 0) || write_part(r, findings, 0) ||
	    write_part(r, r->unreadable, 0) || write_record(r, source_record(r)))
		return -1;
	json_key(w, "cost");
	json_object_begin(w);
	json_key(w, "seconds");
	json_real(w, seconds);
	json_key(w, "peak_rss_bytes");
	json_u64(w, peak_rss_bytes());
	json_object_end(w);
	return 0;
}

static void heading(struct log_report *r, const char *title)
{
	fputc('\n', r->context->out);
	sink_text_heading(r->context->out, title, &r->context->sink);
}

static void put_source(struct log_report *r)
{
	FILE *out = r->context->out;
	char lines[32], bytes[16];
	fputs("Log     ", out);
	text_put_safe(out, r->files[0] ? r->files[0] : "", r->files[0] ? strlen(r->files[0]) : 0);
	if (r->nr_all_files > 1)
		fprintf(out, " and %llu more", (unsigned long long)r->nr_all_files - 1);
	fprintf(out, ": %s lines, %s%s\n", text_grouped(lines, r->total.lines),
		text_bytes(bytes, r->total.bytes), r->partial ? ", NOT READ TO ITS END" : "");
}

static void put_counts(struct log_report *r)
{
	FILE *out = r->context->out;
	const struct {
		u64 n;
		const char *what;
	} others[] = {
		{r->nr_failures + r->nr_other_failures,
		 "allocations that failed and killed nobody"},
		{r->nr_show_mem, "dumps of memory without an OOM"},
		{r->nr_waves,
		 "times OpenVZ chose processes (kill_signal) whose end is not in the log"},
		{r->nr_notices - r->nr_waves, "lines of other killers, or about them"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].n)
			fprintf(out, "        %llu %s (--json lists them)\n",
				(unsigned long long)others[i].n, others[i].what);
	}
}

static int put_end(struct log_report *r, const struct table *findings)
{
	FILE *out = r->context->out;
	const char *verdict = oom_context_verdict(r->memory);
	if (r->shown)
		fputc('\n', out);
	put_source(r);
	fputs("        ", out);
	log_screen_wrapped(out, *verdict ? verdict : "no out-of-memory event in it.", 8,
			   &r->context->sink);
	put_counts(r);
	if (r->lines.n > 1) {
		heading(r, "Events");
		ends_put(&r->lines, out, "", "--summary lists all");
	}
	if (r->screens.n) {
		fputc('\n', out);
		ends_put(&r->screens, out, "\n", "--verbose, or --event N");
	}
	if (table_nr_rows(r->suspects)) {
		heading(r, "Suspects (from the newest event that shows memory)");
		log_screen_suspects(out, r->suspects, &r->context->sink);
	}
	if (!table_nr_rows(findings))
		return 0;
	heading(r, "Findings");
	return sink_text_findings(out, findings, &r->context->sink, &r->context->error);
}

static void find_in_source(struct log_report *r, struct table *findings)
{
	char evidence[160], lines[32];
	if (oom_context_events(r->memory))
		return;
	snprintf(evidence, sizeof(evidence), "%s lines were read",
		 text_grouped(lines, r->total.lines));
	finding_add(
		findings, SEVERITY_NOTE, "no_oom", "This log has no out-of-memory event", evidence,
		"an older file (messages.1.gz), journalctl -k -b -1, or the serial console may have it");
}

int log_report_finish(struct log_report *r, double seconds)
{
	struct table *findings = table_new(&findings_spec);
	r->suspects = oom_suspects(r->memory);
	oom_findings(r->memory, findings);
	if (r->nr_notices > r->nr_waves)
		finding_add(
			findings, SEVERITY_NOTE, "other_killers",
			"Killers in user space, or messages about them, are in the log",
			"systemd-oomd, earlyoom, kubelet and the like kill before the kernel has to",
			NULL);
	find_in_source(r, findings);
	int result = r->json ? write_rest(r, findings, seconds) : 0;
	if (!result && r->context->out && !r->options.summary)
		result = put_end(r, findings);
	table_free(findings);
	return result;
}
