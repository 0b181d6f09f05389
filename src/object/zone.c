/* Nodes, zones and their counters; see include/linux/mmzone.h and mm/vmstat.c. */
#include "object/zone.h"

#include <string.h>

/* node_states[N_ONLINE]; without NUMA there is only contig_page_data. */
static bool node_online(struct kernel *k, u32 node)
{
	u64 states, size, online, word;
	if (kernel_global(k, node_states, &states) || kernel_size(k, nodemask_size, &size) ||
	    kernel_constant(k, n_online, &online))
		return true;
	if (node / 8 >= size)
		return false;
	if (kernel_read_u64(k, states + online * size + node / 64 * 8, &word))
		return true;
	return word >> (node % 64) & 1;
}

static u64 node_kva(struct kernel *k, u32 node)
{
	u64 table, kva = 0;
	if (kernel_global(k, node_data, &table) == READ_OK)
		return node_online(k, node) && kernel_read_u64(k, table + node * 8, &kva) == READ_OK
			       ? kva
			       : 0;
	return node == 0 && kernel_global(k, contig_page_data, &kva) == READ_OK ? kva : 0;
}

static u32 nr_possible_nodes(struct kernel *k)
{
	u64 size;
	if (kernel_size(k, nodemask_size, &size) == READ_OK && size && size <= MAX_NODES / 8)
		return (u32)size * 8;
	return kernel_has(k, node_data) ? 64 : 1;
}

static u32 stat_items(const struct kernel *k, enum datum_id array)
{
	const struct datum *d = kernel_datum(k, array);
	return d->state == DATUM_PRESENT ? (u32)u64_min(d->nr_elements, MAX_STAT_ITEMS) : 0;
}

static void add_percpu_diffs(struct kernel *k, u64 object, enum datum_id percpu, enum datum_id diff,
			     s64 *stat, u32 nr)
{
	u64 base;
	if (kernel_get(k, object, percpu, &base) || !base)
		return;
	u32 items = stat_items(k, diff) < nr ? stat_items(k, diff) : nr;
	kernel_for_each_cpu(k, cpu)
	{
		u64 mine = kernel_percpu(k, base, cpu);
		for (u32 i = 0; i < items; i++) {
			/* s8 differences */
			u64 at = kernel_element(k, mine, diff, i);
			u8 part;
			enum read_status status = kernel_read(k, at, &part, 1);
			if (status) {
				kernel_unreadable(k, "per-cpu counters of a zone or node", status,
						  at);
				break;
			}
			stat[i] += (int8_t)part;
		}
	}
}

static u32 read_stats(struct kernel *k, u64 object, enum datum_id array, enum datum_id percpu,
		      enum datum_id diff, s64 stat[static MAX_STAT_ITEMS])
{
	u32 nr = stat_items(k, array);
	memset(stat, 0, sizeof(s64) * MAX_STAT_ITEMS);
	for (u32 i = 0; i < nr; i++) {
		u64 value;
		enum read_status status = kernel_get_element(k, object, array, i, &value);
		if (status) {
			kernel_unreadable(k, "counters of a zone or node", status, object);
			return 0;
		}
		stat[i] = (s64)value;
	}
	add_percpu_diffs(k, object, percpu, diff, stat, nr);
	return nr;
}

int node_for_each(struct kernel *k, node_fn fn, void *arg, struct error *error)
{
	enum read_status lost = READ_OK;
	u32 nr = 0;
	if (!kernel_has_group(k, group_node, error))
		return -1;
	for (u32 i = 0; i < nr_possible_nodes(k); i++) {
		struct node node = {.id = i, .kva = node_kva(k, i)};
		if (!node.kva)
			continue;
		enum read_status status = kernel_get(k, node.kva, node_start_pfn, &node.start_pfn);
		if (!status)
			status = kernel_get(k, node.kva, node_spanned_pages, &node.spanned_pages);
		if (!status)
			status = kernel_get(k, node.kva, node_present_pages, &node.present_pages);
		if (status) {
			kernel_unreadable(k, "node", status, node.kva);
			lost = status;
			continue;
		}
		nr++;
		node.nr_stats = read_stats(k, node.kva, node_vm_stat, node_percpu_stats,
					   percpu_nodestat_diff, node.stat);
		fn(arg, &node);
	}
	return nr ? 0
		  : error_set(error, EXIT_PARTIAL,
			      "no memory node can be read: what describes them %s",
			      read_status_text(lost ? lost : READ_UNMAPPED));
}

static void read_free_areas(struct kernel *k, struct zone *z)
{
	const struct datum *areas = kernel_datum(k, zone_free_area);
	z->nr_orders = (u32)u64_min(areas->nr_elements, MAX_PAGE_ORDERS);
	for (u32 order = 0; order < z->nr_orders; order++) {
		u64 area = kernel_element(k, z->kva, zone_free_area, order), nr = 0;
		enum read_status status = kernel_get(k, area, free_area_nr_free, &nr);
		if (status)
			kernel_unreadable(k, "free lists of a zone", status, area);
		z->free_by_order[order] = nr;
		z->free_buddy_pages += nr << order;
	}
}

static void read_pcp(struct kernel *k, struct zone *z)
{
	u64 base;
	enum variant_choice variant = k->schema.variant[variant_pageset];
	if (variant == VARIANT_NONE || kernel_get(k, z->kva, zone_pageset, &base) || !base)
		return;
	z->pcp_known = true;
	kernel_for_each_cpu(k, cpu)
	{
		u64 pages = kernel_percpu(k, base, cpu), count;
		if (variant == PAGESET_MEMBER)
			pages = kernel_member(k, pages, pageset_pcp);
		enum read_status status = kernel_get(k, pages, pageset_count, &count);
		if (status)
			kernel_unreadable(k, "per-cpu page lists", status, pages);
		else if ((s64)count > 0)
			z->free_pcp_pages += count;
	}
}

static enum read_status read_watermarks(struct kernel *k, struct zone *z)
{
	enum read_status status = kernel_get(k, z->kva, zone_watermark_boost, &z->watermark_boost);
	if (status == READ_ABSENT)
		status = READ_OK; /* before 5.0 there is none */
	for (u32 i = 0; i < NR_WATERMARKS && !status; i++) {
		status = kernel_get_element(k, z->kva, zone_watermark, i, &z->watermark[i]);
		z->watermark[i] += z->watermark_boost;
	}
	z->nr_lowmem_reserve =
		(u32)u64_min(kernel_datum(k, zone_lowmem_reserve)->nr_elements, MAX_ZONES_PER_NODE);
	for (u32 i = 0; i < z->nr_lowmem_reserve && !status; i++)
		status = kernel_get_element(k, z->kva, zone_lowmem_reserve, i,
					    &z->lowmem_reserve[i]);
	return status;
}

static enum read_status read_zone(struct kernel *k, struct zone *z)
{
	enum read_status status = kernel_get(k, z->kva, zone_spanned_pages, &z->spanned_pages);
	if (!status)
		status = kernel_get(k, z->kva, zone_present_pages, &z->present_pages);
	if (!status)
		status = kernel_get(k, z->kva, zone_managed_pages, &z->managed_pages);
	if (!status)
		status = kernel_get(k, z->kva, zone_start_pfn, &z->start_pfn);
	if (status)
		return status;
	kernel_get_text_at(k, z->kva, zone_name, z->name, sizeof(z->name));
	if (!z->spanned_pages)
		return READ_OK;
	status = read_watermarks(k, z);
	if (status)
		return status;
	read_free_areas(k, z);
	read_pcp(k, z);
	z->nr_stats = read_stats(k, z->kva, zone_vm_stat, zone_percpu_stats, percpu_zonestat_diff,
				 z->stat);
	return READ_OK;
}

struct zone_walk {
	struct kernel *k;
	zone_fn fn;
	void *arg;
};

static void zones_of_node(void *arg, const struct node *node)
{
	struct zone_walk *walk = arg;
	u64 nr = kernel_datum(walk->k, node_zones)->nr_elements;
	for (u32 i = 0; i < u64_min(nr, MAX_ZONES_PER_NODE); i++) {
		struct zone zone = {.node = node->id,
				    .index = i,
				    .kva = kernel_element(walk->k, node->kva, node_zones, i)};
		enum read_status status = read_zone(walk->k, &zone);
		if (status)
			kernel_unreadable(walk->k, "zone", status, zone.kva);
		else if (zone.spanned_pages)
			walk->fn(walk->arg, &zone);
	}
}

int zone_for_each(struct kernel *k, zone_fn fn, void *arg, struct error *error)
{
	struct zone_walk walk = {k, fn, arg};
	return node_for_each(k, zones_of_node, &walk, error);
}

static void sum_node(void *arg, const struct node *node)
{
	struct vmstat *v = arg;
	v->nr_nodes++;
	for (u32 i = 0; i < node->nr_stats; i++)
		v->node_stat[i] += node->stat[i];
}

static void sum_zone(void *arg, const struct zone *zone)
{
	struct vmstat *v = arg;
	v->nr_zones++;
	v->spanned_pages += zone->spanned_pages;
	v->present_pages += zone->present_pages;
	v->managed_pages += zone->managed_pages;
	v->free_buddy_pages += zone->free_buddy_pages;
	v->free_pcp_pages += zone->free_pcp_pages;
	for (u32 i = 0; i < zone->nr_stats; i++)
		v->zone_stat[i] += zone->stat[i];
}

int vmstat_read(struct kernel *k, struct vmstat *vmstat, struct error *error)
{
	u64 before = kernel_nr_unreadable(k);
	*vmstat = (struct vmstat){.k = k};
	if (node_for_each(k, sum_node, vmstat, error) || zone_for_each(k, sum_zone, vmstat, error))
		return -1;
	if (kernel_nr_unreadable(k) != before)
		return error_set(
			error, EXIT_PARTIAL,
			"some nodes, zones or their per-cpu counters are not readable: sums without them would be wrong");
	return 0;
}

static bool enumerator(const struct kernel *k, const char *type, const char *name, u64 limit,
		       u64 *index)
{
	s64 value;
	if (!k->types || !typeinfo_enumerator(k->types, type, name, &value) || value < 0 ||
	    (u64)value >= limit)
		return false;
	*index = (u64)value;
	return true;
}

bool vmstat_get(const struct vmstat *vmstat, const char *name, u64 *value)
{
	u64 i;
	s64 counter;
	if (enumerator(vmstat->k, "enum zone_stat_item", name, MAX_STAT_ITEMS, &i))
		counter = vmstat->zone_stat[i];
	else if (enumerator(vmstat->k, "enum node_stat_item", name, MAX_STAT_ITEMS, &i))
		counter = vmstat->node_stat[i];
	else
		return false;
	*value = counter > 0 ? (u64)counter : 0;
	return true;
}

bool vm_event_get(struct kernel *k, const char *name, u64 *count)
{
	u64 i, base, part;
	const struct datum *events = kernel_datum(k, vm_event_counts);
	if (!enumerator(k, "enum vm_event_item", name, events->nr_elements, &i) ||
	    kernel_global(k, vm_event_states, &base))
		return false;
	*count = 0;
	kernel_for_each_cpu(k, cpu)
	{
		if (kernel_get_element(k, kernel_percpu(k, base, cpu), vm_event_counts, i, &part) ==
		    READ_OK)
			*count += part;
	}
	return true;
}
