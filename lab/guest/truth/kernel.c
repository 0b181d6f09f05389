// SPDX-License-Identifier: GPL-2.0-or-later
/* Cgroups, slab caches, mounts, and small figures put together into one file each. */
#include "truth.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* --- cgroups --------------------------------------------------------------------------------- */

static void cgroup_tree(const char *path)
{
	static const char *const names[] = {
		"memory.current",	"memory.stat", "memory.max",	      "memory.high",
		"memory.low",		"memory.min",  "memory.events",	      "cgroup.procs",
		"memory.peak",		"cgroup.stat", "memory.swap.current", "memory.oom.group",
		"memory.zswap.current",
	};
	char sub[512];
	DIR *dir;
	struct dirent *e;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, names[i]);
		copy(sub, sub + strlen("/sys/fs/"));
	}
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
			cgroup_tree(sub);
		}
	closedir(dir);
}

/* /proc/kpagecgroup tells cgroups by the inode numbers of their folders. */
static void cgroup_inode(const char *path)
{
	char sub[512];
	struct stat st;
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return;
	if (fstat(dirfd(dir), &st) == 0) {
		const char *name = path + strlen("/sys/fs/cgroup");

		add("%ju\t%s\n", (uintmax_t)st.st_ino, *name ? name : "/");
	}
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
			cgroup_inode(sub);
		}
	closedir(dir);
}

void tell_cgroups(void)
{
	cgroup_tree("/sys/fs/cgroup");
	add("inode\tpath\n");
	cgroup_inode("/sys/fs/cgroup");
	emit("cgroup_inodes");
}

/* --- slab caches, mounts -----------------------------------------------------------------------
 */

static void slab_alias(const char *dir, const char *name)
{
	char path[300], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		add("%s\t%s\n", name, target);
	}
}

static const char *const slab_attrs[] = {
	"object_size", "slab_size",	    "align",	       "order",	   "objs_per_slab",
	"objects",     "total_objects",	    "objects_partial", "partial",  "slabs",
	"cpu_slabs",   "slabs_cpu_partial", "destroy_by_rcu",  "usersize",
};

static void slab_line(const char *dir, const char *name)
{
	char path[300], value[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (lstat(path, &st) || !S_ISDIR(st.st_mode))
		return;
	add("%s", name);
	for (size_t i = 0; i < ARRAY_SIZE(slab_attrs); i++) {
		slurp(value, sizeof(value), "%s/%s", path, slab_attrs[i]);
		value[strcspn(value, " ")] = '\0'; /* "123 N0=123": the sum is enough */
		add("\t%s", value[0] ? value : "-");
	}
	add("\n");
}

void tell_slabs(void)
{
	add("cache");
	for (size_t i = 0; i < ARRAY_SIZE(slab_attrs); i++)
		add("\t%s", slab_attrs[i]);
	add("\n");
	each_entry("/sys/kernel/slab", slab_line);
	emit("slab_sysfs");
	each_entry("/sys/kernel/slab", slab_alias);
	emit("slab_aliases");
}

void tell_mounts(void)
{
	static char mounts[16384];
	char *line, *save, *dir;
	struct statfs fs;

	slurp(mounts, sizeof(mounts), "/proc/mounts");
	add("mountpoint\tblock_size\tblocks\tblocks_free\tinodes\tinodes_free\n");
	for (line = strtok_r(mounts, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		dir = strchr(line, ' ') + 1;
		dir[strcspn(dir, " ")] = '\0';
		if (statfs(dir, &fs) == 0)
			add("%s\t%ld\t%ju\t%ju\t%ju\t%ju\n", dir, (long)fs.f_bsize,
			    (uintmax_t)fs.f_blocks, (uintmax_t)fs.f_bfree, (uintmax_t)fs.f_files,
			    (uintmax_t)fs.f_ffree);
	}
	emit("mount_usage");
}

/* --- small things ---------------------------------------------------------------------------- */

/* A folder of small files, as name=value lines. */

static void sysctl_line(const char *dir, const char *name)
{
	char value[256];

	if (strcmp(name, "stat_refresh") && slurp(value, sizeof(value), "%s/%s", dir, name))
		add("%s=%s\n", name, value);
}

static void value_line(const char *dir, const char *name)
{
	char value[256];

	if (slurp(value, sizeof(value), "%s/%s", dir, name))
		add("%s=%s\n", name, value);
}

static void hugetlb_line(const char *dir, const char *name)
{
	static const char *const names[] = {"nr_hugepages", "free_hugepages", "resv_hugepages",
					    "surplus_hugepages"};
	char value[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slurp(value, sizeof(value), "%s/%s/%s", dir, name, names[i]))
			add("%s/%s=%s\n", name, names[i], value);
}

static void block_line(const char *dir, const char *name)
{
	char size[64], mm[256];

	slurp(size, sizeof(size), "%s/%s/size", dir, name);
	slurp(mm, sizeof(mm), "%s/%s/mm_stat", dir, name); /* zram's own books */
	add("%s\t%s\t%s\n", name, size, mm[0] ? mm : "-");
}

void tell_machine(void)
{
	static const char *const cpus[] = {"possible", "present", "online"};
	struct utsname u;
	char value[256];

	uname(&u);
	add("sysname=%s\nrelease=%s\nversion=%s\nmachine=%s\n", u.sysname, u.release, u.version,
	    u.machine);
	add("page_size=%ld\n", sysconf(_SC_PAGESIZE));
	emit("uname");
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		if (slurp(value, sizeof(value), "/sys/devices/system/cpu/%s", cpus[i]))
			add("%s=%s\n", cpus[i], value);
	emit("cpuinfo.nr");
	each_entry("/proc/sys/vm", sysctl_line);
	emit("sysctl_vm");
	each_entry("/sys/kernel/mm/hugepages", hugetlb_line);
	emit("hugetlb");
	each_entry("/sys/block", block_line);
	emit("block");
	each_entry("/sys/kernel/mm/ksm", value_line);
	emit("ksm");
	each_entry("/sys/kernel/mm/transparent_hugepage", value_line);
	emit("transparent_hugepage");
}
