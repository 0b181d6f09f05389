/*
 * Files behind pages: what an address_space (page->mapping) is, by name, and who has it open.
 *
 * Page cache, tmpfs and hugetlb pages point to a struct address_space, which points to its host
 * inode, which names its super block; the name comes from the inode's dentries, as long as those
 * are cached.  tmpfs is also what the kernel makes unnamed shared memory from: memfd, SysV shared
 * memory, shared anonymous mappings, buffers of graphics drivers.
 */
#ifndef OBJECT_FILE_H
#define OBJECT_FILE_H

#include "kernel/kernel.h"

enum file_kind {
	FILE_REGULAR,	   /* of a file system on disk or network */
	FILE_METADATA,	   /* a file system's own: an inode that never had a name, gfs2's glocks */
	FILE_RAM,	   /* ramfs: page cache that cannot be dropped */
	FILE_TMPFS,	   /* a named file of a tmpfs */
	FILE_MEMFD,	   /* memfd_create(); also of huge pages */
	FILE_SYSV_SHM,	   /* shmget(); name "SYSV" and the key in hex */
	FILE_SHARED_ANON,  /* mmap() MAP_SHARED | MAP_ANONYMOUS, or of /dev/zero */
	FILE_GRAPHICS,	   /* GEM objects of a DRM driver */
	FILE_KERNEL_SHMEM, /* other unnamed tmpfs files of the kernel */
	FILE_HUGETLB,	   /* a named file of a hugetlbfs, or one of mmap(MAP_HUGETLB) */
	FILE_BLOCK_DEVICE, /* buffers: the device read as a file */
	FILE_UNNAMED,	   /* inodes of pipefs, anon_inodefs, dmabuf, secretmem, guest_memfd, ... */
	FILE_SWAP_CACHE,
	FILE_NO_INODE, /* an address_space without host */
	NR_FILE_KINDS
};

/* "tmpfs file": for people; "tmpfs": one word for tables. */
const char *file_kind_title(enum file_kind kind);
const char *file_kind_name(enum file_kind kind);

struct file_info {
	enum read_status status; /* READ_DAMAGED: this is no address_space; nothing below is known,
				    or the inode is not readable */
	u64 mapping, inode, super_block;
	u64 dentry; /* the one that `path` is from; 0: none is cached */
	enum file_kind kind;
	u64 ino;
	char fstype[32]; /* "" when not known, as all texts here */
	char device[56]; /* super_block.s_id: "sda1", "tmpfs"; of block devices their own name */
	/*
	 * As seen in the namespace of the mount that was chosen; without any mount: within its
	 * file system.  Unnamed files: the name that the kernel gave them.
	 */
	char path[1024];
	bool mounted;	     /* path is from the root of a mount namespace */
	bool other_mount_ns; /* not init's: a container's */
	bool deleted;	     /* has no name any more; lives until the last user closes it */
	u64 nr_pages;	     /* that it holds, in base pages, of huge ones too */
	u64 size_bytes;
	/*
	 * References beside the file system's own, to the names that are cached: open files,
	 * mappings, mounts; 0 users with pages: only cached.
	 */
	bool users_known;
	u64 users;
	u64 writers; /* open for writing */
	u64 inode_references;
};

/*
 * What is `mapping`, the bits of page->mapping that are flags taken away?  Never fails half: what
 * is not readable stays unknown.  May be called by many threads.
 */
void file_of_mapping(struct kernel *k, u64 mapping, struct file_info *info);
void file_of_inode(struct kernel *k, u64 inode, struct file_info *info);
/* "/var/log/x (deleted)", "sda1:/x", "memfd:name", "ext4 sda1 inode 1234"; returns buffer. */
const char *file_title(const struct file_info *info, char *buffer, size_t size);

/* Shared by file.c and file_name.c: name, mount, users and whether it is deleted. */
void file_read_name(struct kernel *k, struct file_info *info);

/* --- who has it open ------------------------------------------------------------------------ */
enum { FILE_MAPPED = -1 };

struct open_file {
	u32 pid, tgid; /* of the first thread found that shares the table */
	char comm[17];
	s32 fd; /* FILE_MAPPED: not by a descriptor, but mapped into memory */
	u64 file, inode, mapping;
	u64 mapped_bytes; /* FILE_MAPPED: of this area */
};

/*
 * All open files of all tasks, and all files that are mapped.  Tables and address spaces that are
 * shared come once; areas that follow each other with the same file too (their bytes added). What
 * the kernel itself holds (loop devices, files under way in sockets) is not found this way.
 */
typedef bool (*open_file_fn)(void *arg, const struct open_file *open_file);
int file_for_each_open(struct kernel *k, open_file_fn fn, void *arg, struct error *error);

#endif
