/* memwho leak: objects of the kernel that nothing points to. */
#include "analysis/leak.h"
#include "command/commands.h"
#include "command/session.h"

enum { BY_GROUP, BY_CONTENT, BY_HOLDER };

struct leak_command_options {
	unsigned by;
	bool all;
	u64 threads;
};

static const char *const by_names[] = {"cache", "content", "holder", NULL};

static const struct command_option options[] = {
	{"by", 0, "WHAT",
	 "cache (the default), content (what lost objects point to) or holder (what holds the "
	 "others)",
	 OPTION_CHOICE, offsetof(struct leak_command_options, by), by_names},
	{"all", 'a', NULL, "caches too that lost nothing", OPTION_FLAG,
	 offsetof(struct leak_command_options, all)},
	{"threads", 'j', "N", "threads to use; default: one for each CPU", OPTION_COUNT,
	 offsetof(struct leak_command_options, threads)},
};

static const struct command_example examples[] = {
	{"memwho leak vmcore", "what is lost, most memory first, and whose it was"},
	{"memwho leak vmcore --by content --filter name=kmalloc-256",
	 "what the lost objects of a cache point to, at which offset"},
	{"memwho leak vmcore --by holder --filter name=kmalloc-256",
	 "what holds those that are not lost"},
	{"memwho leak vmcore --all --json -", "every cache, with examples"},
};

static const struct table_spec *const specs[] = {
	[BY_GROUP] = &leaks_spec,
	[BY_CONTENT] = &leak_contents_spec,
	[BY_HOLDER] = &leak_holders_spec,
};

static struct table *table_by(const struct leak *leak, const struct leak_command_options *o)
{
	switch (o->by) {
	case BY_CONTENT:
		return leak_contents_table(leak);
	case BY_HOLDER:
		return leak_holders_table(leak);
	default:
		return leak_table(leak, o->all);
	}
}

static void note_effort(struct command_context *context, const struct leak *leak)
{
	double gib = (double)leak->mark.bytes_scanned / (double)GIB(1);
	command_note(context,
		     "%llu objects, %.2f GiB looked at in %.2f s (map %.2f s, sweep %.2f s), "
		     "%llu MiB of state",
		     (unsigned long long)leak->objects, gib, leak->mark_s, leak->map_s,
		     leak->sweep_s, (unsigned long long)(leak->nr_bytes >> 20));
}

static int show(struct command_context *context, const struct leak *leak)
{
	struct table *findings = table_new(&findings_spec);
	struct table *table = table_by(leak, context->options);
	leak_findings(leak, findings);
	int result = command_emit(context, table);
	if (!result)
		result = command_emit_more(context, findings);
	table_free(table);
	table_free(findings);
	return result;
}

static int run(struct command_context *context)
{
	const struct leak_command_options *o = context->options;
	const struct census_options census_how = {.nr_threads = (unsigned)u64_min(o->threads, 64),
						  .progress = context->progress};
	const struct leak_options how = {.nr_threads = census_how.nr_threads,
					 .progress = context->progress};
	struct census census;
	struct leak leak;
	if (census_take(&census, context->session->kernel, &census_how, &context->error))
		return -1;
	int result = leak_search(&leak, &census, &how, &context->error);
	if (!result) {
		result = show(context, &leak);
		note_effort(context, &leak);
		leak_done(&leak);
	}
	census_done(&census);
	return result ? -1 : session_finish(context);
}

static const struct table_spec *spec_by(const void *options_block)
{
	const struct leak_command_options *o = options_block;
	return specs[o->by];
}

const struct command command_leak = {
	.name = "leak",
	.summary = "objects of the kernel that nothing points to",
	.arguments = "DUMP...",
	.help = "Follows every pointer from the kernel's and modules' data, per-cpu memory, stacks "
		"and registers through slab objects, large kmalloc, vmalloc areas and pages. "
		"What is in use and not reached is lost: nobody can free it any more.\n\n"
		"Any word that looks like an address within an object keeps it (conservative). "
		"Objects that are known by physical addresses only, or by pointers that are stored "
		"in disguise, look lost; in a healthy machine that is less than 1 in 200.\n\n"
		"Needs the kernel's memory, but neither page cache nor user pages: makedumpfile -d "
		"31 leaves all of it in.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct leak_command_options),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &leaks_spec,
	.spec_by = spec_by,
	.run = run,
};
