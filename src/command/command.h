/*
 * Commands: one file and one const record each.
 *
 * The dispatcher (command.c) finds the command on the command line, reads the options by the
 *records' rows, checks --sort, --filter and --columns before any work is done, has the session
 *prepared for what the command `needs`, runs it, and closes the outputs.  Help, man page and
 *completions are derived from the same records.
 *
 * How to add a command:
 *	1. src/command/thing.c: a table spec, the rows, and at the end
 *		const struct command command_thing = {.name = "thing", ..., .spec = &things_spec,
 *.run = run};
 *	2. declare it in command/commands.h and add it to the table in command/commands.c.
 * run() fills a table and gives it to command_emit(): text, JSON, sorting, filters and limits are
 *done there.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdio.h>

#include "base/progress.h"
#include "base/table.h"
#include "command/options.h"
#include "sink/json_writer.h"
#include "sink/output.h"
#include "sink/sink.h"

struct command_context;
struct session; /* the open dump and kernel; made by the set's prepare(), known to commands only */

struct command_example {
	const char *line; /* "memwho ps vmcore --sort -rss" */
	const char *help;
};

enum { ANY_OPERANDS = 1 << 16 };

struct command {
	const char *name, *summary; /* one line, no full stop */
	const char *arguments;	    /* "DUMP..." */
	const char *help;	    /* paragraphs, separated by empty lines; wrapped when shown */
	const struct command_example *examples;
	size_t nr_examples;
	const struct command_option
		*options; /* its own; targets lie in a zeroed block of options_size bytes */
	size_t nr_options, options_size;
	unsigned common; /* OPTIONS_*: the groups of common options that it takes */
	unsigned min_operands, max_operands;
	unsigned needs; /* bits of the set's needs; 0: no session */
	const struct table_spec
		*spec; /* of the table for command_emit(); NULL when there is none */
	/* Where an option chooses among tables: the spec by the command's own options. */
	const struct table_spec *(*spec_by)(const void *options);
	/*
	 * Returns an exit status (EXIT_REPORT, EXIT_FINDING, EXIT_PARTIAL), or -1 with
	 * context->error set.
	 */
	int (*run)(struct command_context *context);
};

struct command_need {
	unsigned bit;
	const char *help; /* "the kernel's types (BTF in the dump, or --vmlinux)" */
};

/* All commands, and how a session is made for them. */
struct command_set {
	const struct command *const *commands;
	size_t nr_commands;
	const struct command *on_dump; /* what `memwho DUMP` runs; may be NULL */
	const struct command_need *needs;
	size_t nr_needs;
	/*
	 * Open what context->command->needs, from context->operands and ->common, into
	 * context->session.
	 */
	int (*prepare)(struct command_context *context);
	void (*release)(struct session *session);
};

/* What the program knows of its surroundings. */
struct command_host {
	struct progress *progress; /* NULL: none */
	FILE *notes;		   /* for command_note: stderr; NULL: none */
	bool terminal;		   /* standard output is a terminal that takes colours */
	bool utf8;		   /* and shows UTF-8 */
	unsigned width;		   /* of that terminal; 0 when not known */
};

struct command_context {
	const struct command_set *set;
	const struct command_host *host;
	const struct command *command;
	struct common_options common;
	const void *options; /* the command's own block */
	const char **operands;
	size_t nr_operands;
	struct session *session;
	struct progress *progress;
	struct sink_options sink; /* prepare() sets page_size */
	struct error error;
	FILE *out; /* text for people; NULL when nobody wants it (--json on standard output) */

	/* Private to command.c and command_emit.c. */
	struct output text_output, json_output;
	struct json_writer json;
	unsigned nr_emitted;
};

/*
 * The program without its main(): returns the exit status; error->text is what to tell, unless
 * empty.
 */
int command_main(const struct command_set *set, const struct command_host *host, int argc,
		 char *const argv[], struct error *error);

/* --- for run(): all return 0, or -1 with context->error set -------------------------------- */

/*
 * The command's list: --filter, --sort (or the spec's order), --limit, --columns; then text and
 * JSON.
 */
int command_emit(struct command_context *context, struct table *table);
/* The same on the screen only: its JSON is written in another form by the caller. */
int command_emit_text(struct command_context *context, struct table *table);
/*
 * A further table, below the list and as it is; findings are shown as sentences.  Empty ones only
 * in JSON.
 */
int command_emit_more(struct command_context *context, const struct table *table);
/* A table of one row as a record. */
int command_emit_record(struct command_context *context, const struct table *table);

/*
 * The JSON document that is being written (its object is open: "schema" and "tool" are there), for
 * what is no table; NULL when no JSON is wanted.  Members that a caller adds lie on the top level.
 */
struct json_writer *command_json(struct command_context *context);

/* A sentence for stderr that is not part of the result, unless --quiet. */
void command_note(struct command_context *context, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Of the table that the command will emit, by its options; NULL: none. */
const struct table_spec *command_spec(const struct command_context *context);

/* --- for help and completion --------------------------------------------------------------- */

const struct command *command_find(const struct command_set *set, const char *name);

struct exit_text {
	enum exit_status status;
	const char *text;
};
extern const struct exit_text exit_texts[];
extern const size_t nr_exit_texts;

#endif
