/* Adding up: zones, cgroups, groups of unknown pages. */
#include "analysis/census_worker.h"

/* --- where a page is ------------------------------------------------------------------------ */

bool worker_find_zone(struct worker *w, u64 pfn, u64 flags)
{
	const struct census *c = w->census;
	const struct census_zone *z = &c->zones[w->zone];
	if (!c->zones_overlap && pfn - z->start_pfn < z->spanned_pages)
		return true;
	for (size_t i = 0; i < c->nr_zones; i++) {
		z = &c->zones[i];
		if (pfn - z->start_pfn >= z->spanned_pages)
			continue;
		/* Spans of nodes may overlap: then the page itself says whose it is. */
		if (c->zones_overlap && flags >> c->zone_shift != z->flags_id)
			continue;
		w->zone = i;
		return true;
	}
	return false;
}

u64 worker_clip_to_zone(struct worker *w, u64 pfn, u64 flags, u64 nr)
{
	if (nr <= 1)
		return nr;
	if (!worker_find_zone(w, pfn, flags))
		return 1;
	const struct census_zone *z = &w->census->zones[w->zone];
	return u64_min(nr, z->spanned_pages - (pfn - z->start_pfn));
}

bool worker_some_zone(const struct worker *w, u64 pfn, u64 *flags)
{
	const struct census *c = w->census;
	for (size_t i = 0; i < c->nr_zones; i++) {
		if (pfn - c->zones[i].start_pfn >= c->zones[i].spanned_pages)
			continue;
		*flags = c->zones[i].flags_id << c->zone_shift;
		return true;
	}
	return false;
}

bool worker_is_ram(const struct worker *w, u64 pfn)
{
	const struct pass_input *in = w->in;
	size_t low = 0, high = in->nr_ram;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (pfn < in->ram[mid].pfn)
			high = mid;
		else if (pfn - in->ram[mid].pfn >= in->ram[mid].nr_pages)
			low = mid + 1;
		else
			return true;
	}
	return in->nr_ram == 0;
}

/* --- who is charged ------------------------------------------------------------------------- */

static void add_target(struct worker *w, u64 memcg_data)
{
	struct tally *t = &w->tally;
	struct charge_target *target = vec_push(&t->targets);
	const struct memcg *memcg = memcg_of_charge(&w->census->cgroup_tree, memcg_data);
	u32 row;
	bool is_new;
	if (!memcg || !kva_rows_find(&t->cgroup_rows, memcg->kva, &row, &is_new))
		return;
	if (is_new)
		vec_push(&t->cgroups)->kva = memcg->kva;
	*target = (struct charge_target){.memcg = memcg->kva, .cgroup = row};
}

/* The cgroup that a page is charged to: index into the tally's cgroups; false: none. */
static bool charged_to(struct worker *w, u64 memcg_data, u32 *cgroup, u64 *memcg_kva)
{
	struct tally *t = &w->tally;
	u64 target = memcg_data & ~7ull;
	u32 row;
	bool is_new;
	*memcg_kva = 0;
	if (!target || !w->census->has_cgroups ||
	    !kva_rows_find(&t->target_rows, target, &row, &is_new))
		return false;
	if (is_new)
		add_target(w, memcg_data);
	*cgroup = t->targets.v[row].cgroup;
	*memcg_kva = t->targets.v[row].memcg;
	return *memcg_kva != 0;
}

u64 worker_memcg_of(struct worker *w, const struct page_frame *page)
{
	u32 cgroup;
	u64 memcg;
	charged_to(w, page->memcg_data, &cgroup, &memcg);
	return memcg;
}

static const enum charge_kind charge_of_class[NR_PAGE_CLASSES] = {
	[PC_ANON] = CHARGE_ANON,	   [PC_FILE_MAPPED] = CHARGE_FILE,
	[PC_PAGE_CACHE] = CHARGE_FILE,	   [PC_BUFFERS] = CHARGE_FILE,
	[PC_SHMEM] = CHARGE_SHMEM,	   [PC_SWAP_CACHE] = CHARGE_SWAP_CACHE,
	[PC_PAGE_TABLE] = CHARGE_KERNEL,   [PC_KERNEL_STACK] = CHARGE_KERNEL,
	[PC_VMALLOC] = CHARGE_KERNEL,	   [PC_LARGE_KMALLOC] = CHARGE_KERNEL,
	[PC_DRIVER_KNOWN] = CHARGE_KERNEL, [PC_KERNEL_UNKNOWN] = CHARGE_KERNEL,
	[PC_ZSMALLOC] = CHARGE_KERNEL,	   [PC_PAGE_POOL] = CHARGE_KERNEL,
};

static bool can_be_charged(enum page_class class)
{
	return class == PC_ANON || charge_of_class[class] != CHARGE_ANON;
}

/* *memcg_kva: 0 when nobody is charged. */
static void charge(struct worker *w, const struct page_frame *page, enum page_class class, u64 nr,
		   u64 *memcg_kva)
{
	u32 cgroup;
	*memcg_kva = 0;
	if (!can_be_charged(class))
		return;
	if (charged_to(w, page->memcg_data, &cgroup, memcg_kva))
		w->tally.cgroups.v[cgroup].pages[charge_of_class[class]] += nr;
	else if (charge_of_class[class] < CHARGE_KERNEL)
		w->tally.uncharged_user_pages += nr;
}

/* --- adding up ------------------------------------------------------------------------------ */

bool verdict_may_be_large_kmalloc(const struct page_frame *page, const struct verdict *v)
{
	return v->order >= LARGE_KMALLOC_ORDER && page->refcount == 1;
}

struct unknown_group worker_group_of(const struct worker *w, const struct page_frame *page, u64 pfn,
				     const struct verdict *v)
{
	u64 block = (pfn - w->section_pfn) >> w->census->page_block_order;
	return (struct unknown_group){
		.order = v->order,
		.zone = (u32)w->zone,
		.flags = page->flags & w->in->flags_mask,
		.refcount = page->refcount < 0	 ? 0
			    : page->refcount > 2 ? 2
						 : (u32)page->refcount,
		.mapped = page->type == PAGE_PLAIN && page_is_mapped(page),
		.migrate_type = w->migrate_known && block < sizeof(w->migrate_types)
					? w->migrate_types[block]
					: MIGRATE_UNKNOWN,
	};
}

void worker_account(struct worker *w, const struct page_frame *page, u64 pfn,
		    const struct verdict *v)
{
	struct tally *t = &w->tally;
	u64 memcg;
	if (!worker_find_zone(w, pfn, page->flags))
		return;
	t->pages[w->zone * NR_PAGE_CLASSES + v->class] += v->nr;
	t->owner_pages[v->owner] += v->nr;
	t->pages_of_order[v->class][v->order < MAX_CENSUS_ORDER ? v->order : 0] += v->nr;
	charge(w, page, v->class, v->nr, &memcg);
	if (v->class != PC_KERNEL_UNKNOWN)
		return;
	if (verdict_may_be_large_kmalloc(page, v))
		t->candidates[w->zone] += v->nr;
	w->unknown = worker_group_of(w, page, pfn, v);
	tally_unknown(t, &w->unknown, pfn, v->nr);
}
