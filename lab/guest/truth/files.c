// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that hold memory: how many pages of each are in the page cache.
 *
 * Regular files of the file systems in KINDS, block devices, and what processes have open or mapped
 * and no path leads to any more (deleted files, memfd, SysV segments, shared anonymous memory).
 * mincore() over a mapping that nobody touched asks the page cache itself; for hugetlbfs it would
 * ask the page tables, there the blocks of the file tell.
 */
#include "truth.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define NR_SEEN 4096
#define PIECE_PAGES 4096

static const char *const kinds[] = {"rootfs", "tmpfs", "ramfs", "hugetlbfs", "ext2",
				    "ext3",   "ext4",  "xfs",	"btrfs"};

/* Files told already: one inode may be found by many ways. */
static struct {
	dev_t dev;
	ino_t ino;
} seen[NR_SEEN];
static size_t nr_seen;
static unsigned char in_core[PIECE_PAGES];

void files_prepare(void)
{
	memset(seen, 1, sizeof(seen));
	memset(in_core, 1, sizeof(in_core));
}

static int seen_before(const struct stat *st)
{
	for (size_t i = 0; i < nr_seen; i++)
		if (seen[i].dev == st->st_dev && seen[i].ino == st->st_ino)
			return 1;
	if (nr_seen < NR_SEEN) {
		seen[nr_seen].dev = st->st_dev;
		seen[nr_seen].ino = st->st_ino;
		nr_seen++;
	}
	return 0;
}

/* Pages in the page cache, or -1. */
static long cached_pages(int fd, uint64_t size)
{
	long page = sysconf(_SC_PAGESIZE), pages = 0;
	uint64_t piece = (uint64_t)PIECE_PAGES * page;

	for (uint64_t at = 0; at < size; at += piece) {
		uint64_t left = size - at < piece ? size - at : piece;
		void *p = mmap(NULL, left, PROT_READ, MAP_SHARED, fd, at);
		int failed;

		if (p == MAP_FAILED)
			return -1;
		failed = mincore(p, left, in_core);
		for (uint64_t i = 0; !failed && i < (left + page - 1) / page; i++)
			pages += in_core[i] & 1;
		munmap(p, left);
		if (failed)
			return -1;
	}
	return pages;
}

static void file_line(const char *open_path, const char *path, const struct stat *st,
		      const char *kind, int deleted)
{
	uint64_t size = st->st_size;
	dev_t dev = S_ISBLK(st->st_mode) ? st->st_rdev : st->st_dev;
	long pages = -1;
	int fd = open(open_path, O_RDONLY);

	if (fd < 0)
		return;
	if (S_ISBLK(st->st_mode) && ioctl(fd, BLKGETSIZE64, &size) < 0)
		size = 0;
	if (strcmp(kind, "hugetlbfs") == 0)
		pages = st->st_blocks * 512 / sysconf(_SC_PAGESIZE);
	else
		pages = cached_pages(fd, size);
	close(fd);
	add("%s\t%u:%u\t%s\t%ju\t%" PRIu64 "\t%ld\t%d\n", path, major(dev), minor(dev), kind,
	    (uintmax_t)st->st_ino, size, pages, deleted);
}

/* --- by path --------------------------------------------------------------------------------- */

static void walk(const char *path, dev_t dev, const char *kind)
{
	char sub[1024];
	struct stat st;
	struct dirent *e;
	DIR *dir = opendir(*path ? path : "/");

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		if (lstat(sub, &st) || st.st_dev != dev)
			continue;
		if (S_ISDIR(st.st_mode))
			walk(sub, dev, kind);
		else if (S_ISREG(st.st_mode) && !seen_before(&st))
			file_line(sub, sub, &st, kind, 0);
	}
	closedir(dir);
}

/* A line of /proc/mounts: device, path, type. */
static void walk_mount(char *line)
{
	char path[512], kind[32];
	struct stat st;

	if (sscanf(line, "%*s %511s %31s", path, kind) != 2 || stat(path, &st))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			walk(strcmp(path, "/") ? path : "", st.st_dev, kind);
}

static void block_device(const char *dir, const char *name)
{
	char path[300];
	struct stat st;

	(void)dir;
	snprintf(path, sizeof(path), "/dev/%s", name);
	if (stat(path, &st) == 0 && S_ISBLK(st.st_mode))
		file_line(path, path, &st, "bdev", 0);
}

/* --- by process ------------------------------------------------------------------------------ */

/* What no mount leads to: memfd, SysV segments and shared anonymous memory are tmpfs of the
 * kernel's own. */
static const char *kind_of(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return "?";
	if ((unsigned long)fs.f_type == HUGETLBFS_MAGIC)
		return "hugetlbfs";
	return fs.f_type == TMPFS_MAGIC ? "tmpfs" : "other";
}

/* A link of /proc/PID/fd or map_files. */
static void held_file(const char *dir, const char *name)
{
	char path[600], target[512];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0 || stat(path, &st) || !S_ISREG(st.st_mode))
		return;
	target[n] = '\0';
	if (target[0] != '/' || !strstr(target, " (deleted)") || seen_before(&st))
		return;
	*strstr(target, " (deleted)") = '\0';
	file_line(path, target, &st, kind_of(path), 1);
}

static void held_by(const char *proc, const char *pid)
{
	char path[300];

	if (!is_number(pid))
		return;
	snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
	each_entry(path, held_file);
	snprintf(path, sizeof(path), "%s/%s/map_files", proc, pid);
	each_entry(path, held_file);
}

void tell_files(void)
{
	static char mounts[16384];
	char *line, *save;

	slurp(mounts, sizeof(mounts), "/proc/mounts");
	add("path\tdevice\tkind\tinode\tsize\tpages\tdeleted\n");
	for (line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		walk_mount(line);
	each_entry("/proc", held_by);
	each_entry("/sys/block", block_device);
	emit("files");
}
