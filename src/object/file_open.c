/*
 * Who has files open: descriptor tables (fs/file.c) and memory areas of all tasks.
 *
 * Threads share a table, and processes may; each table and each address space is walked once, for
 * the first task that has it.
 */
#include <string.h>

#include "object/file.h"
#include "object/kva_set.h"
#include "object/task.h"
#include "object/vma.h"

struct search {
	struct kernel *k;
	open_file_fn fn;
	void *arg;
	struct kva_set tables, mms;
	struct open_file mapped; /* areas of the same file so far; file 0: none */
	const struct task *task;
	bool stopped;
};

static bool read_file(struct kernel *k, u64 file, struct open_file *o)
{
	o->file = file;
	enum read_status status = kernel_get(k, file, file_inode, &o->inode);
	if (!status)
		status = kernel_get(k, file, file_mapping, &o->mapping);
	if (status)
		kernel_unreadable(k, "open file", status, file);
	return !status;
}

static struct open_file of_task(const struct task *t)
{
	struct open_file o = {.pid = t->pid, .tgid = t->tgid};
	memcpy(o.comm, t->comm, sizeof(o.comm));
	return o;
}

static void walk_table(struct search *s, u64 fds, u64 nr)
{
	u64 piece[256];
	for (u64 i = 0; i < nr && !s->stopped; i += ARRAY_SIZE(piece)) {
		u64 n = u64_min(nr - i, ARRAY_SIZE(piece));
		enum read_status status = kernel_read(s->k, fds + i * 8, piece, n * 8);
		if (status) {
			kernel_unreadable(s->k, "table of open files", status, fds + i * 8);
			return;
		}
		for (u64 j = 0; j < n && !s->stopped; j++) {
			struct open_file o = of_task(s->task);
			o.fd = (s32)(i + j);
			if (piece[j] && read_file(s->k, piece[j], &o))
				s->stopped = !s->fn(s->arg, &o);
		}
	}
}

static void search_descriptors(struct search *s)
{
	enum { MOST_DESCRIPTORS = 1 << 24 };
	u64 files, table, nr, fds;
	enum read_status status = kernel_get(s->k, s->task->kva, task_files, &files);
	if (status || !kva_set_add(&s->tables, files))
		return;
	status = kernel_get(s->k, files, files_fdt, &table);
	if (!status)
		status = kernel_get(s->k, table, fdtable_max_fds, &nr);
	if (!status)
		status = kernel_get(s->k, table, fdtable_fd, &fds);
	if (!status && nr > MOST_DESCRIPTORS)
		status = READ_DAMAGED;
	if (status)
		kernel_unreadable(s->k, "table of open files", status, files);
	else
		walk_table(s, fds, nr);
}

static void give_mapped(struct search *s)
{
	if (s->mapped.file && !s->stopped && read_file(s->k, s->mapped.file, &s->mapped))
		s->stopped = !s->fn(s->arg, &s->mapped);
	s->mapped.file = 0;
}

static bool add_area(void *arg, const struct vma *v)
{
	struct search *s = arg;
	if (v->file != s->mapped.file) {
		give_mapped(s);
		s->mapped = of_task(s->task);
		s->mapped.fd = FILE_MAPPED;
		s->mapped.file = v->file;
	}
	s->mapped.mapped_bytes += v->end - v->start;
	return !s->stopped;
}

static void search_areas(struct search *s)
{
	if (!kva_set_add(&s->mms, s->task->mm))
		return;
	s->mapped = (struct open_file){0};
	enum read_status status = vma_for_each(s->k, s->task->mm, add_area, s);
	if (status && status != READ_ABSENT)
		kernel_unreadable(s->k, "memory areas of a task", status, s->task->mm);
	give_mapped(s);
}

static bool search_task(void *arg, const struct task *task)
{
	struct search *s = arg;
	s->task = task;
	search_descriptors(s);
	if (!s->stopped)
		search_areas(s);
	return !s->stopped;
}

int file_for_each_open(struct kernel *k, open_file_fn fn, void *arg, struct error *error)
{
	struct search s = {.k = k, .fn = fn, .arg = arg};
	if (!kernel_has_group(k, group_fd, error))
		return -1;
	int failed = task_for_each(k, true, search_task, &s, error);
	kva_set_done(&s.tables);
	kva_set_done(&s.mms);
	return failed;
}
