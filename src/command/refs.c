/* memwho refs: who points to an object, a cache's objects, a class of pages. */
#include "analysis/refs.h"
#include "command/commands.h"
#include "command/session.h"

struct refs_options {
	const char *to;
	u64 threads;
};

static const struct command_option options[] = {
	{"to", 't', "TARGET",
	 "what is pointed to: an address, the name of a slab cache or a symbol, pfn:NUMBER, "
	 "class:kernel_unknown, class:large_kmalloc or class:vmalloc",
	 OPTION_TEXT, offsetof(struct refs_options, to)},
	{"threads", 'j', "N", "threads to use; default: one for each CPU", OPTION_COUNT,
	 offsetof(struct refs_options, threads)},
};

static const struct command_example examples[] = {
	{"memwho refs vmcore --to kmalloc-256", "who points to the objects of a cache"},
	{"memwho refs vmcore --to class:kernel_unknown",
	 "who holds the pages that no counter shows"},
	{"memwho refs vmcore --to 0xffff8a8601f40000",
	 "who points to the object that this address lies in"},
	{"memwho refs vmcore --to kmalloc-1k --filter place=data",
	 "variables that point there: of which module?"},
};

static int show(struct command_context *context, const struct refs *refs)
{
	struct table *table = refs_table(refs), *target = refs_target_table(refs);
	int result = command_emit(context, table);
	if (!result)
		result = command_emit_more(context, target);
	table_free(table);
	table_free(target);
	if (refs->dropped)
		command_note(context, "%llu pointers lie in places that found no room in the list",
			     (unsigned long long)refs->dropped);
	return result;
}

static int run(struct command_context *context)
{
	const struct refs_options *o = context->options;
	unsigned nr_threads = (unsigned)u64_min(o->threads, 64);
	const struct census_options how = {.nr_threads = nr_threads, .progress = context->progress};
	struct census census;
	struct refs refs;
	if (!o->to)
		return error_set(&context->error, EXIT_USAGE,
				 "refs wants --to TARGET: an address, a slab cache, a symbol, "
				 "pfn:NUMBER or class:kernel_unknown");
	if (census_take(&census, context->session->kernel, &how, &context->error))
		return -1;
	int result =
		refs_find(&refs, &census, o->to, nr_threads, context->progress, &context->error);
	if (!result) {
		result = show(context, &refs);
		refs_done(&refs);
	}
	census_done(&census);
	return result ? -1 : session_finish(context);
}

const struct command command_refs = {
	.name = "refs",
	.summary = "who points to an object, to a cache's objects, or to a class of pages",
	.arguments = "DUMP... --to TARGET",
	.help = "Looks at every aligned word of kernel memory: slab objects in use, data of the "
		"kernel and of modules, per-cpu memory, stacks, vmalloc areas, kernel pages, "
		"fields of struct pages, registers. An address anywhere within an object counts, so "
		"that embedded list heads and tagged pointers are found; so does what only looks "
		"like an address.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct refs_options),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &refs_spec,
	.run = run,
};
