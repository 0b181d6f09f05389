/* memwho slabs: slab caches by size. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho slabs vmcore --limit 10", "the ten largest caches"},
	{"memwho slabs vmcore --filter 'name~drbd'", "the caches of one driver"},
	{"memwho slabs vmcore --filter 'bytes>100M,reclaimable=no' --verbose",
	 "large ones that can't be shrunk, with all columns"},
};

static int run(struct command_context *context)
{
	return session_list(context, slabs_table(context->session->kernel, &context->error));
}

const struct command command_slabs = {
	.name = "slabs",
	.summary = "slab caches with exact object counts",
	.arguments = "DUMP...",
	.help = "ALLOCATED is exact: free slots are looked for in partial slabs, in the slabs and lists of every possible CPU, and in sheaves "
		"(6.18). /proc/slabinfo counts slots that CPUs keep free as active; its figure is the column slabinfo_active.\n\n"
		"The row \"(large kmalloc, in no cache)\" is memory of kmalloc() calls of more than two pages: the kernel counts it as slab memory, "
		"and it belongs to no cache.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &slabs_spec,
	.run = run,
};
