/* memwho symbols: names and addresses of the kernel and its modules. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho symbols vmcore --filter name=init_task", "where one symbol is"},
	{"memwho symbols vmcore --filter module=drbd", "all symbols of one module"},
	{"memwho symbols vmcore --filter 'address>=ffffffff9a000000,address<ffffffff9a001000'",
	 "what lies in a range"},
};

static int run(struct command_context *context)
{
	return session_list(context, symbols_table(context->session->kernel, &context->error));
}

const struct command command_symbols = {
	.name = "symbols",
	.summary = "symbols of the kernel and its modules, out of the dump",
	.arguments = "DUMP...",
	.help = "Names and addresses from the kernel's own kallsyms and from the symbol tables that modules keep in memory: no debuginfo is needed. "
		"Addresses are those of the running kernel, KASLR included.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &symbols_spec,
	.run = run,
};
