/*
 * Pages that belong to somebody without saying so: kernel image, struct pages, modules, per-cpu
 * chunks, free pages on lists of CPUs.  vmalloc space and page tables have files of their own.
 */
#include "analysis/census_claims.h"

#include "kernel/walk.h"
#include "object/module.h"
#include "object/percpu.h"
#include "object/resource.h"

u64 census_most_tables(const struct kernel *k)
{
	enum { FRAMES_PER_TABLE = 64, SOME = 1 << 16, MOST = 1 << 22 };
	return u64_min(k->max_pfn / FRAMES_PER_TABLE + SOME, MOST);
}

void claim_range(struct census *census, u8 owner, u64 kva, u64 bytes)
{
	struct kernel *k = census->k;
	u64 end = kva + bytes, page = k->page_size;
	for (kva -= kva % page; kva < end;) {
		u64 paddr, run;
		enum read_status status = vspace_translate(&k->vspace, kva, &paddr, &run);
		run = u64_min(run, end - kva);
		run += (page - run % page) % page;
		if (!status)
			claims_add(&census->claims, owner, paddr >> k->page_shift,
				   run >> k->page_shift);
		if (end - kva <= run)
			return;
		kva += run;
	}
}

/* --- what was there from the start ---------------------------------------------------------- */

static const struct {
	const char *name;
	enum page_class class;
	const char *what;
} resources[] = {
	{"Kernel code", PC_KERNEL_IMAGE, "code"},
	{"Kernel rodata", PC_KERNEL_IMAGE, "read-only data"},
	{"Kernel data", PC_KERNEL_IMAGE, "data"},
	{"Kernel bss", PC_KERNEL_IMAGE, "bss"},
	{"Crash kernel", PC_BOOT_RESERVED, "crash kernel"},
};

static bool claim_resource(void *arg, const struct resource *r)
{
	struct census *census = arg;
	u32 shift = census->k->page_shift;
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		if (strcmp(r->name, resources[i].name))
			continue;
		u8 owner = claims_owner(&census->claims, resources[i].class, 0, resources[i].what);
		census->claims.owners[owner].only_reserved = true;
		u64 first = r->start >> shift, last = r->end >> shift;
		claims_add(&census->claims, owner, first, last - first + 1);
	}
	return true;
}

static void claim_memmap(struct census *census)
{
	u8 owner = claims_owner(&census->claims, PC_MEMMAP, 0, NULL);
	for (size_t i = 0; i < census->map.nr_sections; i++) {
		const struct memmap_section *s = &census->map.sections[i];
		claim_range(census, owner, s->kva, s->nr_pages * census->map.page_bytes);
		census->memmap_bytes += s->nr_pages * census->map.page_bytes;
	}
}

static bool claim_module(void *arg, const struct module *m)
{
	struct census *census = arg;
	u8 owner = claims_owner(&census->claims, PC_MODULE, 0, NULL);
	for (u32 i = 0; i < m->nr_ranges; i++) {
		if (m->ranges[i].bytes <= GIB(1))
			claim_range(census, owner, m->ranges[i].kva, m->ranges[i].bytes);
	}
	return true;
}

struct percpu_claim {
	struct census *census;
	u8 first, later;
};

static bool claim_percpu_range(void *arg, const struct percpu_range *r)
{
	struct percpu_claim *claim = arg;
	struct census *census = claim->census;
	claim_range(census, r->first_chunk ? claim->first : claim->later, r->kva,
		    r->nr_pages << census->k->page_shift);
	return true;
}

/* --- free pages that CPUs keep -------------------------------------------------------------- */

enum {
	LOW_ORDERS = 4,	       /* PAGE_ALLOC_COSTLY_ORDER + 1: above it, one list for huge pages */
	LONGEST_LIST = 1 << 20 /* zone_highsize() keeps them to an eighth of a zone's share */
};

static u32 order_of_list(const struct census *census, u64 list)
{
	u64 types = 0;
	if (kernel_constant(census->k, migrate_pcptypes, &types) || !types ||
	    census->k->schema.variant[variant_pageset] != PAGESET_OWN)
		return 0;
	return list / types < LOW_ORDERS ? (u32)(list / types) : census->page_block_order;
}

static void claim_list(struct census *census, u64 head, u32 order, u8 owner)
{
	struct list_walk walk;
	u64 link, pfn;
	for (list_walk_init(&walk, census->k, head);
	     walk.nr < LONGEST_LIST && list_walk_next(&walk, &link);) {
		if (memmap_pfn(&census->map, kernel_container(census->k, link, page_lru), &pfn))
			claims_add(&census->claims, owner, pfn, 1ull << order);
	}
	if (walk.status)
		kernel_unreadable(census->k, "per-cpu page lists", walk.status, walk.at);
}

static void claim_free_of_zone(void *arg, const struct zone *zone)
{
	struct census *census = arg;
	struct kernel *k = census->k;
	u64 base, nr = kernel_datum(k, pageset_lists)->nr_elements;
	if (!kernel_has(k, pageset_lists) || kernel_get(k, zone->kva, zone_pageset, &base) || !base)
		return;
	u8 owner = claims_owner(&census->claims, PC_FREE_PCP, 0, NULL);
	kernel_for_each_cpu(k, cpu)
	{
		u64 pages = kernel_percpu(k, base, cpu);
		if (k->schema.variant[variant_pageset] == PAGESET_MEMBER)
			pages = kernel_member(k, pages, pageset_pcp);
		for (u64 i = 0; i < nr; i++)
			claim_list(census, kernel_element(k, pages, pageset_lists, i),
				   order_of_list(census, i), owner);
	}
}

void claim_free_pages_of_cpus(struct census *census)
{
	struct error error;
	zone_for_each(census->k, claim_free_of_zone, census, &error);
}

/* --- all of it ------------------------------------------------------------------------------ */

void census_claim(struct census *census)
{
	struct kernel *k = census->k;
	struct error error;
	struct percpu_claim percpu = {
		.census = census,
		.first = claims_owner(&census->claims, PC_PERCPU, 0, "first chunk, made at boot"),
		.later = claims_owner(&census->claims, PC_PERCPU, 0, "later chunks"),
	};
	claim_free_pages_of_cpus(census);
	resource_for_each(k, claim_resource, census, &error);
	claim_memmap(census);
	percpu_for_each_page_range(k, claim_percpu_range, &percpu, NULL, &error);
	module_for_each(k, claim_module, census, &error);
	claim_vmalloc(census);
	claim_page_tables_of_tasks(census);
	claim_drivers(census);
}
