/* memwho log: every OOM in a log, classified, accounted, explained. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "command/commands.h"
#include "command/log_input.h"
#include "command/log_report.h"

struct log_options {
	bool summary;
	u64 event;
	const char *what_if, *journal, *boot, *since;
	unsigned fail_on;
};

static const char *const fail_on_choices[] = {"", "possible", "likely", "certain", NULL};

static const struct command_option options[] = {
	{"summary", 0, NULL,
	 "one line for each event, with a signature that is the same on all machines", OPTION_FLAG,
	 offsetof(struct log_options, summary)},
	{"event", 0, "N", "show event N only", OPTION_COUNT, offsetof(struct log_options, event)},
	{"what-if", 0, "TERMS",
	 "who would have died with other settings: 'sshd:adj=-1000,ram=+2G'; NAME:adj=N, PID:adj=N, NAME:gone, ram=SIZE, ram=+SIZE, swap=-SIZE",
	 OPTION_TEXT, offsetof(struct log_options, what_if)},
	/* An optional value: --journal, --journal=DIR.  OPTION_OUTPUT is the kind that can do it.
	 */
	{"journal", 0, "[=DIR|FILE]", "read the running journal, or that of a folder or file",
	 OPTION_OUTPUT, offsetof(struct log_options, journal)},
	{"boot", 0, "N",
	 "of the journal, only boot 0 (this one), -1 (the one before) ... or a boot's id",
	 OPTION_TEXT, offsetof(struct log_options, boot)},
	{"since", 0, "TIME", "of the journal, only from then on: 2h, 3d, 2026-09-01T12:00:00 (UTC)",
	 OPTION_TEXT, offsetof(struct log_options, since)},
	{"fail-on", 0, "CONFIDENCE", "exit with 1 when a suspect is possible, likely or certain",
	 OPTION_CHOICE, offsetof(struct log_options, fail_on), fail_on_choices},
};

/* --- the command line ----------------------------------------------------------------------- */

/* "90s", "2h", "3d" before now, or a moment. */
static bool parse_since(const char *text, u64 *since_us)
{
	static const struct {
		char unit;
		u64 seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	size_t len = strlen(text);
	char number[24];
	u64 n, moment;
	for (size_t i = 0; i < ARRAY_SIZE(units) && len > 1 && len < sizeof(number); i++) {
		if (text[len - 1] != units[i].unit)
			continue;
		memcpy(number, text, len - 1);
		number[len - 1] = '\0';
		u64 now = (u64)time(NULL);
		if (!text_parse_u64(number, &n) || n > now / units[i].seconds)
			return false;
		*since_us = (now - n * units[i].seconds) * 1000000;
		return true;
	}
	if (!text_parse_moment(text, &moment))
		return false;
	*since_us = moment * 1000000;
	return true;
}

static int make_query(struct command_context *context, struct journal_query *query)
{
	const struct log_options *o = context->options;
	*query = (struct journal_query){.boot = o->boot, .has_since = o->since != NULL};
	if (o->since && !parse_since(o->since, &query->since_us))
		return error_set(&context->error, EXIT_USAGE,
				 "--since: \"%.60s\" is no time (2h, 3d, 2026-09-01T12:00:00)",
				 o->since);
	return 0;
}

/* A pipe may be read without being named; a terminal not. */
static int check_line(struct command_context *context)
{
	const struct log_options *o = context->options;
	if (!context->nr_operands && !o->journal && isatty(STDIN_FILENO))
		return error_set(
			&context->error, EXIT_USAGE,
			"log: what shall be read? memwho log FILE..., memwho log --journal, "
			"or dmesg | memwho log");
	if (o->journal && context->nr_operands > (strcmp(o->journal, "-") ? 0 : 1))
		return error_set(
			&context->error, EXIT_USAGE,
			"log: --journal reads one journal, and no other files with it: \"%s\"",
			context->operands[context->nr_operands - 1]);
	return 0;
}

/* --- reading -------------------------------------------------------------------------------- */

static int read_journal(struct command_context *context, struct log_report *report,
			const struct journal_query *query, const char *name)
{
	struct source_stats stats;
	log_report_file(report, name);
	int result = journal_scan(log_report_parser(report), query, context->progress, &stats,
				  &context->error);
	log_report_read(report, &stats, result == 0);
	return result;
}

static bool is_directory(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* A folder of journals has *.journal in it, or in folders named after machines. */
static bool has_journals(const char *path, unsigned deeper)
{
	DIR *folder = opendir(path);
	bool found = false;
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
		char below[4096];
		size_t len = strlen(entry->d_name);
		found = len > 8 && !strncmp(entry->d_name + len - 8, ".journal", 8);
		int n = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (!found && deeper && *entry->d_name != '.' && n > 0 &&
		    (size_t)n < sizeof(below) && is_directory(below))
			found = has_journals(below, deeper - 1);
	}
	if (folder)
		closedir(folder);
	return found;
}

static int read_journal_at(struct command_context *context, struct log_report *report,
			   struct journal_query query, const char *path)
{
	if (!strcmp(path, "-"))
		return read_journal(context, report, &query, "the journal");
	if (is_directory(path) && !has_journals(path, 1))
		return error_set(
			&context->error, EXIT_INPUT,
			"%s is a folder without journals; name the logs in it: memwho log %s/*",
			path, path);
	if (is_directory(path)) {
		query.directory = path;
	} else {
		query.files = &path;
		query.nr_files = 1;
	}
	return read_journal(context, report, &query, path);
}

static int read_text(struct command_context *context, struct log_report *report,
		     struct log_input *input, const char *path)
{
	struct source_stats stats;
	log_report_file(report, path);
	int result = source_scan(log_report_parser(report), &input->source, context->progress,
				 &stats, &context->error);
	log_report_read(report, &stats, result == 0 && !input->damaged);
	if (!result && input->damaged) {
		error_set(
			&context->error, EXIT_PARTIAL,
			"%s: the compressed data (%s) break off or are damaged after %llu bytes of text",
			input->name, input->packed, (unsigned long long)stats.bytes);
		if (!stats.bytes)
			return -1;
		log_report_unreadable(report, path, context->error.text);
	}
	return result;
}

static int read_one(struct command_context *context, struct log_report *report,
		    const struct journal_query *query, const char *path)
{
	struct log_input input;
	if (strcmp(path, "-") && is_directory(path))
		return read_journal_at(context, report, *query, path);
	if (log_input_open(&input, path, &context->error))
		return -1;
	int result = input.journal ? read_journal_at(context, report, *query, path)
				   : read_text(context, report, &input, path);
	log_input_close(&input);
	return result;
}

/* One that can't be read does not keep the others from being read; none at all is an error. */
static int read_all(struct command_context *context, struct log_report *report,
		    const struct journal_query *query)
{
	const struct log_options *o = context->options;
	size_t n = context->nr_operands, failed = 0;
	if (o->journal) /* "--journal DIR" leaves DIR among the operands */
		return read_journal_at(context, report, *query,
				       n ? context->operands[0] : o->journal);
	if (!n)
		return read_one(context, report, query, "-");
	for (size_t i = 0; i < n; i++) {
		if (!read_one(context, report, query, context->operands[i]))
			continue;
		failed++;
		if (n > 1)
			log_report_unreadable(report, context->operands[i], context->error.text);
	}
	return failed == n ? -1 : 0;
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_report(struct command_context *context, struct log_report *report,
		      const struct journal_query *query)
{
	const struct log_options *o = context->options;
	double start = now_s();
	if (read_all(context, report, query))
		return -1;
	if (log_report_finish(report, now_s() - start))
		return -1;
	context->error.text[0] = '\0';
	if (o->fail_on && log_report_confidence(report) >= o->fail_on)
		return EXIT_FINDING;
	return log_report_partial(report) ? EXIT_PARTIAL : EXIT_REPORT;
}

static int run(struct command_context *context)
{
	const struct log_options *o = context->options;
	struct journal_query query;
	struct what_if *what_if = NULL;
	if (check_line(context) || make_query(context, &query) ||
	    (o->what_if && what_if_parse(&what_if, o->what_if, &context->error)))
		return -1;
	const struct log_report_options report_options = {
		.summary = o->summary,
		.only = o->event,
		.many_files = context->nr_operands > 1,
		.what_if = what_if,
	};
	struct log_report *report = log_report_new(context, &report_options);
	int result = run_report(context, report, &query);
	log_report_free(report);
	what_if_free(what_if);
	return result;
}

static const struct command_example examples[] = {
	{"memwho log /var/log/messages", "every OOM in it, explained"},
	{"memwho log /var/log/kern.log*", "with older, compressed ones"},
	{"dmesg | memwho log", "from a pipe"},
	{"memwho log --journal --boot -1", "the journal of the boot before this one"},
	{"memwho log messages --what-if 'mysqld:adj=-1000,ram=+8G'", "who would have died instead"},
	{"memwho log --summary *.log | sort | uniq -c", "which kinds of OOM, over many machines"},
	{"memwho log messages --json report.json", "as data (doc/report.md), besides the text"},
};

const struct command command_log = {
	.name = "log",
	.summary = "every OOM in a log, journal or dmesg: classified, accounted, explained",
	.arguments = "[FILE...]",
	.help = "Finds reports of the OOM killer in text of any kind, of Linux 2.4 to 7.2: console, dmesg, syslog, journal, a paste in a mail; plain or "
		"compressed (gzip, xz, zstd). For each it says when, who asked for what, which kind, why it failed, where memory was, who was killed "
		"and why, and what the log leaves unexplained.\n\n"
		"What the text does not show is not known, and said to be so. Memory is bounded, however large the log is; several events are shown as "
		"a list, with the first and the last in full.\n\n"
		"Without FILE, standard input is read.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct log_options),
	.common = OPTIONS_OUTPUT,
	.min_operands = 0,
	.max_operands = ANY_OPERANDS,
	.run = run,
};
