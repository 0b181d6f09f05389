/* Who points there, as tables. */
#include "analysis/refs.h"

enum refs_column {
	REFS_PLACE,
	REFS_HOLDER,
	REFS_OFFSET,
	REFS_MODULE,
	REFS_POINTERS,
	REFS_SHARE,
	REFS_AT,
	REFS_VALUE
};

static const char *const kinds[NR_LEAK_SOURCES] = {
	[IN_SLAB] = "slab",	      [IN_PAGES] = "pages", [IN_AREA] = "vmalloc",
	[IN_STRUCT_PAGE] = "page",    [IN_DATA] = "data",   [IN_PERCPU] = "percpu",
	[IN_BOOT] = "boot",	      [IN_STACK] = "stack", [IN_BAD_SLAB] = "bad_slab",
	[IN_REGISTERS] = "registers",
};

static const struct column columns[] = {
	[REFS_PLACE] = {"place", "PLACE",
			"kind of memory that the pointers lie in: slab, data (of the kernel or a "
			"module), percpu, stack, vmalloc, pages, page (struct page), boot, "
			"bad_slab, registers"},
	[REFS_HOLDER] = {"holder", "HELD BY",
			 "cache and offset in its objects, variable, caller of vmalloc() ..."},
	[REFS_OFFSET] = {"offset", "AT", "offset in the object", COL_COUNT, COLUMN_JSON_ONLY},
	[REFS_MODULE] = {"module", "MODULE", "whose data it is"},
	[REFS_POINTERS] = {"pointers", "POINTERS", "words there that point to the target",
			   COL_COUNT},
	[REFS_SHARE] = {"share", "%", "of all pointers to the target", COL_PERCENT},
	[REFS_AT] = {"example", "EXAMPLE", "address of such a word, the lowest", COL_ADDRESS},
	[REFS_VALUE] = {"example_value", "WHICH IS", "what it holds", COL_ADDRESS},
};

const struct table_spec refs_spec = {
	.key = "refs",
	.title = "Who points there",
	.help = "places in kernel memory that point to the target",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
	.sort = "-pointers,place,holder",
};

struct table *refs_table(const struct refs *refs)
{
	struct table *t = table_new(&refs_spec);
	for (size_t i = 0; i < refs->nr_places; i++) {
		const struct leak_count *c = &refs->places[i];
		const char *module = leak_place_module(&refs->names, &c->place);
		char text[256];
		table_add(t);
		table_set_text(t, REFS_PLACE, kinds[c->place.kind]);
		table_set_text(t, REFS_HOLDER,
			       leak_place_text(&refs->names, &c->place, text, sizeof(text)));
		table_set(t, REFS_OFFSET, leak_place_offset(&c->place));
		if (module)
			table_set_text(t, REFS_MODULE, module);
		table_set(t, REFS_POINTERS, c->n);
		table_set_real(t, REFS_SHARE, 100.0 * (double)c->n / (double)refs->pointers);
		if (c->at)
			table_set(t, REFS_AT, c->at);
		table_set(t, REFS_VALUE, c->value);
	}
	return t;
}

enum target_column { TARGET_WHAT, TARGET_OBJECTS, TARGET_POINTED, TARGET_POINTERS, TARGET_OWN };

static const struct column target_columns[] = {
	[TARGET_WHAT] = {"target", "TARGET", "what was asked for"},
	[TARGET_OBJECTS] = {"objects", "OBJECTS", "allocated ones that it has", COL_COUNT},
	[TARGET_POINTED] = {"pointed_to", "POINTED TO",
			    "of these, with a pointer from outside of themselves", COL_COUNT},
	[TARGET_POINTERS] = {"pointers", "POINTERS", "to all of them", COL_COUNT},
	[TARGET_OWN] = {"own_pointers", "OWN", "beside these, of an object to itself", COL_COUNT},
};

const struct table_spec refs_target_spec = {
	.key = "refs_target",
	.title = "Target",
	.help = "what was asked for, and how much of it is pointed to",
	.columns = target_columns,
	.nr_columns = ARRAY_SIZE(target_columns),
};

struct table *refs_target_table(const struct refs *refs)
{
	struct table *t = table_new(&refs_target_spec);
	table_add(t);
	table_set_text(t, TARGET_WHAT, refs->target.what);
	table_set(t, TARGET_OBJECTS, refs->objects);
	if (refs->target.kind == REFS_RANGE)
		table_set_unknown(t, TARGET_POINTED, "it is no object");
	else
		table_set(t, TARGET_POINTED, refs->pointed);
	table_set(t, TARGET_POINTERS, refs->pointers);
	table_set(t, TARGET_OWN, refs->own);
	return t;
}
