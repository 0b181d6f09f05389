# SPDX-License-Identifier: GPL-2.0-or-later
"""A panic out of the OOM killer: its report, printed milliseconds before the end, is the truth of the end.

Mem-Info prints the shared parts of counters; each CPU may hold `vm stats threshold` (zoneinfo) of each more.
"""

import re

from . import tolerance as tol
from .memory import by_pages, cached_stacks, caches, isolated_pages, pages_of, uncounted_tables
from .tasks import by_pid, rss_bounds, thread_counts

TASK_LINE = re.compile(r"\[\s*(\d+)\]\s+(\d+)\s+(\d+)\s+(\d+)\s+(.*?)\s+(-?\d+) (\S.*)$")


class OomReport:
    """The last report of a console log."""

    def __init__(self, console):
        lines = [re.sub(r"^\[\s*\d+\.\d+\](\[\s*[TC]\d+\])? ?", "", line) for line in console]
        starts = [n for n, line in enumerate(lines) if line.startswith("Mem-Info:")]
        self.lines = lines[starts[-1]:] if starts else []
        text = "\n".join(self.lines)
        head = text.split("\nNode ")[0]
        self.counters = {key: int(value) for key, value in re.findall(r"(\w+):(\d+)\b(?!kB)", head)}
        self.zones = {(int(node), name): {key: int(value) for key, value in re.findall(r"([\w]+):(\d+)kB", rest)}
                      for node, name, rest in re.findall(r"^Node (\d+) (\w+) (free:.*)$", text, re.M)}
        self.node = {key: int(value) for key, value in
                     re.findall(r"([\w()]+):\s*(\d+)kB", "".join(re.findall(r"^Node \d+ active_anon.*$", text, re.M)))}
        for key in ("RAM", "reserved"):
            found = re.search(rf"^(\d+) pages {key}", text, re.M)
            self.counters[key] = int(found[1]) if found else None
        self.tasks = [self.task(match) for match in map(TASK_LINE.match, self.lines) if match]
        self.slabs = dict_of_slabs(text)

    @staticmethod
    def task(match) -> dict:
        """Columns between rss and pgtables_bytes differ by release (6.8 split rss in three)."""
        pid, uid, tgid, total_vm, middle, adj, name = match.groups()
        numbers = [int(word) for word in middle.split()]
        return {"pid": int(pid), "uid": int(uid), "tgid": int(tgid), "total_vm": int(total_vm), "rss": numbers[0],
                "pgtables": numbers[-2], "swap": numbers[-1], "adj": int(adj), "name": name}


def dict_of_slabs(text) -> dict:
    """Cache -> (used KiB, total KiB) of "Unreclaimable slab info", printed when slabs outweigh processes."""
    return {name: (int(used), int(total)) for name, used, total in re.findall(r"^(\S+)\s+(\d+)KB\s+(\d+)KB$", text, re.M)}


def counter_slack(truth) -> int:
    """Pages of a counter's parts on CPUs, and what moved meanwhile."""
    threshold = max((zone["threshold"] for zone in truth.zones.values()), default=0)
    zones = sum(1 for zone in truth.zones.values() if zone["present"])
    return threshold * truth.possible_cpus * zones + tol.OOM_MOVED_PAGES


def check_oom_memory(c, truth, answers) -> None:
    report, slack = OomReport(truth.console), counter_slack(truth)
    if not c.true("no Mem-Info on the console", report.counters.get("free") is not None):
        return
    n = report.counters
    freed = slack + tol.OOM_FREED_PAGES
    free, per_cpu = pages_of(answers, "free_buddy"), pages_of(answers, "free_pcp")
    slab = pages_of(answers, "slab") + pages_of(answers, "large_kmalloc")
    slab_then = n["slab_reclaimable"] + n["slab_unreclaimable"]
    c.between("free", free, n["free"] - slack, n["free"] + n["free_pcp"] + freed)
    c.between("free_pcp", per_cpu, 0, n["free_pcp"] + freed)
    c.between("slab", slab, slab_then - freed, slab_then + slack)
    c.near("free, free_pcp and slab", free + per_cpu + slab, n["free"] + n["free_pcp"] + slab_then, slack)
    # The lists of anonymous pages hold tmpfs too.
    lists = sum(n[key] for key in ("active_anon", "inactive_anon", "isolated_anon", "unevictable"))
    ours = sum(pages_of(answers, key) or 0 for key in ("anon", "shmem", "swap_cache"))
    # A page that is being migrated is mapped by nobody meanwhile.
    c.between("anonymous pages and tmpfs", ours, lists - isolated_pages(truth) - 2 * slack, lists + 2 * slack)
    c.near("shmem", pages_of(answers, "shmem"), n["shmem"], slack)
    files = sum(pages_of(answers, key) or 0 for key in ("page_cache", "file_mapped", "buffers"))
    c.near("page cache", files, n["active_file"] + n["inactive_file"] + n["isolated_file"], slack)
    tables = n["pagetables"] + n.get("sec_pagetables", 0)
    c.near("page tables", pages_of(answers, "page_table") - uncounted_tables(answers), tables, slack)
    stacks = truth.pages(report.node["kernel_stack"])
    c.between("kernel stacks", pages_of(answers, "kernel_stack"), stacks - slack, stacks + slack + cached_stacks(truth))
    c.same("pages RAM", answers["report"]["census"]["present_pages"], n["RAM"])
    check_reserved(c, truth, answers, n["reserved"])


def check_reserved(c, truth, answers, reserved) -> None:
    """Present pages that are not managed: by page frames some of them are of other classes."""
    if not by_pages(answers):
        c.same("pages reserved", pages_of(answers, "boot_reserved"), reserved)
        return
    ours = sum(pages_of(answers, key) or 0 for key in ("boot_reserved", "kernel_image", "memmap"))
    c.between("pages reserved", ours, reserved - truth.first_percpu_pages - tol.BOOT_TABLES_AND_STACKS, reserved)


def check_oom_zones(c, truth, answers) -> None:
    report, slack = OomReport(truth.console), counter_slack(truth)
    ours = {(z["node"], z["name"]): z for z in answers["zones"]["zones"]}
    c.same("zones", sorted(ours), sorted(report.zones))
    for key in ours.keys() & report.zones.keys():
        zone, line = ours[key], report.zones[key]
        for name in ("min", "low", "high", "boost", "present", "managed"):
            if name in line:
                c.same(f"{key} {name}", zone[name], truth.pages(line[name]))
        then = {name: truth.pages(line[name]) for name in ("free", "free_pcp")}
        c.between(f"{key} free", zone["free"], then["free"] - slack, sum(then.values()) + slack + tol.OOM_FREED_PAGES)
        c.between(f"{key} free and free_pcp", zone["free"] + zone["free_pcp"], sum(then.values()) - slack,
                  sum(then.values()) + slack + tol.OOM_FREED_PAGES)


def check_oom_tasks(c, truth, answers) -> None:
    """The table of tasks: all processes but kernel threads and init (the killer passes those over); who panicked was running."""
    report, ours, counts = OomReport(truth.console), by_pid(answers, "ps"), thread_counts(answers)
    c.true("no tasks in the report", report.tasks)
    for row in report.tasks:
        who = f"{row['pid']} {row['name']}"
        task = ours.get(row["tgid"])
        if not c.true(f"{who} is not in the dump", task):
            continue
        c.same(f"{who} comm", task["comm"], row["name"])
        c.same(f"{who} uid", task["uid"], row["uid"])
        c.same(f"{who} total_vm", task["total_vm_pages"], row["total_vm"])
        c.same(f"{who} oom_score_adj", task["oom_score_adj"], row["adj"])
        c.same(f"{who} swap", task["swap_pages"], row["swap"])
        c.same(f"{who} page tables", task["pagetable_bytes"], row["pgtables"])
        anon, file = rss_bounds(truth, counts[row["tgid"]], 1), rss_bounds(truth, counts[row["tgid"]], tol.FAULT_AROUND_PAGES)
        c.between(f"{who} rss", task["rss_pages"], row["rss"] + anon[0] + 2 * file[0], row["rss"] + anon[1] + 2 * file[1])
    panicked = re.findall(r"Kernel panic - not syncing.*\n.*CPU: \d+ (?:UID: \d+ )?PID: (\d+)", "\n".join(truth.console))
    c.true("the console does not tell who panicked", panicked)
    for pid in panicked[-1:]:
        c.same(f"state of {pid}, who panicked", by_pid(answers, "threads")[int(pid)]["state"], "R")


def check_oom_slabs(c, truth, answers) -> None:
    """Sizes are in whole KiB, of objects by slabinfo's counting; caches may have moved by a slab since."""
    report, ours = OomReport(truth.console), caches(answers)
    for name, (used, total) in report.slabs.items():
        if not c.true(f"{name} is in the report only", name in ours):
            continue
        s = ours[name]
        slack = tol.SLAB_SLABS * 8 * truth.page_size
        c.near(f"{name} total KiB", s["objects_total"] * s["slot_size"] // 1024, total, slack // 1024)
        c.near(f"{name} used KiB", s["slabinfo_active"] * s["slot_size"] // 1024, used, slack // 1024)
