/*
 * Completions for the shells: the first word that is a command decides which options are offered;
 * operands are files.  All words come from the records.
 */
#include "command/help.h"

typedef void (*option_fn)(FILE *out, const struct command *command,
			  const struct command_option *option);

/* Every option that the command takes. */
static void for_each_option(FILE *out, const struct command *command, option_fn fn)
{
	for (size_t i = 0; i < command->nr_options; i++)
		fn(out, command, &command->options[i]);
	for (size_t i = 0; i < nr_option_groups; i++) {
		if (!(option_groups[i].bit & (command->common | OPTIONS_GENERAL)))
			continue;
		for (size_t j = 0; j < option_groups[i].n; j++)
			fn(out, command, &option_groups[i].options[j]);
	}
}

static void put_names(FILE *out, const struct command_set *set, const char *separator)
{
	for (size_t i = 0; i < set->nr_commands; i++)
		fprintf(out, "%s%s", i ? separator : "", set->commands[i]->name);
}

/* Within single quotes; also without the characters that zsh's _arguments takes for its own. */
static void put_quoted(FILE *out, const char *text, bool zsh)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs(zsh ? "'\\''" : "\\'", out);
		else if (*text == '\\')
			fputs("\\\\", out);
		else if (zsh && strchr("[]:", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static bool takes_columns(const struct command *command, const struct command_option *option)
{
	return command->spec && (!strcmp(option->name, "columns") || !strcmp(option->name, "sort"));
}

/* The words that the option's value can be: its choices or the keys of the columns. */
static void put_values(FILE *out, const struct command *command,
		       const struct command_option *option)
{
	const char *gap = "";
	for (size_t i = 0; option->choices && option->choices[i]; i++) {
		if (!*option->choices[i])
			continue;
		fprintf(out, "%s%s", gap, option->choices[i]);
		gap = " ";
	}
	for (size_t i = 0; takes_columns(command, option) && i < command->spec->nr_columns; i++)
		fprintf(out, "%s%s", i ? " " : "", command->spec->columns[i].key);
}

static bool has_values(const struct command *command, const struct command_option *option)
{
	return option->choices || takes_columns(command, option);
}

/* --- bash ---------------------------------------------------------------------------------- */

static void bash_word(FILE *out, const struct command *command, const struct command_option *option)
{
	fprintf(out, " --%s", option->name);
}

static void bash_values(FILE *out, const struct command *command,
			const struct command_option *option)
{
	if (!has_values(command, option))
		return;
	fprintf(out, "\t%s:--%s) words=\"", command->name, option->name);
	put_values(out, command, option);
	fputs("\" ;;\n", out);
}

static void put_bash(FILE *out, const struct command_set *set)
{
	fputs("# bash completion of memwho\n"
	      "_memwho()\n{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word words=\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tcase $word in\n\t\t",
	      out);
	put_names(out, set, "|");
	fputs(") command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $command:$previous in\n", out);
	for (size_t i = 0; i < set->nr_commands; i++)
		for_each_option(out, set->commands[i], bash_values);
	fputs("\tesac\n"
	      "\tif [ -n \"$words\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n\t\treturn\n\tfi\n"
	      "\tcase $command in\n",
	      out);
	for (size_t i = 0; i < set->nr_commands; i++) {
		fprintf(out, "\t%s) words=\"", set->commands[i]->name);
		for_each_option(out, set->commands[i], bash_word);
		fputs("\" ;;\n", out);
	}
	fputs("\t'') words=\"", out);
	put_names(out, set, " ");
	fputs("\" ;;\n\tesac\n"
	      "\tif [ \"$command\" = help ] && [ \"${current#-}\" = \"$current\" ]; then\n\t\twords=\"",
	      out);
	put_names(out, set, " ");
	fputs("\"\n\tfi\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	      "\tif [ \"$command\" != help ]; then\n"
	      "\t\tCOMPREPLY+=($(compgen -f -- \"$current\"))\n\tfi\n"
	      "}\ncomplete -o filenames -F _memwho memwho\n",
	      out);
}

/* --- zsh ----------------------------------------------------------------------------------- */

static void zsh_option(FILE *out, const struct command *command,
		       const struct command_option *option)
{
	/* "--sort=": the value is the next word or follows "="; "=-": only after "=". */
	const char *form = option->kind == OPTION_FLAG	   ? ""
			   : option->kind == OPTION_OUTPUT ? "=-"
							   : "=";
	fprintf(out, " \\\n\t\t\t'--%s%s[", option->name, form);
	put_quoted(out, option->help, true);
	fputc(']', out);
	if (option->kind == OPTION_FLAG) {
		fputc('\'', out);
		return;
	}
	fprintf(out, ":%s:", option->kind == OPTION_OUTPUT ? ":FILE" : option->argument);
	if (has_values(command, option)) {
		fputc('(', out);
		put_values(out, command, option);
		fputc(')', out);
	} else if (option->kind == OPTION_OUTPUT || !strcmp(option->argument, "FILE")) {
		fputs("_files", out);
	}
	fputc('\'', out);
}

static void put_zsh(FILE *out, const struct command_set *set)
{
	fputs("#compdef memwho\n_memwho()\n{\n\tlocal -a commands\n\tlocal command word\n\tcommands=(\n",
	      out);
	for (size_t i = 0; i < set->nr_commands; i++) {
		fprintf(out, "\t\t'%s:", set->commands[i]->name);
		put_quoted(out, set->commands[i]->summary, true);
		fputs("'\n", out);
	}
	fputs("\t)\n\tfor word in ${words[2,CURRENT-1]}; do\n\t\tcase $word in\n\t\t", out);
	put_names(out, set, "|");
	fputs(") command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n", out);
	for (size_t i = 0; i < set->nr_commands; i++) {
		const struct command *command = set->commands[i];
		fprintf(out, "\t%s)\n\t\t_arguments -S", command->name);
		for_each_option(out, command, zsh_option);
		fprintf(out, " \\\n\t\t\t'*:%s'\n\t\t;;\n",
			!strcmp(command->name, "help") ? "command:_memwho_commands"
						       : "dump:_files");
	}
	fputs("\t*)\n\t\t_describe command commands\n\t\t_files\n\t\t;;\n\tesac\n}\n"
	      "_memwho_commands()\n{\n\tlocal -a names\n\tnames=(",
	      out);
	put_names(out, set, " ");
	fputs(")\n\tcompadd -a names\n}\n_memwho \"$@\"\n", out);
}

/* --- fish ---------------------------------------------------------------------------------- */

static void fish_option(FILE *out, const struct command *command,
			const struct command_option *option)
{
	fprintf(out, "complete -c memwho -n '__fish_seen_subcommand_from %s' -l %s", command->name,
		option->name);
	if (option->letter)
		fprintf(out, " -s %c", option->letter);
	if (option->kind != OPTION_FLAG && option->kind != OPTION_OUTPUT)
		fputs(has_values(command, option) ? " -x" : " -r", out);
	if (has_values(command, option)) {
		fputs(" -a '", out);
		put_values(out, command, option);
		fputc('\'', out);
	}
	fputs(" -d '", out);
	put_quoted(out, option->help, false);
	fputs("'\n", out);
}

static void put_fish(FILE *out, const struct command_set *set)
{
	fputs("# fish completion of memwho\n", out);
	for (size_t i = 0; i < set->nr_commands; i++) {
		const struct command *command = set->commands[i];
		fprintf(out, "complete -c memwho -n __fish_use_subcommand -a %s -d '",
			command->name);
		put_quoted(out, command->summary, false);
		fputs("'\n", out);
		for_each_option(out, command, fish_option);
	}
	fputs("complete -c memwho -n '__fish_seen_subcommand_from help' -x -a '", out);
	put_names(out, set, " ");
	fputs("'\n", out);
}

void completion_put(FILE *out, const struct command_set *set, enum shell shell)
{
	static void (*const put[])(FILE * out, const struct command_set *set) = {
		[SHELL_BASH] = put_bash,
		[SHELL_ZSH] = put_zsh,
		[SHELL_FISH] = put_fish,
	};
	put[shell](out, set);
}
