/*
 * Slab caches by size, and one row for what is slab memory and belongs to no cache: large kmalloc
 * (more than two pages) comes straight from the page allocator and is counted in the same kernel
 * counters (since 5.9 also by SLUB).
 */
#include "analysis/tables.h"

#include <string.h>

#include "object/slab.h"
#include "object/zone.h"

static const struct column slab_columns[] = {
	[SLAB_NAME] = {"name", "CACHE", "name of the cache"},
	[SLAB_PAGES] = {"pages", "PAGES", "pages of its slabs", COL_COUNT},
	[SLAB_BYTES] = {"bytes", "SIZE", "memory of its slabs", COL_BYTES},
	[SLAB_SHARE] = {"share", "% RAM", "of the RAM that the kernel manages", COL_PERCENT},
	[SLAB_OBJECTS_ALLOCATED] = {"objects_allocated", "ALLOCATED",
				    "objects in use: all slots less those found free", COL_COUNT},
	[SLAB_OBJECTS_TOTAL] = {"objects_total", "SLOTS", "slots for objects in all slabs",
				COL_COUNT},
	[SLAB_OBJECT_SIZE] = {"object_size", "OBJSIZE", "bytes that a user of the cache gets",
			      COL_COUNT},
	[SLAB_SLOT_SIZE] = {"slot_size", "SLOT",
			    "bytes that a slot takes, with padding and metadata", COL_COUNT,
			    COLUMN_WIDE},
	[SLAB_SLABS] = {"slabs", "SLABS", "slabs: blocks of pages", COL_COUNT},
	[SLAB_RECLAIMABLE] = {"reclaimable", "RECLAIM", "the kernel may shrink it under pressure",
			      COL_BOOL},
	[SLAB_FREE_PARTIAL] = {"free_partial", "FREE PARTIAL",
			       "free slots in partial slabs of nodes and CPUs", COL_COUNT,
			       COLUMN_WIDE},
	[SLAB_FREE_CPU] = {"free_cpu", "FREE CPU",
			   "free slots in the slabs that CPUs allocate from", COL_COUNT,
			   COLUMN_WIDE},
	[SLAB_FREE_SHEAVES] = {"free_sheaves", "FREE SHEAVES",
			       "free objects in sheaves of CPUs and nodes", COL_COUNT, COLUMN_WIDE},
	[SLAB_FREE_RCU] = {"free_rcu", "FREE RCU", "freed by kfree_rcu and waiting in a sheaf",
			   COL_COUNT, COLUMN_WIDE},
	[SLAB_SLABINFO_ACTIVE] =
		{"slabinfo_active", "SLABINFO",
		 "active_objs as /proc/slabinfo has it: per-cpu free slots count as active",
		 COL_COUNT, COLUMN_JSON_ONLY},
	[SLAB_UNCERTAIN] =
		{"objects_uncertain", "UNCERTAIN",
		 "slots of slabs that were in the middle of a change or are damaged: counted as "
		 "allocated",
		 COL_COUNT, COLUMN_WIDE},
	[SLAB_ALIASES] = {"aliases", "ALSO", "caches that were merged into this one", COL_LIST,
			  COLUMN_WIDE},
	[SLAB_ADDRESS] = {"address", "KMEM_CACHE", "address of its kmem_cache", COL_ADDRESS,
			  COLUMN_WIDE},
};

const struct table_spec slabs_spec = {
	.key = "slabs",
	.title = "Slab caches",
	.help = "slab caches with exact object counts",
	.columns = slab_columns,
	.nr_columns = ARRAY_SIZE(slab_columns),
	.sort = "-bytes,name",
};

struct alias {
	u64 cache;
	char *name;
};

struct slab_list {
	struct kernel *k;
	struct table *t;
	struct arena arena;
	VEC(struct alias) aliases;
	u64 managed_pages, cache_pages;
	bool all_known, aliases_known;
};

static void add_alias(void *arg, u64 cache, const char *alias)
{
	struct slab_list *list = arg;
	struct alias *a = vec_push(&list->aliases);
	*a = (struct alias){cache, arena_strdup(&list->arena, alias)};
}

static void set_aliases(const struct slab_list *list, const struct slab_cache *cache)
{
	VEC(const char *) names = {0};
	if (!list->aliases_known) {
		table_set_unknown(list->t, SLAB_ALIASES,
				  "sysfs' directory of slab caches can't be found");
		return;
	}
	for (size_t i = 0; i < list->aliases.n; i++) {
		const struct alias *a = &list->aliases.v[i];
		/* ":0000192" is sysfs' own unique name of a mergeable cache */
		if (a->cache == cache->kva && strcmp(a->name, cache->name) && a->name[0] != ':')
			*vec_push(&names) = a->name;
	}
	table_set_list(list->t, SLAB_ALIASES, names.v, names.n);
	vec_done(&names);
}

static void set_size(const struct slab_list *list, u64 pages)
{
	u32 page_size = list->k->page_size;
	table_set(list->t, SLAB_PAGES, pages);
	table_set(list->t, SLAB_BYTES, pages * page_size);
	if (list->managed_pages)
		table_set_real(list->t, SLAB_SHARE,
			       100.0 * (double)pages / (double)list->managed_pages);
	else
		table_set_unknown(list->t, SLAB_SHARE, "the zones can't be read");
}

static void set_size_unknown(struct slab_list *list, const char *why)
{
	list->all_known = false;
	table_set_unknown(list->t, SLAB_PAGES, why);
	table_set_unknown(list->t, SLAB_BYTES, why);
	table_set_unknown(list->t, SLAB_SHARE, why);
}

static void set_counts(struct slab_list *list, const struct slab_cache *c)
{
	static const char why[] = "this kernel keeps no count of slabs (CONFIG_SLUB_DEBUG=n)";
	struct table *t = list->t;
	u64 pages;
	if (!c->counters_known) {
		const char *reason = c->lost ? read_status_text(c->lost) : why;
		static const unsigned unknown[] = {SLAB_OBJECTS_ALLOCATED, SLAB_OBJECTS_TOTAL,
						   SLAB_SLABS};
		for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
			table_set_unknown(t, unknown[i], reason);
		set_size_unknown(list, reason);
		return;
	}
	if (slab_cache_pages(c, &pages)) {
		list->cache_pages += pages;
		set_size(list, pages);
	} else {
		set_size_unknown(list, "its counts of slabs and slots don't fit together");
	}
	table_set(t, SLAB_SLABS, c->slabs);
	table_set(t, SLAB_OBJECTS_TOTAL, c->objects_total);
	table_set(t, SLAB_UNCERTAIN, c->objects_uncertain);
	if (c->lost) {
		table_set_unknown(t, SLAB_OBJECTS_ALLOCATED,
				  "a list of its slabs or of free objects is not readable");
		table_set_unknown(t, SLAB_SLABINFO_ACTIVE, "a list of its slabs is not readable");
		return;
	}
	table_set(t, SLAB_OBJECTS_ALLOCATED, c->objects_allocated);
	if (c->objects_uncertain)
		table_set_unknown(t, SLAB_SLABINFO_ACTIVE, "some of its slabs can't be judged");
	else
		table_set(t, SLAB_SLABINFO_ACTIVE, slab_cache_slabinfo_active(c));
}

static void set_free(struct table *t, const struct slab_cache *c)
{
	const struct {
		unsigned column;
		u64 free;
	} rows[] = {
		{SLAB_FREE_PARTIAL, c->free_node_partial + c->free_cpu_partial},
		{SLAB_FREE_CPU, c->free_cpu_slab},
		{SLAB_FREE_SHEAVES, c->free_sheaves + c->free_barn},
		{SLAB_FREE_RCU, c->free_rcu},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (c->objects_uncertain && !c->lost)
			table_set_unknown(t, rows[i].column, "some of its slabs can't be judged");
		else if (c->lost)
			table_set_unknown(t, rows[i].column,
					  "a list of its slabs or of free objects is not readable");
		else
			table_set(t, rows[i].column, rows[i].free);
	}
}

static bool add_cache(void *arg, const struct slab_cache *c)
{
	struct slab_list *list = arg;
	struct table *t = list->t;
	table_add(t);
	if (c->name[0])
		table_set_text(t, SLAB_NAME, c->name);
	else
		table_set_unknown(t, SLAB_NAME, "its name can't be read");
	set_counts(list, c);
	table_set(t, SLAB_OBJECT_SIZE, c->object_size);
	table_set(t, SLAB_SLOT_SIZE, c->size);
	table_set(t, SLAB_RECLAIMABLE, c->reclaimable);
	set_free(t, c);
	set_aliases(list, c);
	table_set(t, SLAB_ADDRESS, c->kva);
	return true;
}

static void add_large_kmalloc(struct slab_list *list, const struct vmstat *vmstat)
{
	u64 reclaimable, unreclaimable;
	if (!vmstat_get(vmstat, "NR_SLAB_RECLAIMABLE_B", &reclaimable) &&
	    !vmstat_get(vmstat, "NR_SLAB_RECLAIMABLE", &reclaimable))
		return;
	if (!vmstat_get(vmstat, "NR_SLAB_UNRECLAIMABLE_B", &unreclaimable) &&
	    !vmstat_get(vmstat, "NR_SLAB_UNRECLAIMABLE", &unreclaimable))
		return;
	u64 counted = reclaimable + unreclaimable;
	table_add(list->t);
	table_set_text(list->t, SLAB_NAME, "(large kmalloc, in no cache)");
	if (list->all_known && counted >= list->cache_pages) {
		set_size(list, counted - list->cache_pages);
	} else {
		set_size_unknown(list, "the caches' pages are not exactly known");
	}
	table_set(list->t, SLAB_RECLAIMABLE, false);
}

struct table *slabs_table(struct kernel *k, struct error *error)
{
	struct slab_list list = {.k = k, .t = table_new(&slabs_spec), .all_known = true};
	struct vmstat vmstat;
	bool has_vmstat = vmstat_read(k, &vmstat, NULL) == 0;
	if (has_vmstat)
		list.managed_pages = vmstat.managed_pages;
	list.aliases_known = slab_alias_for_each(k, add_alias, &list, NULL) == 0;
	bool whole = false;
	int failed = slab_cache_for_each(k, &whole, add_cache, &list, error);
	list.all_known &= whole;
	if (!failed && has_vmstat)
		add_large_kmalloc(&list, &vmstat);
	vec_done(&list.aliases);
	arena_done(&list.arena);
	if (failed) {
		table_free(list.t);
		return NULL;
	}
	return list.t;
}
