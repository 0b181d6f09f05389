/* memwho layout: every kernel datum, where this kernel keeps it, and by which rule it was found. */
#include <stdio.h>
#include <string.h>

#include "command/commands.h"
#include "command/session.h"

enum {
	LAYOUT_GROUP,
	LAYOUT_DATUM,
	LAYOUT_STATE,
	LAYOUT_TYPE,
	LAYOUT_OFFSET,
	LAYOUT_SIZE,
	LAYOUT_ALTERNATIVE,
	LAYOUT_PATH,
	LAYOUT_SOURCE,
	LAYOUT_NEED,
	LAYOUT_ELEMENTS,
	LAYOUT_BITS
};

static const struct column layout_columns[] = {
	[LAYOUT_GROUP] = {"group", "GROUP", "what it belongs to"},
	[LAYOUT_DATUM] = {"datum", "DATUM", "its name in memwho's schema"},
	[LAYOUT_STATE] = {"state", "STATE",
			  "present, absent, or MISSING: absent though its group needs it"},
	[LAYOUT_TYPE] = {"type", "KIND",
			 "member, size, enum, global; variant and quirk rows at the end"},
	[LAYOUT_OFFSET] = {"value", "VALUE",
			   "member: offset in bytes; size: bytes; enum: value; global: address",
			   COL_ADDRESS},
	[LAYOUT_SIZE] = {"size", "BYTES", "size of the member", COL_COUNT},
	[LAYOUT_ALTERNATIVE] = {"alternative", "RULE", "which of the paths it was found by, from 1",
				COL_COUNT},
	[LAYOUT_PATH] = {"path", "PATH", "the path found; when absent, all that were tried"},
	[LAYOUT_SOURCE] = {"source", "SOURCE", "types, vmcoreinfo, symbols or structure",
			   .flags = COLUMN_WIDE},
	[LAYOUT_NEED] = {"required", "REQUIRED", "its group is not usable without it", COL_BOOL,
			 COLUMN_WIDE},
	[LAYOUT_ELEMENTS] = {"elements", "ELEMENTS", "of an array", COL_COUNT,
			     COLUMN_WIDE | COLUMN_OPTIONAL},
	[LAYOUT_BITS] = {"bits", "BITS", "bit field: first bit, number of bits",
			 .flags = COLUMN_WIDE | COLUMN_OPTIONAL},
};

static const struct table_spec layout_spec = {
	.key = "layout",
	.title = "Layout",
	.help = "every kernel datum that memwho uses",
	.columns = layout_columns,
	.nr_columns = ARRAY_SIZE(layout_columns),
};

static const char *const type_names[] = {[ROW_GROUP] = "group",
					 [ROW_DATUM] = "member",
					 [ROW_SIZE] = "size",
					 [ROW_ENUM] = "enum",
					 [ROW_GLOBAL] = "global"};
static const char *const source_names[] = {[SOURCE_NONE] = "",
					   [SOURCE_TYPES] = "types",
					   [SOURCE_VMCOREINFO] = "vmcoreinfo",
					   [SOURCE_SYMBOLS] = "symbols",
					   [SOURCE_STRUCTURE] = "structure"};

static void set_present(struct table *t, const struct schema_row *row, const struct datum *d)
{
	char path[128];
	table_set_text(t, LAYOUT_STATE, "present");
	table_set(t, LAYOUT_OFFSET, d->value);
	if (row->type == ROW_DATUM && d->size)
		table_set(t, LAYOUT_SIZE, d->size);
	table_set(t, LAYOUT_ALTERNATIVE, d->alternative + 1);
	if (schema_alternative(row, d->alternative, path, sizeof(path)))
		table_set_text(t, LAYOUT_PATH, path);
	table_set_text(t, LAYOUT_SOURCE, source_names[d->source]);
	if (d->stride)
		table_set(t, LAYOUT_ELEMENTS, d->nr_elements);
	if (d->bit_size)
		table_printf(t, LAYOUT_BITS, "%u+%u", d->bit_shift, d->bit_size);
}

static void add_datum(struct table *t, const struct schema *schema, u32 i, const char *group)
{
	const struct schema_row *row = &schema_rows[i];
	const struct datum *d = &schema->datum[i];
	table_add(t);
	table_set_text(t, LAYOUT_GROUP, group);
	table_set_text(t, LAYOUT_DATUM, row->id);
	table_set_text(t, LAYOUT_TYPE, type_names[row->type]);
	table_set(t, LAYOUT_NEED, row->need == REQUIRED);
	if (d->state == DATUM_PRESENT) {
		set_present(t, row, d);
		return;
	}
	table_set_text(t, LAYOUT_STATE, schema_row_missing(schema, i) ? "MISSING" : "absent");
	table_set_text(t, LAYOUT_PATH, row->paths);
}

static void add_variants(struct table *t, const struct schema *schema)
{
	for (u32 i = 0; i < NR_VARIANTS; i++) {
		enum variant_choice choice = schema->variant[i];
		table_add(t);
		table_set_text(t, LAYOUT_GROUP, "variant");
		table_set_text(t, LAYOUT_DATUM, variant_title(i));
		table_set_text(t, LAYOUT_TYPE, "variant");
		table_set_text(t, LAYOUT_STATE, choice == VARIANT_NONE ? "absent" : "present");
		table_set_text(t, LAYOUT_PATH, variant_choice_title(choice));
	}
}

static void add_quirks(struct table *t, const struct schema *schema)
{
	for (u32 i = 0; i < NR_QUIRKS; i++) {
		table_add(t);
		table_set_text(t, LAYOUT_GROUP, "quirk");
		table_set_text(t, LAYOUT_DATUM, quirk_name(i));
		table_set_text(t, LAYOUT_TYPE, "quirk");
		table_set_text(t, LAYOUT_STATE, "present");
		table_set(t, LAYOUT_OFFSET, schema->quirk[i]);
		table_set_text(t, LAYOUT_PATH, quirk_source(schema, i));
	}
}

struct table *layout_table(const struct schema *schema)
{
	struct table *t = table_new(&layout_spec);
	const char *group = "";
	for (u32 i = 0; i < NR_DATA; i++) {
		if (schema_rows[i].type == ROW_GROUP)
			group = schema_rows[i].id + strlen("group_");
		else
			add_datum(t, schema, i, group);
	}
	add_variants(t, schema);
	add_quirks(t, schema);
	return t;
}

static void note_sources(struct command_context *context)
{
	const struct kernel *k = context->session->kernel;
	command_note(context, "symbols: %s", k->symbols_source ? k->symbols_source : "none");
	command_note(context, "types: %s", k->types ? typeinfo_source(k->types) : k->types_why);
}

static const struct command_example examples[] = {
	{"memwho layout vmcore", "everything"},
	{"memwho layout vmcore --filter state=MISSING", "what this kernel lacks that is needed"},
	{"memwho layout vmcore --filter group=slab --verbose", "one group, with all columns"},
};

static int run(struct command_context *context)
{
	struct kernel *k = context->session->kernel;
	if (!context->common.quiet)
		note_sources(context);
	return session_list(context, layout_table(&k->schema));
}

const struct command command_layout = {
	.name = "layout",
	.summary = "every kernel datum memwho uses, where this kernel keeps it, by which rule",
	.arguments = "DUMP...",
	.help = "The kernel's structs change with each release. This lists what memwho reads of them: offset and size in this kernel, which "
		"of several known places it was found in, and what this kernel does not have. Useful when a newer kernel moved something, "
		"and to check a figure by hand with other tools.",
	.examples = examples,
	.nr_examples = ARRAY_SIZE(examples),
	.common = OPTIONS_OF_LIST,
	.min_operands = 1,
	.max_operands = ANY_OPERANDS,
	.needs = NEED_IMAGE | NEED_KERNEL,
	.spec = &layout_spec,
	.run = run,
};
