// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks: a line for each thread, some files of each process. */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	static const char *const names[] = {"status", "stack", "maps", "smaps_rollup"};
	char path[300];

	if (!is_number(pid))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", proc, pid, names[i]);
		copy(path, path + 1);
	}
}

void tell_processes(void)
{
	each_entry("/proc", process_files);
}

void tell_tasks(void)
{
	add("pid\ttgid\tcomm\tsize\tresident\tshared\ttext\tlib\tdata\tdt\toom_score\toom_score_adj\t"
	    "cgroup\tstate\n");
	each_entry("/proc", process_lines);
	emit("tasks");
}
