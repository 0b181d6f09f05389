// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * truth - print what the running kernel says about itself, right before its memory is dumped.
 *
 *	truth PORT		print the truth to PORT and exit
 *	truth -r PORT		print it, say READY (the host dumps now) and sleep for ever
 *
 * One process reads everything, so that no helper is born or dies between the reading and the dump:
 * started with exec from /init it is task 1 both in its own listing and in the dump.  What disturbs
 * memory (walking /proc/PID, sysfs and file systems makes inodes and dentries) comes first, the
 * counters that the walk would have changed come last.
 *
 * The stream is a row of "FILE name bytes\n" headers, each followed by that many bytes and "\n".
 * A file which the kernel does not have is left out.
 */
#include "truth.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void kernel_files(void)
{
	static const struct {
		const char *path, *name;
	} files[] = {
		{"/proc/cmdline", "cmdline"},
		{"/proc/iomem", "iomem"},
		{"/proc/mounts", "mounts"},
		{"/proc/swaps", "swaps"},
		{"/proc/modules", "modules"},
		{"/proc/uptime", "uptime"},
		{"/proc/drbd", "drbd"},
		{"/sys/kernel/debug/drbd/resources/r0/connections/peer/debug", "drbd_debug"},
		{"/proc/net/sockstat", "sockstat"},
		{"/proc/net/sockstat6", "sockstat6"},
		{"/proc/net/protocols", "protocols"},
		{"/proc/net/tcp", "tcp"},
		{"/proc/net/udp", "udp"},
		{"/proc/net/unix", "unix"},
		{"/proc/net/tcp6", "tcp6"},
		{"/proc/net/udp6", "udp6"},
		{"/proc/net/netlink", "netlink"},
		{"/proc/net/packet", "packet"},
		{"/proc/sysvipc/shm", "sysvipc_shm"},
		{"/proc/self/mountinfo", "mountinfo"},
		{"/sys/kernel/debug/memblock/memory", "memblock_memory"},
		{"/sys/kernel/debug/memblock/reserved", "memblock_reserved"},
		{"/proc/pressure/memory", "pressure"},
		{"/proc/allocinfo", "allocinfo"},
		{"/proc/cgroups", "cgroups"},
		{"/proc/percpu", "percpu"},
		{"/sys/kernel/debug/page_owner_stacks/show_stacks", "page_owner_stacks"},
		{"/proc/vmallocinfo", "vmallocinfo"},
		{"/proc/pagetypeinfo", "pagetypeinfo"},
		{"/proc/zoneinfo", "zoneinfo"},
		{"/proc/vmstat", "vmstat"},
		{"/proc/slabinfo", "slabinfo"},
		{"/proc/meminfo", "meminfo"},
		{"/proc/buddyinfo", "buddyinfo"},
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
			out_line("NOTE stat_refresh failed");
		close(fd);
	}
}

int main(int argc, char **argv)
{
	int stay = argc > 1 && strcmp(argv[1], "-r") == 0;

	if (argc != 2 + stay)
		return 2;
	if (out_open(argv[1 + stay]) < 0)
		return 1;
	out_prepare();
	files_prepare();
	pages_prepare();

	tell_processes();
	tell_cgroups();
	tell_slabs();
	tell_machine();
	tell_mounts();
	tell_files();
	tell_tasks();
	sleep(1); /* for RCU to free the thousand files that were opened and closed */
	tell_pages();
	refresh_counters();
	kernel_files();
	out_line("TRUTH");
	if (!stay)
		return 0;
	out_line("READY");
	for (;;)
		pause();
}
