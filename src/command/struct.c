/* memwho struct: members of a kernel type with their offsets. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

struct struct_options {
	const char *type;
};

static const struct command_option options[] = {
	{"type", 't', "NAME", "the struct or union: page, 'struct page', drbd_device", OPTION_TEXT,
	 offsetof(struct struct_options, type)},
};

static const struct command_example examples[] = {
	{"memwho struct vmcore --type page", "struct page of this kernel"},
	{"memwho struct vmcore --type drbd_device --filter 'name~pp_in_use'",
	 "one member of a module's type"},
};

static int run(struct command_context *context)
{
	const struct struct_options *o = context->options;
	if (!o->type)
		return error_set(&context->error, EXIT_USAGE,
				 "struct wants --type NAME: the struct or union to show");
	return session_list(context,
			    members_table(context->session->kernel, o->type, &context->error));
}

const struct command command_struct = {
	.name = "struct",
	.summary = "members of a kernel or module type with offsets, from the dump's BTF",
	.arguments = "DUMP...",
	.help = "Shows a struct or union as this kernel has it. Types of modules are found too, in the BTF that the kernel keeps of them (5.11 and "
		"later).",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct struct_options),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &members_spec,
	.run = run,
};
