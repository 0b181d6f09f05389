/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stream that the truth is printed to, and who reads what; truth.c tells the whole. */
#ifndef TRUTH_H
#define TRUTH_H

#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- out.c: the file being made, and the port ------------------------------------------------ */

int out_open(const char *path);
/* Appends to the file being made; what does not fit is cut off. */
__attribute__((format(printf, 1, 2))) void add(const char *fmt, ...);
/* Sends what was added as a file of that name, and begins the next. */
void emit(const char *name);
/* Sends a file's content as it is; nothing when it cannot be read. */
void copy(const char *path, const char *name);
/* A line that is no file. */
void out_line(const char *line);

/* Reads a short file into buf, the last newline cut off. */
__attribute__((format(printf, 3, 4))) int slurp(char *buf, size_t size, const char *fmt, ...);
/* Calls fn for each name in a folder that does not begin with a dot. */
void each_entry(const char *path, void (*fn)(const char *dir, const char *name));
int is_number(const char *s);

/* --- what is read, by file ------------------------------------------------------------------- */

void tell_processes(void); /* tasks.c: proc/PID/ */
void tell_tasks(void);	   /* tasks.c: tasks */
void tell_cgroups(void);   /* kernel.c: cgroup/, cgroup_inodes */
void tell_slabs(void);	   /* kernel.c: slab_sysfs, slab_aliases */
void tell_machine(void);   /* kernel.c: uname, sysctl_vm, hugetlb, block, ksm ... */
void tell_mounts(void);	   /* kernel.c: mount_usage */
void tell_files(void);	   /* files.c: files */
void tell_pages(void);	   /* pages.c: kpageflags, kpageflags_zone, kpagecgroup */

/* Touch their tables, so that none of their memory is new when figures are read. */
void out_prepare(void);
void files_prepare(void);
void pages_prepare(void);

#endif
