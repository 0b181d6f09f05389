// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * truth - print what the running kernel says about itself, right before its memory is dumped.
 *
 *	truth PORT		print the truth to PORT and exit
 *	truth -r PORT		print it, say READY (the host dumps now) and sleep for ever
 *
 * One process reads everything, so that no helper is born or dies between the reading and the dump:
 * started with exec from /init it is task 1 both in its own listing and in the dump.  What disturbs
 * memory (walking /proc/PID and sysfs makes inodes and dentries) comes first, the counters that the
 * walk would have changed come last.
 *
 * The stream is a row of "FILE name bytes\n" headers, each followed by that many bytes and "\n".
 * A file which the kernel does not have is left out.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BUF_SIZE (1 << 20)

static char out[BUF_SIZE]; /* the file being made */
static size_t out_len;
static int port = -1;

static void write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(port, p, n);

		if (done <= 0)
			_exit(1);
		p += done;
		n -= done;
	}
}

static void emit(const char *name)
{
	char head[512];

	write_all(head, snprintf(head, sizeof(head), "FILE %s %zu\n", name, out_len));
	write_all(out, out_len);
	write_all("\n", 1);
	out_len = 0;
}

__attribute__((format(printf, 1, 2))) static void add(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out + out_len, BUF_SIZE - out_len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < BUF_SIZE - out_len)
		out_len += n;
}

/* Appends a file's content; false when it cannot be read. */
static int add_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = -1;

	if (fd < 0)
		return 0;
	while (out_len < BUF_SIZE && (n = read(fd, out + out_len, BUF_SIZE - out_len)) > 0)
		out_len += n;
	close(fd);
	return n >= 0;
}

static void copy(const char *path, const char *name)
{
	if (add_file(path))
		emit(name);
	out_len = 0;
}

/* Reads a short file into buf, the last newline cut off. */
static int slurp(char *buf, size_t size, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	ssize_t n;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	buf[0] = '\0';
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		n = 0;
	buf[n] = '\0';
	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	return n > 0;
}

/* Calls fn for each name in a folder that does not begin with a dot. */
static void each_entry(const char *path, void (*fn)(const char *dir, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			fn(path, e->d_name);
	closedir(dir);
}

static int is_number(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* --- tasks ---------------------------------------------------------------------------------- */

/* The cgroup v2 line is "0::/path"; other lines are of v1 hierarchies. */
static const char *cgroup_v2_path(char *text)
{
	char *line = strstr(text, "0::");

	if (!line)
		return "-";
	line[strcspn(line, "\n")] = '\0';
	return line + 3;
}

static void task_line(const char *dir, const char *tid)
{
	char statm[128], comm[64], score[32], adj[32], cgroup[1024], stat[1024], *state;
	int tgid = atoi(dir + strlen("/proc/"));

	slurp(statm, sizeof(statm), "%s/%s/statm", dir, tid);
	slurp(comm, sizeof(comm), "%s/%s/comm", dir, tid);
	slurp(score, sizeof(score), "/proc/%d/oom_score", tgid);
	slurp(adj, sizeof(adj), "/proc/%d/oom_score_adj", tgid);
	slurp(cgroup, sizeof(cgroup), "%s/%s/cgroup", dir, tid);
	slurp(stat, sizeof(stat), "%s/%s/stat", dir, tid);
	state = strrchr(stat, ')');
	for (char *c = statm; *c; c++)
		if (*c == ' ')
			*c = '\t';
	add("%s\t%d\t%s\t%s\t%s\t%s\t%s\t%c\n", tid, tgid, comm, statm, score, adj,
	    cgroup_v2_path(cgroup), state && state[1] == ' ' ? state[2] : '?');
}

static void process_lines(const char *proc, const char *pid)
{
	char path[300];

	if (!is_number(pid))
		return;
	snprintf(path, sizeof(path), "%s/%s/task", proc, pid);
	each_entry(path, task_line);
}

static void process_files(const char *proc, const char *pid)
{
	static const char *const names[] = { "status", "stack", "maps" };
	char path[300];

	if (!is_number(pid))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", proc, pid, names[i]);
		copy(path, path + 1);
	}
}

/* --- cgroups, slab caches, mounts ----------------------------------------------------------- */

static void cgroup_tree(const char *path)
{
	static const char *const names[] = {
		"memory.current",     "memory.stat",	 "memory.max",	 "memory.high", "memory.low",
		"memory.min",	      "memory.events",	 "cgroup.procs", "memory.peak", "cgroup.stat",
		"memory.swap.current", "memory.oom.group",
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
	"object_size", "slab_size", "align",	 "order", "objs_per_slab",
	"objects",     "total_objects", "objects_partial", "partial", "slabs",
	"cpu_slabs",   "slabs_cpu_partial", "destroy_by_rcu", "usersize",
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

static void slab_sysfs(void)
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

static void mount_usage(void)
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
			    (uintmax_t)fs.f_blocks, (uintmax_t)fs.f_bfree,
			    (uintmax_t)fs.f_files, (uintmax_t)fs.f_ffree);
	}
	emit("mount_usage");
}

/* --- small things --------------------------------------------------------------------------- */

static void sysctl_line(const char *dir, const char *name)
{
	char value[256];

	if (strcmp(name, "stat_refresh") && slurp(value, sizeof(value), "%s/%s", dir, name))
		add("%s=%s\n", name, value);
}

static void hugetlb_line(const char *dir, const char *name)
{
	static const char *const names[] = { "nr_hugepages", "free_hugepages", "resv_hugepages",
					     "surplus_hugepages" };
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

static void machine(void)
{
	static const char *const cpus[] = { "possible", "present", "online" };
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
}

/*
 * How many page frames carry each value of /proc/kpageflags (bits: include/uapi/linux/
 * kernel-page-flags.h): the kernel's own sorting of every frame, in a few dozen lines.
 */
static void page_flags(void)
{
	static struct {
		uint64_t flags, count;
	} seen[1024];
	static uint64_t buf[8192];
	size_t nr = 0, i;
	ssize_t n;
	int fd = open("/proc/kpageflags", O_RDONLY);

	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (size_t k = 0; k < n / sizeof(buf[0]); k++) {
			for (i = 0; i < nr && seen[i].flags != buf[k]; i++)
				;
			if (i == nr && nr < ARRAY_SIZE(seen))
				seen[nr++].flags = buf[k];
			if (i < nr)
				seen[i].count++;
		}
	close(fd);
	add("flags\tpages\n");
	for (i = 0; i < nr; i++)
		add("0x%" PRIx64 "\t%" PRIu64 "\n", seen[i].flags, seen[i].count);
	emit("kpageflags");
}

static void kernel_files(void)
{
	static const struct {
		const char *path, *name;
	} files[] = {
		{ "/proc/cmdline", "cmdline" },
		{ "/proc/iomem", "iomem" },
		{ "/proc/mounts", "mounts" },
		{ "/proc/swaps", "swaps" },
		{ "/proc/modules", "modules" },
		{ "/proc/uptime", "uptime" },
		{ "/proc/drbd", "drbd" },
		{ "/sys/kernel/debug/drbd/resources/r0/connections/peer/debug", "drbd_debug" },
		{ "/proc/net/sockstat", "sockstat" },
		{ "/proc/net/sockstat6", "sockstat6" },
		{ "/proc/net/protocols", "protocols" },
		{ "/proc/net/tcp", "tcp" },
		{ "/proc/net/udp", "udp" },
		{ "/proc/net/unix", "unix" },
		{ "/proc/pressure/memory", "pressure" },
		{ "/proc/allocinfo", "allocinfo" },
		{ "/proc/cgroups", "cgroups" },
		{ "/proc/percpu", "percpu" },
		{ "/sys/kernel/debug/page_owner_stacks/show_stacks", "page_owner_stacks" },
		{ "/proc/vmallocinfo", "vmallocinfo" },
		{ "/proc/pagetypeinfo", "pagetypeinfo" },
		{ "/proc/zoneinfo", "zoneinfo" },
		{ "/proc/vmstat", "vmstat" },
		{ "/proc/slabinfo", "slabinfo" },
		{ "/proc/meminfo", "meminfo" },
		{ "/proc/buddyinfo", "buddyinfo" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		copy(files[i].path, files[i].name);
}

/* Folds the per-cpu parts of the counters in, so that /proc/vmstat is exact. */
static void refresh_counters(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "1", 1) < 0)
			write_all("NOTE stat_refresh failed\n", 25);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int stay = argc > 1 && strcmp(argv[1], "-r") == 0;

	if (argc != 2 + stay)
		return 2;
	port = open(argv[1 + stay], O_WRONLY | O_NOCTTY);
	if (port < 0)
		return 1;
	memset(out, 1, sizeof(out)); /* have all our memory before the first figure is read */

	each_entry("/proc", process_files);
	cgroup_tree("/sys/fs/cgroup");
	slab_sysfs();
	machine();
	mount_usage();
	add("pid\ttgid\tcomm\tsize\tresident\tshared\ttext\tlib\tdata\tdt\toom_score\toom_score_adj\t"
	    "cgroup\tstate\n");
	each_entry("/proc", process_lines);
	emit("tasks");
	page_flags();
	refresh_counters();
	kernel_files();
	write_all("TRUTH\n", 6);
	if (!stay)
		return 0;
	write_all("READY\n", 6);
	for (;;)
		pause();
}
