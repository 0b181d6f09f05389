# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose the pages are: files against mincore(), cgroups against kpagecgroup, processes against smaps."""

from . import tolerance as tol
from .census import FILE, KPF, has, kib, pages, slack
from .memory import reclaimed_pages
from .tasks import TRUTH_PID

# --- files -----------------------------------------------------------------------------------------------

def in_no_mount(path) -> bool:
    """memfd, segments and shared anonymous memory never had a name in a folder: they are deleted from the start."""
    return path.startswith(("/memfd:", "/SYSV", "/dev/zero", "/anon_hugepage"))


def check_census_files(c, truth, answers) -> None:
    """
    Each file that holds pages: as many as mincore() found a moment before, under the same path.  mincore() leaves
    out pages that are not read whole: of block devices, whose blocks are smaller, there may be many.
    """
    ours = {}
    for row in answers["census-file"]["files"]:
        path = row["path"] or ""
        name = "dev/" + path.rpartition(" ")[2] if row["kind"] == "block_device" else path.lstrip("/")
        ours.setdefault(name, []).append(row)
    for file in truth.files:
        if not file["pages"] or file["pages"] < tol.FILE_PAGES_COMPARED:
            continue
        rows = ours.get(file["path"].lstrip("/"), [])
        if not c.true(f"{file['path']} of {file['pages']} pages is missing", rows):
            continue
        row = min(rows, key=lambda row: abs(row["pages"] - file["pages"]))
        unread = kib("Buffers")(truth) - file["pages"] if file["kind"] == "bdev" else tol.UNREAD_PAGES_OF_FILE
        c.between(f"pages of {file['path']}", row["pages"], file["pages"] - reclaimed_pages(truth),
                  file["pages"] + unread + reclaimed_pages(truth))
        if not in_no_mount(file["path"]):
            c.same(f"{file['path']} deleted", row["deleted"], file["deleted"])
        c.true(f"{file['path']} is mapped more than it is there", (row["mapped_pages"] or 0) <= row["pages"])
    total = sum(row["pages"] for row in answers["census-file"]["files"])
    all_files = pages(answers, "file_mapped", "page_cache", "buffers", "shmem", "hugetlb_used")
    c.between("pages of all files", total, 0, all_files)


def check_census_mounts(c, truth, answers) -> None:
    """Files of a mount add up to what truth found on it."""
    ours = {row["path"]: row for row in answers["census-mount"]["census_mounts"]}
    for path in {truth.facts.get("tmpfs_mount")} - {None}:
        expected = sum(file["pages"] or 0 for file in truth.files if file["path"].startswith(path + "/"))
        if c.true(f"{path} is missing", path in ours):
            c.same(f"pages of {path}", ours[path]["pages"], expected)


# --- cgroups and tasks -----------------------------------------------------------------------------------

CHARGES = (
    ("anon", has("ANON", without=("HUGE",)), True),
    ("shmem", has("SWAPBACKED", without=("ANON", "SWAPCACHE", "HUGE")), False),
    ("file", has("LRU", **FILE), False),
)


def check_census_cgroups(c, truth, answers) -> None:
    """
    kpagecgroup tells a dead cgroup's pages as its nearest living ancestor's: so do we here.  The root has what
    the truth's own process takes meanwhile.
    """
    living = {row["path"] for row in truth.rows("cgroup_inodes")}
    ours = {}
    for row in answers["census-cgroup"]["cgroups"]:
        path = row["path"]
        if row["online"]:
            c.true(f"{path} lives", path in living)
        while path not in living or not row["online"] and path == row["path"]:
            path = path.rpartition("/")[0] or "/"
        for kind, n in row["charged_pages"].items():
            ours[path, kind] = ours.get((path, kind), 0) + (n or 0)
    for path in sorted(living):
        for kind, test, mapped in CHARGES:
            expected = charged_by_truth(truth, path, test, mapped)
            extra = slack(truth) if path == "/" else tol.CGROUP_PAGES + reclaimed_pages(truth)
            c.near(f"{kind} of {path}", ours.get((path, kind), 0), expected, extra)
    check_zombies(c, truth, answers)


def charged_by_truth(truth, path, test, mapped) -> int:
    """Only the first page of a huge one is charged: 5.10 and 6.1 tell of the others that they are nobody's."""
    rows = [row for row in truth.cgroup_page_flags if row[0] == path and test(row[1])]
    heads = sum(row[2] for row in rows if row[1] & KPF["COMPOUND_HEAD"])
    tails = sum(row[2] for row in rows if row[1] & KPF["COMPOUND_TAIL"])
    lost = heads * (truth.pages(2 << 10) - 1) if not tails else 0
    return sum(row[3 if mapped else 2] for row in rows) + lost


def check_zombies(c, truth, answers) -> None:
    """Dead cgroups are shown for as long as the kernel keeps them."""
    if "zombie_cgroups" not in truth.facts:
        return
    stat = dict(line.split() for line in truth.text("cgroup/cgroup.stat").splitlines())
    dying = int(stat["nr_dying_descendants"])
    dead = [row for row in answers["census-cgroup"]["cgroups"] if not row["online"]]
    each = int(truth.facts["zombie_bytes_each"]) // truth.page_size
    holding = [row for row in dead if row["charged_pages"]["shmem"] == each]
    wanted = min(dying, int(truth.facts["zombie_cgroups"]))
    c.between("dead cgroups that hold tmpfs pages", len(holding), wanted, wanted)


def check_census_tasks(c, truth, answers) -> None:
    """
    Resident and proportional sizes against smaps_rollup: both walk the page tables, so that they agree even
    where the kernel's counters lag.  Huge pages of hugetlb are in neither's rss.  The process that takes the
    truth grows after its own turn.
    """
    ours = {row["pid"]: row for row in answers["census-task"]["task_pages"]}
    c.same("processes", sorted(ours), sorted(truth.smaps))
    for pid in (ours.keys() & truth.smaps.keys()) - {TRUTH_PID}:
        who = f"{pid} {ours[pid]['comm']}"
        smaps = truth.smaps[pid]
        # Newer kernels' smaps counts entries of poisoned pages as pages; 5.10 does not.
        broken = int(truth.facts["broken_pages"]) if truth.facts.get("broken_pid") == str(pid) else 0
        extra = tol.TASK_PAGES + broken + reclaimed_pages(truth)
        c.near(f"{who} rss", ours[pid]["rss_pages"], truth.pages(smaps["Rss"]), extra)
        c.near(f"{who} anon", ours[pid]["anon_pages"], truth.pages(smaps["Anonymous"]), extra)
        c.near(f"{who} pss", ours[pid]["pss_pages"], truth.pages(smaps["Pss"]), extra + tol.PSS_PAGES)
        huge = smaps.get("Shared_Hugetlb", 0) + smaps.get("Private_Hugetlb", 0)
        c.same(f"{who} hugetlb", ours[pid]["hugetlb_pages"], truth.pages(huge))
