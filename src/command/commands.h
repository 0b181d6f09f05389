/* The commands of the program; each is defined in the file of its name. */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include "command/command.h"
#include "kernel/schema.h"

extern const struct command command_report, command_log, command_census, command_leak, command_refs,
	command_ps, command_slabs, command_modules, command_zones, command_mounts, command_dmesg,
	command_layout, command_symbols, command_struct, command_version, command_help;

extern const struct command_set memwho_commands;

/*
 * The rows of `memwho layout` for a resolved schema; also what the tests' golden tables are made
 * of.
 */
struct table *layout_table(const struct schema *schema);

#endif
