/* The table of commands, in the order in which help shows them. */
#include "command/commands.h"

#include "command/session.h"

static const struct command *const commands[] = {
	&command_report,  &command_log,	   &command_census,  &command_leak,
	&command_refs,	  &command_ps,	   &command_slabs,   &command_modules,
	&command_zones,	  &command_mounts, &command_dmesg,   &command_layout,
	&command_symbols, &command_struct, &command_version, &command_help,
};

static const struct command_need needs[] = {
	{NEED_IMAGE, "a crash dump"},
	{NEED_KERNEL, "a kernel that can be found in it"},
};

const struct command_set memwho_commands = {
	.commands = commands,
	.nr_commands = ARRAY_SIZE(commands),
	.on_dump = &command_report,
	.needs = needs,
	.nr_needs = ARRAY_SIZE(needs),
	.prepare = session_prepare,
	.release = session_release,
};
