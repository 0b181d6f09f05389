/*
 * From an address_space to its inode, and what kind of file that is: fs/inode.c, mm/shmem.c.
 *
 * The pointer comes from a struct page and may be anything: an inode counts only when its own
 * pointers lead back to the mapping.
 */
#include "object/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name, *title;
} kinds[NR_FILE_KINDS] = {
	[FILE_REGULAR] = {"file", "file"},
	[FILE_METADATA] = {"metadata", "metadata of a file system"},
	[FILE_RAM] = {"ramfs", "ramfs file"},
	[FILE_TMPFS] = {"tmpfs", "tmpfs file"},
	[FILE_MEMFD] = {"memfd", "memfd"},
	[FILE_SYSV_SHM] = {"sysv_shm", "SysV shared memory"},
	[FILE_SHARED_ANON] = {"shared_anon", "shared anonymous memory"},
	[FILE_GRAPHICS] = {"graphics", "buffer of a graphics driver"},
	[FILE_KERNEL_SHMEM] = {"kernel_shmem", "shared memory of the kernel"},
	[FILE_HUGETLB] = {"hugetlb", "huge pages"},
	[FILE_BLOCK_DEVICE] = {"block_device", "block device"},
	[FILE_UNNAMED] = {"unnamed", "file without a name"},
	[FILE_SWAP_CACHE] = {"swap_cache", "swap cache"},
	[FILE_NO_INODE] = {"no_inode", "address space without an inode"},
};

const char *file_kind_title(enum file_kind kind)
{
	return kinds[kind].title;
}

const char *file_kind_name(enum file_kind kind)
{
	return kinds[kind].name;
}

/* --- what kind ------------------------------------------------------------------------------ */

/* File systems that only the kernel mounts, and those with pages of a kind of their own. */
static const struct {
	const char *fstype;
	enum file_kind kind;
} by_fstype[] = {
	{"bdev", FILE_BLOCK_DEVICE}, {"hugetlbfs", FILE_HUGETLB},    {"pipefs", FILE_UNNAMED},
	{"sockfs", FILE_UNNAMED},    {"anon_inodefs", FILE_UNNAMED}, {"dmabuf", FILE_UNNAMED},
	{"secretmem", FILE_UNNAMED}, {"guest_memfd", FILE_UNNAMED},  {"aio", FILE_UNNAMED},
	{"zsmalloc", FILE_UNNAMED},  {"z3fold", FILE_UNNAMED},	     {"balloon-kvm", FILE_UNNAMED},
	{"drm", FILE_UNNAMED},	     {"cxl", FILE_UNNAMED},
};

static enum file_kind kind_of(struct kernel *k, const struct file_info *info, u64 mode)
{
	u64 magic = 0;
	for (size_t i = 0; i < ARRAY_SIZE(by_fstype); i++) {
		if (!strcmp(info->fstype, by_fstype[i].fstype))
			return by_fstype[i].kind;
	}
	/* rootfs and devtmpfs are one or the other: by what they are, not by name */
	kernel_get(k, info->super_block, super_magic, &magic);
	if (magic == k->schema.quirk[quirk_tmpfs_magic])
		return FILE_TMPFS;
	if (magic == k->schema.quirk[quirk_ramfs_magic])
		return FILE_RAM;
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) ? FILE_REGULAR : FILE_METADATA;
}

/* --- block devices -------------------------------------------------------------------------- */

static bool ends_in_digit(const char *name)
{
	size_t len = strlen(name);
	return len && name[len - 1] >= '0' && name[len - 1] <= '9';
}

/* "sda1", "nvme0n1p1": block/genhd.c disk_name(), bdevname(). */
static void name_block_device(struct kernel *k, struct file_info *info)
{
	char disk[33];
	u64 partno = 0, disk_kva, openers;
	u64 bdev =
		kernel_member(k, kernel_container(k, info->inode, bdev_inode_vfs), bdev_inode_bdev);
	if (!kernel_has(k, bdev_inode_vfs) || !bdev)
		return;
	if (kernel_get(k, bdev, bdev_openers, &openers) == READ_OK) {
		info->users_known = true;
		info->users = (s64)openers > 0 ? openers : 0;
	}
	/* A device that nobody has open has no disk before 5.11: the number alone is known. */
	if (kernel_get(k, bdev, bdev_disk, &disk_kva) || !disk_kva ||
	    kernel_get_text(k, disk_kva, disk_name, disk, sizeof(disk)))
		return;
	if (kernel_get(k, bdev, bdev_flags, &partno))
		kernel_get(k, bdev, bdev_partno, &partno);
	partno &= k->schema.quirk[quirk_bd_partno_mask];
	if (partno)
		snprintf(info->device, sizeof(info->device), "%s%s%llu", disk,
			 ends_in_digit(disk) ? "p" : "", (unsigned long long)partno);
	else
		snprintf(info->device, sizeof(info->device), "%s", disk);
}

/* --- an inode ------------------------------------------------------------------------------- */

/*
 * nrpages of a hugetlbfs file counts huge pages until 6.6 and base pages since 6.7 (a08c7193e4f1);
 * i_blocks, of 512 bytes, has always been kept (hugetlb_add_to_page_cache()).
 */
static void read_nr_pages(struct kernel *k, struct file_info *info)
{
	u64 blocks;
	if (info->kind == FILE_HUGETLB &&
	    kernel_get(k, info->inode, inode_blocks, &blocks) == READ_OK)
		info->nr_pages = blocks / (k->page_size / 512);
	else
		kernel_get(k, info->mapping, mapping_nrpages, &info->nr_pages);
}

static void read_numbers(struct kernel *k, struct file_info *info)
{
	u64 value;
	read_nr_pages(k, info);
	if (kernel_get(k, info->inode, inode_size, &value) == READ_OK && (s64)value > 0)
		info->size_bytes = value;
	if (kernel_get(k, info->inode, inode_writecount, &value) == READ_OK && (s64)value > 0)
		info->writers = value;
	if (kernel_get(k, info->inode, inode_count, &value) == READ_OK && (s64)value > 0)
		info->inode_references = value;
}

static enum read_status read_inode(struct kernel *k, struct file_info *info)
{
	u64 type, mode;
	enum read_status status = kernel_get(k, info->inode, inode_sb, &info->super_block);
	if (!status)
		status = kernel_get(k, info->inode, inode_mode, &mode);
	if (!status)
		status = kernel_get(k, info->inode, inode_ino, &info->ino);
	if (!status)
		status = kernel_get(k, info->super_block, super_type, &type);
	if (!status)
		status = kernel_get_text_at(k, type, file_system_name, info->fstype,
					    sizeof(info->fstype));
	if (status)
		return status;
	kernel_get_text(k, info->super_block, super_id, info->device, sizeof(info->device));
	info->kind = kind_of(k, info, mode);
	read_numbers(k, info);
	file_read_name(k, info);
	if (info->kind == FILE_BLOCK_DEVICE)
		name_block_device(k, info);
	return READ_OK;
}

void file_of_inode(struct kernel *k, u64 inode, struct file_info *info)
{
	*info = (struct file_info){.status = READ_ABSENT, .inode = inode};
	if (!k->schema.group_usable[group_file])
		return;
	info->status = kernel_get(k, inode, inode_mapping, &info->mapping);
	if (!info->status)
		info->status = read_inode(k, info);
}

/* --- a mapping ------------------------------------------------------------------------------ */

/* Swap cache: 64 MB of a swap area each (4.11, 4b3ef9daa4fc), one for all since 6.18. */
static bool in_swap_cache(struct kernel *k, u64 mapping)
{
	enum { MOST_AREAS = 32 };
	u64 at, table, counts, size, areas = 0;
	if (kernel_global(k, swap_space, &at) == READ_OK && at == mapping)
		return true;
	if (kernel_global(k, swapper_spaces, &table) ||
	    kernel_global(k, nr_swapper_spaces, &counts) ||
	    kernel_size(k, address_space_size, &size))
		return false;
	kernel_variable(k, nr_swapfiles, 4, &areas);
	for (u32 i = 0; i < u64_min(areas, MOST_AREAS); i++) {
		u32 nr;
		if (kernel_read_u64(k, table + i * 8, &at) == READ_OK && at &&
		    kernel_read_u32(k, counts + i * 4, &nr) == READ_OK && mapping >= at &&
		    mapping - at < nr * size)
			return true;
	}
	return false;
}

/* Does the inode own the mapping? */
static enum read_status check_owner(struct kernel *k, u64 inode, u64 mapping)
{
	u64 of_inode;
	if (kernel_member(k, inode, inode_data) == mapping)
		return READ_OK;
	enum read_status status = kernel_get(k, inode, inode_mapping, &of_inode);
	return status ? status : of_inode == mapping ? READ_OK : READ_DAMAGED;
}

static enum read_status read_mapping(struct kernel *k, struct file_info *info)
{
	u64 mapping = info->mapping;
	enum read_status status = kernel_get(k, mapping, mapping_host, &info->inode);
	if (status)
		return status;
	if (!info->inode) {
		info->kind = in_swap_cache(k, mapping) ? FILE_SWAP_CACHE : FILE_NO_INODE;
		return kernel_get(k, mapping, mapping_nrpages, &info->nr_pages);
	}
	enum read_status owner = check_owner(k, info->inode, mapping);
	if (owner && owner != READ_DAMAGED)
		return owner;
	status = read_inode(k, info);
	/* gfs2 keeps metadata in mappings of its own, with the block device's inode as host. */
	if (!status && owner && info->kind == FILE_BLOCK_DEVICE)
		info->kind = FILE_METADATA;
	else if (owner)
		status = READ_DAMAGED;
	return status;
}

void file_of_mapping(struct kernel *k, u64 mapping, struct file_info *info)
{
	*info = (struct file_info){.status = READ_ABSENT, .mapping = mapping};
	if (!k->schema.group_usable[group_file])
		return;
	enum read_status status = read_mapping(k, info);
	if (!status)
		info->status = READ_OK;
	else
		*info = (struct file_info){.status = status, .mapping = mapping};
	if (status)
		kernel_unreadable(k, "file of a page", status, mapping);
}

const char *file_title(const struct file_info *info, char *buffer, size_t size)
{
	const char *deleted = info->deleted ? " (deleted)" : "";
	if (info->status)
		snprintf(buffer, size, "address space 0x%llx", (unsigned long long)info->mapping);
	else if (info->kind == FILE_BLOCK_DEVICE)
		snprintf(buffer, size, "block device %s", info->device);
	else if (info->path[0] && (info->mounted || info->path[0] != '/'))
		snprintf(buffer, size, "%s%s", info->path, deleted);
	else if (info->path[0])
		snprintf(buffer, size, "%s:%s%s", info->device, info->path, deleted);
	else if (info->inode)
		snprintf(buffer, size, "%s %s inode %llu%s", info->fstype, info->device,
			 (unsigned long long)info->ino, deleted);
	else
		snprintf(buffer, size, "%s", file_kind_title(info->kind));
	return buffer;
}
