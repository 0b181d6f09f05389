/*
 * What `memwho log` collects while the text goes by, and shows at its end.
 *
 * JSON of events is written as they come; of the rest, and of screens, a bounded part is kept.
 */
#ifndef COMMAND_LOG_REPORT_H
#define COMMAND_LOG_REPORT_H

#include "analysis/oom.h"
#include "command/command.h"
#include "oomlog/source.h"

struct log_report;

struct log_report_options {
	bool summary;	 /* one line for each event, nothing else */
	u64 only;	 /* number of the one event to show; 0: all */
	bool many_files; /* say which file */
	const struct what_if *what_if;
};

struct log_report *log_report_new(struct command_context *context,
				  const struct log_report_options *options);
/* The parser that feeds this report. */
struct oomlog *log_report_parser(struct log_report *report);
/* The text that comes now is of this file. */
void log_report_file(struct log_report *report, const char *path);
/* It was read so far; NULL: whole. */
void log_report_read(struct log_report *report, const struct source_stats *stats, bool complete);
void log_report_unreadable(struct log_report *report, const char *path, const char *why);
/* 0, or -1 with context->error. */
int log_report_finish(struct log_report *report, double seconds);
/* The highest confidence of a suspect: 0 none, 1 possible, 2 likely, 3 certain. */
unsigned log_report_confidence(const struct log_report *report);
bool log_report_partial(const struct log_report *report);
void log_report_free(struct log_report *report);

#endif
