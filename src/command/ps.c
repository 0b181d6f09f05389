/* memwho ps: processes by memory. */
#include "analysis/tables.h"
#include "command/commands.h"
#include "command/session.h"

struct ps_options {
	bool threads;
};

static const struct command_option options[] = {
	{"all-threads", 'H', NULL, "a row for every thread, not for every process only",
	 OPTION_FLAG, offsetof(struct ps_options, threads)},
};

static const struct command_example examples[] = {
	{"memwho ps vmcore", "everything, the largest first"},
	{"memwho ps vmcore --limit 10 --columns pid,comm,rss_pages,swap_pages",
	 "the ten largest, four columns"},
	{"memwho ps vmcore --sort -oom_score",
	 "in the order in which the OOM killer would take them"},
	{"memwho ps vmcore --filter 'state=D'", "tasks in uninterruptible sleep"},
	{"memwho ps vmcore --json | jq '.tasks[0]'", "as data"},
};

static int run(struct command_context *context)
{
	const struct ps_options *o = context->options;
	return session_list(context,
			    tasks_table(context->session->kernel, o->threads, &context->error));
}

const struct command command_ps = {
	.name = "ps",
	.summary = "processes with their memory, cgroup and OOM score",
	.arguments = "DUMP...",
	.help = "Lists tasks by resident memory. RSS holds what threads had not yet added to their process when the machine "
		"stopped (kernels before 6.2 let each thread keep the last 64 changes for itself), so it can be a little more than the OOM killer's own "
		"table says.\n\n"
		"SCORE is /proc/PID/oom_score as kernels since 5.9 compute it; with --verbose BADNESS shows the points in pages that the "
		"OOM killer compares, and why it passes a task over.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct ps_options),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &tasks_spec,
	.run = run,
};
