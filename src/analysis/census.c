/*
 * Taking the census: what must be known first, the claims, the pass, and what can be told only
 * afterwards.
 */
#include "analysis/census.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/census_claims.h"
#include "analysis/census_pass.h"
#include "analysis/census_sockets.h"
#include "object/resource.h"

/* --- zones ---------------------------------------------------------------------------------- */

struct zone_list {
	VEC(struct census_zone) zones;
};

static void add_zone(void *arg, const struct zone *zone)
{
	struct zone_list *list = arg;
	struct census_zone *z = vec_push(&list->zones);
	z->node = zone->node;
	z->index = zone->index;
	snprintf(z->name, sizeof(z->name), "%s", zone->name);
	z->start_pfn = zone->start_pfn;
	z->spanned_pages = zone->spanned_pages;
	z->present_pages = zone->present_pages;
	z->managed_pages = zone->managed_pages;
}

static bool overlap(const struct census_zone *a, const struct census_zone *b)
{
	return a->start_pfn < b->start_pfn + b->spanned_pages &&
	       b->start_pfn < a->start_pfn + a->spanned_pages;
}

/* Bits that n different values take; the kernel has no more than 2^10 nodes, whatever the dump
 * says. */
static u32 bits_for(u64 n)
{
	enum { MOST_BITS = 16 };
	u32 bits = 0;
	while (bits < MOST_BITS && 1ull << bits < n)
		bits++;
	return bits;
}

/*
 * Node and zone are in the top bits of page->flags (include/linux/page-flags-layout.h; no section
 * there with VMEMMAP): needed only where nodes lie across each other.
 */
static void zone_ids(struct census *c)
{
	struct kernel *k = c->k;
	u64 nr_zone_types = 0, nr_nodes = 1;
	kernel_constant(k, max_nr_zones, &nr_zone_types);
	vmcoreinfo_length(&k->vmcoreinfo, "node_data", &nr_nodes);
	u32 zone_bits = bits_for(nr_zone_types ? nr_zone_types : 4), node_bits = bits_for(nr_nodes);
	c->zone_shift = (u32)u64_min(64 - zone_bits - node_bits, 63);
	for (size_t i = 0; i < c->nr_zones; i++) {
		c->zones[i].flags_id = (u64)c->zones[i].node << zone_bits | c->zones[i].index;
		for (size_t j = 0; j < i; j++)
			c->zones_overlap |= overlap(&c->zones[i], &c->zones[j]);
	}
}

static int read_zones(struct census *c, struct error *error)
{
	struct zone_list list = {0};
	if (zone_for_each(c->k, add_zone, &list, error))
		return -1;
	if (!list.zones.n)
		return error_set(error, EXIT_PARTIAL, "no memory zone can be read");
	c->zones = list.zones.v;
	c->nr_zones = list.zones.n;
	for (size_t i = 0; i < c->nr_zones; i++) {
		c->spanned_pages += c->zones[i].spanned_pages;
		c->present_pages += c->zones[i].present_pages;
		c->managed_pages += c->zones[i].managed_pages;
	}
	zone_ids(c);
	return 0;
}

/* --- what is RAM ---------------------------------------------------------------------------- */

enum { MOST_RANGES = 1 << 16 };

struct ram {
	VEC(struct pfn_range) ranges;
	u32 page_shift;
};

static bool add_ram(void *arg, u64 start, u64 bytes)
{
	struct ram *ram = arg;
	u64 size = 1ull << ram->page_shift, first = (start + size - 1) >> ram->page_shift,
	    end = (start + bytes) >> ram->page_shift;
	if (end > first && ram->ranges.n < MOST_RANGES)
		*vec_push(&ram->ranges) = (struct pfn_range){first, end - first};
	return true;
}

/* --- page blocks ---------------------------------------------------------------------------- */

/* pageblock_order: that of a huge page of the first kind, but no more than the allocator's largest.
 */
static u32 block_order(const struct census *c)
{
	const struct paging *paging = &c->k->vspace.paging;
	u32 order = paging->level[paging->nr_levels - 2].shift - paging->page_shift;
	return order < c->layout.max_order ? order : c->layout.max_order;
}

static void read_section_usage(struct census *c)
{
	struct kernel *k = c->k;
	u64 bits = 0;
	if (kernel_constant(k, nr_page_block_bits, &bits) || !bits || bits > 8 ||
	    !kernel_has(k, usage_page_block_flags))
		return;
	c->page_block_bits = 1u << bits_for(bits);
	for (size_t i = 0; i < c->map.nr_sections; i++) {
		u64 usage;
		if (c->map.sections[i].section_kva &&
		    kernel_get(k, c->map.sections[i].section_kva, mem_section_usage, &usage) ==
			    READ_OK)
			c->map.sections[i].block_flags =
				kernel_member(k, usage, usage_page_block_flags);
	}
}

/* --- afterwards ----------------------------------------------------------------------------- */

static bool stat_of_node(const struct kernel *k, const struct node *node, const char *name,
			 u64 *value)
{
	s64 item;
	if (!k->types || !typeinfo_enumerator(k->types, "enum node_stat_item", name, &item) ||
	    item < 0 || (u64)item >= node->nr_stats)
		return false;
	*value = node->stat[item] > 0 ? (u64)node->stat[item] : 0;
	return true;
}

/* Take n pages, or what there is of them, out of a zone's kernel_unknown. */
static u64 move_unknown(struct census_zone *z, enum page_class class, u64 n)
{
	n = u64_min(n, z->pages[PC_KERNEL_UNKNOWN]);
	z->pages[class] += n;
	z->pages[PC_KERNEL_UNKNOWN] -= n;
	return n;
}

/*
 * Until 6.13 large kmalloc is a compound page without a mark, that only the slab counters know:
 * what they count beyond the slabs is taken from the compound pages of the node that nobody claims.
 */
static u64 find_large_kmalloc(struct census *c, const struct node *node)
{
	u64 reclaimable, unreclaimable, slabs = 0, found = 0;
	if (c->layout.types[PAGE_LARGE_KMALLOC].mask ||
	    (!stat_of_node(c->k, node, "NR_SLAB_RECLAIMABLE_B", &reclaimable) &&
	     !stat_of_node(c->k, node, "NR_SLAB_RECLAIMABLE", &reclaimable)) ||
	    (!stat_of_node(c->k, node, "NR_SLAB_UNRECLAIMABLE_B", &unreclaimable) &&
	     !stat_of_node(c->k, node, "NR_SLAB_UNRECLAIMABLE", &unreclaimable)))
		return 0;
	for (size_t i = 0; i < c->nr_zones; i++)
		slabs += c->zones[i].node == node->id ? c->zones[i].pages[PC_SLAB] : 0;
	u64 counted = reclaimable + unreclaimable, left = counted > slabs ? counted - slabs : 0;
	for (size_t i = 0; i < c->nr_zones; i++) {
		struct census_zone *z = &c->zones[i];
		if (z->node == node->id)
			found += move_unknown(z, PC_LARGE_KMALLOC,
					      u64_min(left - found, z->large_kmalloc_candidates));
	}
	return found;
}

/* Pages that carry no mark and that a counter of the node knows. */
static const struct {
	const char *counters[3];
	enum page_class class;
	const char *what;
} only_counted[] = {
	{{"NR_SECONDARY_PAGETABLE"}, PC_PAGE_TABLE, "of virtual machines and IOMMUs, by counter"},
	{{"NR_GPU_ACTIVE", "NR_GPU_RECLAIM"}, PC_DRIVER_KNOWN, "GPU, by counter"},
};

static u64 find_only_counted(struct census *c, const struct node *node, size_t row)
{
	u64 counted = 0, found = 0, value;
	for (size_t i = 0; only_counted[row].counters[i]; i++) {
		if (stat_of_node(c->k, node, only_counted[row].counters[i], &value))
			counted += value;
	}
	/* The last zones are the largest, and the allocator's first choice. */
	for (size_t i = c->nr_zones; i-- > 0;) {
		struct census_zone *z = &c->zones[i];
		if (z->node == node->id)
			found += move_unknown(z, only_counted[row].class, counted - found);
	}
	return found;
}

struct by_counter {
	struct census *census;
	u64 large_kmalloc, found[ARRAY_SIZE(only_counted)];
};

static void move_counted(void *arg, const struct node *node)
{
	struct by_counter *sum = arg;
	sum->large_kmalloc += find_large_kmalloc(sum->census, node);
	for (size_t i = 0; i < ARRAY_SIZE(only_counted); i++)
		sum->found[i] += find_only_counted(sum->census, node, i);
}

static void add_by_counter(struct census *c, enum page_class class, const char *what, u64 pages)
{
	if (!pages)
		return;
	c->by_counter[c->nr_by_counter].class = class;
	c->by_counter[c->nr_by_counter].what = what;
	c->by_counter[c->nr_by_counter++].pages = pages;
}

/*
 * Where all compound pages that could be large kmalloc's are, they are no longer unknown.  Where
 * only some are, nothing tells which: their groups stay as they are.
 */
static void drop_large_kmalloc_groups(struct census *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->nr_unknown; i++) {
		const struct unknown_group *g = &c->unknown[i];
		const struct census_zone *z = &c->zones[g->zone];
		if (g->order >= LARGE_KMALLOC_ORDER && g->refcount == 1 &&
		    z->pages[PC_LARGE_KMALLOC] >= z->large_kmalloc_candidates)
			continue;
		c->unknown[kept++] = *g;
	}
	c->nr_unknown = kept;
}

static void ask_counters(struct census *c)
{
	struct by_counter sum = {.census = c};
	struct error error;
	node_for_each(c->k, move_counted, &sum, &error);
	if (sum.large_kmalloc)
		drop_large_kmalloc_groups(c);
	add_by_counter(c, PC_LARGE_KMALLOC, "compound pages without a mark, by counter",
		       sum.large_kmalloc);
	for (size_t i = 0; i < ARRAY_SIZE(only_counted); i++)
		add_by_counter(c, only_counted[i].class, only_counted[i].what, sum.found[i]);
}

/* Tables without a mark are those that only claims found; NR_PAGETABLE knows of the marked ones. */
static void count_by_owner(struct census *c)
{
	for (unsigned i = 1; i < c->claims.nr_owners; i++) {
		const struct page_owner *o = &c->claims.owners[i];
		if (o->class == PC_PAGE_TABLE)
			c->uncounted_tables += c->owner_pages[i];
		if (o->class == PC_MODULE || o->class == PC_KERNEL_STACK)
			c->vmalloc_elsewhere += c->owner_pages[i];
	}
}

static void close_books(struct census *c)
{
	count_by_owner(c);
	ask_counters(c);
	for (size_t i = 0; i < c->nr_zones; i++) {
		struct census_zone *z = &c->zones[i];
		u64 sum = 0;
		for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
			sum += z->pages[class];
		/* A zone never holds more than it spans: every page frame is looked at once. */
		z->pages[PC_NOT_PRESENT] += z->spanned_pages > sum ? z->spanned_pages - sum : 0;
		for (unsigned class = 0; class < NR_PAGE_CLASSES; class ++)
			c->pages[class] += z->pages[class];
	}
}

/* --- all of it ------------------------------------------------------------------------------ */

static u64 flag_mask(const struct kernel *k, enum datum_id id)
{
	u64 bit;
	return kernel_constant(k, id, &bit) == READ_OK && bit < 64 ? 1ull << bit : 0;
}

static void take(struct census *c, const struct census_options *options)
{
	struct kernel *k = c->k;
	struct error error;
	struct ram ram = {.page_shift = k->page_shift};
	struct pass_input in = {
		.census = c, .progress = options->progress, .nr_threads = options->nr_threads};
	u64 nr_flags = 24;
	resource_for_each_ram(k, add_ram, &ram, &error);
	in.ram = ram.ranges.v;
	in.nr_ram = ram.ranges.n;
	c->ram_known = in.nr_ram != 0;
	kernel_variable(k, blockdev_superblock, 8, &in.blockdev_super);
	kernel_constant(k, nr_page_flags, &nr_flags);
	in.flags_mask = nr_flags < 64 ? (1ull << nr_flags) - 1 : ~0ull;
	in.movable = PC_ZSMALLOC;
	c->mlocked_flag = flag_mask(k, pg_mlocked);
	c->page_block_order = block_order(c);
	read_section_usage(c);
	c->has_cgroups = memcg_tree_load(&c->cgroup_tree, k, false, &error) == 0;
	if (options->page_bytes)
		c->page_bytes = mem_calloc(c->map.nr_sections, sizeof(*c->page_bytes));
	census_claim(c);
	struct sockets *sockets = sockets_open(c, &in.slab_caches);
	census_pass(&in);
	struct second_look *look = second_look_new(&in);
	sockets_claim(sockets, look);
	second_look_free(look);
	sockets_close(sockets);
	kva_set_done(&in.slab_caches);
	close_books(c);
	vec_done(&ram.ranges);
}

int census_take(struct census *c, struct kernel *k, const struct census_options *options,
		struct error *error)
{
	u64 unreadable = kernel_nr_unreadable(k);
	*c = (struct census){.k = k};
	if (read_zones(c, error) || memmap_open(&c->map, k, error)) {
		census_done(c);
		return -1;
	}
	claims_init(&c->claims, &c->map);
	if (page_layout_init(&c->layout, k, error)) {
		census_done(c);
		return -1;
	}
	take(c, options);
	c->owners_lost = kernel_nr_unreadable(k) != unreadable;
	return 0;
}

void census_done(struct census *c)
{
	if (c->claims.map)
		claims_done(&c->claims);
	for (size_t i = 0; c->page_bytes && i < c->map.nr_sections; i++)
		free(c->page_bytes[i]);
	free(c->page_bytes);
	memmap_close(&c->map);
	if (c->has_cgroups)
		memcg_tree_done(&c->cgroup_tree);
	free(c->zones);
	free(c->unknown);
	free(c->files);
	free(c->slabs);
	free(c->cgroups);
	*c = (struct census){0};
}
