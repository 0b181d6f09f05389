/*
 * Tasks: leaders hang on init_task.tasks, threads of each on its signal struct's thread_head.
 *
 * A list that is damaged ends there, what was found before counts; the other threads' lists are
 * still read.
 */
#include "object/task.h"

#include <string.h>

#include "kernel/walk.h"
#include "object/zone.h"

/*
 * fs/proc/array.c task_state_array, bits of task->__state | task->exit_state; TASK_IDLE is
 * uninterruptible without load.
 */
static char state_letter(u64 state, u64 exit_state)
{
	enum { IDLE = 0x402, REPORTED = 0x7f };
	static const char letters[] = "SDTtXZP";
	if (state == IDLE)
		return 'I';
	u64 bits = (state | exit_state) & REPORTED;
	if (!bits)
		return 'R';
	return letters[63 - __builtin_clzll(bits)]; /* the highest decides, as fls() there */
}

static void read_credentials(struct kernel *k, struct task *t)
{
	u64 cred, uid, parent, ppid;
	if (kernel_get(k, t->kva, task_cred, &cred) == READ_OK &&
	    kernel_get(k, cred, cred_uid, &uid) == READ_OK) {
		t->has_uid = true;
		t->uid = (u32)uid;
	}
	if (kernel_get(k, t->kva, task_parent, &parent) == READ_OK &&
	    kernel_get(k, parent, task_tgid, &ppid) == READ_OK) {
		t->has_ppid = true;
		t->ppid = (u32)ppid;
	}
}

static void read_signal(struct kernel *k, struct task *t)
{
	u64 signal, value;
	if (kernel_get(k, t->kva, task_signal, &signal))
		return;
	if (kernel_get(k, signal, signal_oom_score_adj, &value) == READ_OK) {
		t->has_oom_score_adj = true;
		t->oom_score_adj = (s32)(s64)value;
	}
	if (kernel_get(k, signal, signal_nr_threads, &value) == READ_OK)
		t->nr_threads = (u32)value;
}

static enum read_status read_task(struct kernel *k, u64 kva, struct task *t)
{
	u64 pid, tgid, flags, state = 0, exit_state = 0;
	*t = (struct task){.kva = kva, .state = '?'};
	enum read_status status = kernel_get(k, kva, task_pid, &pid);
	if (!status)
		status = kernel_get(k, kva, task_tgid, &tgid);
	if (!status)
		status = kernel_get(k, kva, task_flags, &flags);
	if (!status)
		status = kernel_get(k, kva, task_mm, &t->mm);
	if (!status)
		status = kernel_get_text(k, kva, task_comm, t->comm, sizeof(t->comm));
	if (status)
		return status;
	t->pid = (u32)pid;
	t->tgid = (u32)tgid;
	t->leader = t->pid == t->tgid;
	t->kernel_thread = flags & k->schema.quirk[quirk_pf_kthread];
	kernel_get(k, kva, task_exit_state, &exit_state);
	if (kernel_get(k, kva, task_state, &state) == READ_OK)
		t->state = state_letter(state, exit_state);
	kernel_get(k, kva, task_start_time, &t->start_time_ns);
	kernel_get(k, kva, task_stack, &t->stack);
	read_credentials(k, t);
	read_signal(k, t);
	return READ_OK;
}

/* The other threads of a leader's group; false when fn wants no more. */
static bool walk_threads(struct kernel *k, const struct task *leader, task_fn fn, void *arg)
{
	struct list_walk walk;
	u64 signal, node;
	if (leader->nr_threads == 1)
		return true;
	if (kernel_get(k, leader->kva, task_signal, &signal)) {
		kernel_unreadable(k, "threads of a task", READ_DAMAGED, leader->kva);
		return true;
	}
	for (list_walk_init(&walk, k, kernel_member(k, signal, signal_thread_head));
	     list_walk_next(&walk, &node);) {
		struct task t;
		u64 kva = kernel_container(k, node, task_thread_node);
		if (kva == leader->kva)
			continue;
		enum read_status status = read_task(k, kva, &t);
		if (status)
			kernel_unreadable(k, "task", status, kva);
		else if (!fn(arg, &t))
			return false;
	}
	if (walk.status)
		kernel_unreadable(k, "threads of a task", walk.status, walk.at);
	return true;
}

int task_for_each(struct kernel *k, bool threads, task_fn fn, void *arg, struct error *error)
{
	u64 first, node;
	struct list_walk walk;
	if (!kernel_has_group(k, group_task, error))
		return -1;
	kernel_global(k, init_task, &first);
	for (list_walk_init(&walk, k, kernel_member(k, first, task_tasks));
	     list_walk_next(&walk, &node);) {
		struct task leader;
		u64 kva = kernel_container(k, node, task_tasks);
		enum read_status status = read_task(k, kva, &leader);
		if (status) {
			kernel_unreadable(k, "task", status, kva);
			continue;
		}
		if (!fn(arg, &leader) || (threads && !walk_threads(k, &leader, fn, arg)))
			return 0;
	}
	if (walk.status)
		kernel_unreadable(k, "list of tasks", walk.status, walk.at);
	if (walk.status && walk.nr == 0)
		return error_set(error, EXIT_PARTIAL, "the list of tasks at 0x%llx %s",
				 (unsigned long long)first, read_status_text(walk.status));
	return 0;
}

/* --- memory -------------------------------------------------------------------------------- */

static enum read_status counter_atomic(struct kernel *k, u64 mm, u64 item, s64 *pages)
{
	u64 value;
	enum read_status status = kernel_get_element(k, mm, mm_rss_atomics, item, &value);
	*pages = (s64)value;
	return status;
}

static enum read_status counter_percpu(struct kernel *k, u64 mm, u64 item, s64 *pages)
{
	u64 counter = kernel_element(k, mm, mm_rss_counters, item);
	return counter ? kernel_percpu_counter(k, counter, pages) : READ_ABSENT;
}

static enum read_status mm_counter(struct kernel *k, u64 mm, enum datum_id item, s64 *pages)
{
	u64 index;
	enum read_status status = kernel_constant(k, item, &index);
	if (status)
		return status;
	switch (k->schema.variant[variant_rss]) {
	case RSS_ATOMIC:
		return counter_atomic(k, mm, index, pages);
	case RSS_PERCPU:
		return counter_percpu(k, mm, index, pages);
	default:
		return READ_ABSENT;
	}
}

/*
 * Until 6.1 each thread keeps up to 64 events of its own before it adds them to the mm
 * (SPLIT_RSS_COUNTING, mm/memory.c). They belong to the process: added here, as the OOM killer's
 * own table does not.
 */
struct thread_parts {
	struct kernel *k;
	u64 mm, item;
	s64 sum;
};

static bool add_thread_part(void *arg, const struct task *t)
{
	struct thread_parts *parts = arg;
	u64 value;
	if (t->mm == parts->mm &&
	    kernel_get_element(parts->k, t->kva, task_rss_cache, parts->item, &value) == READ_OK)
		parts->sum += (s32)value;
	return true;
}

static s64 thread_parts_of(struct kernel *k, const struct task *task, enum datum_id item)
{
	struct thread_parts parts = {.k = k, .mm = task->mm};
	if (!kernel_has(k, task_rss_cache) || kernel_constant(k, item, &parts.item))
		return 0;
	struct task leader = *task;
	add_thread_part(&parts, &leader);
	walk_threads(k, &leader, add_thread_part, &parts);
	return parts.sum;
}

static enum read_status read_counter(struct kernel *k, const struct task *task, enum datum_id item,
				     u64 *pages)
{
	s64 value;
	enum read_status status = mm_counter(k, task->mm, item, &value);
	if (status)
		return status;
	value += thread_parts_of(k, task, item);
	*pages = value > 0 ? (u64)value : 0;
	return READ_OK;
}

void task_read_memory(struct kernel *k, const struct task *task, struct task_memory *m)
{
	*m = (struct task_memory){
		.status = READ_ABSENT, .rss_status = READ_ABSENT, .pagetable_status = READ_ABSENT};
	if (!task->mm || !k->schema.group_usable[group_mm])
		return;
	m->status = kernel_get(k, task->mm, mm_total_vm, &m->total_vm);
	if (m->status) {
		kernel_unreadable(k, "memory of a task", m->status, task->mm);
		m->rss_status = m->pagetable_status = m->status;
		return;
	}
	kernel_get(k, task->mm, mm_locked_vm, &m->locked_vm);
	m->rss_status = read_counter(k, task, mm_anonpages, &m->rss_anon);
	if (!m->rss_status)
		m->rss_status = read_counter(k, task, mm_filepages, &m->rss_file);
	if (!m->rss_status)
		m->rss_status = read_counter(k, task, mm_shmempages, &m->rss_shmem);
	if (!m->rss_status)
		m->rss_status = read_counter(k, task, mm_swapents, &m->swap);
	m->pagetable_status = kernel_get(k, task->mm, mm_pgtables_bytes, &m->pagetable_bytes);
}

/*
 * total_swap_pages is no exported symbol.  nr_swap_pages, what is free of it, is: it is all there is
 * as long as nothing was ever swapped out.
 */
static enum read_status total_swap(struct kernel *k, u64 *pages)
{
	u64 swapped_out;
	enum read_status status = kernel_variable(k, total_swap_pages, 8, pages);
	if (status != READ_ABSENT)
		return status;
	if (!vm_event_get(k, "PSWPOUT", &swapped_out) || swapped_out)
		return READ_ABSENT;
	return kernel_variable(k, nr_swap_pages, 8, pages);
}

enum read_status task_total_pages(struct kernel *k, u64 *pages)
{
	u64 ram, swap;
	enum read_status status = kernel_variable(k, totalram_pages, 8, &ram);
	if (!status)
		status = total_swap(k, &swap);
	if (!status)
		*pages = ram + swap;
	return status;
}

static const char *why_not_eligible(struct kernel *k, const struct task *t,
				    const struct task_memory *m)
{
	u64 flags;
	if (t->tgid == 1)
		return "init is never killed";
	if (t->kernel_thread)
		return "kernel thread";
	if (m->status == READ_ABSENT)
		return "no memory of its own (exiting)";
	if (t->oom_score_adj == -1000)
		return "oom_score_adj is -1000";
	if (kernel_get(k, t->mm, mm_flags, &flags) == READ_OK &&
	    flags >> k->schema.quirk[quirk_mmf_oom_skip] & 1)
		return "its memory was already reaped";
	return NULL;
}

void task_badness(struct kernel *k, const struct task *task, const struct task_memory *m,
		  u64 total_pages, struct task_badness *b)
{
	*b = (struct task_badness){.why_not = why_not_eligible(k, task, m)};
	if (b->why_not) {
		b->known = true;
		return;
	}
	if (m->rss_status || m->pagetable_status || !task->has_oom_score_adj || !total_pages)
		return;
	b->known = b->eligible = true;
	s64 pages = (s64)(m->rss_anon + m->rss_file + m->rss_shmem + m->swap +
			  m->pagetable_bytes / k->page_size);
	b->points = pages + task->oom_score_adj * (s64)(total_pages / 1000);
	s64 score = (1000 + b->points * 1000 / (s64)total_pages) * 2 / 3;
	b->oom_score = score > 0 ? (u32)score : 0;
}

/* --- cgroup -------------------------------------------------------------------------------- */

/* The memory controller's cgroup; on the unified hierarchy that is the default one. */
static enum read_status task_memory_cgroup(struct kernel *k, const struct task *task, u64 *cgroup)
{
	u64 set, index, css;
	enum read_status status = kernel_get(k, task->kva, task_cgroups, &set);
	if (status)
		return status;
	if (kernel_constant(k, memory_cgrp_id, &index) == READ_OK &&
	    kernel_get_element(k, set, css_set_subsys, index, &css) == READ_OK && css &&
	    kernel_get(k, css, css_cgroup, cgroup) == READ_OK && *cgroup)
		return READ_OK;
	return kernel_get(k, set, css_set_dfl_cgrp, cgroup);
}

/* Names from the leaf upward, written from the end of the buffer. */
static enum read_status kernfs_path(struct kernel *k, u64 node, char *path, size_t size)
{
	enum { MAX_DEPTH = 128 };
	size_t at = size - 1;
	path[at] = '\0';
	for (int depth = 0; node && depth < MAX_DEPTH; depth++) {
		char name[256];
		u64 parent;
		enum read_status status = kernel_get(k, node, kernfs_parent, &parent);
		if (!status && parent)
			status = kernel_get_text_at(k, node, kernfs_name, name, sizeof(name));
		if (status)
			return status;
		if (!parent)
			break;
		size_t len = strlen(name);
		if (len + 1 > at)
			break; /* too long: the leaf end is kept */
		at -= len;
		memcpy(path + at, name, len);
		path[--at] = '/';
		node = parent;
	}
	if (at == size - 1)
		path[--at] = '/';
	memmove(path, path + at, size - at);
	return READ_OK;
}

enum read_status task_cgroup_path(struct kernel *k, const struct task *task, char *path,
				  size_t size)
{
	u64 cgroup, node;
	if (!k->schema.group_usable[group_cgroup])
		return READ_ABSENT;
	enum read_status status = task_memory_cgroup(k, task, &cgroup);
	if (!status)
		status = kernel_get(k, cgroup, cgroup_kn, &node);
	return status ? status : kernfs_path(k, node, path, size);
}
