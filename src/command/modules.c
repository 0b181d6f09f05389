/* memwho modules: loaded modules by size. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho modules vmcore", "all, the largest first"},
	{"memwho modules vmcore --filter 'tainted~O'", "out-of-tree modules"},
};

static int run(struct command_context *context)
{
	return session_list(context, modules_table(context->session->kernel, &context->error));
}

const struct command command_modules = {
	.name = "modules",
	.summary = "loaded modules with size, users and taint",
	.arguments = "DUMP...",
	.help = "SIZE is what lsmod shows: code and data of the module. It says nothing of the memory that the module allocated.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &modules_spec,
	.run = run,
};
