/* What is derived from the commands' records: help, man page, completions. */
#ifndef COMMAND_HELP_H
#define COMMAND_HELP_H

#include "command/command.h"

/* `memwho ps --help`, `memwho help ps` */
int help_on_command(struct command_context *context, const struct command *command);
/* `memwho ps --columns help` */
int help_on_columns(struct command_context *context);
/* `memwho --version` */
int version_line(struct command_context *context);

/* The whole man page, memwho(1), as roff. */
void man_put(FILE *out, const struct command_set *set);

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };
void completion_put(FILE *out, const struct command_set *set, enum shell shell);

/* Options as help shows them: "-s, --sort KEYS", "--json[=FILE]".  Returns the length. */
int option_usage(char *buffer, size_t size, const struct command_option *option);

#endif
