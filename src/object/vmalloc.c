/*
 * Areas of vmalloc space: mm/vmalloc.c.
 *
 * The list of 6.8 and older is named by VMCOREINFO, so that it is found without any symbols.  The
 * nodes of 6.9 and later are static: a kernel without CONFIG_KALLSYMS_ALL does not name them, and
 * they are found by what they are.  Some word of the kernel's data points to an array of struct
 * vmap_node, each of which has two list heads that agree with their neighbours, and the first area
 * is one.
 */
#include "object/vmalloc.h"

#include "kernel/scan.h"
#include "kernel/walk.h"
#include "object/kva_set.h"

enum { MOST_NODES = 1 << 14, PAGES_AT_ONCE = 512 };

const char *vmalloc_kind_name(enum vmalloc_kind kind)
{
	static const char *const names[NR_VMALLOC_KINDS] = {
		[VMALLOC_OTHER] = "other",
		[VMALLOC_ALLOC] = "vmalloc",
		[VMALLOC_MAP] = "vmap",
		[VMALLOC_IOREMAP] = "ioremap",
		[VMALLOC_DMA_COHERENT] = "dma-coherent",
		[VMALLOC_SPARSE] = "sparse",
		[VMALLOC_PERCPU] = "percpu",
		[VMALLOC_MAP_RAM] = "vm_map_ram",
	};
	return names[kind];
}

/* By flag; the first that is set decides: dma_common_remap() sets VM_DMA_COHERENT beside VM_MAP. */
static enum vmalloc_kind kind_of(struct kernel *k, const struct vmalloc_area *area)
{
	static const struct {
		enum quirk_id flag;
		enum vmalloc_kind kind;
	} rows[] = {
		{quirk_vm_ioremap, VMALLOC_IOREMAP}, {quirk_vm_dma_coherent, VMALLOC_DMA_COHERENT},
		{quirk_vm_sparse, VMALLOC_SPARSE},   {quirk_vm_map, VMALLOC_MAP},
		{quirk_vm_alloc, VMALLOC_ALLOC},
	};
	u64 percpu;
	if (kernel_global(k, pcpu_get_vm_areas, &percpu) == READ_OK && area->caller == percpu)
		return VMALLOC_PERCPU;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (area->flags & k->schema.quirk[rows[i].flag])
			return rows[i].kind;
	}
	return VMALLOC_OTHER;
}

static enum read_status read_vm(struct kernel *k, u64 vm, struct vmalloc_area *area)
{
	const u64 *quirk = k->schema.quirk;
	u64 addr, size;
	enum read_status status = kernel_get(k, vm, vm_addr, &addr);
	if (!status)
		status = kernel_get(k, vm, vm_size, &size);
	if (!status)
		status = kernel_get(k, vm, vm_flags, &area->flags);
	if (!status)
		status = kernel_get(k, vm, vm_pages, &area->pages);
	if (!status)
		status = kernel_get(k, vm, vm_nr_pages, &area->nr_pages);
	if (status)
		return status;
	if (addr < area->kva || addr - area->kva >= area->size_bytes ||
	    size > area->size_bytes - (addr - area->kva) ||
	    area->nr_pages > area->size_bytes >> k->page_shift)
		return READ_DAMAGED;
	area->has_vm = true;
	area->vm_kva = vm;
	area->kva = addr;
	area->size_bytes = area->mapped_bytes = size;
	if (!(area->flags & quirk[quirk_vm_no_guard]) && size >= k->page_size)
		area->mapped_bytes -= k->page_size;
	kernel_get(k, vm, vm_phys_addr, &area->phys_addr);
	kernel_get(k, vm, vm_caller, &area->caller);
	area->has_requested_size =
		kernel_get(k, vm, vm_requested_size, &area->requested_size_bytes) == READ_OK;
	area->usermap = area->flags & quirk[quirk_vm_usermap];
	area->unfinished = area->flags & quirk[quirk_vm_uninitialized];
	area->kind = kind_of(k, area);
	area->owns_pages =
		area->kind == VMALLOC_ALLOC ||
		(area->kind == VMALLOC_MAP && area->flags & quirk[quirk_vm_map_put_pages]);
	return READ_OK;
}

/* *in_use: false for one that is freed, and on the list until it is given back (until 5.3). */
static enum read_status read_area(struct kernel *k, u64 kva, struct vmalloc_area *area,
				  bool *in_use)
{
	u64 end, vm, flags;
	*area = (struct vmalloc_area){.kind = VMALLOC_OTHER, .area_kva = kva};
	*in_use = true;
	enum read_status status = kernel_get(k, kva, vmap_area_start, &area->kva);
	if (!status)
		status = kernel_get(k, kva, vmap_area_end, &end);
	if (!status)
		status = kernel_get(k, kva, vmap_area_vm, &vm);
	if (status)
		return status;
	if (end <= area->kva || area->kva < k->arch->kernel_half || area->kva % k->page_size)
		return READ_DAMAGED;
	area->size_bytes = area->mapped_bytes = end - area->kva;
	if (vm)
		return read_vm(k, vm, area);
	/* Between 5.4 and 6.2 areas have no flags: one without a vm_struct is vm_map_ram()'s. */
	area->kind = VMALLOC_MAP_RAM;
	if (kernel_get(k, kva, vmap_area_flags, &flags))
		return READ_OK;
	u64 lazy = k->schema.quirk[quirk_vmap_lazy_free];
	if (lazy)
		*in_use = !(flags & lazy);
	else if (!(flags & k->schema.quirk[quirk_vmap_ram]))
		area->kind = VMALLOC_OTHER;
	return READ_OK;
}

/* --- where the areas are ------------------------------------------------------------------- */

struct area_walk {
	struct kernel *k;
	vmalloc_fn fn;
	void *arg;
	bool stop;
	struct kva_set seen;	 /* areas: a damaged list may come back to one */
	enum read_status status; /* of a list that ended before its first area */
	u64 nr, at;
};

static void walk_list(struct area_walk *w, u64 head)
{
	struct kernel *k = w->k;
	struct list_walk walk;
	u64 node;
	for (list_walk_init(&walk, k, head); !w->stop && list_walk_next(&walk, &node);) {
		struct vmalloc_area area;
		bool in_use;
		u64 kva = kernel_container(k, node, vmap_area_node);
		enum read_status status = read_area(k, kva, &area, &in_use);
		if (!status && !kva_set_add(&w->seen, kva))
			status = READ_DAMAGED;
		if (status)
			kernel_unreadable(k, "vmalloc area", status, kva);
		else if (in_use)
			w->stop = !w->fn(w->arg, &area);
		w->nr++;
	}
	if (walk.status) {
		kernel_unreadable(k, "list of vmalloc areas", walk.status, walk.at);
		w->status = walk.status;
		w->at = walk.at;
	}
}

static void walk_nodes(struct area_walk *w, u64 nodes, u64 nr)
{
	u64 size = kernel_datum(w->k, vmap_node_size)->value;
	for (u64 i = 0; i < nr && !w->stop; i++)
		walk_list(w, kernel_member(w->k, nodes + i * size, vmap_node_busy));
}

static enum read_status named_nodes(struct kernel *k, u64 *nodes, u64 *nr)
{
	*nr = 1; /* one static node when built for one CPU: then there is no count either */
	if (kernel_has(k, nr_vmap_nodes)) {
		enum read_status status = kernel_variable(k, nr_vmap_nodes, 4, nr);
		if (status)
			return status;
	}
	if (!*nr || *nr > MOST_NODES)
		return READ_DAMAGED;
	return kernel_variable(k, vmap_nodes, 8, nodes);
}

/* --- nodes without a name ------------------------------------------------------------------ */

/* A list head whose two neighbours, itself when empty, point back to it. */
static bool agrees(struct kernel *k, u64 head, bool *empty)
{
	u64 links[2], back, forth;
	if (kernel_read(k, head, links, sizeof(links)) || kernel_read_u64(k, links[0] + 8, &back) ||
	    kernel_read_u64(k, links[1], &forth))
		return false;
	*empty = links[0] == head;
	return back == head && forth == head;
}

static bool is_node(struct kernel *k, u64 node)
{
	struct vmalloc_area area;
	bool busy_empty, lazy_empty, in_use;
	u64 busy = kernel_member(k, node, vmap_node_busy), first;
	if (!agrees(k, busy, &busy_empty) ||
	    !agrees(k, kernel_member(k, node, vmap_node_lazy), &lazy_empty))
		return false;
	return busy_empty || (kernel_read_u64(k, busy, &first) == READ_OK &&
			      read_area(k, kernel_container(k, first, vmap_area_node), &area,
					&in_use) == READ_OK);
}

struct node_search {
	struct kernel *k;
	u64 nodes, nr;
};

/*
 * The array around one node: pointers into its middle are left over in the data too.  One in which
 * no node has an area proves nothing: any two empty lists look like that.
 */
static bool measure_nodes(struct node_search *s, u64 node)
{
	u64 size = kernel_datum(s->k, vmap_node_size)->value, first;
	bool empty, any = false;
	if (!is_node(s->k, node))
		return false;
	for (s->nodes = node, s->nr = 1; s->nr < MOST_NODES && is_node(s->k, s->nodes - size);
	     s->nr++)
		s->nodes -= size;
	while (s->nr < MOST_NODES && is_node(s->k, s->nodes + s->nr * size))
		s->nr++;
	for (u64 i = 0; i < s->nr && !any; i++) {
		first = kernel_member(s->k, s->nodes + i * size, vmap_node_busy);
		any = agrees(s->k, first, &empty) && !empty;
	}
	return any;
}

static bool find_nodes(void *arg, u64 kva, const u8 *bytes, size_t len)
{
	struct node_search *s = arg;
	for (size_t i = -kva & 7; i + 8 <= len; i += 8) {
		u64 node;
		memcpy(&node, bytes + i, sizeof(node));
		if (node >= s->k->arch->kernel_half && node % 8 == 0 && measure_nodes(s, node))
			return true;
	}
	return false;
}

static enum read_status unnamed_nodes(struct kernel *k, u64 *nodes, u64 *nr)
{
	struct node_search s = {.k = k};
	if (!kernel_has(k, vmap_node_size) || !kernel_datum(k, vmap_node_size)->value ||
	    !kernel_scan_image(k, 8, find_nodes, &s))
		return READ_ABSENT;
	*nodes = s.nodes;
	*nr = s.nr;
	return READ_OK;
}

/* --- all areas ----------------------------------------------------------------------------- */

int vmalloc_for_each(struct kernel *k, vmalloc_fn fn, void *arg, struct error *error)
{
	struct area_walk w = {.k = k, .fn = fn, .arg = arg};
	u64 head, nodes, nr;
	if (!kernel_has_group(k, group_vmalloc, error))
		return -1;
	switch (k->schema.variant[variant_vmap]) {
	case VMAP_LIST:
		kernel_global(k, vmap_area_list, &head);
		walk_list(&w, head);
		break;
	case VMAP_NODES:
		w.status = named_nodes(k, &nodes, &nr);
		if (!w.status)
			walk_nodes(&w, nodes, nr);
		break;
	case VMAP_NODES_UNNAMED:
		w.status = unnamed_nodes(k, &nodes, &nr);
		if (!w.status)
			walk_nodes(&w, nodes, nr);
		break;
	default:
		w.status = READ_ABSENT;
	}
	kva_set_done(&w.seen);
	if (!w.status || w.nr)
		return 0;
	if (w.status == READ_ABSENT)
		return error_set(error, EXIT_PARTIAL,
				 "vmalloc areas: neither vmap_area_list nor vmap_nodes is among "
				 "the dump's symbols, and they can't be found by structure; "
				 "--map or --vmlinux names them");
	return error_set(error, EXIT_PARTIAL, "the list of vmalloc areas at 0x%llx %s",
			 (unsigned long long)w.at, read_status_text(w.status));
}

void vmalloc_for_each_page(struct kernel *k, const struct vmalloc_area *area, vmalloc_page_fn fn,
			   void *arg)
{
	u64 pages[PAGES_AT_ONCE];
	for (u64 i = 0; area->pages && i < area->nr_pages; i += PAGES_AT_ONCE) {
		u64 n = u64_min(PAGES_AT_ONCE, area->nr_pages - i);
		enum read_status status =
			kernel_read(k, area->pages + i * 8, pages, n * sizeof(*pages));
		if (status) {
			kernel_unreadable(k, "pages of a vmalloc area", status,
					  area->pages + i * 8);
			continue;
		}
		for (u64 j = 0; j < n; j++) {
			if (pages[j] && !fn(arg, i + j, pages[j]))
				return;
		}
	}
}
