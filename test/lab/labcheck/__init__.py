# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what memwho says of a dump with what the dumped kernel said of itself.

truth.py reads the kernel's side, program.py runs memwho, the other files hold checks: functions
check_NAME(checker, truth, answers) that note every difference which no constant of tolerance.py allows.
CHECKS below is the list of them, each with the dumps that it is for.
"""

from . import census, census_users, containers, leak as leaks, memory, oom, system, tasks


def always(_truth) -> bool:
    return True


def of_the_end(truth) -> bool:
    """Figures are compared with a truth of the same moment only."""
    return truth.of_the_end


def oom_panic(truth) -> bool:
    return bool(truth.meta["panic"]) and "Out of memory" in truth.meta["panic"]


def leak(truth) -> bool:
    return "leaked_objects" in truth.facts


def leak_kinds(truth) -> bool:
    return "leak_kept_caches" in truth.facts


def several_containers(truth) -> bool:
    return len(truth.containers) > 1


def pages_of_the_end(truth) -> bool:
    """The truth tells of page frames by zone, file and cgroup."""
    return truth.of_the_end and truth.has_page_truth


# name, for which dumps, the check
CHECKS = (
    ("status", always, system.check_status),
    ("system", always, system.check_system),
    ("panic", always, system.check_panic),
    ("modules", always, system.check_modules),
    ("mounts", always, system.check_mounts),
    ("swaps", always, system.check_swaps),
    ("hugetlb", always, system.check_hugetlb),
    ("log", always, system.check_log),
    ("zone-sizes", always, memory.check_zone_sizes),
    ("zone-free", of_the_end, memory.check_zone_free),
    ("census", always, memory.check_census_adds_up),
    ("meminfo", of_the_end, memory.check_meminfo),
    ("page-flags", of_the_end, memory.check_page_flags),
    ("census-document", always, census.check_census_document),
    ("census-threads", always, census.check_census_threads),
    ("census-views", always, census.check_census_views),
    ("census-differences", always, census.check_census_differences),
    ("census-unknown", always, census.check_census_unknown),
    ("census-counters", of_the_end, census.check_census_counters),
    ("census-marks", of_the_end, census.check_census_marks),
    ("census-kernel", of_the_end, census.check_census_kernel),
    ("census-planted", of_the_end, census.check_census_planted),
    ("census-flags", pages_of_the_end, census.check_census_flags),
    ("census-zone-flags", pages_of_the_end, census.check_census_zone_flags),
    ("census-files", pages_of_the_end, census_users.check_census_files),
    ("census-mounts", pages_of_the_end, census_users.check_census_mounts),
    ("census-cgroups", pages_of_the_end, census_users.check_census_cgroups),
    ("census-tasks", pages_of_the_end, census_users.check_census_tasks),
    ("slabs", of_the_end, memory.check_slabs),
    ("slab-sums", always, memory.check_slab_sums),
    ("slab-aliases", always, memory.check_slab_aliases),
    ("slab-sizes", always, memory.check_slab_sizes),
    ("types", always, memory.check_types),
    ("leak", leak, memory.check_leak),
    ("leak-false", always, leaks.check_leak_false),
    ("leak-lost", leak, leaks.check_leak_lost),
    ("leak-kinds", leak_kinds, leaks.check_leak_kinds),
    ("planted", always, memory.check_planted),
    ("task-set", always, tasks.check_task_set),
    ("task-facts", always, tasks.check_task_facts),
    ("task-memory", of_the_end, tasks.check_task_memory),
    ("hogs", always, tasks.check_hogs),
    ("oom-memory", oom_panic, oom.check_oom_memory),
    ("oom-zones", oom_panic, oom.check_oom_zones),
    ("oom-tasks", oom_panic, oom.check_oom_tasks),
    ("oom-slabs", oom_panic, oom.check_oom_slabs),
    ("containers", several_containers, containers.check_containers),
)
