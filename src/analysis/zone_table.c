/* Zones: free memory against watermarks, and the free lists by order. */
#include "analysis/tables.h"
#include "object/zone.h"

static const struct column zone_columns[] = {
	[ZONE_NODE] = {"node", "NODE", "NUMA node", COL_COUNT},
	[ZONE_NAME] = {"name", "ZONE", "name of the zone"},
	[ZONE_SPANNED] = {"spanned", "SPANNED", "pages from its first to its last, holes included",
			  COL_PAGES, COLUMN_WIDE},
	[ZONE_PRESENT] = {"present", "PRESENT", "pages of RAM", COL_PAGES, COLUMN_WIDE},
	[ZONE_MANAGED] = {"managed", "MANAGED", "pages that the page allocator was given",
			  COL_PAGES},
	[ZONE_FREE] = {"free", "FREE", "pages on the free lists", COL_PAGES},
	[ZONE_FREE_PCP] = {"free_pcp", "FREE PCP", "free pages on lists of CPUs", COL_PAGES},
	[ZONE_MIN] = {"min", "MIN", "below: only emergencies get memory", COL_PAGES},
	[ZONE_LOW] = {"low", "LOW", "below: kswapd starts", COL_PAGES},
	[ZONE_HIGH] = {"high", "HIGH", "above: kswapd stops", COL_PAGES},
	[ZONE_BOOST] = {"boost", "BOOST",
			"added to the watermarks against fragmentation, included in them here",
			COL_PAGES, COLUMN_WIDE},
	[ZONE_LOWMEM_RESERVE] = {"lowmem_reserve", "LOWMEM RESERVE",
				 "pages kept from allocations that could use a higher zone",
				 COL_NUMBERS, COLUMN_WIDE},
	[ZONE_FREE_BY_ORDER] = {"free_by_order", "FREE BLOCKS BY ORDER",
				"free blocks of 1, 2, 4, ... pages", COL_NUMBERS},
	[ZONE_BELOW] = {"below", "BELOW",
			"the highest watermark that free memory is below: min, low, high, or none"},
};

const struct table_spec zones_spec = {
	.key = "zones",
	.title = "Zones",
	.help = "memory zones with watermarks and free lists",
	.columns = zone_columns,
	.nr_columns = ARRAY_SIZE(zone_columns),
};

static const char *below(const struct zone *z)
{
	static const char *const names[] = {"min", "low", "high"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (z->free_buddy_pages < z->watermark[i])
			return names[i];
	}
	return "none";
}

void zone_table_add(struct table *t, const struct zone *z)
{
	table_add(t);
	table_set(t, ZONE_NODE, z->node);
	table_set_text(t, ZONE_NAME, z->name);
	table_set(t, ZONE_SPANNED, z->spanned_pages);
	table_set(t, ZONE_PRESENT, z->present_pages);
	table_set(t, ZONE_MANAGED, z->managed_pages);
	table_set(t, ZONE_FREE, z->free_buddy_pages);
	if (z->pcp_known)
		table_set(t, ZONE_FREE_PCP, z->free_pcp_pages);
	else
		table_set_unknown(t, ZONE_FREE_PCP, "this kernel's per-cpu lists are not known");
	table_set(t, ZONE_MIN, z->watermark[0]);
	table_set(t, ZONE_LOW, z->watermark[1]);
	table_set(t, ZONE_HIGH, z->watermark[2]);
	table_set(t, ZONE_BOOST, z->watermark_boost);
	table_set_numbers(t, ZONE_LOWMEM_RESERVE, z->lowmem_reserve, z->nr_lowmem_reserve);
	table_set_numbers(t, ZONE_FREE_BY_ORDER, z->free_by_order, z->nr_orders);
	table_set_text(t, ZONE_BELOW, below(z));
}

static void add_zone(void *arg, const struct zone *z)
{
	zone_table_add(arg, z);
}

struct table *zones_table(struct kernel *k, struct error *error)
{
	struct table *t = table_new(&zones_spec);
	if (zone_for_each(k, add_zone, t, error) == 0)
		return t;
	table_free(t);
	return NULL;
}
