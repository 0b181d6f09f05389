/* Swap areas (mm/swapfile.c), hugetlb pools (mm/hugetlb.c), mounts (fs/mount.h). */
#include "object/storage.h"

#include <stdio.h>
#include <string.h>

#include "kernel/walk.h"
#include "object/path.h"
#include "object/task.h"

int swap_for_each(struct kernel *k, swap_fn fn, void *arg, struct error *error)
{
	enum { MOST_AREAS = 64 };
	u64 nr, table;
	if (!kernel_has_group(k, group_swap, error))
		return -1;
	enum read_status status = kernel_variable(k, nr_swapfiles, 4, &nr);
	if (status)
		return error_set(error, EXIT_PARTIAL, "nr_swapfiles %s", read_status_text(status));
	kernel_global(k, swap_info, &table);
	for (u32 i = 0; i < u64_min(nr, MOST_AREAS); i++) {
		struct swap_area area = {.index = i};
		u64 info, flags, priority, file, dentry, vfsmount;
		status = kernel_read_u64(k, table + i * 8, &info);
		if (!status && !info)
			continue;
		if (!status)
			status = kernel_get(k, info, swap_flags, &flags);
		if (!status && !(flags & k->schema.quirk[quirk_swp_used]))
			continue;
		if (!status)
			status = kernel_get(k, info, swap_pages, &area.pages);
		if (!status)
			status = kernel_get(k, info, swap_inuse_pages, &area.used_pages);
		if (status) {
			kernel_unreadable(k, "swap area", status, table + i * 8);
			continue;
		}
		/*
		 * Since 6.3ish the top bit of inuse_pages says "off the list of those with room"
		 * (SWAP_USAGE_OFFLIST_BIT).
		 */
		area.used_pages &= k->schema.quirk[quirk_swap_usage_mask];
		if (kernel_get(k, info, swap_prio, &priority) == READ_OK)
			area.priority = (s32)(s64)priority;
		if (kernel_get(k, info, swap_file, &file) == READ_OK &&
		    kernel_get(k, file, file_dentry, &dentry) == READ_OK &&
		    kernel_get(k, file, file_mnt, &vfsmount) == READ_OK)
			path_of(k, dentry, vfsmount, area.path, sizeof(area.path));
		if (!fn(arg, &area))
			break;
	}
	return 0;
}

int hugetlb_for_each(struct kernel *k, hugetlb_fn fn, void *arg, struct error *error)
{
	enum { MOST_POOLS = 16 };
	u64 nr, table, size;
	if (!kernel_has_group(k, group_hugetlb, error))
		return -1;
	enum read_status status = kernel_variable(k, hugetlb_max_hstate, 4, &nr);
	if (status)
		return error_set(error, EXIT_PARTIAL, "hugetlb_max_hstate %s",
				 read_status_text(status));
	kernel_global(k, hstates, &table);
	kernel_size(k, hstate_size, &size);
	for (u32 i = 0; i < u64_min(nr, MOST_POOLS); i++) {
		struct hugetlb_pool pool = {0};
		u64 at = table + i * size, order;
		status = kernel_get(k, at, hstate_order, &order);
		if (!status)
			status = kernel_get(k, at, hstate_nr, &pool.total);
		if (!status)
			status = kernel_get(k, at, hstate_free, &pool.free);
		if (!status && order > 30)
			status = READ_DAMAGED;
		if (status) {
			kernel_unreadable(k, "hugetlb pool", status, at);
			continue;
		}
		pool.order = (u32)order;
		pool.pages_per_huge = 1ull << order;
		kernel_get(k, at, hstate_reserved, &pool.reserved);
		kernel_get(k, at, hstate_surplus, &pool.surplus);
		kernel_get_text(k, at, hstate_name, pool.name, sizeof(pool.name));
		if (!fn(arg, &pool))
			break;
	}
	return 0;
}

/*
 * tmpfs: its limit and use in pages; used_blocks is a percpu_counter since 2.6.37 (7e496299d4d2).
 */
static void read_tmpfs_size(struct kernel *k, struct mount *m)
{
	u64 info, magic;
	s64 used;
	/* By what it is, not by its name: rootfs and devtmpfs are tmpfs too. */
	if (kernel_get(k, m->super_block, super_magic, &magic) ||
	    magic != k->schema.quirk[quirk_tmpfs_magic])
		return;
	if (kernel_get(k, m->super_block, super_fs_info, &info) || !info ||
	    kernel_get(k, info, shmem_max_blocks, &m->max_pages) ||
	    !kernel_has(k, shmem_used_blocks))
		return;
	if (kernel_percpu_counter(k, kernel_member(k, info, shmem_used_blocks), &used) == READ_OK) {
		m->has_size = true;
		m->used_pages = used > 0 ? (u64)used : 0;
	}
}

static bool give_mount(struct kernel *k, u64 kva, mount_fn fn, void *arg)
{
	struct mount m = {.kva = kva};
	u64 vfsmount = kernel_member(k, kva, mount_mnt), root, type;
	enum read_status status = kernel_get(k, vfsmount, vfsmount_sb, &m.super_block);
	if (!status)
		status = kernel_get(k, vfsmount, vfsmount_root, &root);
	if (!status)
		status = kernel_get(k, m.super_block, super_type, &type);
	if (status) {
		kernel_unreadable(k, "mount", status, kva);
		return true;
	}
	m.fstype_status =
		kernel_get_text_at(k, type, file_system_name, m.fstype, sizeof(m.fstype));
	m.device_status = kernel_get_text_at(k, kva, mount_devname, m.device, sizeof(m.device));
	m.path_status = path_of(k, root, vfsmount, m.path, sizeof(m.path));
	if (m.path_status)
		m.path[0] = '\0';
	read_tmpfs_size(k, &m);
	return fn(arg, &m);
}

/*
 * Init's namespace: the first task's belongs to the kernel, and is the same unless init changed it.
 */
static bool find_init(void *arg, const struct task *t)
{
	u64 *kva = arg;
	if (t->pid != 1)
		return true;
	*kva = t->kva;
	return false;
}

static enum read_status mount_namespace(struct kernel *k, u64 *ns)
{
	u64 task = 0, proxy;
	task_for_each(k, false, find_init, &task, NULL);
	if (!task && kernel_global(k, init_task, &task))
		return READ_ABSENT;
	enum read_status status = kernel_get(k, task, task_nsproxy, &proxy);
	return status ? status : kernel_get(k, proxy, nsproxy_mnt_ns, ns);
}

/* A list that ends before its first element is no empty list. */
static int walked(struct kernel *k, const char *what, enum read_status status, u64 at, u64 nr,
		  struct error *error)
{
	if (status)
		kernel_unreadable(k, what, status, at);
	return status && !nr ? error_set(error, EXIT_PARTIAL, "the %s at 0x%llx %s", what,
					 (unsigned long long)at, read_status_text(status))
			     : 0;
}

static int walk_mount_tree(struct kernel *k, u64 ns, mount_fn fn, void *arg, struct error *error)
{
	struct rb_walk walk;
	u64 node;
	for (rb_walk_init(&walk, k, kernel_member(k, ns, mnt_ns_tree));
	     rb_walk_next(&walk, &node);) {
		if (!give_mount(k, kernel_container(k, node, mount_node), fn, arg))
			return 0;
	}
	return walked(k, "tree of mounts", walk.status, walk.at, walk.nr, error);
}

static int walk_mount_list(struct kernel *k, u64 ns, mount_fn fn, void *arg, struct error *error)
{
	struct list_walk walk;
	u64 node;
	for (list_walk_init(&walk, k, kernel_member(k, ns, mnt_ns_list));
	     list_walk_next(&walk, &node);) {
		if (!give_mount(k, kernel_container(k, node, mount_list), fn, arg))
			return 0;
	}
	return walked(k, "list of mounts", walk.status, walk.at, walk.nr, error);
}

int mount_for_each(struct kernel *k, mount_fn fn, void *arg, struct error *error)
{
	u64 ns;
	if (!kernel_has_group(k, group_mount, error) || !kernel_has_group(k, group_path, error))
		return -1;
	enum read_status status = mount_namespace(k, &ns);
	if (status)
		return error_set(error, EXIT_PARTIAL, "init's mount namespace %s",
				 read_status_text(status));
	switch (k->schema.variant[variant_mount]) {
	case MOUNT_TREE:
		return walk_mount_tree(k, ns, fn, arg, error);
	case MOUNT_LIST:
		return walk_mount_list(k, ns, fn, arg, error);
	default:
		return error_set(error, EXIT_PARTIAL,
				 "mounts: this kernel keeps them in no way that is known");
	}
}
