/*
 * The manual page, derived from the same records as the help, so that it can't tell anything else.
 */
#include "command/help.h"

/* Text for roff: hyphens that can be copied, no line that roff takes for a request. */
static void put_roff(FILE *out, const char *text)
{
	bool line_start = true;
	for (; *text; text++) {
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		line_start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '~')
			fputs("\\(ti", out);
		else
			fputc(*text, out);
	}
}

static void put_line(FILE *out, const char *request, const char *text)
{
	fputs(request, out);
	put_roff(out, text);
	fputc('\n', out);
}

/* Paragraphs of a record's help. */
static void put_paragraphs(FILE *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);
		char *paragraph = mem_alloc(len + 1);
		memcpy(paragraph, text, len);
		put_line(out, ".PP\n", paragraph);
		free(paragraph);
		text += len;
		text += strspn(text, "\n");
	}
}

static void put_options(FILE *out, const struct command_option *options, size_t n)
{
	char usage[128];
	for (size_t i = 0; i < n; i++) {
		option_usage(usage, sizeof(usage), &options[i]);
		put_line(out, ".TP\n.B ", usage);
		put_line(out, "", options[i].help);
	}
}

static void put_column_list(FILE *out, const struct table_spec *spec)
{
	fputs(".PP\nColumns:\n", out);
	for (size_t i = 0; i < spec->nr_columns; i++) {
		const struct column *column = &spec->columns[i];
		put_line(out, ".TP\n.B ", column->key);
		put_roff(out, column->help ? column->help : column->title);
		fputs(" (", out);
		put_roff(out, column_type_info(column->type)->name);
		fputs(column->flags & COLUMN_JSON_ONLY ? "; shown when named)\n"
		      : column->flags & COLUMN_WIDE    ? "; shown with \\-\\-verbose)\n"
						       : ")\n",
		      out);
	}
}

static void put_needs(FILE *out, const struct command_set *set, const struct command *command)
{
	for (size_t i = 0; i < set->nr_needs; i++)
		if (command->needs & set->needs[i].bit) {
			fputs(".PP\nNeeds ", out);
			put_line(out, "", set->needs[i].help);
		}
}

static void put_command(FILE *out, const struct command_set *set, const struct command *command)
{
	fputs(".SS ", out);
	put_roff(out, command->name);
	put_line(out, " ", command->arguments ? command->arguments : "");
	put_line(out, "", command->summary);
	put_paragraphs(out, command->help);
	put_needs(out, set, command);
	put_options(out, command->options, command->nr_options);
	if (command->spec)
		put_column_list(out, command->spec);
	for (size_t i = 0; i < command->nr_examples; i++) {
		put_line(out, ".PP\nExample: ", command->examples[i].help);
		put_line(out, ".RS\n.nf\n", command->examples[i].line);
		fputs(".fi\n.RE\n", out);
	}
}

static void put_exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < nr_exit_texts; i++) {
		fprintf(out, ".TP\n.B %d\n", (int)exit_texts[i].status);
		put_line(out, "", exit_texts[i].text);
	}
}

static const char head[] =
	".TH MEMWHO 1 \"\" \"memwho " MEMWHO_VERSION "\" \"User Commands\"\n"
	".SH NAME\nmemwho \\- who holds the memory? Reads Linux crash dumps, without debuginfo\n"
	".SH SYNOPSIS\n.B memwho\n.I DUMP\n.RI [ options ]\n.br\n"
	".B memwho\n.I COMMAND DUMP\n.RI [ options ]\n"
	".SH DESCRIPTION\n"
	"memwho reads a crash dump of a Linux kernel and tells what happened and where its memory is: by the "
	"kernel's own counters, by process, slab cache and module.\nIt needs no debuginfo: types and symbols are read out of the dump itself.\n"
	".PP\nSeveral dump files are taken as the parts of one split dump; \\- is standard input.\n"
	"Options and operands may stand in any order; \\-\\- ends the options.\n";

static const char environment[] =
	".SH ENVIRONMENT\n"
	".TP\n.B NO_COLOR\nwhen set and not empty: no colours, unless \\-\\-color=always\n"
	".TP\n.B COLUMNS\nthe width of the terminal, when the terminal does not tell\n";

void man_put(FILE *out, const struct command_set *set)
{
	fputs(head, out);
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; i < set->nr_commands; i++)
		put_command(out, set, set->commands[i]);
	fputs(".SH OPTIONS\n", out);
	for (size_t i = 0; i < nr_option_groups; i++) {
		put_line(out, ".SS ", option_groups[i].title);
		put_options(out, option_groups[i].options, option_groups[i].n);
	}
	put_exit_status(out);
	fputs(environment, out);
	fputs(".SH SEE ALSO\n.BR makedumpfile (8),\n.BR crash (8),\n.BR kdump (5)\n", out);
}
