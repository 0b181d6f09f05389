/*
 * memwho report, and `memwho DUMP`: one page that says what happened and where memory is.
 *
 * Sorting, limits and columns of single lists belong to the list commands; here each list shows its
 * head, or all with
 * --verbose.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "analysis/census_check.h"
#include "analysis/census_tables.h"
#include "analysis/report.h"
#include "analysis/tables.h"
#include "base/text.h"
#include "command/commands.h"
#include "command/log_screen.h"
#include "command/session.h"
#include "sink/bar.h"
#include "sink/json.h"

enum { HEAD_ROWS = 5, EVENT_ROWS = 4, BAR_CELLS = 30 };

/* --- the screen ---------------------------------------------------------------------------- */

static bool known(const struct value *v)
{
	return v->state == VALUE_KNOWN;
}

static void put_text(FILE *out, const struct value *v)
{
	if (known(v))
		text_put_safe(out, v->text, strlen(v->text));
	else
		fputc('?', out);
}

static void put_time(FILE *out, const struct value *v)
{
	char text[40];
	time_t t = known(v) ? (time_t)v->u : 0;
	struct tm tm;
	if (known(v) && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		fputs(text, out);
	else
		fputc('?', out);
}

static void put_uptime(FILE *out, const struct value *v)
{
	if (!known(v))
		fputc('?', out);
	else if (v->u >= 86400)
		fprintf(out, "%llu days %02llu:%02llu", (unsigned long long)(v->u / 86400),
			(unsigned long long)(v->u / 3600 % 24),
			(unsigned long long)(v->u / 60 % 60));
	else
		fprintf(out, "%02llu:%02llu:%02llu", (unsigned long long)(v->u / 3600),
			(unsigned long long)(v->u / 60 % 60), (unsigned long long)(v->u % 60));
}

static void put_source(FILE *out, const struct report *r)
{
	const struct value *s = table_row(r->source, 0);
	fputs("Dump    ", out);
	text_put_safe(out, s[SOURCE_PATH].list.texts[0], strlen(s[SOURCE_PATH].list.texts[0]));
	if (s[SOURCE_PATH].list.n > 1)
		fprintf(out, " and %zu more", s[SOURCE_PATH].list.n - 1);
	fputs(": ", out);
	put_text(out, &s[SOURCE_DESCRIPTION]);
	if (known(&s[SOURCE_DUMP_LEVEL]))
		fprintf(out, ", level %llu", (unsigned long long)s[SOURCE_DUMP_LEVEL].u);
	fprintf(out, ", %s\n", s[SOURCE_COMPLETE].u ? "complete" : "INCOMPLETE");
}

static void put_system(FILE *out, const struct report *r)
{
	const struct value *s = table_row(r->system, 0);
	char bytes[16];
	fputs("Kernel  ", out);
	put_text(out, &s[SYSTEM_RELEASE]);
	fputs(" ", out);
	put_text(out, &s[SYSTEM_ARCH]);
	fputs(" on ", out);
	put_text(out, &s[SYSTEM_HOSTNAME]);
	if (known(&s[SYSTEM_CPUS_PRESENT]))
		fprintf(out, ", %llu CPU%s", (unsigned long long)s[SYSTEM_CPUS_PRESENT].u,
			s[SYSTEM_CPUS_PRESENT].u == 1 ? "" : "s");
	if (known(&s[SYSTEM_CPUS]) && s[SYSTEM_CPUS].u != s[SYSTEM_CPUS_PRESENT].u)
		fprintf(out, " (%llu possible)", (unsigned long long)s[SYSTEM_CPUS].u);
	fprintf(out, ", %s RAM\n",
		known(&s[SYSTEM_RAM_BYTES]) ? text_bytes(bytes, s[SYSTEM_RAM_BYTES].u) : "?");
	fputs("Time    ", out);
	put_time(out, &s[SYSTEM_CRASH_TIME]);
	fputs(", up ", out);
	put_uptime(out, &s[SYSTEM_UPTIME_S]);
	fputc('\n', out);
	for (size_t i = 0; known(&s[SYSTEM_TAINTED]) && i < s[SYSTEM_TAINTED].list.n; i++)
		fprintf(out, "%s%s%s", i ? "; " : "Tainted ", s[SYSTEM_TAINTED].list.texts[i],
			i + 1 == s[SYSTEM_TAINTED].list.n ? "\n" : "");
}

static void put_panic(FILE *out, const struct report *r, const struct sink_options *options)
{
	const struct value *s = table_row(r->system, 0);
	if (!known(&s[SYSTEM_PANICKED]))
		return;
	if (!s[SYSTEM_PANICKED].u) {
		fputs("Panic   none: the machine was running when the dump was taken\n", out);
		return;
	}
	fputs(options->colour ? "\033[1;31mPANIC\033[0m   " : "PANIC   ", out);
	if (known(&s[SYSTEM_PANIC]))
		put_text(out, &s[SYSTEM_PANIC]);
	else
		fputs("its message is not in the log", out);
	fputc('\n', out);
}

static void put_events(FILE *out, const struct report *r, const struct sink_options *options)
{
	size_t n = table_nr_rows(r->events),
	       first = n > EVENT_ROWS && !options->wide ? n - EVENT_ROWS : 0;
	if (!n)
		return;
	fputc('\n', out);
	sink_text_heading(out, events_spec.title, options);
	if (first)
		fprintf(out, "  (%zu earlier lines: memwho dmesg)\n", first);
	for (size_t i = first; i < n; i++) {
		const struct value *row = table_row(r->events, i);
		size_t len = strlen(row[EVENT_TEXT].text),
		       room = options->width > 40 ? options->width - 18 : len;
		fprintf(out, "  [%5llu.%03llu] ",
			(unsigned long long)(row[EVENT_TIME].u / 1000000000),
			(unsigned long long)(row[EVENT_TIME].u / 1000000 % 1000));
		text_put_safe(out, row[EVENT_TEXT].text, u64_min(len, room));
		fputc('\n', out);
	}
}

/* "ok": as the kernel counts; a difference otherwise; nothing where it keeps no counter. */
static void put_check(FILE *out, const struct value *row, u64 noise, bool utf8)
{
	char text[32];
	if (!known(&row[CLASS_DIFFERENCE]))
		return;
	s64 difference = row[CLASS_DIFFERENCE].s;
	u64 size = difference < 0 ? -(u64)difference : (u64)difference;
	if (size <= noise)
		fputs(utf8 ? " \xe2\x9c\x93" : " ok", out);
	else
		fprintf(out, " %c%s pages against the kernel's counter", difference < 0 ? '-' : '+',
			text_grouped(text, size));
}

static double largest_share(const struct table *classes)
{
	double largest = 0;
	for (size_t i = 0; i < table_nr_rows(classes); i++) {
		const struct value *share = &table_row(classes, i)[CLASS_SHARE];
		if (known(share) && share->real > largest)
			largest = share->real;
	}
	return largest;
}

static void put_class(FILE *out, const struct value *row, double largest, u64 noise,
		      const struct sink_options *options)
{
	char bytes[16];
	fprintf(out, "  %-42s ", row[CLASS_LABEL].text);
	if (!known(&row[CLASS_PAGES])) {
		fprintf(out, "%*s %10s\n", BAR_CELLS, "", "?");
		return;
	}
	bar_put(out, largest > 0 ? row[CLASS_SHARE].real / largest : 0, BAR_CELLS, options->utf8);
	fprintf(out, " %10s %5.1f %%", text_bytes(bytes, row[CLASS_BYTES].u),
		row[CLASS_SHARE].real);
	put_check(out, row, noise, options->utf8);
	fputc('\n', out);
}

/* Classes that say little without whose they are, and the share of all memory from which on a part
 * is told. */
static const char *const classes_with_owners[] = {"boot_reserved", "vmalloc", "driver_known"};
#define TOLD_SHARE 1.0

static bool tells_owners(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes_with_owners); i++) {
		if (!strcmp(key, classes_with_owners[i]))
			return true;
	}
	return false;
}

static void put_owners(FILE *out, const struct value *row, u64 spanned, u64 page_size)
{
	char bytes[16];
	if (!known(&row[CLASS_DETAIL]) || !tells_owners(row[CLASS_KEY].text))
		return;
	const struct table *detail = row[CLASS_DETAIL].table;
	for (size_t i = 0; i < table_nr_rows(detail); i++) {
		const struct value *part = table_row(detail, i);
		if (100.0 * (double)part[DETAIL_PAGES].u < TOLD_SHARE * (double)spanned)
			return; /* the largest come first */
		fprintf(out, "    of it %s, ", text_bytes(bytes, part[DETAIL_PAGES].u * page_size));
		text_put_safe(out, part[DETAIL_WHAT].text, strlen(part[DETAIL_WHAT].text));
		fputc('\n', out);
	}
}

/* Classes with less than this are one line together, unless all is asked for. */
#define SMALL_SHARE 0.05

/* The newest report of the OOM killer that is in the log: why it came to that, and why this victim.
 */
static void put_oom(FILE *out, const struct report *r, const struct sink_options *options)
{
	static const struct {
		const char *label;
		unsigned column;
	} lines[] = {{"Why     ", OOM_COL_FAILED_BECAUSE}, {"Victim  ", OOM_COL_WHY_VICTIM}};
	size_t n = r->oom.events ? table_nr_rows(r->oom.events) : 0;
	if (!n)
		return;
	const struct value *row = table_row(r->oom.events, n - 1);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!known(&row[lines[i].column]))
			continue;
		fprintf(out, "  %s", lines[i].label);
		log_screen_wrapped(out, row[lines[i].column].text, 10, options);
	}
}

static void put_census(FILE *out, const struct report *r, const struct sink_options *options)
{
	const struct value *c = table_row(r->census, 0);
	const struct table *classes = c[CENSUS_CLASSES].table;
	u64 noise = census_noise(c[CENSUS_PRESENT].u), small_bytes = 0;
	size_t nr_small = 0;
	char bytes[16];
	bool by_pages = !strcmp(c[CENSUS_BASIS].text, "pages");
	double largest = largest_share(classes);
	fputc('\n', out);
	sink_text_heading(out, "Where memory is", options);
	for (size_t i = 0; i < table_nr_rows(classes); i++) {
		const struct value *row = table_row(classes, i);
		bool small = known(&row[CLASS_PAGES]) && row[CLASS_SHARE].real < SMALL_SHARE;
		if (!small || options->wide) {
			put_class(out, row, largest, noise, options);
			put_owners(out, row, c[CENSUS_SPANNED].u, c[CENSUS_PAGE_SIZE].u);
			continue;
		}
		nr_small += row[CLASS_PAGES].u != 0;
		small_bytes += row[CLASS_BYTES].u;
	}
	if (nr_small)
		fprintf(out, "  %-42s %*s %10s\n", "less than 0.05 % each", BAR_CELLS, "",
			text_bytes(bytes, small_bytes));
	fprintf(out, "  all of %s spanned, %s\n",
		text_bytes(bytes, c[CENSUS_SPANNED].u * c[CENSUS_PAGE_SIZE].u),
		by_pages
			? (options->utf8
				   ? "each page frame looked at; \xe2\x9c\x93: the kernel's counter agrees (memwho census)"
				   : "each page frame looked at; ok: the kernel's counter agrees (memwho census)")
			: "by the kernel's own counters, per-cpu parts added");
}

/* The head of a list, in the columns named. */
static int put_head(struct command_context *context, struct table *table, const char *columns,
		    const char *command)
{
	struct sink_options options = context->sink;
	FILE *out = context->out;
	if (!table)
		return 0;
	char title[128], all[32];
	size_t n = table_nr_rows(table);
	if (table_sort(table, NULL, &context->error))
		return -1;
	fputc('\n', out);
	if (n > HEAD_ROWS && !options.wide)
		snprintf(title, sizeof(title), "%s: %d of %s (memwho %s)", table_spec(table)->title,
			 HEAD_ROWS, text_grouped(all, n), command);
	else
		snprintf(title, sizeof(title), "%s", table_spec(table)->title);
	sink_text_heading(out, title, &options);
	if (!options.wide) {
		options.columns = columns;
		table_truncate(table, HEAD_ROWS);
	}
	return sink_text_table(out, table, &options, &context->error);
}

static const struct {
	size_t offset;
	const char *columns, *command;
	bool always; /* else only with --verbose, or when it has rows that matter */
} heads[] = {
	{offsetof(struct report, tasks),
	 "pid,comm,rss_pages,rss_anon_pages,rss_shmem_pages,swap_pages,oom_score_adj,oom_score,cgroup",
	 "ps", true},
	{offsetof(struct report, slabs),
	 "name,bytes,share,objects_allocated,objects_total,object_size,reclaimable", "slabs", true},
	{offsetof(struct report, files), "path,bytes,mapped_pages,fstype,deleted",
	 "census --by file", true},
	{offsetof(struct report, cgroups),
	 "path,online,bytes,anon_pages,file_pages,shmem_pages,kernel_pages,limit_bytes,dead_below",
	 "census --by cgroup", true},
	{offsetof(struct report, vmalloc), "caller,areas,bytes", "census --by owner"},
	{offsetof(struct report, modules), "name,size_bytes,text_bytes,refcount,tainted", "modules",
	 true},
	{offsetof(struct report, zones), NULL, "zones"},
	{offsetof(struct report, swaps), NULL, "report --verbose"},
	{offsetof(struct report, hugetlb), NULL, "report --verbose"},
	{offsetof(struct report, mounts), NULL, "mounts"},
};

static int put_lists(struct command_context *context, struct report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		struct table *table = *(struct table **)((char *)r + heads[i].offset);
		if (!table || (!heads[i].always && !context->sink.wide))
			continue;
		if (put_head(context, table, heads[i].columns, heads[i].command))
			return -1;
	}
	return 0;
}

static int put_screen(struct command_context *context, struct report *r)
{
	FILE *out = context->out;
	put_source(out, r);
	if (r->system) {
		put_system(out, r);
		put_panic(out, r, &context->sink);
	}
	put_events(out, r, &context->sink);
	put_oom(out, r, &context->sink);
	if (r->census)
		put_census(out, r, &context->sink);
	if (r->oom.suspects && table_nr_rows(r->oom.suspects)) {
		fputc('\n', out);
		sink_text_heading(out, "Suspects, by the newest report of the log", &context->sink);
		log_screen_suspects(out, r->oom.suspects, &context->sink);
	}
	if (put_lists(context, r))
		return -1;
	if (table_nr_rows(r->findings)) {
		fputc('\n', out);
		sink_text_heading(out, "Findings", &context->sink);
		if (sink_text_findings(out, r->findings, &context->sink, &context->error))
			return -1;
	}
	if (table_nr_rows(r->unreadable)) {
		fputc('\n', out);
		sink_text_heading(out, unreadable_spec.title, &context->sink);
		return sink_text_table(out, r->unreadable, &context->sink, &context->error);
	}
	return 0;
}

/* --- JSON ---------------------------------------------------------------------------------- */

/*
 * VmHWM is of this program alone; ru_maxrss would also count what the process was before it
 * executed us (a large parent that forked).
 */
static u64 peak_rss_bytes(void)
{
	struct rusage usage;
	char line[128];
	unsigned long long kib = 0;
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
			break;
	}
	if (status)
		fclose(status);
	if (kib)
		return kib * 1024;
	getrusage(RUSAGE_SELF, &usage);
	return (u64)usage.ru_maxrss * 1024;
}

static void put_cost(struct json_writer *w, double seconds)
{
	json_key(w, "cost");
	json_object_begin(w);
	json_key(w, "seconds");
	json_real(w, seconds);
	json_key(w, "peak_rss_bytes");
	json_u64(w, peak_rss_bytes());
	json_object_end(w);
}

static int put_json(struct command_context *context, const struct report *r, double seconds)
{
	struct json_writer *w = command_json(context);
	const struct {
		const struct table_spec *spec;
		const struct table *table;
		bool record;
	} parts[] = {
		{&source_spec, r->source, true},
		{&system_spec, r->system, true},
		{&census_spec, r->census, true},
		{&tasks_spec, r->tasks},
		{&slabs_spec, r->slabs},
		{&modules_spec, r->modules},
		{&swaps_spec, r->swaps},
		{&hugetlb_spec, r->hugetlb},
		{&mounts_spec, r->mounts},
		{&census_files_spec, r->files},
		{&census_cgroups_spec, r->cgroups},
		{&census_vmalloc_spec, r->vmalloc},
		{&events_spec, r->events},
		{&oom_events_spec, r->oom.events},
		{&alloc_failures_spec, r->oom.failures},
		{&show_mem_spec, r->oom.show_mem},
		{&suspects_spec, r->oom.suspects},
		{&findings_spec, r->findings},
		{&unreadable_spec, r->unreadable},
	};
	if (!w)
		return 0;
	put_cost(w, seconds);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct table *t = parts[i].table;
		const char *why = report_why_missing(r, parts[i].spec->key);
		if (!t) {
			json_unknown(w, parts[i].spec->key,
				     why ? why : "the dump's kernel could not be found");
			continue;
		}
		json_key(w, parts[i].spec->key);
		if (parts[i].record ? json_record(w, t, NULL, &context->error)
				    : json_table(w, t, NULL, &context->error))
			return -1;
	}
	return 0;
}

/* --- the command --------------------------------------------------------------------------- */

static void sort_lists(struct report *r)
{
	struct table *const lists[] = {r->tasks, r->slabs, r->modules};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (lists[i])
			table_sort(lists[i], NULL, NULL);
	}
}

static int exit_status_of(const struct command_context *context, const struct report *r)
{
	const struct kernel *k = context->session->kernel;
	if (!k)
		return EXIT_INPUT;
	bool complete = table_row(r->source, 0)[SOURCE_COMPLETE].u;
	return complete && !session_partial(k) && k->types ? EXIT_REPORT : EXIT_PARTIAL;
}

struct report_command_options {
	u64 threads;
};

static const struct command_option options[] = {
	{"threads", 'j', "N", "threads to use; default: one for each CPU", OPTION_COUNT,
	 offsetof(struct report_command_options, threads)},
};

static int run(struct command_context *context)
{
	struct session *s = context->session;
	const struct report_command_options *o = context->options;
	const struct report_options how = {.nr_threads = (unsigned)u64_min(o->threads, 64),
					   .progress = context->progress};
	struct report r;
	bool booted = session_boot(context) == 0;
	if (!booted && (context->common.map || context->common.vmlinux))
		return -1; /* most likely the file that was given is wrong: say that, and nothing
			      else */
	report_build(&r, s->image, booted ? s->kernel : NULL, context->operands,
		     context->nr_operands, &how, context->error.text);
	sort_lists(&r);
	int result = put_json(context, &r, session_seconds(s));
	if (!result && context->out)
		result = put_screen(context, &r);
	int status = exit_status_of(context, &r);
	report_done(&r);
	if (result)
		return -1;
	context->error.text[0] = '\0';
	return status;
}

static const struct command_example examples[] = {
	{"memwho vmcore", "the report on one page"},
	{"memwho vmcore --verbose", "with everything in the lists"},
	{"memwho vmcore --json report.json", "as data (doc/report.md), besides the page"},
	{"memwho dump.0 dump.1 dump.2", "the files of a split dump together"},
	{"ssh host cat /var/crash/dump | memwho -",
	 "a flattened or compressed dump through a pipe"},
};

const struct command command_report = {
	.name = "report",
	.summary = "what happened, and where all of memory is (the default)",
	.arguments = "DUMP...",
	.help = "Reads a crash dump (kdump's ELF or compressed form, QEMU's dumps, flattened, split, gzipped) and prints one page: the crash, "
		"where memory is by the kernel's own counters, the largest processes, slab caches and modules, and what stands out.\n\n"
		"No debuginfo is needed: names and types are read from the dump itself. What could not be read is listed at the end, and the exit "
		"status is 4 then.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct report_command_options),
	.common = OPTIONS_OUTPUT | OPTIONS_DUMP,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE,
	.run = run,
};
