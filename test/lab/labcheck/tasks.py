# SPDX-License-Identifier: GPL-2.0-or-later
"""Tasks against /proc/PID: who there is, their memory, their badness, their cgroup."""

import re

from . import tolerance as tol
from .memory import no_data_symbols, reclaimed_pages

TRUTH_PID = 1  # the program that takes the truth; its own memory grows while it does


def release(truth) -> tuple:
    return tuple(int(word) for word in re.match(r"(\d+)\.(\d+)", truth.meta["release"]).groups())


def is_kworker(row) -> bool:
    return bool(re.match(r"kworker/(u\d+:|\d+:)", row["comm"]))


def comm_in_task(comm: str) -> str:
    """/proc adds a kworker's work to its name (wq_worker_comm()) and has long names of kernel threads; the task keeps 15 bytes."""
    worker = re.match(r"kworker/u?\d+:\d+[HI]*", comm)
    return worker[0] if worker else comm[:15]


def by_pid(answers, key) -> dict:
    return {row["pid"]: row for row in answers[key]["tasks"]}


def in_both(truth, answers) -> list:
    """[(our row, row of the truth)] of what lived at both moments."""
    ours = by_pid(answers, "threads")
    return [(ours[pid], row) for pid, row in truth.tasks.items() if pid in ours and ours[pid]["tgid"] == row["tgid"]]


# --- who -------------------------------------------------------------------------------------------------

def check_task_set(c, truth, answers) -> None:
    """All threads, no other; after a panic those of the truth are still there, or ended while memory went short."""
    ours, theirs = by_pid(answers, "threads"), truth.tasks
    c.same("threads twice", len(ours), len(answers["threads"]["tasks"]))
    changed = [str(pid) for pid in ours.keys() ^ theirs.keys() if is_kworker((ours.get(pid) or theirs.get(pid)))]
    c.at_most(tol.KWORKERS_CHANGED, "kworkers came or went", changed)
    gone = [pid for pid in theirs if pid not in ours and not is_kworker(theirs[pid])]
    c.same("tasks missing", gone, transient(truth, gone))
    if truth.of_the_end:
        c.same("tasks too many", [pid for pid in ours if pid not in theirs and not is_kworker(ours[pid])], [])
    check_leaders(c, answers)


def transient(truth, pids) -> list:
    """What ends with truth_now before a panic: the program itself, and (RT kernels) the thread of its serial line's interrupt."""
    return [pid for pid in pids if not truth.of_the_end and
            (truth.tasks[pid]["comm"] == "truth" or truth.tasks[pid]["comm"].startswith("irq/"))]


def check_leaders(c, answers) -> None:
    """The list of processes is the leaders of the list of threads, and the report's list is that list."""
    leaders = {pid: row for pid, row in by_pid(answers, "threads").items() if pid == row["tgid"]}
    c.same("processes", by_pid(answers, "ps"), leaders)
    c.same("tasks of the report", answers["report"]["tasks"], answers["ps"]["tasks"])


def check_task_facts(c, truth, answers) -> None:
    running = []
    for ours, row in in_both(truth, answers):
        who = f"{row['pid']} {row['comm']}"
        if not truth.of_the_end and row["comm"] == "truth":
            continue
        c.same(f"{who} comm", ours["comm"], comm_in_task(row["comm"]))
        if "ppid" in row:
            c.same(f"{who} ppid", ours["ppid"], row["ppid"])
            c.same(f"{who} uid", ours["uid"], row["uid"])
            if truth.of_the_end:
                c.same(f"{who} threads", ours["threads"], row["threads"])
        c.same(f"{who} oom_score_adj", ours["oom_score_adj"], row["oom_score_adj"])
        c.same(f"{who} cgroup", ours["cgroup"], row["cgroup"] if row["cgroup"] != "-" else "/")
        c.same(f"{who} kernel thread", ours["kernel_thread"], row["size"] == 0)
        if truth.of_the_end and ours["state"] != row["state"]:
            states = {ours["state"], row["state"]}
            running.append(who)
            c.true(f"{who} state {ours['state']}, truth {row['state']}", "R" in states)
    c.at_most(tol.TASKS_RUNNING, "tasks were running", running)


# --- memory ------------------------------------------------------------------------------------------------

def thread_counts(answers) -> dict:
    counts = {}
    for row in answers["threads"]["tasks"]:
        counts[row["tgid"]] = counts.get(row["tgid"], 0) + 1
    return counts


def rss_bounds(truth, nr_threads, around) -> tuple:
    """How much more or less of one counter there is than /proc says; `around`: pages that one fault may add."""
    if release(truth) >= (6, 2):
        part = tol.percpu_counter_pages(truth.possible_cpus)
        return -part, part
    return -tol.THREAD_RSS_EVENTS * nr_threads, tol.THREAD_RSS_EVENTS * around * nr_threads


RSS_COLUMNS = (("rss_anon_pages", "RssAnon", 1), ("rss_file_pages", "RssFile", tol.FAULT_AROUND_PAGES),
               ("rss_shmem_pages", "RssShmem", tol.FAULT_AROUND_PAGES))
SWAP_COLUMN = ("swap_pages", "VmSwap", 1)


def check_task_memory(c, truth, answers) -> None:
    counts = thread_counts(answers)
    reclaimed = reclaimed_pages(truth)
    for ours, row in in_both(truth, answers):
        if ours["pid"] != ours["tgid"] or "VmRSS" not in row:
            continue
        who = f"{row['pid']} {row['comm']}"
        own = tol.TRUTH_OWN_PAGES if row["pid"] == TRUTH_PID else 0
        c.same(f"{who} size", ours["total_vm_pages"], row["size"])
        if not own:
            c.same(f"{who} VmSize", ours["total_vm_pages"], truth.pages(row["VmSize"]))
        c.same(f"{who} VmLck", ours["locked_vm_pages"], truth.pages(row["VmLck"]))
        c.near(f"{who} VmPTE", ours["pagetable_bytes"], row["VmPTE"] * 1024, own * truth.page_size)
        c.same(f"{who} rss", ours["rss_pages"], sum(ours[key] for key, _, _ in RSS_COLUMNS))
        for key, name, around in (*RSS_COLUMNS, SWAP_COLUMN):
            low, high = rss_bounds(truth, counts[row["tgid"]], around)
            have = truth.pages(row[name])
            # No such pages at all: none were ever counted by a thread or CPU.
            if not have and key == "swap_pages" and not truth.swaps:
                low = high = 0
            c.between(f"{who} {name}", ours[key], max(have + low - reclaimed, 0), have + high + own + reclaimed)
        check_score(c, truth, ours, row, who)


def check_score(c, truth, ours, row, who) -> None:
    """oom_score, less what the difference of both resident sizes makes in thousandths of RAM and swap."""
    if row["pid"] == TRUTH_PID:
        return  # the kernel prints a score for init too, though it never kills it
    if ours["oom_score"] is None and no_data_symbols(truth) and truth.swaps:
        return  # how much swap there is stands in a variable without a symbol
    total = truth.pages(truth.meminfo["MemTotal"] + truth.meminfo["SwapTotal"])
    moved = abs(ours["rss_pages"] - row["resident"])
    c.near(f"{who} oom_score", ours["oom_score"], row["oom_score"], 1 + moved * 1000 // total)


def check_hogs(c, truth, answers) -> None:
    """A hog took so many megabytes of memory and wrote to each page: exactly these, whatever the kernel's counters lag."""
    per_mb = (1 << 20) // truth.page_size
    ours = by_pid(answers, "ps")
    for key, value in truth.facts.items():
        name, _, kind = key.rpartition("_")
        task = ours.get(int(truth.facts.get(name + "_pid", 0)))
        if kind != "mb" or not task:
            continue
        huge = truth.pages(truth.status(task["pid"]).get("HugetlbPages", 0))
        c.between(f"anonymous pages of {name}", task["rss_anon_pages"] + task["swap_pages"] + huge, int(value) * per_mb,
                  int(value) * per_mb + tol.HOG_OWN_ANON_PAGES)
