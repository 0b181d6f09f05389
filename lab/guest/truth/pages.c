// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own sorting of every page frame, in some dozen lines: how many carry each
 * combination of /proc/kpageflags bits (include/uapi/linux/kernel-page-flags.h), in all, by zone,
 * and by cgroup.
 *
 * /proc/kpagecgroup gives the inode number of the cgroup that a page is charged to, or, when that
 * one is dead, of its nearest ancestor that lives (page_cgroup_ino(), mm/memcontrol.c); 0 is
 * nobody. /proc/kpagecount gives how often a page is mapped.  All three have one 64-bit word per
 * frame.
 */
#include "truth.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_WORDS 8192
#define NR_ROWS 4096 /* of a tally: a power of two */
#define NR_ZONES 64

enum { FLAGS, COUNT, CGROUP, NR_SOURCES };
static const char *const sources[] = {
	[FLAGS] = "/proc/kpageflags",
	[COUNT] = "/proc/kpagecount",
	[CGROUP] = "/proc/kpagecgroup",
};
static uint64_t words[NR_SOURCES][NR_WORDS];

static struct zone {
	unsigned node;
	char name[16];
	uint64_t start, end;
} zones[NR_ZONES];
static size_t nr_zones;

/* Counts of pages by two keys, hashed. */
struct row {
	uint64_t group, flags, pages, mapped, mappings;
};
struct tally {
	struct row rows[NR_ROWS];
	uint64_t lost; /* pages for which there was no row */
};
static struct tally by_zone, by_cgroup;

void pages_prepare(void)
{
	memset(words, 1, sizeof(words));
	memset(&by_zone, 0, sizeof(by_zone));
	memset(&by_cgroup, 0, sizeof(by_cgroup));
}

static void count_page(struct tally *t, uint64_t group, uint64_t flags, uint64_t mappings)
{
	uint64_t hash = (group * 31 + flags) * 0x9e3779b97f4a7c15;

	for (size_t tries = 0; tries < NR_ROWS; tries++) {
		struct row *row = &t->rows[((hash >> 40) + tries) % NR_ROWS];

		if (row->pages && (row->group != group || row->flags != flags))
			continue;
		row->group = group;
		row->flags = flags;
		row->pages++;
		row->mapped += mappings > 0;
		row->mappings += mappings;
		return;
	}
	t->lost++;
}

/* Where zones lie: "start_pfn:" stands after "spanned", per zone. */
static void read_zones(void)
{
	static char text[65536];
	char *line, *save;
	unsigned long long spanned = 0, start;
	unsigned node = 0;
	char name[16] = "";
	size_t len = 0;
	ssize_t n;
	int fd = open("/proc/zoneinfo", O_RDONLY);

	if (fd < 0)
		return;
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		sscanf(line, "Node %u, zone %15s", &node, name);
		sscanf(line, " spanned %llu", &spanned);
		if (sscanf(line, " start_pfn: %llu", &start) != 1 || nr_zones == NR_ZONES)
			continue;
		zones[nr_zones].node = node;
		strcpy(zones[nr_zones].name, name);
		zones[nr_zones].start = start;
		zones[nr_zones].end = start + spanned;
		nr_zones++;
	}
}

/* The zone's number, or nr_zones for a frame outside of all. */
static size_t zone_of(uint64_t pfn)
{
	static size_t last;

	if (last < nr_zones && zones[last].start <= pfn && pfn < zones[last].end)
		return last;
	for (last = 0; last < nr_zones; last++)
		if (zones[last].start <= pfn && pfn < zones[last].end)
			break;
	return last;
}

static void read_pages(void)
{
	int fds[NR_SOURCES];
	uint64_t pfn = 0;
	ssize_t n;

	for (size_t i = 0; i < NR_SOURCES; i++)
		fds[i] = open(sources[i], O_RDONLY);
	while ((n = read(fds[FLAGS], words[FLAGS], sizeof(words[FLAGS]))) > 0) {
		for (size_t i = COUNT; i < NR_SOURCES; i++)
			if (fds[i] < 0 || read(fds[i], words[i], n) < n)
				memset(words[i], 0, n);
		for (size_t k = 0; k < n / sizeof(words[0][0]); k++, pfn++) {
			count_page(&by_zone, zone_of(pfn), words[FLAGS][k], words[COUNT][k]);
			count_page(&by_cgroup, words[CGROUP][k], words[FLAGS][k], words[COUNT][k]);
		}
	}
	for (size_t i = 0; i < NR_SOURCES; i++)
		close(fds[i]);
}

static int compare_flags(const void *a, const void *b)
{
	uint64_t x = ((const struct row *)a)->flags, y = ((const struct row *)b)->flags;

	return (x > y) - (x < y);
}

/* All frames, whatever their zone: rows of the same flags become one line. */
static void tell_all(void)
{
	uint64_t pages = 0;

	qsort(by_zone.rows, NR_ROWS, sizeof(by_zone.rows[0]), compare_flags);
	add("flags\tpages\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		pages += by_zone.rows[i].pages;
		if (i + 1 < NR_ROWS && by_zone.rows[i + 1].flags == by_zone.rows[i].flags)
			continue;
		if (pages)
			add("0x%" PRIx64 "\t%" PRIu64 "\n", by_zone.rows[i].flags, pages);
		pages = 0;
	}
	emit("kpageflags");
}

static void tell_rows(const struct row *row)
{
	add("\t0x%" PRIx64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", row->flags, row->pages,
	    row->mapped, row->mappings);
}

void tell_pages(void)
{
	read_zones();
	read_pages();
	tell_all();
	add("node\tzone\tflags\tpages\tmapped\tmappings\n");
	for (const struct row *row = by_zone.rows; row < by_zone.rows + NR_ROWS; row++) {
		if (!row->pages)
			continue;
		if (row->group < nr_zones)
			add("%u\t%s", zones[row->group].node, zones[row->group].name);
		else
			add("-\t-");
		tell_rows(row);
	}
	emit("kpageflags_zone");
	add("inode\tflags\tpages\tmapped\tmappings\n");
	for (const struct row *row = by_cgroup.rows; row < by_cgroup.rows + NR_ROWS; row++) {
		if (!row->pages)
			continue;
		add("%" PRIu64, row->group);
		tell_rows(row);
	}
	emit("kpagecgroup");
	if (by_zone.lost || by_cgroup.lost)
		out_line("NOTE pages of too many sorts");
}
