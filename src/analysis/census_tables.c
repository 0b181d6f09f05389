/* Rows of the census: classes, zones, orders, owners, and what nobody owns. */
#include "analysis/census_tables.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/census_check.h"
#include "object/module.h"

static double share(u64 pages, u64 of)
{
	return of ? 100.0 * (double)pages / (double)of : 0;
}

/* --- details of a class --------------------------------------------------------------------- */

/* "vmap, drm_gem_vmap+0x12 [drm]", in words. */
static void owner_text(const struct census *c, const struct page_owner *o, char *text, size_t size)
{
	char symbol[256];
	if (o->kva)
		snprintf(text, size, "%s%s%s", o->what ? o->what : "", o->what ? ", " : "",
			 kernel_symbolize(c->k, o->kva, symbol, sizeof(symbol)));
	else
		snprintf(text, size, "%s", o->what ? o->what : page_class_label(o->class));
}

/* Names of callers in modules need the modules' symbols: loaded when there is such a caller. */
static void load_symbols_of_callers(const struct census *c)
{
	struct symbol text, end;
	if (c->k->module_symbols_loaded || !c->k->symbols ||
	    !symbols_find(c->k->symbols, "_stext", NULL, &text) ||
	    !symbols_find(c->k->symbols, "_etext", NULL, &end))
		return;
	for (unsigned i = 1; i < c->claims.nr_owners; i++) {
		u64 kva = c->claims.owners[i].kva;
		if (kva && c->owner_pages[i] && (kva < text.address || kva >= end.address)) {
			modules_load_symbols(c->k);
			return;
		}
	}
}

static struct table *detail_of(const struct census *c, enum page_class class)
{
	struct table *t = table_new(&census_detail_spec);
	for (unsigned i = 1; i < c->claims.nr_owners; i++) {
		char text[320];
		if (c->claims.owners[i].class != class || !c->owner_pages[i])
			continue;
		owner_text(c, &c->claims.owners[i], text, sizeof(text));
		table_add(t);
		table_set_text(t, DETAIL_WHAT, text);
		table_set(t, DETAIL_PAGES, c->owner_pages[i]);
	}
	for (unsigned i = 0; i < c->nr_by_counter; i++) {
		if (c->by_counter[i].class != class)
			continue;
		table_add(t);
		table_set_text(t, DETAIL_WHAT, c->by_counter[i].what);
		table_set(t, DETAIL_PAGES, c->by_counter[i].pages);
	}
	table_sort(t, NULL, NULL);
	return t;
}

/* --- classes -------------------------------------------------------------------------------- */

static void set_counter(struct table *t, const struct class_counter *counter, u64 pages)
{
	if (!counter->name)
		return;
	struct table *row = table_new(&census_counter_spec);
	table_add(row);
	table_set_text(row, COUNTER_NAME, counter->name);
	table_set(row, COUNTER_PAGES, counter->pages);
	table_set_table(t, CLASS_COUNTER, row);
	table_set_signed(t, CLASS_DIFFERENCE, (s64)pages - (s64)counter->pages);
}

static void find_difference(const struct census *c, enum page_class class,
			    const struct class_counter *counter, struct table *findings)
{
	u64 pages = c->pages[class];
	bool more = pages > counter->pages;
	u64 difference = more ? pages - counter->pages : counter->pages - pages;
	char key[64], title[128], evidence[256];
	if (!counter->name || !findings || difference <= census_noise(c->present_pages))
		return;
	const char *reason = census_difference_reason(class, more);
	snprintf(key, sizeof(key), "differs_%s", page_class_key(class));
	snprintf(title, sizeof(title), "%s pages of \"%s\" than the kernel counts",
		 more ? "More" : "Fewer", page_class_label(class));
	snprintf(evidence, sizeof(evidence), "%llu page frames, %s: %llu%s%s",
		 (unsigned long long)pages, counter->name, (unsigned long long)counter->pages,
		 reason ? "; most likely " : "", reason ? reason : "");
	finding_add(findings, SEVERITY_NOTE, key, title, evidence, NULL);
}

static struct table *classes_of(const struct census *c, struct table *findings)
{
	struct class_counter counters[NR_PAGE_CLASSES];
	struct table *t = table_new(&census_classes_spec);
	load_symbols_of_callers(c);
	census_counters(c, counters);
	for (unsigned i = 0; i < NR_PAGE_CLASSES; i++) {
		struct table *detail = detail_of(c, i);
		table_add(t);
		table_set_text(t, CLASS_KEY, page_class_key(i));
		table_set_text(t, CLASS_LABEL, page_class_label(i));
		table_set(t, CLASS_PAGES, c->pages[i]);
		table_set(t, CLASS_BYTES, c->pages[i] * c->k->page_size);
		table_set_real(t, CLASS_SHARE, share(c->pages[i], c->spanned_pages));
		set_counter(t, &counters[i], c->pages[i]);
		if (table_nr_rows(detail))
			table_set_table(t, CLASS_DETAIL, detail);
		else
			table_free(detail);
		find_difference(c, i, &counters[i], findings);
	}
	table_sort(t, NULL, NULL);
	return t;
}

static void find_problems(const struct census *c, struct table *findings)
{
	char evidence[256];
	if (!findings)
		return;
	if (c->unreadable_pages) {
		snprintf(evidence, sizeof(evidence), "%llu of them, counted as kernel_unknown",
			 (unsigned long long)c->unreadable_pages);
		finding_add(findings, SEVERITY_WARNING, "struct_pages_unreadable",
			    "Some page frames can't be told: their struct pages are not readable",
			    evidence, NULL);
	} else if (c->owners_lost)
		finding_add(
			findings, SEVERITY_WARNING, "owners_unreadable",
			"What owns some pages is not readable",
			"they are in more general classes: vmalloc, taken at boot, owner not known",
			NULL);
	if (!c->ram_known)
		finding_add(findings, SEVERITY_NOTE, "ram_map_unknown",
			    "The map of RAM is not readable",
			    "holes that firmware keeps count as taken at boot", NULL);
}

static struct table *pass_of(const struct census *c)
{
	struct table *t = table_new(&census_pass_spec);
	table_add(t);
	table_set(t, PASS_MEMMAP, c->memmap_bytes);
	table_set(t, PASS_READ, c->memmap_bytes_read);
	table_set(t, PASS_CLAIMS, c->claims.bytes);
	table_set(t, PASS_THREADS, c->nr_threads);
	return t;
}

static struct table *marks_of(const struct census *c)
{
	struct table *t = table_new(&census_marks_spec);
	table_add(t);
	table_set(t, MARKS_LRU, c->lru_pages);
	table_set(t, MARKS_HUGE, c->thp_pages);
	table_set(t, MARKS_KSM, c->ksm_pages);
	table_set(t, MARKS_MLOCKED, c->mlocked_pages);
	table_set(t, MARKS_SWAP_CACHE, c->swap_cache_pages);
	table_set(t, MARKS_SHMEM_MAPPED, c->shmem_mapped);
	table_set(t, MARKS_GUARD, c->guard_pages);
	table_set(t, MARKS_UNACCEPTED, c->unaccepted_pages);
	return t;
}

struct table *census_record(const struct census *c, struct table *findings)
{
	struct table *t = table_new(&census_spec);
	table_add(t);
	table_set(t, CENSUS_PAGE_SIZE, c->k->page_size);
	table_set_text(t, CENSUS_BASIS, "pages");
	table_set(t, CENSUS_SPANNED, c->spanned_pages);
	table_set(t, CENSUS_PRESENT, c->present_pages);
	table_set(t, CENSUS_MANAGED, c->managed_pages);
	table_set_table(t, CENSUS_CLASSES, classes_of(c, findings));
	table_set_table(t, CENSUS_NODES, census_nodes(c->k));
	table_set_table(t, CENSUS_MARKS, marks_of(c));
	table_set_table(t, CENSUS_PASS, pass_of(c));
	find_problems(c, findings);
	return t;
}

/* --- zones and nodes ------------------------------------------------------------------------ */

enum zone_class_column { ZC_NODE, ZC_ZONE, ZC_CLASS, ZC_LABEL, ZC_PAGES, ZC_BYTES, ZC_SHARE };
static const struct column zone_class_columns[] = {
	[ZC_NODE] = {"node", "NODE", "NUMA node", COL_COUNT},
	[ZC_ZONE] = {"zone", "ZONE", "zone of the node"},
	[ZC_CLASS] = {"class", "CLASS", "class of pages"},
	[ZC_LABEL] = {"label", "WHAT", "the same in words"},
	[ZC_PAGES] = {"pages", "PAGES", "page frames", COL_COUNT},
	[ZC_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[ZC_SHARE] = {"share", "% SPANNED", "of what the zone spans", COL_PERCENT},
};
const struct table_spec census_zones_spec = {
	.key = "census_zones",
	.title = "Where memory is, by zone",
	.help = "classes of pages of each zone",
	.columns = zone_class_columns,
	.nr_columns = ARRAY_SIZE(zone_class_columns),
	.sort = "node,zone,-pages",
};

struct table *census_by_zone(const struct census *c)
{
	struct table *t = table_new(&census_zones_spec);
	for (size_t i = 0; i < c->nr_zones; i++) {
		const struct census_zone *z = &c->zones[i];
		for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
			if (!z->pages[class])
				continue;
			table_add(t);
			table_set(t, ZC_NODE, z->node);
			table_set_text(t, ZC_ZONE, z->name);
			table_set_text(t, ZC_CLASS, page_class_key(class));
			table_set_text(t, ZC_LABEL, page_class_label(class));
			table_set(t, ZC_PAGES, z->pages[class]);
			table_set(t, ZC_BYTES, z->pages[class] * c->k->page_size);
			table_set_real(t, ZC_SHARE, share(z->pages[class], z->spanned_pages));
		}
	}
	return t;
}

enum node_class_column { NC_NODE, NC_CLASS, NC_LABEL, NC_PAGES, NC_BYTES, NC_SHARE };
static const struct column node_class_columns[] = {
	[NC_NODE] = {"node", "NODE", "NUMA node", COL_COUNT},
	[NC_CLASS] = {"class", "CLASS", "class of pages"},
	[NC_LABEL] = {"label", "WHAT", "the same in words"},
	[NC_PAGES] = {"pages", "PAGES", "page frames", COL_COUNT},
	[NC_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[NC_SHARE] = {"share", "% SPANNED", "of what the node's zones span", COL_PERCENT},
};
const struct table_spec census_nodes_spec = {
	.key = "census_nodes",
	.title = "Where memory is, by node",
	.help = "classes of pages of each NUMA node",
	.columns = node_class_columns,
	.nr_columns = ARRAY_SIZE(node_class_columns),
	.sort = "node,-pages",
};

static void add_node_rows(struct table *t, const struct census *c, u32 node)
{
	u64 pages[NR_PAGE_CLASSES] = {0}, spanned = 0;
	for (size_t i = 0; i < c->nr_zones; i++) {
		if (c->zones[i].node != node)
			continue;
		spanned += c->zones[i].spanned_pages;
		for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
			pages[class] += c->zones[i].pages[class];
	}
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
		if (!pages[class])
			continue;
		table_add(t);
		table_set(t, NC_NODE, node);
		table_set_text(t, NC_CLASS, page_class_key(class));
		table_set_text(t, NC_LABEL, page_class_label(class));
		table_set(t, NC_PAGES, pages[class]);
		table_set(t, NC_BYTES, pages[class] * c->k->page_size);
		table_set_real(t, NC_SHARE, share(pages[class], spanned));
	}
}

struct table *census_by_node(const struct census *c)
{
	struct table *t = table_new(&census_nodes_spec);
	for (size_t i = 0; i < c->nr_zones; i++) {
		bool first = true; /* zone of its node */
		for (size_t j = 0; j < i; j++)
			first &= c->zones[j].node != c->zones[i].node;
		if (first)
			add_node_rows(t, c, c->zones[i].node);
	}
	return t;
}

/* --- orders --------------------------------------------------------------------------------- */

enum order_column { OC_CLASS, OC_ORDER, OC_BLOCK_BYTES, OC_BLOCKS, OC_PAGES, OC_BYTES };
static const struct column order_columns[] = {
	[OC_CLASS] = {"class", "CLASS", "class of pages"},
	[OC_ORDER] = {"order", "ORDER", "a block is 2^order pages", COL_COUNT},
	[OC_BLOCK_BYTES] = {"block_bytes", "BLOCK", "size of one block", COL_BYTES},
	[OC_BLOCKS] = {"blocks", "BLOCKS", "free or compound blocks of that order", COL_COUNT},
	[OC_PAGES] = {"pages", "PAGES", "page frames in them", COL_COUNT},
	[OC_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
};
const struct table_spec census_orders_spec = {
	.key = "census_orders",
	.title = "Where memory is, by order of the blocks",
	.help = "classes of pages by the size of the blocks that they were allocated in, where pages tell it",
	.columns = order_columns,
	.nr_columns = ARRAY_SIZE(order_columns),
	.sort = "class,order",
};

struct table *census_by_order(const struct census *c)
{
	struct table *t = table_new(&census_orders_spec);
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
		for (unsigned order = 0; order < MAX_CENSUS_ORDER; order++) {
			u64 pages = c->pages_of_order[class][order];
			if (!pages)
				continue;
			table_add(t);
			table_set_text(t, OC_CLASS, page_class_key(class));
			table_set(t, OC_ORDER, order);
			table_set(t, OC_BLOCK_BYTES, (u64)c->k->page_size << order);
			table_set(t, OC_BLOCKS, pages >> order);
			table_set(t, OC_PAGES, pages);
			table_set(t, OC_BYTES, pages * c->k->page_size);
		}
	}
	return t;
}

/* --- owners --------------------------------------------------------------------------------- */

enum owner_column { OW_CLASS, OW_WHAT, OW_PAGES, OW_BYTES };
static const struct column owner_columns[] = {
	[OW_CLASS] = {"class", "CLASS", "class of pages"},
	[OW_WHAT] = {"what", "OWNER", "who asked for them: a caller in the kernel, or in words"},
	[OW_PAGES] = {"pages", "PAGES", "page frames", COL_COUNT},
	[OW_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
};
const struct table_spec census_owners_spec = {
	.key = "census_owners",
	.title = "Who owns kernel pages",
	.help = "callers of vmalloc(), and owners that are known by other books than the page's own",
	.columns = owner_columns,
	.nr_columns = ARRAY_SIZE(owner_columns),
	.sort = "-pages",
};

struct table *census_by_owner(const struct census *c)
{
	struct table *t = table_new(&census_owners_spec);
	load_symbols_of_callers(c);
	for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++) {
		struct table *detail = detail_of(c, class);
		for (size_t i = 0; i < table_nr_rows(detail); i++) {
			const struct value *row = table_row(detail, i);
			table_add(t);
			table_set_text(t, OW_CLASS, page_class_key(class));
			table_set_text(t, OW_WHAT, row[DETAIL_WHAT].text);
			table_set(t, OW_PAGES, row[DETAIL_PAGES].u);
			table_set(t, OW_BYTES, row[DETAIL_PAGES].u * c->k->page_size);
		}
		table_free(detail);
	}
	return t;
}

enum caller_column { CL_CALLER, CL_MODULE, CL_AREAS, CL_PAGES, CL_BYTES, CL_ADDRESS };
static const struct column caller_columns[] = {
	[CL_CALLER] = {"caller", "CALLER", "who called vmalloc()"},
	[CL_MODULE] = {"module", "MODULE", "module of the caller; none: the kernel itself"},
	[CL_AREAS] = {"areas", "AREAS", "areas of address space", COL_COUNT},
	[CL_PAGES] = {"pages", "PAGES", "page frames mapped there", COL_COUNT},
	[CL_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[CL_ADDRESS] = {"address", "ADDRESS", "in the caller's code", COL_ADDRESS, COLUMN_WIDE},
};
const struct table_spec census_vmalloc_spec = {
	.key = "vmalloc",
	.title = "vmalloc by caller",
	.help = "pages of vmalloc() by who asked for them",
	.columns = caller_columns,
	.nr_columns = ARRAY_SIZE(caller_columns),
	.sort = "-pages,caller",
};

struct table *census_by_caller(const struct census *c)
{
	struct table *t = table_new(&census_vmalloc_spec);
	load_symbols_of_callers(c);
	for (unsigned i = 1; i < c->claims.nr_owners; i++) {
		const struct page_owner *o = &c->claims.owners[i];
		struct symbol symbol;
		char text[320];
		u64 offset;
		if (o->class != PC_VMALLOC || !c->owner_pages[i])
			continue;
		owner_text(c, o, text, sizeof(text));
		table_add(t);
		table_set_text(t, CL_CALLER, text);
		if (o->kva && c->k->symbols && symbols_at(c->k->symbols, o->kva, &symbol, &offset))
			table_set_text(t, CL_MODULE, symbol.module);
		table_set(t, CL_AREAS, o->areas);
		table_set(t, CL_PAGES, c->owner_pages[i]);
		table_set(t, CL_BYTES, c->owner_pages[i] * c->k->page_size);
		if (o->kva)
			table_set(t, CL_ADDRESS, o->kva);
	}
	return t;
}

/* --- what nobody owns ----------------------------------------------------------------------- */

enum unknown_column {
	UC_PAGES,
	UC_BYTES,
	UC_NODE,
	UC_ZONE,
	UC_ORDER,
	UC_MIGRATE_TYPE,
	UC_REFCOUNT,
	UC_MAPPED,
	UC_RUNS,
	UC_FLAGS,
	UC_FLAG_NAMES,
	UC_FIRST
};
static const struct column unknown_columns[] = {
	[UC_PAGES] = {"pages", "PAGES", "page frames", COL_COUNT},
	[UC_BYTES] = {"bytes", "SIZE", "the same in bytes", COL_BYTES},
	[UC_NODE] = {"node", "NODE", "NUMA node", COL_COUNT},
	[UC_ZONE] = {"zone", "ZONE", "zone of the node"},
	[UC_ORDER] = {"order", "ORDER",
		      "of the compound page; blocks of other kinds leave no trace of their size",
		      COL_COUNT},
	[UC_MIGRATE_TYPE] = {"migrate_type", "MIGRATE", "migrate type of the page block"},
	[UC_REFCOUNT] = {"refcount", "REFS",
			 "references: 0 is a later page of a block, 2 stands for more too",
			 COL_COUNT},
	[UC_MAPPED] = {"mapped", "MAPPED", "in a process: a driver's mmap()", COL_BOOL},
	[UC_RUNS] = {"runs", "RUNS", "stretches of neighbouring page frames", COL_COUNT},
	[UC_FLAGS] = {"flags", "FLAGS", "bits of page->flags", COL_ADDRESS, COLUMN_JSON_ONLY},
	[UC_FLAG_NAMES] = {"flag_names", "FLAGS", "the same by name", COL_LIST},
	[UC_FIRST] = {"first_pfn", "FIRST PFN", "the first page frame of them", COL_COUNT},
};
const struct table_spec census_unknown_spec = {
	.key = "census_unknown",
	.title = "Pages that nothing tells the owner of",
	.help = "class kernel_unknown, grouped by what its pages look like",
	.columns = unknown_columns,
	.nr_columns = ARRAY_SIZE(unknown_columns),
	.sort = "-pages",
};

/* Names of the kernel's enumerators; several may share a number. */
static const char *enumerator_name(const struct census *c, const char *type,
				   const char *const *names, size_t n, u64 number)
{
	s64 value;
	for (size_t i = 0; c->k->types && i < n; i++) {
		if (typeinfo_enumerator(c->k->types, type, names[i], &value) &&
		    (u64)value == number)
			return names[i];
	}
	return NULL;
}

static const char *const migrate_names[] = {
	"MIGRATE_UNMOVABLE",  "MIGRATE_MOVABLE", "MIGRATE_RECLAIMABLE",
	"MIGRATE_HIGHATOMIC", "MIGRATE_CMA",	 "MIGRATE_ISOLATE",
};

static const char *const flag_names[] = {
	"PG_locked",	  "PG_writeback", "PG_referenced",   "PG_uptodate", "PG_dirty",
	"PG_lru",	  "PG_head",	  "PG_waiters",	     "PG_active",   "PG_workingset",
	"PG_error",	  "PG_slab",	  "PG_owner_priv_1", "PG_owner_2",  "PG_arch_1",
	"PG_reserved",	  "PG_private",	  "PG_private_2",    "PG_reclaim",  "PG_swapbacked",
	"PG_unevictable", "PG_mlocked",	  "PG_mappedtodisk", "PG_hwpoison", "PG_arch_2",
};

static void set_flags(struct table *t, const struct census *c, u64 flags)
{
	const char *names[64];
	size_t n = 0;
	for (u32 bit = 0; bit < 64; bit++) {
		if (!(flags >> bit & 1))
			continue;
		const char *name = enumerator_name(c, "enum pageflags", flag_names,
						   ARRAY_SIZE(flag_names), bit);
		names[n++] = name ? name + strlen("PG_") : "?";
	}
	table_set(t, UC_FLAGS, flags);
	table_set_list(t, UC_FLAG_NAMES, names, n);
}

struct table *census_by_unknown(const struct census *c)
{
	struct table *t = table_new(&census_unknown_spec);
	for (size_t i = 0; i < c->nr_unknown; i++) {
		const struct unknown_group *g = &c->unknown[i];
		const char *migrate = enumerator_name(c, "enum migratetype", migrate_names,
						      ARRAY_SIZE(migrate_names), g->migrate_type);
		table_add(t);
		table_set(t, UC_PAGES, g->pages);
		table_set(t, UC_BYTES, g->pages * c->k->page_size);
		table_set(t, UC_NODE, c->zones[g->zone].node);
		table_set_text(t, UC_ZONE, c->zones[g->zone].name);
		table_set(t, UC_ORDER, g->order);
		if (migrate)
			table_set_text(t, UC_MIGRATE_TYPE, migrate + strlen("MIGRATE_"));
		else
			table_set_unknown(t, UC_MIGRATE_TYPE, "flags of page blocks not readable");
		table_set(t, UC_REFCOUNT, g->refcount);
		table_set(t, UC_MAPPED, g->mapped);
		table_set(t, UC_RUNS, g->runs);
		set_flags(t, c, g->flags);
		table_set(t, UC_FIRST, g->first_pfn);
	}
	return t;
}
