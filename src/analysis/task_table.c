/* The tasks, their memory, and the kernel's own badness of each. */
#include "analysis/tables.h"
#include "object/task.h"

static const struct column task_columns[] = {
	[TASK_PID] = {"pid", "PID", "thread id", COL_PID},
	[TASK_TGID] = {"tgid", "TGID", "process id", COL_PID, COLUMN_WIDE},
	[TASK_PPID] = {"ppid", "PPID", "process id of the parent", COL_PID},
	[TASK_COMM] = {"comm", "COMMAND", "name, 15 bytes at most"},
	[TASK_STATE] =
		{"state", "S",
		 "R running, S sleeping, D uninterruptible, T stopped, t traced, Z zombie, X dead, P parked, I idle"},
	[TASK_UID] = {"uid", "UID", "real user id", COL_COUNT},
	[TASK_RSS] = {"rss_pages", "RSS", "resident pages: anon, file and shmem", COL_PAGES},
	[TASK_RSS_ANON] = {"rss_anon_pages", "ANON", "resident anonymous pages", COL_PAGES},
	[TASK_RSS_FILE] = {"rss_file_pages", "FILE", "resident pages of mapped files", COL_PAGES},
	[TASK_RSS_SHMEM] = {"rss_shmem_pages", "SHMEM", "resident pages of shared memory and tmpfs",
			    COL_PAGES},
	[TASK_SWAP] = {"swap_pages", "SWAP", "pages swapped out", COL_PAGES},
	[TASK_PAGETABLE_BYTES] = {"pagetable_bytes", "PGTABLES", "page tables of the process",
				  COL_BYTES},
	[TASK_TOTAL_VM] = {"total_vm_pages", "VSZ", "pages of address space", COL_PAGES,
			   COLUMN_WIDE},
	[TASK_LOCKED_VM] = {"locked_vm_pages", "LOCKED", "pages locked by mlock", COL_PAGES,
			    COLUMN_WIDE},
	[TASK_OOM_SCORE_ADJ] =
		{"oom_score_adj", "ADJ",
		 "oom_score_adj: thousandths of all memory added to the badness; -1000: never killed",
		 COL_SIGNED},
	[TASK_OOM_SCORE] = {"oom_score", "SCORE",
			    "as /proc/PID/oom_score says it since 5.9; the highest is killed first",
			    COL_COUNT},
	[TASK_OOM_POINTS] = {"oom_points_pages", "BADNESS", "the OOM killer's own points, in pages",
			     COL_SIGNED, COLUMN_WIDE},
	[TASK_OOM_IMMUNE] = {"oom_immune", "NOT KILLABLE", "why the OOM killer passes it over",
			     .flags = COLUMN_WIDE | COLUMN_OPTIONAL},
	[TASK_THREADS] = {"threads", "THREADS", "threads of the process", COL_COUNT, COLUMN_WIDE},
	[TASK_CGROUP] = {"cgroup", "CGROUP",
			 "path of its cgroup in the memory controller's hierarchy"},
	[TASK_KERNEL_THREAD] = {"kernel_thread", "KERNEL", "runs in the kernel only", COL_BOOL,
				COLUMN_WIDE},
	[TASK_ADDRESS] = {"address", "TASK", "address of its task_struct", COL_ADDRESS,
			  COLUMN_WIDE},
};

const struct table_spec tasks_spec = {
	.key = "tasks",
	.title = "Tasks",
	.help = "processes and kernel threads, with memory and what the OOM killer thinks of them",
	.columns = task_columns,
	.nr_columns = ARRAY_SIZE(task_columns),
	.sort = "-rss_pages,kernel_thread,pid",
};

struct task_list {
	struct kernel *k;
	struct table *t;
	u64 total_pages;
};

static void set_memory(struct table *t, const struct task_memory *m)
{
	if (m->status == READ_ABSENT) {
		/* No mm: nothing resident, which is known. */
		static const unsigned zero[] = {TASK_RSS,	TASK_RSS_ANON, TASK_RSS_FILE,
						TASK_RSS_SHMEM, TASK_SWAP,     TASK_PAGETABLE_BYTES,
						TASK_TOTAL_VM,	TASK_LOCKED_VM};
		for (size_t i = 0; i < ARRAY_SIZE(zero); i++)
			table_set(t, zero[i], 0);
		return;
	}
	table_set_status(t, TASK_RSS, m->rss_status, m->rss_anon + m->rss_file + m->rss_shmem);
	table_set_status(t, TASK_RSS_ANON, m->rss_status, m->rss_anon);
	table_set_status(t, TASK_RSS_FILE, m->rss_status, m->rss_file);
	table_set_status(t, TASK_RSS_SHMEM, m->rss_status, m->rss_shmem);
	table_set_status(t, TASK_SWAP, m->rss_status, m->swap);
	table_set_status(t, TASK_PAGETABLE_BYTES, m->pagetable_status, m->pagetable_bytes);
	table_set_status(t, TASK_TOTAL_VM, m->status, m->total_vm);
	table_set_status(t, TASK_LOCKED_VM, m->status, m->locked_vm);
}

static void set_badness(const struct task_list *list, const struct task *task,
			const struct task_memory *m)
{
	struct task_badness b;
	struct table *t = list->t;
	task_badness(list->k, task, m, list->total_pages, &b);
	if (!b.known) {
		table_set_unknown(t, TASK_OOM_SCORE, "what it is made of can't be read");
		table_set_unknown(t, TASK_OOM_POINTS, "what it is made of can't be read");
		return;
	}
	table_set(t, TASK_OOM_SCORE, b.oom_score);
	table_set_signed(t, TASK_OOM_POINTS, b.points);
	table_set_text(t, TASK_OOM_IMMUNE, b.why_not);
}

static bool add_task(void *arg, const struct task *task)
{
	struct task_list *list = arg;
	struct table *t = list->t;
	struct task_memory memory;
	char cgroup[1024], state[2] = {task->state, '\0'};
	table_add(t);
	table_set(t, TASK_PID, task->pid);
	table_set(t, TASK_TGID, task->tgid);
	if (task->has_ppid)
		table_set(t, TASK_PPID, task->ppid);
	table_set_text(t, TASK_COMM, task->comm);
	table_set_text(t, TASK_STATE, state);
	if (task->has_uid)
		table_set(t, TASK_UID, task->uid);
	else
		table_set_unknown(t, TASK_UID, "its credentials can't be read");
	task_read_memory(list->k, task, &memory);
	set_memory(t, &memory);
	if (task->has_oom_score_adj)
		table_set_signed(t, TASK_OOM_SCORE_ADJ, task->oom_score_adj);
	else
		table_set_unknown(t, TASK_OOM_SCORE_ADJ, "its signal struct can't be read");
	set_badness(list, task, &memory);
	if (task->nr_threads)
		table_set(t, TASK_THREADS, task->nr_threads);
	enum read_status status = task_cgroup_path(list->k, task, cgroup, sizeof(cgroup));
	if (status)
		table_set_unknown(t, TASK_CGROUP, read_status_text(status));
	else
		table_set_text(t, TASK_CGROUP, cgroup);
	table_set(t, TASK_KERNEL_THREAD, task->kernel_thread);
	table_set(t, TASK_ADDRESS, task->kva);
	return true;
}

struct table *tasks_table(struct kernel *k, bool threads, struct error *error)
{
	struct task_list list = {.k = k, .t = table_new(&tasks_spec)};
	if (task_total_pages(k, &list.total_pages))
		list.total_pages = 0;
	if (task_for_each(k, threads, add_task, &list, error)) {
		table_free(list.t);
		return NULL;
	}
	return list.t;
}
