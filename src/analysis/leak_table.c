/* The leak search as tables. */
#include <stdio.h>

#include "analysis/leak.h"

static const char *const kind_names[NR_LEAK_KINDS] = {
	[LEAK_SLAB] = "slab",	  [LEAK_PAGES] = "pages",  [LEAK_LARGE_KMALLOC] = "large_kmalloc",
	[LEAK_DRIVER] = "driver", [LEAK_AREA] = "vmalloc",
};

enum leak_column {
	LEAK_KIND,
	LEAK_NAME,
	LEAK_OBJECTS,
	LEAK_REACHED,
	LEAK_LOST,
	LEAK_LOST_SHARE,
	LEAK_LOST_BYTES,
	LEAK_UNCERTAIN,
	LEAK_OWNER,
	LEAK_POINTS_TO,
	LEAK_POINTS_AT,
	LEAK_POINTS_SHARE,
	LEAK_HELD_BY,
	LEAK_HELD_SHARE,
	LEAK_HELD_FROM,
	LEAK_EXAMPLE
};

static const struct column leak_columns[] = {
	[LEAK_KIND] = {"kind", "KIND",
		       "slab: objects of a cache; pages: blocks that carry no mark (large kmalloc "
		       "too, until 6.13); large_kmalloc; vmalloc: areas"},
	[LEAK_NAME] = {"name", "NAME", "the cache; the blocks' order; who called vmalloc()"},
	[LEAK_OBJECTS] = {"objects", "OBJECTS", "in use", COL_COUNT},
	[LEAK_REACHED] = {"reached", "REACHED", "of these, what pointers lead to", COL_COUNT,
			  COLUMN_WIDE},
	[LEAK_LOST] = {"lost", "LOST", "in use, and no pointer leads to them", COL_COUNT},
	[LEAK_LOST_SHARE] = {"lost_share", "% LOST", "of the objects in use", COL_PERCENT},
	[LEAK_LOST_BYTES] = {"lost_bytes", "LOST SIZE", "memory of the lost ones", COL_BYTES},
	[LEAK_UNCERTAIN] = {"uncertain", "UNCERTAIN",
			    "free slots that no list shows (it was changing when the machine "
			    "stopped): these look like lost objects",
			    COL_COUNT, COLUMN_WIDE},
	[LEAK_OWNER] = {"owner", "OWNER",
			"module that most of the lost ones point to, of areas the one that called "
			"vmalloc(); kernel: no module"},
	[LEAK_POINTS_TO] = {"points_to", "POINTS TO", "the symbol that most of them point to"},
	[LEAK_POINTS_AT] = {"points_at", "AT", "offset of that pointer in the object", COL_COUNT},
	[LEAK_POINTS_SHARE] = {"points_share", "% THEM",
			       "of the lost objects that were looked into", COL_PERCENT},
	[LEAK_HELD_BY] = {"held_by", "OTHERS HELD BY",
			  "where most pointers lie that reached the others first",
			  .flags = COLUMN_WIDE},
	[LEAK_HELD_SHARE] = {"held_share", "% HELD", "of the reached ones", COL_PERCENT,
			     COLUMN_WIDE},
	[LEAK_HELD_FROM] = {"held_from", "HELD FROM",
			    "data of modules that some of the others hang on, perhaps as the heads "
			    "of chains",
			    COL_LIST, COLUMN_WIDE},
	[LEAK_EXAMPLE] = {"examples", "EXAMPLES", "addresses of lost ones, the lowest", COL_LIST,
			  COLUMN_WIDE},
};

const struct table_spec leaks_spec = {
	.key = "leaks",
	.title = "Lost objects",
	.help = "objects in use that no pointer leads to",
	.columns = leak_columns,
	.nr_columns = ARRAY_SIZE(leak_columns),
	.sort = "-lost_bytes,-lost,kind,name",
};

static double share(u64 n, u64 of)
{
	return of ? 100.0 * (double)n / (double)of : 0;
}

/* The content that tells most: into a module before into the kernel. */
static const struct leak_count *best_content(const struct leak *leak, const struct leak_group *g)
{
	for (size_t i = 0; i < g->nr_contents; i++) {
		const struct leak_count *c = &leak->contents[g->first_content + i];
		if (leak_place_module(&leak->names, &c->place))
			return c;
	}
	return g->nr_contents ? &leak->contents[g->first_content] : NULL;
}

/* The module by name, "kernel", or NULL: nothing tells. */
static const char *owner_of(const struct leak *leak, u32 group, const struct leak_count *content)
{
	struct leak_place caller = {.kind = IN_AREA};
	if (leak_group_kind(leak, group) == LEAK_AREA)
		caller.name = leak_group_caller(leak, group);
	if (!caller.name && !content)
		return NULL;
	const char *module =
		leak_place_module(&leak->names, caller.name ? &caller : &content->place);
	return module ? module : "kernel";
}

static void set_owner(struct table *t, const struct leak *leak, u32 group)
{
	char text[256];
	const struct leak_group *g = &leak->groups[group];
	const struct leak_count *c = best_content(leak, g);
	if (!g->lost)
		return;
	const char *owner = owner_of(leak, group, c);
	if (owner)
		table_set_text(t, LEAK_OWNER, owner);
	else
		table_set_unknown(t, LEAK_OWNER, "they hold no pointer to a symbol");
	if (!c)
		return;
	table_set_text(t, LEAK_POINTS_TO,
		       leak_place_text(&leak->names, &c->place, text, sizeof(text)));
	table_set(t, LEAK_POINTS_AT, c->place.offset);
	table_set_real(t, LEAK_POINTS_SHARE, share(c->n, g->nr_sampled));
}

static void set_holder(struct table *t, const struct leak *leak, const struct leak_group *g)
{
	char text[256];
	if (!g->nr_holders)
		return;
	const struct leak_count *c = &leak->holders[g->first_holder];
	table_set_text(t, LEAK_HELD_BY,
		       leak_place_text(&leak->names, &c->place, text, sizeof(text)));
	table_set_real(t, LEAK_HELD_SHARE, share(c->n, g->objects - g->lost));
}

static void set_held_from(struct table *t, const struct leak *leak, const struct leak_group *g)
{
	enum { MOST = 4 };
	char text[MOST][128];
	const char *list[MOST];
	size_t n = 0;
	for (size_t i = 0; i < g->nr_holders && n < MOST; i++) {
		const struct leak_place *p = &leak->holders[g->first_holder + i].place;
		if (leak_place_module(&leak->names, p)) {
			list[n] = leak_place_text(&leak->names, p, text[n], sizeof(text[n]));
			n++;
		}
	}
	table_set_list(t, LEAK_HELD_FROM, list, n);
}

static void set_examples(struct table *t, const struct leak_group *g)
{
	char text[LEAK_EXAMPLES][20];
	const char *list[LEAK_EXAMPLES];
	for (u32 i = 0; i < g->nr_examples; i++) {
		snprintf(text[i], sizeof(text[i]), "0x%llx", (unsigned long long)g->examples[i]);
		list[i] = text[i];
	}
	table_set_list(t, LEAK_EXAMPLE, list, g->nr_examples);
}

static void add_group(struct table *t, const struct leak *leak, u32 group)
{
	const struct leak_group *g = &leak->groups[group];
	enum leak_kind kind = leak_group_kind(leak, group);
	char name[256];
	table_add(t);
	table_set_text(t, LEAK_KIND, kind_names[kind]);
	table_set_text(t, LEAK_NAME, leak_group_name(leak, group, name, sizeof(name)));
	table_set(t, LEAK_OBJECTS, g->objects);
	table_set(t, LEAK_REACHED, g->objects - g->lost);
	table_set(t, LEAK_LOST, g->lost);
	table_set_real(t, LEAK_LOST_SHARE, share(g->lost, g->objects));
	table_set(t, LEAK_LOST_BYTES, g->lost_bytes);
	table_set(t, LEAK_UNCERTAIN, kind == LEAK_SLAB ? leak->map.caches[group].uncertain : 0);
	set_owner(t, leak, group);
	set_holder(t, leak, g);
	set_held_from(t, leak, g);
	set_examples(t, g);
}

struct table *leak_table(const struct leak *leak, bool all)
{
	struct table *t = table_new(&leaks_spec);
	for (u32 i = 0; i < leak->nr_groups; i++) {
		if (leak->groups[i].objects && (all || leak->groups[i].lost))
			add_group(t, leak, i);
	}
	return t;
}

/* --- contents and holders ------------------------------------------------------------------- */

enum place_column {
	PLACE_KIND,
	PLACE_NAME,
	PLACE_WHAT,
	PLACE_OFFSET,
	PLACE_MODULE,
	PLACE_COUNT,
	PLACE_SHARE,
	PLACE_AT
};

static const struct column content_columns[] = {
	[PLACE_KIND] = {"kind", "KIND", "as in the list of lost objects"},
	[PLACE_NAME] = {"name", "NAME", "the cache; the blocks' order; who called vmalloc()"},
	[PLACE_WHAT] = {"points_to", "POINTS TO", "function or data"},
	[PLACE_OFFSET] = {"offset", "AT", "offset of the pointer in the object", COL_COUNT},
	[PLACE_MODULE] = {"module", "MODULE", "whose symbol it is"},
	[PLACE_COUNT] = {"objects", "OBJECTS", "lost ones with that pointer, of those looked into",
			 COL_COUNT},
	[PLACE_SHARE] = {"share", "%", "of those looked into", COL_PERCENT},
	[PLACE_AT] = {"example", "EXAMPLE", "address of such a pointer", COL_ADDRESS},
};

const struct table_spec leak_contents_spec = {
	.key = "leak_contents",
	.title = "What lost objects point to",
	.help = "symbols that lost objects hold pointers to, by offset",
	.columns = content_columns,
	.nr_columns = ARRAY_SIZE(content_columns),
	.sort = "-objects,name,offset",
};

static const struct column holder_columns[] = {
	[PLACE_KIND] = {"kind", "KIND", "as in the list of lost objects"},
	[PLACE_NAME] = {"name", "NAME", "the cache; the blocks' order; who called vmalloc()"},
	[PLACE_WHAT] = {"holder", "HELD BY", "where the pointers lie"},
	[PLACE_OFFSET] = {"offset", "AT", "offset of the pointer in the holder's object", COL_COUNT,
			  COLUMN_JSON_ONLY},
	[PLACE_MODULE] = {"module", "MODULE", "whose data it is"},
	[PLACE_COUNT] = {"objects", "OBJECTS", "reached from there first", COL_COUNT},
	[PLACE_SHARE] = {"share", "%", "of the reached ones", COL_PERCENT},
	[PLACE_AT] = {"example", "EXAMPLE", "address of such a pointer", COL_ADDRESS},
};

const struct table_spec leak_holders_spec = {
	.key = "leak_holders",
	.title = "What holds the reached objects",
	.help = "where the pointers lie that reached objects first",
	.columns = holder_columns,
	.nr_columns = ARRAY_SIZE(holder_columns),
	.sort = "-objects,name,holder",
};

static void add_places(struct table *t, const struct leak *leak, const struct leak_count *counts,
		       size_t n, bool are_contents)
{
	for (size_t i = 0; i < n; i++) {
		const struct leak_count *c = &counts[i];
		const struct leak_group *g = &leak->groups[c->target];
		const char *module = leak_place_module(&leak->names, &c->place);
		char text[256];
		table_add(t);
		table_set_text(t, PLACE_KIND, kind_names[leak_group_kind(leak, c->target)]);
		table_set_text(t, PLACE_NAME, leak_group_name(leak, c->target, text, sizeof(text)));
		table_set_text(t, PLACE_WHAT,
			       leak_place_text(&leak->names, &c->place, text, sizeof(text)));
		table_set(t, PLACE_OFFSET, leak_place_offset(&c->place));
		if (module)
			table_set_text(t, PLACE_MODULE, module);
		table_set(t, PLACE_COUNT, c->n);
		table_set_real(t, PLACE_SHARE,
			       share(c->n, are_contents ? g->nr_sampled : g->objects - g->lost));
		if (c->at)
			table_set(t, PLACE_AT, c->at);
	}
}

struct table *leak_contents_table(const struct leak *leak)
{
	struct table *t = table_new(&leak_contents_spec);
	add_places(t, leak, leak->contents, leak->nr_contents, true);
	return t;
}

struct table *leak_holders_table(const struct leak *leak)
{
	struct table *t = table_new(&leak_holders_spec);
	add_places(t, leak, leak->holders, leak->nr_holders, false);
	return t;
}

/* --- findings ------------------------------------------------------------------------------- */

enum { NOTABLE_BYTES = 8 << 20 };

static void add_finding(const struct leak *leak, u32 group, struct table *findings)
{
	const struct leak_group *g = &leak->groups[group];
	const struct leak_count *c = best_content(leak, g);
	const char *owner = owner_of(leak, group, c);
	bool is_module = owner && strcmp(owner, "kernel");
	char name[256], title[512], evidence[512], symbol[256];
	int len;
	leak_group_name(leak, group, name, sizeof(name));
	snprintf(title, sizeof(title), "%llu MiB of %s %s are lost%s%s",
		 (unsigned long long)(g->lost_bytes >> 20),
		 kind_names[leak_group_kind(leak, group)], name,
		 is_module ? "; they are those of module " : "", is_module ? owner : "");
	len = snprintf(evidence, sizeof(evidence),
		       "%llu of %llu in use: no pointer leads there from any root",
		       (unsigned long long)g->lost, (unsigned long long)g->objects);
	if (c && len > 0 && (size_t)len < sizeof(evidence))
		snprintf(evidence + len, sizeof(evidence) - (size_t)len,
			 "; %.1f %% of them point to %s at offset %u", share(c->n, g->nr_sampled),
			 leak_place_text(&leak->names, &c->place, symbol, sizeof(symbol)),
			 c->place.offset);
	finding_add(findings, SEVERITY_WARNING, "lost_objects", title, evidence,
		    is_module ? "look for an update of that module, or do without it" : NULL);
}

void leak_findings(const struct leak *leak, struct table *findings)
{
	for (u32 i = 0; i < leak->nr_groups; i++) {
		if (leak->groups[i].lost_bytes >= NOTABLE_BYTES)
			add_finding(leak, i, findings);
	}
}
