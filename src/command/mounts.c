/* memwho mounts: mounted file systems, and what tmpfs holds. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

static const struct command_example examples[] = {
	{"memwho mounts vmcore --filter fstype=tmpfs --sort -used_pages",
	 "which tmpfs holds memory"},
};

static int run(struct command_context *context)
{
	return session_list(context, mounts_table(context->session->kernel, &context->error));
}

const struct command command_mounts = {
	.name = "mounts",
	.summary = "mounted file systems, and how much tmpfs holds",
	.arguments = "DUMP...",
	.help = "Lists the mounts of init's mount namespace. A tmpfs with a size limit counts its pages: that is memory, or swap.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &mounts_spec,
	.run = run,
};
