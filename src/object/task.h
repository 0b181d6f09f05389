/*
 * Tasks and threads, their memory, and what the OOM killer thinks of them.
 */
#ifndef OBJECT_TASK_H
#define OBJECT_TASK_H

#include "kernel/kernel.h"

struct task {
	u64 kva, mm; /* mm 0: kernel thread, or exiting */
	u32 pid, tgid, ppid;
	bool has_ppid;
	char comm[17];
	char state; /* as ps shows: R S D T t X Z P I; '?' when not known */
	bool kernel_thread;
	bool leader;
	bool has_uid;
	u32 uid;
	u64 start_time_ns; /* since boot; 0 when not known */
	u32 nr_threads;	   /* of its group; 0 when not known */
	bool has_oom_score_adj;
	s32 oom_score_adj;
	u64 stack;
};

/*
 * Memory of one mm, in pages unless the name says otherwise.  Equal for all threads of a process.
 */
struct task_memory {
	enum read_status status; /* READ_ABSENT: the task has no mm */
	u64 total_vm, locked_vm;
	u64 rss_anon, rss_file, rss_shmem, swap;
	enum read_status rss_status;
	u64 pagetable_bytes;
	enum read_status pagetable_status;
};

/*
 * Threads of one process follow their leader.  threads false: leaders only.  Stops when fn returns
 * false.
 */
typedef bool (*task_fn)(void *arg, const struct task *task);
int task_for_each(struct kernel *k, bool threads, task_fn fn, void *arg, struct error *error);

void task_read_memory(struct kernel *k, const struct task *task, struct task_memory *memory);

/*
 * The kernel's own badness (mm/oom_kill.c oom_badness since 2.6.36, a63d83f427fb; without root's
 * bonus since 4.17, d46078b28889): pages of rss, swap and page tables, plus oom_score_adj
 * thousandths of total_pages. eligible false: init, kernel threads, adj -1000, already reaped, or
 * nothing to free.
 */
struct task_badness {
	bool known, eligible;
	s64 points;    /* pages, as the OOM killer compares */
	u32 oom_score; /* as /proc/PID/oom_score of 5.9 and later (9066e5cfb73c): 0 to 2000 thirds
			  around 667 */
	const char *why_not; /* when not eligible */
};
void task_badness(struct kernel *k, const struct task *task, const struct task_memory *memory,
		  u64 total_pages, struct task_badness *badness);
/* RAM and swap that badness is measured against in a global OOM. */
enum read_status task_total_pages(struct kernel *k, u64 *pages);

/* Path of the task's cgroup in the memory controller's hierarchy ("/user.slice/..."). */
enum read_status task_cgroup_path(struct kernel *k, const struct task *task, char *path,
				  size_t size);

#endif
