/*
 * Pages of vmalloc space, by what is mapped there: the kernel's page tables are walked whole, which
 * also finds the page tables themselves; the areas say who asked for what is mapped.
 *
 * The direct map and the struct pages are mapped too: their last tables are page tables like any,
 * what they map is not looked at.
 *
 * Kernel stacks are areas like others.  Their caller is where the stacks of the tasks come from:
 * what the compiler made of alloc_thread_stack_node() differs, that does not.  Stacks that the
 * kernel keeps for the next task (two per CPU) have the same caller.
 */
#include <stdlib.h>

#include "analysis/census_claims.h"
#include "object/percpu.h"
#include "object/task.h"
#include "object/vmalloc.h"

enum { MOST_AREAS = 1 << 20, MOST_STACK_CALLERS = 16 };

struct area {
	u64 start, end, caller;
	u8 kind; /* enum vmalloc_kind */
	u8 owner;
	bool owns_pages;
};

struct vmalloc_walk {
	struct census *census;
	VEC(struct area) areas;
	u64 stack_callers[MOST_STACK_CALLERS];
	size_t nr_stack_callers;
	size_t last; /* index of the area found last */
	u8 page_tables, nobody;
	bool areas_known;
	u64 vmemmap_start, vmemmap_end;
};

static bool add_area(void *arg, const struct vmalloc_area *a)
{
	struct vmalloc_walk *w = arg;
	if (w->areas.n < MOST_AREAS)
		*vec_push(&w->areas) = (struct area){.start = a->kva,
						     .end = a->kva + a->size_bytes,
						     .caller = a->caller,
						     .kind = (u8)a->kind,
						     .owns_pages = a->owns_pages};
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct area *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static struct area *find_area(struct vmalloc_walk *w, u64 kva)
{
	size_t low = 0, high = w->areas.n;
	struct area *last = w->last < w->areas.n ? &w->areas.v[w->last] : NULL;
	if (last && kva >= last->start && kva < last->end)
		return last;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (kva < w->areas.v[mid].start)
			high = mid;
		else if (kva >= w->areas.v[mid].end)
			low = mid + 1;
		else
			return &w->areas.v[w->last = mid];
	}
	return NULL;
}

/* --- stacks --------------------------------------------------------------------------------- */

static bool is_stack_caller(const struct vmalloc_walk *w, u64 caller)
{
	for (size_t i = 0; i < w->nr_stack_callers; i++) {
		if (w->stack_callers[i] == caller)
			return true;
	}
	return false;
}

static bool learn_from_stack(void *arg, const struct task *task)
{
	struct vmalloc_walk *w = arg;
	struct area *area = find_area(w, task->stack);
	if (!task->stack)
		return true;
	if (!area) { /* without CONFIG_VMAP_STACK: pages of the direct map */
		u8 owner = claims_owner(&w->census->claims, PC_KERNEL_STACK, 0, NULL);
		u64 size = w->census->k->schema.quirk[quirk_thread_size];
		if (!kernel_has(w->census->k, task_stack_vm_area))
			claim_range(w->census, owner, task->stack,
				    size > w->census->k->page_size ? size
								   : w->census->k->page_size);
		return true;
	}
	if (area->start == task->stack && !is_stack_caller(w, area->caller) &&
	    w->nr_stack_callers < MOST_STACK_CALLERS)
		w->stack_callers[w->nr_stack_callers++] = area->caller;
	return true;
}

/* --- areas ---------------------------------------------------------------------------------- */

static u8 owner_of(struct vmalloc_walk *w, const struct area *a)
{
	struct page_claims *claims = &w->census->claims;
	switch ((enum vmalloc_kind)a->kind) {
	case VMALLOC_PERCPU:
		return claims_owner(claims, PC_PERCPU, 0, "later chunks");
	case VMALLOC_IOREMAP: /* device memory, or what firmware left in RAM */
	case VMALLOC_MAP_RAM: /* somebody else's */
		return OWNER_NONE;
	case VMALLOC_DMA_COHERENT:
		return claims_owner(claims, PC_DRIVER_KNOWN, a->caller, "DMA memory");
	case VMALLOC_MAP:
		if (!a->owns_pages) {
			u8 owner = claims_owner(claims, PC_DRIVER_KNOWN, a->caller, "vmap");
			claims->owners[owner].maps_others = true;
			return owner;
		}
		break;
	default:
		break;
	}
	if (is_stack_caller(w, a->caller))
		return claims_owner(claims, PC_KERNEL_STACK, 0, NULL);
	return claims_owner(claims, PC_VMALLOC, a->caller, NULL);
}

static int by_size(const void *a, const void *b)
{
	const struct area *const *x = a, *const *y = b;
	u64 m = (*x)->end - (*x)->start, n = (*y)->end - (*y)->start;
	if (m != n)
		return m < n ? 1 : -1;
	return (*x)->start < (*y)->start ? -1 : 1;
}

/* Owners are few: large areas choose first. */
static void choose_owners(struct vmalloc_walk *w)
{
	struct area **order = mem_calloc(w->areas.n + 1, sizeof(struct area *));
	for (size_t i = 0; i < w->areas.n; i++)
		order[i] = &w->areas.v[i];
	qsort(order, w->areas.n, sizeof(struct area *), by_size);
	for (size_t i = 0; i < w->areas.n; i++) {
		order[i]->owner = owner_of(w, order[i]);
		w->census->claims.owners[order[i]->owner].areas++;
	}
	free(order);
}

/* --- page tables ---------------------------------------------------------------------------- */

static bool within(u64 va, u64 start, u64 end)
{
	return va >= start && va < end;
}

static bool see_entry(void *arg, const struct paging_entry *e)
{
	struct vmalloc_walk *w = arg;
	struct census *census = w->census;
	const struct vspace *vs = &census->k->vspace;
	u32 shift = census->k->page_shift;
	bool elsewhere = within(e->va, vs->direct_map.start, vs->direct_map.end) ||
			 within(e->va, w->vmemmap_start, w->vmemmap_end) ||
			 within(e->va, vs->image_map.start, vs->image_map.end);
	if (e->table) {
		if (e->status) {
			kernel_unreadable(census->k, "page tables of the kernel", e->status,
					  e->paddr);
			return true;
		}
		claims_add(&census->claims, w->page_tables, e->paddr >> shift, 1);
		return !elsewhere || e->level + 1 < vs->paging.nr_levels;
	}
	if (elsewhere)
		return true;
	const struct area *area = find_area(w, e->va);
	u8 owner = area ? area->owner : w->areas_known ? OWNER_NONE : w->nobody;
	if (owner)
		claims_add(&census->claims, owner, e->paddr >> shift, e->size >> shift);
	return true;
}

void claim_vmalloc(struct census *census)
{
	struct kernel *k = census->k;
	struct error error;
	struct vmalloc_walk w = {.census = census};
	const struct memmap *map = &census->map;
	const struct memmap_section *last = &map->sections[map->nr_sections - 1];
	w.areas_known = vmalloc_for_each(k, add_area, &w, &error) == 0;
	if (w.areas.n)
		qsort(w.areas.v, w.areas.n, sizeof(*w.areas.v), by_start);
	task_for_each(k, true, learn_from_stack, &w, &error);
	choose_owners(&w);
	w.page_tables = claims_owner(&census->claims, PC_PAGE_TABLE, 0, "of the kernel itself");
	if (!w.areas_known)
		w.nobody = claims_owner(&census->claims, PC_VMALLOC, 0, "areas are not known");
	if (map->base) {
		w.vmemmap_start = map->sections[0].kva;
		w.vmemmap_end = last->kva + last->nr_pages * map->page_bytes;
	}
	if (!paging_for_each(&k->vspace.paging, k->image, k->arch->kernel_half, 0,
			     census_most_tables(k), see_entry, &w))
		kernel_unreadable(k, "page tables of the kernel", READ_DAMAGED,
				  k->vspace.paging.root_paddr);
	vec_done(&w.areas);
}
