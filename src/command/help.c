/*
 * Help, written out of the records: an overview, one command, the columns of a list.
 */
#include "command/help.h"

#include "base/text_suggest.h"
#include "command/commands.h"

enum { WIDTH = 88, OPTION_COLUMN = 27 };

/* --- paragraphs ---------------------------------------------------------------------------- */

/* One paragraph up to an empty line or the end; returns what follows it.  The cursor stands at
 * column `at`.
 */
static const char *put_paragraph(FILE *out, const char *text, int at, int indent)
{
	bool first = true;
	while (*text && *text != '\n') {
		int len = (int)strcspn(text, " \n");
		if (!first && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, (size_t)len, out);
		at += len;
		first = false;
		text += len;
		if (*text == '\n' && text[1] == '\n')
			break;
		text += *text != '\0';
	}
	fputc('\n', out);
	return text + strspn(text, "\n");
}

static void put_paragraphs(FILE *out, const char *text)
{
	while (text && *text) {
		fputc('\n', out);
		text = put_paragraph(out, text, 0, 0);
	}
}

/* --- options ------------------------------------------------------------------------------- */

int option_usage(char *buffer, size_t size, const struct command_option *option)
{
	const char *argument = option->argument ? option->argument : "";
	const char *gap = *argument && *argument != '[' ? " " : "";
	if (option->letter)
		return snprintf(buffer, size, "-%c, --%s%s%s", option->letter, option->name, gap,
				argument);
	return snprintf(buffer, size, "--%s%s%s", option->name, gap, argument);
}

static void put_option(FILE *out, const struct command_option *option)
{
	char usage[128];
	option_usage(usage, sizeof(usage), option);
	int at = fprintf(out, "  %s%s", option->letter ? "" : "    ", usage);
	if (at >= OPTION_COLUMN) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", OPTION_COLUMN - at, "");
	put_paragraph(out, option->help, OPTION_COLUMN, OPTION_COLUMN);
}

static void put_options(FILE *out, const char *title, const struct command_option *options,
			size_t n)
{
	if (!n)
		return;
	fprintf(out, "\n%s:\n", title);
	for (size_t i = 0; i < n; i++)
		put_option(out, &options[i]);
}

/* --- a command ----------------------------------------------------------------------------- */

static void put_columns(FILE *out, const struct command *command)
{
	if (!command->spec)
		return;
	fputs("\nColumns:", out);
	int at = 8;
	for (size_t i = 0; i < command->spec->nr_columns; i++) {
		const char *key = command->spec->columns[i].key;
		if (at + 1 + (int)strlen(key) > WIDTH)
			at = fprintf(out, "\n ") - 1;
		at += fprintf(out, " %s", key);
	}
	fprintf(out, "\n  memwho %s --columns help tells what they mean\n", command->name);
}

static void put_needs(FILE *out, const struct command_set *set, const struct command *command)
{
	bool any = false;
	for (size_t i = 0; i < set->nr_needs; i++) {
		if (!(command->needs & set->needs[i].bit))
			continue;
		fputs(any ? "" : "\nNeeds:\n", out);
		fprintf(out, "  %s\n", set->needs[i].help);
		any = true;
	}
}

static void put_examples(FILE *out, const struct command *command)
{
	fputs(command->nr_examples ? "\nExamples:\n" : "", out);
	for (size_t i = 0; i < command->nr_examples; i++)
		fprintf(out, "  %s\n      %s\n", command->examples[i].line,
			command->examples[i].help);
}

int help_on_command(struct command_context *context, const struct command *command)
{
	FILE *out = context->text_output.file;
	fprintf(out, "memwho %s - %s\n\nusage: memwho %s%s%s [options]\n", command->name,
		command->summary, command->name, command->arguments ? " " : "",
		command->arguments ? command->arguments : "");
	put_paragraphs(out, command->help);
	put_needs(out, context->set, command);
	put_options(out, "Options", command->options, command->nr_options);
	for (size_t i = 0; i < nr_option_groups; i++)
		if (option_groups[i].bit & (command->common | OPTIONS_GENERAL))
			put_options(out, option_groups[i].title, option_groups[i].options,
				    option_groups[i].n);
	put_columns(out, command);
	put_examples(out, command);
	return sink_check(out, &context->error);
}

/* --- columns ------------------------------------------------------------------------------- */

enum { LISTED_KEY, LISTED_TITLE, LISTED_TYPE, LISTED_SHOWN, LISTED_FILTER, LISTED_HELP };

static const struct column listed_columns[] = {
	[LISTED_KEY] = {"key", "KEY", "what --columns, --sort, --filter and JSON call it"},
	[LISTED_TITLE] = {"title", "TITLE", "the title above the column"},
	[LISTED_TYPE] = {"type", "TYPE", "what its values are"},
	[LISTED_SHOWN] = {"shown", "SHOWN", "always, with --verbose, or only when named"},
	[LISTED_FILTER] = {"filter", "FILTER", "how values are written in --filter",
			   .flags = COLUMN_WIDE},
	[LISTED_HELP] = {"help", "MEANING", "what it tells"},
};

static const struct table_spec listed_spec = {
	.key = "columns",
	.title = "Columns",
	.help = "the columns of a list",
	.columns = listed_columns,
	.nr_columns = ARRAY_SIZE(listed_columns),
};

static void list_column(struct table *table, const struct column *column)
{
	const struct column_type_info *type = column_type_info(column->type);
	table_add(table);
	table_set_text(table, LISTED_KEY, column->key);
	table_set_text(table, LISTED_TITLE, column->title);
	table_set_text(table, LISTED_TYPE, type->name);
	table_set_text(table, LISTED_SHOWN,
		       column->flags & COLUMN_JSON_ONLY ? "when named"
		       : column->flags & COLUMN_WIDE	? "--verbose"
							: "always");
	table_set_text(table, LISTED_FILTER, type->help);
	table_set_text(table, LISTED_HELP, column->help);
}

int help_on_columns(struct command_context *context)
{
	struct table *table = table_new(&listed_spec);
	const struct table_spec *spec = command_spec(context);
	for (size_t i = 0; i < spec->nr_columns; i++)
		list_column(table, &spec->columns[i]);
	context->sink.columns = NULL;
	context->common.columns = context->common.sort = context->common.filter = NULL;
	int result = command_emit(context, table);
	table_free(table);
	return result;
}

/* --- the overview -------------------------------------------------------------------------- */

static int overview(struct command_context *context)
{
	FILE *out = context->out;
	fputs("memwho " MEMWHO_VERSION
	      " - who holds the memory? Reads Linux crash dumps, without debuginfo.\n\n"
	      "usage: memwho DUMP [options]              one screen: what happened, where the memory went\n"
	      "       memwho COMMAND DUMP [options]      one list; several files are a split dump, - is stdin\n"
	      "       memwho help COMMAND                options, columns and examples of a command\n"
	      "\nCommands:\n",
	      out);
	for (size_t i = 0; i < context->set->nr_commands; i++)
		fprintf(out, "  %-12s %s\n", context->set->commands[i]->name,
			context->set->commands[i]->summary);
	for (size_t i = 0; i < nr_option_groups; i++)
		put_options(out, option_groups[i].title, option_groups[i].options,
			    option_groups[i].n);
	fputs("\nExit status:\n", out);
	for (size_t i = 0; i < nr_exit_texts; i++)
		fprintf(out, "  %d  %s\n", (int)exit_texts[i].status, exit_texts[i].text);
	return sink_check(out, &context->error);
}

/* --- the command --------------------------------------------------------------------------- */

struct help_options {
	bool man;
	unsigned completion; /* 0: not asked for, else enum shell + 1 */
};

static const char *const shells[] = {"", "bash", "zsh", "fish", NULL};

static const struct command_option options[] = {
	{"man", 0, NULL, "write the manual page memwho(1), as roff", OPTION_FLAG,
	 offsetof(struct help_options, man)},
	{"completion", 0, "SHELL", "write the completions for bash, zsh or fish", OPTION_CHOICE,
	 offsetof(struct help_options, completion), shells},
};

static const struct command_example examples[] = {
	{"memwho help ps", "what the command ps does, its options and columns"},
	{"memwho help --man | man -l -", "read the manual"},
	{"memwho help --completion bash > /etc/bash_completion.d/memwho",
	 "complete memwho's words with Tab"},
};

static int unknown_topic(struct command_context *context, const char *name)
{
	struct suggestion near = suggestion_for(name, strlen(name));
	for (size_t i = 0; i < context->set->nr_commands; i++)
		suggestion_try(&near, context->set->commands[i]->name);
	return error_set(&context->error, EXIT_USAGE,
			 "no command is called \"%s\"%s%s%s\nmemwho help lists them", name,
			 near.best ? "; did you mean \"" : "", near.best ? near.best : "",
			 near.best ? "\"?" : "");
}

static int run(struct command_context *context)
{
	const struct help_options *wanted = context->options;
	if (wanted->man) {
		man_put(context->out, context->set);
		return sink_check(context->out, &context->error);
	}
	if (wanted->completion) {
		completion_put(context->out, context->set, (enum shell)(wanted->completion - 1));
		return sink_check(context->out, &context->error);
	}
	if (!context->nr_operands)
		return overview(context);
	const struct command *command = command_find(context->set, context->operands[0]);
	return command ? help_on_command(context, command)
		       : unknown_topic(context, context->operands[0]);
}

const struct command command_help = {
	.name = "help",
	.summary = "commands, their options and columns; manual page and completions",
	.arguments = "[COMMAND]",
	.help = "Without a command: what there is.  With one: everything about it.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct help_options),
	.max_operands = 1,
	.run = run,
};
