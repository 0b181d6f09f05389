/*
 * RAM disks (drivers/block/brd.c): each keeps its pages in a tree (radix tree, xarray) by their
 * place on the disk.
 *
 * The driver is a module.  Where its types and its list of disks are not known (no BTF of modules
 * before 5.11, no symbols of data without KALLSYMS_ALL), the disks tell of themselves: those whose
 * operations lie in the module are its own, and the driver's struct hangs on them.  Where in it the
 * tree is, its pages tell: each says in page->index where in the tree it is.
 */
#include <string.h>

#include "kernel/walk.h"
#include "kernel/xarray.h"
#include "object/book_parts.h"
#include "object/kva_set.h"
#include "object/module.h"
#include "object/module_data.h"

enum { STRUCT_BYTES = 128 }; /* to look for the tree in: brd_device has 64 to 80 */

static enum read_status give_tree(struct book_walk *w, u64 tree)
{
	struct xarray_walk walk;
	u64 index, page;
	enum read_status status = READ_OK;
	for (xarray_walk_init(&walk, w->k, tree);
	     !status && xarray_walk_next(&walk, &index, &page);)
		status = page & 1 ? READ_DAMAGED : book_give_page(w, page, 1);
	return status ? status : walk.status;
}

static void read_list(struct book_walk *w, u64 head)
{
	struct list_walk walk;
	u64 link;
	for (list_walk_init(&walk, w->k, head); list_walk_next(&walk, &link);) {
		u64 device = kernel_container(w->k, link, brd_device_list);
		u64 tree = kernel_member(w->k, device, brd_device_pages);
		book_tell(w, give_tree(w, tree), device);
	}
	book_tell(w, walk.status, walk.at);
}

/* --- without the module's types ------------------------------------------------------------- */

struct search {
	struct book_walk *w;
	struct module module;
	bool found;
	struct kva_set seen;
};

static bool find_module(void *arg, const struct module *m)
{
	struct search *s = arg;
	s->found = !strcmp(m->name, "brd");
	if (s->found)
		s->module = *m;
	return !s->found;
}

static bool in_module(const struct module *m, u64 kva)
{
	for (u32 i = 0; i < m->nr_ranges; i++) {
		if (kva - m->ranges[i].kva < m->ranges[i].bytes)
			return true;
	}
	return false;
}

/* A tree of at least one node, all of whose entries are pages that know their place. */
static bool is_tree_of_pages(struct kernel *k, u64 tree)
{
	struct xarray_walk walk;
	u64 head, index, page, own_index, n = 0;
	if (kernel_get(k, tree, xarray_head, &head) || (head & 3) == 0)
		return false;
	for (xarray_walk_init(&walk, k, tree); xarray_walk_next(&walk, &index, &page); n++) {
		if (page & 3 || kernel_get(k, page, page_index, &own_index) || own_index != index)
			return false;
	}
	return n && !walk.status;
}

static void give_disk(void *arg, u64 disk)
{
	struct search *s = arg;
	struct kernel *k = s->w->k;
	u64 operations, device;
	if (kernel_get(k, disk, disk_fops, &operations) || !in_module(&s->module, operations) ||
	    kernel_get(k, disk, disk_private_data, &device) || !kva_set_add(&s->seen, device))
		return;
	for (u64 at = 0; at < STRUCT_BYTES; at += 8) {
		if (is_tree_of_pages(k, device + at)) {
			book_tell(s->w, give_tree(s->w, device + at), device);
			return;
		}
	}
}

static void read_disks(struct book_walk *w)
{
	struct search s = {.w = w};
	module_for_each(w->k, find_module, &s, NULL);
	if (s.found && kernel_has(w->k, page_index))
		book_for_each_disk(w, give_disk, &s);
	kva_set_done(&s.seen);
}

static void read_ram_disks(struct book_walk *w)
{
	struct kernel *k = w->k;
	u64 head;
	if (!k->schema.group_usable[group_xarray] || !module_is_there(k, "brd", "brd_devices"))
		return;
	if (module_load_group(k, group_brd, NULL) || kernel_global(k, brd_devices, &head))
		read_disks(w);
	else
		read_list(w, head);
}

const struct book books_of_brd[] = {
	{"RAM disks (brd)", group_brd, read_ram_disks},
	{0},
};
