/* memwho census: every page of RAM in exactly one class, and who uses it. */
#include "analysis/census_tables.h"
#include "command/commands.h"
#include "command/session.h"
#include "sink/json.h"

enum {
	BY_CLASS,
	BY_NODE,
	BY_ZONE,
	BY_ORDER,
	BY_OWNER,
	BY_UNKNOWN,
	BY_CGROUP,
	BY_TASK,
	BY_FILE,
	BY_MOUNT
};

struct census_command_options {
	unsigned by;
	u64 threads;
};

static const char *const by_names[] = {"class",	 "node", "zone", "order", "owner", "unknown",
				       "cgroup", "task", "file", "mount", NULL};

static const struct command_option options[] = {
	{"by", 0, "WHAT",
	 "class (the default), node, zone, order, owner, unknown, cgroup, task, file or mount",
	 OPTION_CHOICE, offsetof(struct census_command_options, by), by_names},
	{"threads", 'j', "N", "threads to use; default: one for each CPU", OPTION_COUNT,
	 offsetof(struct census_command_options, threads)},
};

static const struct command_example examples[] = {
	{"memwho census vmcore", "all of RAM, largest class first"},
	{"memwho census vmcore --by cgroup", "what each cgroup is charged for, dead ones too"},
	{"memwho census vmcore --by file -n 20", "the files that fill page cache and tmpfs"},
	{"memwho census vmcore --by file --filter deleted=yes", "memory of files that have no name any more"},
	{"memwho census vmcore --by owner --filter class=vmalloc", "who called vmalloc()"},
	{"memwho census vmcore --by task --sort -pss_pages", "processes by their share of memory"},
	{"memwho census vmcore --by unknown", "what nothing tells the owner of"},
};

static const struct table_spec *const specs[] = {
	[BY_CLASS] = &census_classes_spec,  [BY_NODE] = &census_nodes_spec,
	[BY_ZONE] = &census_zones_spec,	    [BY_ORDER] = &census_orders_spec,
	[BY_OWNER] = &census_owners_spec,   [BY_UNKNOWN] = &census_unknown_spec,
	[BY_CGROUP] = &census_cgroups_spec, [BY_TASK] = &census_tasks_spec,
	[BY_FILE] = &census_files_spec,	    [BY_MOUNT] = &census_mounts_spec,
};

static struct table *table_by(const struct census *c, unsigned by, struct error *error)
{
	switch (by) {
	case BY_NODE:
		return census_by_node(c);
	case BY_ZONE:
		return census_by_zone(c);
	case BY_ORDER:
		return census_by_order(c);
	case BY_OWNER:
		return census_by_owner(c);
	case BY_UNKNOWN:
		return census_by_unknown(c);
	case BY_CGROUP:
		return census_by_cgroup(c, error);
	case BY_TASK:
		return census_by_task(c, error);
	case BY_FILE:
		return census_by_file(c, 0);
	case BY_MOUNT:
		return census_by_mount(c);
	}
	return NULL;
}

/* The classes as a list for people, the whole record as data. */
static int show_classes(struct command_context *context, const struct census *c,
			struct table *findings)
{
	struct table *record = census_record(c, findings);
	struct json_writer *w = command_json(context);
	int result = 0;
	if (w) {
		json_key(w, census_spec.key);
		result = json_record(w, record, NULL, &context->error);
	}
	if (!result)
		result = command_emit_text(context, table_row(record, 0)[CENSUS_CLASSES].table);
	table_free(record);
	return result;
}

static int show(struct command_context *context, const struct census *c, unsigned by)
{
	struct table *findings = table_new(&findings_spec), *table = NULL;
	int result = -1;
	if (by == BY_CLASS) {
		result = show_classes(context, c, findings);
	} else if ((table = table_by(c, by, &context->error))) {
		result = command_emit(context, table);
		table_free(table);
	}
	if (!result)
		result = command_emit_more(context, findings);
	table_free(findings);
	return result;
}

static int run(struct command_context *context)
{
	const struct census_command_options *o = context->options;
	const struct census_options how = {.nr_threads = (unsigned)u64_min(o->threads, 64),
					   .page_bytes = o->by == BY_TASK,
					   .progress = context->progress};
	struct census census;
	if (census_take(&census, context->session->kernel, &how, &context->error))
		return -1;
	int result = show(context, &census, o->by);
	census_done(&census);
	return result ? -1 : session_finish(context);
}

static const struct table_spec *spec_by(const void *options_block)
{
	const struct census_command_options *o = options_block;
	return specs[o->by];
}

const struct command command_census = {
	.name = "census",
	.summary = "every page of RAM in exactly one class, and who uses it",
	.arguments = "DUMP...",
	.help = "Looks at every page frame (struct page) of the dump, and at what the kernel knows of pages that carry no mark: vmalloc areas, "
		"per-cpu chunks, page tables, pipes, drivers. Each page is in one class; the classes add up to all memory that the zones span. "
		"DIFFERENCE is what the pages say less what the kernel's own counter says: 0 is agreement, - is that the kernel counts no such "
		"thing.\n\n"
		"--by shows other sides of the same pages, each with columns of its own (memwho census --by file --columns help): node and "
		"zone, the classes of each; order, by the size of the blocks that they were allocated in; owner, who asked for what carries "
		"no mark: callers of vmalloc(), drivers, tables of the boot; unknown, what is left, by what its pages look like; cgroup, what "
		"each is charged for, dead ones too and what keeps them; task, what the page tables of each process map, shared pages divided "
		"among those who share them (PSS); file and mount, who fills page cache and tmpfs, deleted files too.\n\n"
		"Contents of pages are not needed: dumps of any level (makedumpfile -d 31) give the same census.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.options = options,
	.nr_options = ARRAY_SIZE(options),
	.options_size = sizeof(struct census_command_options),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &census_classes_spec,
	.spec_by = spec_by,
	.run = run,
};
