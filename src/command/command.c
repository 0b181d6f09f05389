/*
 * The dispatcher: from argv to an exit status.
 *
 * The line is read twice: first leniently, to find the command (options may stand before it, and an
 * operand that is no command but a file means the report), then by the rows of that command.
 * Everything that can be wrong with the line is told before the dump is opened, for opening one can
 * take a while.
 */
#include "command/command.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/text_suggest.h"
#include "command/commands.h"
#include "command/emit.h"
#include "command/help.h"

enum { MOST_SOURCES = 64 };

const struct exit_text exit_texts[] = {
	{EXIT_REPORT, "the report was made"},
	{EXIT_FINDING, "with log --fail-on: a suspect reached that confidence"},
	{EXIT_USAGE, "the command line is wrong"},
	{EXIT_INPUT, "the input is unreadable or not supported"},
	{EXIT_PARTIAL,
	 "partial: something needed was excluded, truncated or damaged; the report says what"},
	{EXIT_INTERNAL, "a fault of memwho itself, or the output could not be written"},
};
const size_t nr_exit_texts = ARRAY_SIZE(exit_texts);

const struct command *command_find(const struct command_set *set, const char *name)
{
	for (size_t i = 0; i < set->nr_commands; i++)
		if (!strcmp(set->commands[i]->name, name))
			return set->commands[i];
	return NULL;
}

/* --- which command? ------------------------------------------------------------------------ */

/*
 * The command, and where its name stands in argv (0: nowhere, it follows from an operand or an
 * option).
 */
struct command_choice {
	const struct command *command;
	int index;
};

static int unknown_command(const struct command_set *set, const char *word, struct error *error)
{
	struct suggestion near = suggestion_for(word, strlen(word));
	for (size_t i = 0; i < set->nr_commands; i++)
		suggestion_try(&near, set->commands[i]->name);
	if (!near.best && strpbrk(word, "/."))
		return error_set(error, EXIT_INPUT, "%s: %s", word, strerror(errno));
	return error_set(
		error, EXIT_USAGE,
		"\"%s\" is neither a command nor a file%s%s%s\nmemwho help lists the commands",
		word, near.best ? "; did you mean \"" : "", near.best ? near.best : "",
		near.best ? "\"?" : "");
}

static int choose_by_operand(const struct command_set *set, const struct option_word *word,
			     struct command_choice *choice, struct error *error)
{
	struct stat st;
	choice->command = command_find(set, word->operand);
	choice->index = choice->command ? word->index : 0;
	if (choice->command)
		return 0;
	if (strcmp(word->operand, "-") && stat(word->operand, &st))
		return unknown_command(set, word->operand, error);
	choice->command = set->on_dump;
	return choice->command ? 0 : unknown_command(set, word->operand, error);
}

static size_t all_sources(const struct command_set *set, struct option_source *sources)
{
	size_t n = 0;
	for (size_t i = 0; i < nr_option_groups; i++)
		sources[n++] = (struct option_source){option_groups[i].options, option_groups[i].n};
	for (size_t i = 0; i < set->nr_commands && n < MOST_SOURCES; i++)
		sources[n++] = (struct option_source){set->commands[i]->options,
						      set->commands[i]->nr_options};
	return n;
}

static int no_command(bool help, bool version, struct command_choice *choice, struct error *error)
{
	choice->index = 0;
	choice->command = help ? &command_help : version ? &command_version : NULL;
	if (choice->command)
		return 0;
	return error_set(error, EXIT_USAGE,
			 "a dump or a command is expected: memwho DUMP, memwho COMMAND ...\n"
			 "memwho help lists the commands");
}

static int choose_command(const struct command_set *set, int argc, char *const argv[],
			  struct command_choice *choice, struct error *error)
{
	struct option_source sources[MOST_SOURCES];
	struct option_reader reader = {
		.sources = sources,
		.nr_sources = all_sources(set, sources),
		.argc = argc,
		.argv = argv,
		.at = 1,
		.lenient = true,
	};
	struct option_word word;
	bool help = false, version = false;
	int more;
	while ((more = option_next(&reader, &word, error)) > 0) {
		if (word.operand)
			return choose_by_operand(set, &word, choice, error);
		help |= word.option && !strcmp(word.option->name, "help");
		version |= word.option && !strcmp(word.option->name, "version");
	}
	return more ? -1 : no_command(help, version, choice, error);
}

/* --- its options and operands -------------------------------------------------------------- */

static size_t command_sources(struct command_context *context, void *options,
			      struct option_source *sources)
{
	const struct command *command = context->command;
	size_t n = 0;
	sources[n++] = (struct option_source){command->options, command->nr_options, options};
	for (size_t i = 0; i < nr_option_groups; i++)
		if (option_groups[i].bit & (command->common | OPTIONS_GENERAL))
			sources[n++] = (struct option_source){option_groups[i].options,
							      option_groups[i].n, &context->common};
	return n;
}

static int read_words(struct command_context *context, struct option_reader *reader,
		      int command_index)
{
	struct option_word word;
	int more;
	while ((more = option_next(reader, &word, &context->error)) > 0) {
		if (word.option && option_store(&word, &context->error))
			return -1;
		if (word.operand && word.index != command_index) {
			context->operands[context->nr_operands++] = word.operand;
			reader->input_seen = true;
		}
	}
	return more;
}

static int read_line(struct command_context *context, void *options, int argc, char *const argv[],
		     int command_index)
{
	struct option_source sources[MOST_SOURCES];
	struct option_reader reader = {
		.sources = sources,
		.nr_sources = command_sources(context, options, sources),
		.argc = argc,
		.argv = argv,
		.at = 1,
	};
	const char *name = context->command->name;
	if (!read_words(context, &reader, command_index))
		return 0;
	error_add(&context->error, "%s", name);
	size_t used = strlen(context->error.text);
	snprintf(context->error.text + used, sizeof(context->error.text) - used,
		 "\nmemwho help %s lists its options", name);
	return -1;
}

static int check_operands(struct command_context *context)
{
	const struct command *command = context->command;
	if (context->nr_operands >= command->min_operands &&
	    context->nr_operands <= command->max_operands)
		return 0;
	bool few = context->nr_operands < command->min_operands;
	return error_set(
		&context->error, EXIT_USAGE, "%s: %s%s\nusage: memwho %s %s", command->name,
		few ? "an operand is missing" : "too many operands, the first that is too many: ",
		few ? "" : context->operands[command->max_operands], command->name,
		command->arguments);
}

const struct table_spec *command_spec(const struct command_context *context)
{
	const struct command *command = context->command;
	return command->spec_by ? command->spec_by(context->options) : command->spec;
}

/* Filters and keys are checked on an empty table: the same code, the same sentences. */
static int check_list_options(struct command_context *context)
{
	const struct common_options *common = &context->common;
	const struct table_spec *spec = command_spec(context);
	if (!spec)
		return 0;
	struct table *empty = table_new(spec);
	unsigned *chosen = mem_calloc(spec->nr_columns, sizeof(*chosen));
	size_t n;
	int result = table_columns(spec, common->columns, false, chosen, &n,
				   &context->error);
	if (result)
		error_add(&context->error, "--columns");
	if (!result && common->filter)
		result = table_filter(empty, common->filter, 4096, &context->error);
	if (!result)
		result = table_sort(empty, common->sort, &context->error);
	free(chosen);
	table_free(empty);
	return result;
}

/* --- where it goes ------------------------------------------------------------------------- */

/* An output that is one of the inputs would destroy a dump. */
static int check_not_input(struct command_context *context, const char *path)
{
	struct stat output, input;
	if (!strcmp(path, "-") || stat(path, &output) || !S_ISREG(output.st_mode))
		return 0;
	for (size_t i = 0; i < context->nr_operands; i++)
		if (!stat(context->operands[i], &input) && input.st_dev == output.st_dev &&
		    input.st_ino == output.st_ino)
			return error_set(&context->error, EXIT_USAGE,
					 "%s is an input: it will not be written over", path);
	return 0;
}

static int open_checked(struct command_context *context, struct output *output, const char *path)
{
	if (check_not_input(context, path))
		return -1;
	return output_open(output, path, &context->error);
}

static int open_outputs(struct command_context *context)
{
	const struct common_options *common = &context->common;
	const char *standard = common->output ? common->output : "-";
	bool json_only = common->json && !strcmp(common->json, "-");
	if (open_checked(context, &context->text_output, standard))
		return -1;
	if (json_only) {
		context->json = json_writer_to(context->text_output.file, true);
		return 0;
	}
	context->out = context->text_output.file;
	if (!common->json)
		return 0;
	if (open_checked(context, &context->json_output, common->json))
		return -1;
	context->json = json_writer_to(context->json_output.file, true);
	return 0;
}

static void choose_sink(struct command_context *context)
{
	const struct common_options *common = &context->common;
	const struct command_host *host = context->host;
	bool to_terminal = host->terminal && !common->output;
	context->sink = (struct sink_options){
		.columns = common->columns,
		.wide = common->verbose,
		.colour = common->colour == COLOUR_ALWAYS ||
			  (common->colour == COLOUR_AUTO && to_terminal),
		.utf8 = host->utf8,
		.header = !common->no_header,
		.bytes = common->bytes,
		.pretty = true,
		.width = to_terminal ? host->width : 0,
	};
}

/* --- running ------------------------------------------------------------------------------- */

static int run_prepared(struct command_context *context)
{
	const struct command_set *set = context->set;
	if (context->command->needs && !set->prepare)
		return error_set(&context->error, EXIT_INTERNAL,
				 "this build of memwho can't open dumps");
	bool failed = context->command->needs && set->prepare(context);
	int status = failed ? -1 : context->command->run(context);
	if (context->session)
		set->release(context->session);
	context->session = NULL;
	return status;
}

static int run_requested(struct command_context *context)
{
	const char *columns = context->common.columns;
	if (context->common.version)
		return version_line(context);
	/* `memwho --help` is `memwho help`: the overview. */
	if (context->common.help && context->command != &command_help)
		return help_on_command(context, context->command);
	if (command_spec(context) && columns && !strcmp(columns, "help"))
		return help_on_columns(context);
	return run_prepared(context);
}

/* Closing can fail after everything else went well, and then that is the result. */
static int close_outputs(struct command_context *context, int status)
{
	struct error error = ERROR_INIT;
	bool failed = status < 0;
	int result = emit_finish(context, failed, &error);
	if (context->text_output.failed_errno || context->json_output.failed_errno)
		failed = false;
	if (output_close(&context->text_output, &error) |
	    output_close(&context->json_output, &error))
		result = -1;
	if (!result || failed)
		return status;
	context->error = error;
	return -1;
}

static int run_line(struct command_context *context, void *options, int argc, char *const argv[],
		    int command_index)
{
	if (read_line(context, options, argc, argv, command_index))
		return -1;
	const struct common_options *common = &context->common;
	bool asks_help = common->help || common->version ||
			 (common->columns && !strcmp(common->columns, "help"));
	if (!asks_help && (check_operands(context) || check_list_options(context)))
		return -1;
	if (common->quiet)
		context->progress = NULL;
	choose_sink(context);
	int status = open_outputs(context) ? -1 : run_requested(context);
	progress_step(context->progress, NULL, 0, 0);
	return close_outputs(context, status);
}

int command_main(const struct command_set *set, const struct command_host *host, int argc,
		 char *const argv[], struct error *error)
{
	struct command_choice choice = {0};
	if (choose_command(set, argc, argv, &choice, error))
		return (int)error->exit_status;
	struct command_context context = {
		.set = set,
		.host = host,
		.command = choice.command,
		.progress = host->progress,
		.error = ERROR_INIT,
	};
	void *options = mem_alloc(choice.command->options_size);
	context.options = options;
	context.operands = mem_calloc((size_t)argc + 1, sizeof(*context.operands));
	int status = run_line(&context, options, argc, argv, choice.index);
	free(context.operands);
	free(options);
	*error = context.error;
	return status < 0 ? (int)error->exit_status : status;
}
