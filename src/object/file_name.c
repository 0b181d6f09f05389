/*
 * Names of files: fs/dcache.c, fs/namespace.c.
 *
 * A name is the chain of a dentry's parents; where that chain meets the root of a mount of the file
 * system, the mount's own place goes in front.
 *
 * Files that never had a name (alloc_file_pseudo(): memfd, shared memory, pipes) have a dentry that
 * is its own parent and holds a label instead; so does the root of a file system, and a dentry that
 * NFS made for an inode alone, whose label is "/".
 */
#include <string.h>

#include "kernel/walk.h"
#include "object/file.h"
#include "object/path.h"

/* Labels of unnamed tmpfs and hugetlbfs files, by how they begin. */
static const struct {
	const char *begins;
	enum file_kind kind;
} by_label[] = {
	{"memfd:", FILE_MEMFD},		/* mm/memfd.c */
	{"SYSV", FILE_SYSV_SHM},	/* ipc/shm.c newseg() */
	{"dev/zero", FILE_SHARED_ANON}, /* mm/shmem.c shmem_zero_setup() */
	{"drm mm object", FILE_GRAPHICS}, {"i915", FILE_GRAPHICS},
	{"ttm swap", FILE_GRAPHICS},	  {"anon_hugepage", FILE_HUGETLB}, /* HUGETLB_ANON_FILE */
};

static enum file_kind kind_of_label(const char *label, enum file_kind otherwise)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_label); i++) {
		if (!strncmp(label, by_label[i].begins, strlen(by_label[i].begins)))
			return by_label[i].kind;
	}
	return otherwise;
}

/* --- where it is mounted -------------------------------------------------------------------- */

enum { MAX_ANCESTORS = 256, MOST_MOUNTS = 1 << 16 };

/* A dentry and its parents, the nearest first. */
struct ancestry {
	u64 dentry[MAX_ANCESTORS];
	u32 n;
};

static void find_ancestry(struct kernel *k, u64 dentry, struct ancestry *a)
{
	u64 parent;
	for (a->n = 0; a->n < MAX_ANCESTORS; dentry = parent) {
		a->dentry[a->n++] = dentry;
		if (kernel_get(k, dentry, dentry_parent, &parent) || parent == dentry)
			return;
	}
}

/* The mount to show a file by: init's before a container's, a whole one before a part. */
struct mount_choice {
	struct kernel *k;
	const struct ancestry *ancestry;
	u64 init_ns;
	u64 vfsmount; /* 0: none yet */
	u32 rank;
	bool other_ns;
};

static bool is_ns(const struct kernel *k, u64 ns)
{
	/* NULL: unmounted lazily; an error value: the kernel's own (MNT_NS_INTERNAL) */
	return ns >= k->arch->kernel_half && ns < UINT64_MAX - 4095;
}

static void consider_mount(struct mount_choice *c, u64 mount)
{
	u64 vfsmount = kernel_member(c->k, mount, mount_mnt), root, ns = 0;
	if (kernel_get(c->k, vfsmount, vfsmount_root, &root) ||
	    kernel_get(c->k, mount, mount_ns, &ns) || !is_ns(c->k, ns))
		return;
	for (u32 i = 0; i < c->ancestry->n; i++) {
		if (c->ancestry->dentry[i] != root)
			continue;
		u32 rank = (ns == c->init_ns ? MAX_ANCESTORS : 0) + i + 1;
		if (rank > c->rank) {
			c->rank = rank;
			c->vfsmount = vfsmount;
			c->other_ns = c->init_ns && ns != c->init_ns;
		}
	}
}

static void consider_mount_chain(struct mount_choice *c, u64 super_block)
{
	struct chain_walk walk;
	u64 first, mount;
	if (kernel_get(c->k, super_block, super_first_mount, &first))
		return;
	for (chain_walk_init(&walk, c->k, first, mount_next_for_sb, MOST_MOUNTS);
	     chain_walk_next(&walk, &mount);)
		consider_mount(c, mount);
	if (walk.status)
		kernel_unreadable(c->k, "mounts of a file system", walk.status, walk.at);
}

static void consider_mount_list(struct mount_choice *c, u64 super_block)
{
	struct list_walk walk;
	u64 link;
	for (list_walk_init(&walk, c->k, kernel_member(c->k, super_block, super_mounts));
	     walk.nr < MOST_MOUNTS && list_walk_next(&walk, &link);)
		consider_mount(c, kernel_container(c->k, link, mount_instance));
	if (walk.status)
		kernel_unreadable(c->k, "mounts of a file system", walk.status, walk.at);
}

static void choose_mount(struct mount_choice *c, u64 super_block)
{
	u64 task, proxy;
	if (kernel_global(c->k, init_task, &task) == READ_OK &&
	    kernel_get(c->k, task, task_nsproxy, &proxy) == READ_OK)
		kernel_get(c->k, proxy, nsproxy_mnt_ns, &c->init_ns);
	switch (c->k->schema.variant[variant_super_mounts]) {
	case SUPER_MOUNTS_CHAIN:
		consider_mount_chain(c, super_block);
		break;
	case SUPER_MOUNTS_LIST:
		consider_mount_list(c, super_block);
		break;
	default:
		break;
	}
}

static void read_path(struct kernel *k, struct file_info *info)
{
	struct ancestry ancestry;
	find_ancestry(k, info->dentry, &ancestry);
	struct mount_choice choice = {.k = k, .ancestry = &ancestry};
	choose_mount(&choice, info->super_block);
	if (path_of(k, info->dentry, choice.vfsmount, info->path, sizeof(info->path))) {
		info->path[0] = '\0';
		return;
	}
	info->mounted = choice.vfsmount != 0;
	info->other_mount_ns = choice.other_ns;
}

/* --- dentries ------------------------------------------------------------------------------- */

struct alias {
	u64 kva;
	bool hashed, own_parent;
	s64 count;
};

static enum read_status read_alias(struct kernel *k, u64 dentry, struct alias *a)
{
	u64 parent, pprev, count = 0;
	*a = (struct alias){.kva = dentry};
	enum read_status status = kernel_get(k, dentry, dentry_parent, &parent);
	if (!status)
		status = kernel_get(k, dentry, dentry_hash_pprev, &pprev);
	if (!status && kernel_has(k, dentry_count))
		status = kernel_get(k, dentry, dentry_count, &count);
	if (status)
		return status;
	a->hashed = pprev != 0;
	a->own_parent = parent == dentry;
	a->count = (s64)count;
	return READ_OK;
}

/*
 * File systems that live in the dentry cache alone hold one reference to each name
 * (simple_link(), shmem_mknod(); d_make_persistent() since 6.19).
 */
static s64 pinned(const struct file_info *info, const struct alias *a)
{
	bool in_dcache =
		info->kind == FILE_TMPFS || info->kind == FILE_RAM || info->kind == FILE_HUGETLB;
	return in_dcache && a->hashed && !a->own_parent;
}

/* All names of the inode; *best is one that is still a name, if there is one. */
static void read_aliases(struct kernel *k, struct file_info *info, struct alias *best)
{
	enum { MOST_ALIASES = 1024 };
	struct chain_walk walk;
	u64 first, node;
	s64 users = 0;
	if (kernel_get(k, kernel_member(k, info->inode, inode_dentries), hlist_first, &first))
		return;
	for (chain_walk_init(&walk, k, first, hlist_next, MOST_ALIASES);
	     chain_walk_next(&walk, &node);) {
		struct alias a;
		enum read_status status =
			read_alias(k, kernel_container(k, node, dentry_alias), &a);
		if (status) {
			kernel_unreadable(k, "name of a file", status, node);
			continue;
		}
		users += (a.count > 0 ? a.count : 0) - pinned(info, &a);
		if (!best->kva || (a.hashed && !best->hashed))
			*best = a;
	}
	if (walk.status)
		kernel_unreadable(k, "names of a file", walk.status, walk.at);
	info->users_known = kernel_has(k, dentry_count) && !walk.status;
	info->users = users > 0 ? (u64)users : 0;
}

void file_read_name(struct kernel *k, struct file_info *info)
{
	u64 root = 0, nlink = 1;
	struct alias name = {0};
	read_aliases(k, info, &name);
	if (kernel_get(k, info->inode, inode_nlink, &nlink))
		nlink = 1;
	info->deleted = !nlink;
	kernel_get(k, info->super_block, super_root, &root);
	if (!name.kva)
		return;
	info->dentry = name.kva;
	if (!name.own_parent || name.kva == root) {
		info->deleted |= !name.hashed && !name.own_parent;
		read_path(k, info);
		return;
	}
	kernel_get_text_at(k, name.kva, dentry_name, info->path, 256);
	if (!strcmp(info->path, "/")) { /* made for the inode alone: no name is cached */
		info->path[0] = '\0';
		info->dentry = 0;
		return;
	}
	info->deleted = false;
	if (info->kind == FILE_TMPFS)
		info->kind = kind_of_label(info->path, FILE_KERNEL_SHMEM);
	else if (info->kind == FILE_HUGETLB)
		info->kind = kind_of_label(info->path, FILE_HUGETLB);
}
