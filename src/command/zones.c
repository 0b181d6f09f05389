/* memwho zones: memory zones, watermarks, free lists. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho zones vmcore", "is a zone below its watermarks?"},
	{"memwho zones vmcore --json", "with free blocks by order as numbers"},
};

static int run(struct command_context *context)
{
	return session_list(context, zones_table(context->session->kernel, &context->error));
}

const struct command command_zones = {
	.name = "zones",
	.summary = "memory zones with watermarks and free blocks by order",
	.arguments = "DUMP...",
	.help = "FREE is what lies on the free lists, counted block by block; the kernel's own counter (NR_FREE_PAGES) can lag behind it. "
		"FREE PCP is free memory that CPUs keep on lists of their own.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &zones_spec,
	.run = run,
};
