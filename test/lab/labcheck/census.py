# SPDX-License-Identifier: GPL-2.0-or-later
"""The census of page frames against witnesses that know nothing of it.

They are the kernel's counters (meminfo, slabinfo, vmallocinfo), its own sorting of every frame (kpageflags, by
zone too), and what the case itself took; census_users.py has those of files, cgroups and processes.  A row of
COUNTERS or FLAGS is a figure of the kernel and the classes that hold the same pages.
"""

import re

from . import program
from . import tolerance as tol
from .containers import first_difference
from .memory import (busy, cached_stacks, isolated_pages, kernel_tables, known, moved, no_data_symbols, reclaimed_pages,
                     slabinfo_pages)
from .tasks import release

# include/uapi/linux/kernel-page-flags.h; from 32 on include/linux/kernel-page-flags.h
KPF = {name: 1 << bit for name, bit in {
    "LRU": 5, "SLAB": 7, "BUDDY": 10, "ANON": 12, "SWAPCACHE": 13, "SWAPBACKED": 14, "COMPOUND_HEAD": 15,
    "COMPOUND_TAIL": 16, "HUGE": 17, "HWPOISON": 19, "NOPAGE": 20, "OFFLINE": 23, "PGTABLE": 26,
    "RESERVED": 32}.items()}

KEYS = ("free_buddy free_pcp anon file_mapped page_cache buffers shmem swap_cache hugetlb_free hugetlb_used slab "
        "large_kmalloc page_table kernel_stack vmalloc percpu kernel_image module memmap boot_reserved not_present "
        "offline poisoned balloon zsmalloc page_pool driver_known kernel_unknown").split()


def rows_of(answers) -> dict:
    return {row["key"]: row for row in answers["census"]["census"]["classes"]}


def pages(answers, *keys) -> int:
    """Pages of some classes together; a class that is left out has none."""
    rows = rows_of(answers)
    return sum(rows[key]["pages"] or 0 for key in keys if key in rows)


def details(answers, key, text) -> int:
    """Pages of the rows of a class's detail that name something."""
    rows = rows_of(answers).get(key, {}).get("detail") or []
    return sum(row["pages"] for row in rows if text in row["what"])


def slack(truth) -> int:
    """A thousandth of RAM or 64 pages; more where the guest goes on working."""
    share = max(present_pages(truth) // tol.CENSUS_SHARE_OF_RAM, tol.CENSUS_PAGES)
    return share + reclaimed_pages(truth) + (moved(truth) if busy(truth) else 0)


def present_pages(truth) -> int:
    return sum(zone["present"] for zone in truth.zones.values())


def flagged(truth, test, mapped=False) -> int:
    """Page frames whose kpageflags pass the test; mapped: those of them that a process maps."""
    return sum(row[3 if mapped else 2] for row in truth.zone_page_flags if test(row[1]))


def has(*names, without=()):
    """A test: all of these flags and none of the others."""
    want, bad = sum(KPF[name] for name in names), sum(KPF[name] for name in without)
    return lambda flags: flags & want == want and not flags & bad


# --- the document ----------------------------------------------------------------------------------------

def check_census_document(c, truth, answers) -> None:
    """Whole, of page frames, and the same in the report; sizes are zoneinfo's to the page."""
    census = answers["census"]["census"]
    rows = census["classes"]
    c.same("basis", census["basis"], "pages")
    c.same("the report's census", first_difference(answers["report"]["census"], census, False), None)
    c.same("sum of classes", sum(row["pages"] or 0 for row in rows), census["spanned_pages"])
    c.same("classes", sorted({row["key"] for row in rows} - set(KEYS)), [])
    zones = truth.zones.values()
    for name in ("spanned", "present", "managed"):
        c.same(name, census[f"{name}_pages"], sum(zone[name] for zone in zones if zone["present"]))
    holes = sum(zone["spanned"] - zone["present"] for zone in zones if zone["present"])
    c.same("holes and offline memory", pages(answers, "not_present", "offline"), holes)
    for row in rows:
        for part in row.get("detail") or []:
            c.true(f"{row['key']}: {part['what']} has more pages than the class", part["pages"] <= row["pages"])


def without_pass(answers) -> dict:
    """Without what is said of the pass itself."""
    return {key: value for key, value in answers["census"]["census"].items() if key != "pass"}


def check_census_threads(c, truth, answers) -> None:
    """However many threads share the work, and whichever is first: the same answer."""
    for nr in ("1", "4"):
        status, other, _ = program.ask_words(truth.containers[0][1], "census", "--threads", nr)
        c.same(f"status with {nr} threads", status, 0)
        difference = first_difference(without_pass(answers), without_pass({"census": other}), False)
        c.same(f"census with {nr} threads", difference, None)


# Views whose rows are pages of a class, and the key of their list.
VIEWS = {"zone": "census_zones", "node": "census_nodes"}


def check_census_views(c, truth, answers) -> None:
    """--by zone and --by node are the same pages, cut otherwise."""
    totals = {key: row["pages"] for key, row in rows_of(answers).items()}
    for view, key in VIEWS.items():
        sums = {}
        for row in answers[f"census-{view}"][key]:
            sums[row["class"]] = sums.get(row["class"], 0) + row["pages"]
        c.same(f"by {view}", {k: n for k, n in sums.items() if n}, {k: n for k, n in totals.items() if n})
    spans = {}
    for row in answers["census-zone"]["census_zones"]:
        spans[row["node"], row["zone"]] = spans.get((row["node"], row["zone"]), 0) + row["pages"]
    expected = {key: zone["spanned"] for key, zone in truth.zones.items() if zone["present"]}
    c.same("spanned pages of zones", spans, expected)


# --- counters --------------------------------------------------------------------------------------------

def kib(*names):
    """Pages of some lines of meminfo together; a leading "-" takes away."""
    def value(truth):
        signed = ((-1 if name[0] == "-" else 1, truth.meminfo.get(name.lstrip("-"), 0)) for name in names)
        return sum(sign * truth.pages(n) for sign, n in signed)
    return value


def free_pages(truth) -> int:
    return kib("MemFree")(truth) + sum(zone["pcp"] for zone in truth.zones.values())


def huge_pages(name):
    return lambda truth: truth.meminfo.get(name, 0) * truth.pages(truth.meminfo.get("Hugepagesize", 0))


def used_huge_pages(truth) -> int:
    return huge_pages("HugePages_Total")(truth) - huge_pages("HugePages_Free")(truth)


# A figure of the kernel, where from, the classes with the same pages.
COUNTERS = (
    ("MemFree and free pages of CPUs", free_pages, ("free_buddy", "free_pcp")),
    ("AnonPages", kib("AnonPages"), ("anon",)),
    ("Cached without Shmem", kib("Cached", "-Shmem"), ("file_mapped", "page_cache")),
    ("Shmem", kib("Shmem"), ("shmem",)),
    ("Buffers", kib("Buffers"), ("buffers",)),
    ("Slab", kib("Slab"), ("slab", "large_kmalloc")),
    ("slabs of slabinfo", slabinfo_pages, ("slab",)),
    ("free huge pages", huge_pages("HugePages_Free"), ("hugetlb_free",)),
    ("huge pages in use", used_huge_pages, ("hugetlb_used",)),
    ("HardwareCorrupted", kib("HardwareCorrupted"), ("poisoned",)),
    ("mm_stat of zram", lambda truth: truth.zsmalloc_pages, ("zsmalloc",)),
)


def check_census_counters(c, truth, answers) -> None:
    for name, value, keys in COUNTERS:
        extra = tol.LARGE_KMALLOC_PAGES if "slab" in keys else 0
        c.near(name, pages(answers, *keys), value(truth), slack(truth) + extra)


# Marks of user pages, and the figure of the kernel that counts them.
MARKS = (
    ("lru_pages", kib("Active", "Inactive", "Unevictable")),
    ("mlocked_pages", kib("Mlocked")),
    ("swap_cache_pages", kib("SwapCached")),
)


def check_census_marks(c, truth, answers) -> None:
    marks = answers["census"]["census"]["marks"]
    for key, value in MARKS:
        c.near(key, marks[key], value(truth), slack(truth))
    c.true("huge pages are in large folios", marks["large_folio_pages"] >= kib("AnonHugePages")(truth) - slack(truth))


def check_census_differences(c, truth, answers) -> None:
    """What the program itself says of counters: the counter that it read is the kernel's."""
    for key, row in rows_of(answers).items():
        if row.get("counter"):
            c.same(f"difference of {key}", row["difference_pages"], row["pages"] - row["counter"]["pages"])


# --- kernel memory ---------------------------------------------------------------------------------------

# Who asks vmalloc for a kernel stack: what /proc/vmallocinfo shows of it differs by inlining.
STACK_CALLERS = ("dup_task_struct", "copy_process", "kernel_clone", "fork_idle", "alloc_thread_stack_node")
# Who asks for memory that holds module text and data.
MODULE_CALLERS = ("load_module", "layout_and_allocate", "move_module", "module_alloc", "module_memory_alloc")


def check_census_kernel(c, truth, answers) -> None:
    check_page_tables(c, truth, answers)
    check_stacks(c, truth, answers)
    if known(c, truth, rows_of(answers), *(k for k in ("vmalloc", "percpu") if k in rows_of(answers))):
        check_vmalloc(c, truth, answers)
        check_percpu(c, truth, answers)
    check_boot_memory(c, truth, answers)


def processes(truth) -> int:
    return len({row["tgid"] for row in truth.tasks.values() if row.get("VmSize")})


def check_page_tables(c, truth, answers) -> None:
    """
    NR_PAGETABLE counts the last level, since 5.11 the one above, since 6.16 all.  VmPTE counts all levels of a
    process but the top one (one page, two with PTI).  The kernel's own come on top.
    """
    counted = kib("PageTables", "SecPageTables")(truth)
    tgids = {row["tgid"] for row in truth.tasks.values()}
    of_processes = sum(truth.pages(truth.status(pid).get("VmPTE", 0)) for pid in tgids)
    ours = pages(answers, "page_table") - details(answers, "page_table", "the kernel itself")
    c.near("page tables that NR_PAGETABLE counts", ours - details(answers, "page_table", "upper levels"), counted,
           tol.TRUTH_OWN_PAGES)
    upper = max(counted, of_processes) + tol.TOP_TABLES_PER_PROCESS * processes(truth)
    c.between("page tables of processes", ours, counted - tol.TRUTH_OWN_PAGES, upper + tol.TRUTH_OWN_PAGES)
    c.between("page tables of the kernel", details(answers, "page_table", "the kernel itself"), 1, kernel_tables(truth))


def check_stacks(c, truth, answers) -> None:
    counted = kib("KernelStack")(truth)
    changed = tol.KWORKERS_CHANGED * truth.stack_pages
    c.between("kernel stacks", pages(answers, "kernel_stack"), counted - changed,
              counted + cached_stacks(truth) + changed)
    stacks = sum(n for caller, module, n in truth.vmalloc_areas if caller in STACK_CALLERS and n <= truth.stack_pages)
    if stacks:
        c.near("stacks of vmallocinfo", pages(answers, "kernel_stack"), stacks, slack(truth))


def check_vmalloc(c, truth, answers) -> None:
    """
    VmallocUsed holds pages of vmalloc(), of which kernel stacks and modules are classes of their own.  What
    vmap() maps is no vmalloc memory to the kernel: it may be in the class all the same, or be a driver's.
    """
    areas = truth.vmalloc_areas
    stacks = kib("KernelStack")(truth)
    ours = pages(answers, "vmalloc", "module")
    vmapped = int(truth.facts.get("hoard_vmap_pages", 0))
    c.between("vmalloc and modules", ours, kib("VmallocUsed")(truth) - stacks - cached_stacks(truth) - slack(truth),
              kib("VmallocUsed")(truth) - stacks + vmapped + slack(truth))
    modules = sum(n for caller, _, n in areas if caller.split(".")[0] in MODULE_CALLERS)
    if modules:
        c.near("modules", pages(answers, "module"), modules, slack(truth))


def check_percpu(c, truth, answers) -> None:
    """
    The kernel counts populated pages times units.  On several nodes there are more units than CPUs, so that the
    CPUs of a node lie together, and a unit of no CPU has no pages (pcpu_embed_first_chunk(), mm/percpu.c).
    """
    counted, cpus = kib("Percpu")(truth), truth.possible_cpus
    if no_data_symbols(truth):
        counted -= truth.first_percpu_pages  # no symbol leads to the first chunk: it is boot memory like other
    nodes = len({node for node, _ in truth.zones})
    real = [counted * cpus // units for units in range(cpus, 2 * cpus if nodes > 1 else cpus + 1)]
    ours = pages(answers, "percpu")
    c.true(f"percpu: {ours}, truth one of {real}", min(abs(ours - n) for n in real) <= cpus + tol.PERCPU_POPULATED)


def offline_pages(truth) -> int:
    return int(truth.facts.get("offline_bytes", 0)) // truth.page_size


def check_boot_memory(c, truth, answers) -> None:
    """
    Present pages that the page allocator never had: kernel image, struct pages, what memblock reserved.  A
    balloon's pages left the managed ones later.
    """
    zones = [zone for zone in truth.zones.values() if zone["present"]]
    present = sum(zone["present"] for zone in zones)
    boot = present - sum(zone["managed"] for zone in zones) - int(truth.facts.get("balloon_pages", 0))
    ours = pages(answers, "boot_reserved", "kernel_image", "memmap")
    # Claims of other classes that lie in boot memory: per-cpu memory's first chunk, the kernel's page tables,
    # the boot CPU's stack.
    c.between("boot memory", ours, boot - truth.first_percpu_pages - tol.BOOT_TABLES_AND_STACKS - slack(truth),
              boot + slack(truth))
    c.between("kernel image", pages(answers, "kernel_image"), truth.kernel_image_pages * tol.IMAGE_SHARE_KEPT // 100,
              truth.kernel_image_pages + tol.IMAGE_GAPS)
    per_page = tol.STRUCT_PAGE_BYTES / truth.page_size
    # A zone shrinks when its last block goes offline; the block's struct pages stay.
    spanned = sum(zone["spanned"] for zone in zones) + offline_pages(truth)
    c.between("memmap", pages(answers, "memmap"), int(present * per_page) - 1,
              int(spanned * per_page) + tol.MEMMAP_OF_SECTION_PAGES)


# --- page flags ------------------------------------------------------------------------------------------

def swap_cache_only(truth) -> int:
    """In the swap cache and mapped by nobody: what is mapped is anonymous memory (or tmpfs) all the same."""
    in_cache = has("SWAPCACHE")
    return flagged(truth, in_cache) - flagged(truth, in_cache, mapped=True)


FILE = {"without": ("SWAPBACKED", "ANON", "SLAB", "HUGE", "HWPOISON", "BUDDY", "RESERVED")}

# What the frames carry, how many do, the classes with the same pages.
FLAGS = (
    ("slab", lambda t: flagged(t, has("SLAB")), ("slab",)),
    ("anonymous, mapped", lambda t: flagged(t, has("ANON", without=("HUGE",)), mapped=True), ("anon",)),
    ("tmpfs", lambda t: flagged(t, has("SWAPBACKED", without=("ANON", "SWAPCACHE", "HUGE", "HWPOISON"))), ("shmem",)),
    ("swap cache, not mapped", swap_cache_only, ("swap_cache",)),
    ("of files", lambda t: flagged(t, has("LRU", **FILE)), ("file_mapped", "page_cache", "buffers")),
    ("of files, mapped", lambda t: flagged(t, has("LRU", **FILE), mapped=True), ("file_mapped",)),
    ("huge", lambda t: flagged(t, has("HUGE")), ("hugetlb_free", "hugetlb_used")),
    ("poisoned", lambda t: flagged(t, has("HWPOISON")), ("poisoned",)),
    ("offline type", lambda t: flagged(t, has("OFFLINE")), ("balloon",)),
)


def check_census_flags(c, truth, answers) -> None:
    for name, value, keys in FLAGS:
        c.near(f"frames {name}", pages(answers, *keys), value(truth), slack(truth))
    per_cpu = sum(zone["pcp"] for zone in truth.zones.values())
    buddy = flagged(truth, has("BUDDY"))
    c.between("frames of buddy blocks", pages(answers, "free_buddy"), buddy - slack(truth) - moved(truth),
              buddy + per_cpu + slack(truth) + moved(truth))
    c.between("frames of page tables", pages(answers, "page_table"), flagged(truth, has("PGTABLE")) - slack(truth),
              flagged(truth, has("PGTABLE")) + kernel_tables(truth) + slack(truth) +
              tol.TOP_TABLES_PER_PROCESS * processes(truth))


# By zone: what each zone holds of a sort.
ZONE_FLAGS = (
    ("slab", has("SLAB"), False, ("slab",)),
    ("anonymous, mapped", has("ANON", without=("HUGE",)), True, ("anon",)),
    ("tmpfs", has("SWAPBACKED", without=("ANON", "SWAPCACHE", "HUGE", "HWPOISON")), False, ("shmem",)),
    ("huge", has("HUGE"), False, ("hugetlb_free", "hugetlb_used")),
)


def check_census_zone_flags(c, truth, answers) -> None:
    ours = {(row["node"], row["zone"], row["class"]): row["pages"] for row in answers["census-zone"]["census_zones"]}
    for node, zone in (key for key, sizes in truth.zones.items() if sizes["present"]):
        for name, test, mapped, keys in ZONE_FLAGS:
            expected = sum(row[3 if mapped else 2] for row in truth.zone_page_flags
                           if row[0] == (str(node), zone) and test(row[1]))
            found = sum(ours.get((node, zone, key), 0) for key in keys)
            c.near(f"node {node} {zone} {name}", found, expected, slack(truth))


# --- what nothing tells of -------------------------------------------------------------------------------

# Cases in which something takes memory that no counter and no structure tells of.
LEAKS = ("page-leak", "page-leak0", "kernel-pages", "leak-kinds")
# Cases in which pages wait in sockets and pools, as they should.
BUSY_DRIVERS = ("drbd", "sockets")


def taken_without_counter(facts) -> int:
    """Pages that a module of the lab took straight from the page allocator."""
    leaked = int(facts.get("leaked_blocks", 0)) << int(facts.get("block_order", 0))
    orders = (("hoard_order0", 0), ("hoard_order2", 2), ("hoard_compound3", 3))
    lostways = 14 * int(facts.get("leak_large_each", 0))  # blocks of 2, 4 and 8 pages
    return leaked + lostways + sum(int(facts.get(key, 0)) << order for key, order in orders)


def check_census_unknown(c, truth, answers) -> None:
    unknown = pages(answers, "kernel_unknown")
    present = answers["census"]["census"]["present_pages"]
    taken = taken_without_counter(truth.facts)
    if truth.meta["case"] in LEAKS:
        most = taken + taken // 100 + healthy(truth, present)
        c.between("pages that nothing tells of", unknown, taken - taken // 100, most)
    elif truth.meta["case"] not in BUSY_DRIVERS:
        c.between("pages that nothing tells of", unknown, 0, healthy(truth, present))
    # Where nothing marks large kmalloc, its pages may be among these groups: the counter tells only how many.
    groups = sum(row["pages"] for row in answers["census-unknown"]["census_unknown"])
    by_counter = details(answers, "large_kmalloc", "by counter")
    c.true(f"groups of them: {groups}, truth {unknown} or {by_counter} more", groups in (unknown, unknown + by_counter))


def healthy(truth, present) -> int:
    """A hundredth of RAM; copies of pages that a panic caught being migrated; a RAM disk whose driver has no types."""
    disk = 0 if ramdisk_known(truth) else int(truth.facts.get("ramdisk_bytes", 0)) // truth.page_size
    return present // tol.UNKNOWN_SHARE_OF_RAM + tol.PAGES_PER_MIGRATED * isolated_pages(truth) + disk


def ramdisk_known(truth) -> bool:
    """brd is a module: its types are in BTF of modules (5.11), its list has a symbol with CONFIG_KALLSYMS_ALL."""
    return release(truth) >= (5, 11) and not no_data_symbols(truth)


def check_census_planted(c, truth, answers) -> None:
    """What the case took of each kind."""
    facts = {key: int(value) for key, value in truth.facts.items() if re.fullmatch(r"\d+", value)}
    few = tol.CENSUS_PAGES
    symbols = not no_data_symbols(truth)
    if "pipes_pages" in facts and symbols:
        c.near("pipe buffers", details(answers, "driver_known", "pipe"), facts["pipes_pages"], few)
    if "ramdisk_bytes" in facts and ramdisk_known(truth):
        c.same("RAM disk", details(answers, "driver_known", "RAM disk"), facts["ramdisk_bytes"] // truth.page_size)
    if "hoard_kmalloc64" in facts:
        # Caches go up to two pages (KMALLOC_MAX_CACHE_SIZE of SLUB).
        sizes = ((facts["hoard_kmalloc16"], 16384), (facts["hoard_kmalloc64"], 65536))
        large = sum(n * size // truth.page_size for n, size in sizes if size > 2 * truth.page_size)
        c.between("large kmalloc", pages(answers, "large_kmalloc"), large, large + tol.LARGE_KMALLOC_AT_BOOT)
    if "hoard_vmalloc_big" in facts and symbols:
        big, small = facts["hoard_vmalloc_big"] * (1 << 20) // truth.page_size, 3 * facts["hoard_vmalloc_small"]
        c.same("vmalloc by take_ring()", details(answers, "vmalloc", truth.facts["hoard_big"]), big)
        c.same("vmalloc by take_table()", details(answers, "vmalloc", truth.facts["hoard_small"]), small)
        vmapped = sum(details(answers, key, truth.facts["hoard_vmap"]) for key in ("vmalloc", "driver_known"))
        c.same("vmap by take_vmap()", vmapped, facts["hoard_vmap_pages"])
    if "balloon_pages" in facts:
        c.same("balloon", pages(answers, "balloon"), facts["balloon_pages"])
    if "offline_bytes" in facts and truth.has_page_truth:
        # At the end of a zone the block is outside of what the zone spans, and in no class.
        spanned = sum(n for (_, zone), flags, n, _ in truth.zone_page_flags if zone != "-" and flags & KPF["NOPAGE"])
        c.same("offline", pages(answers, "offline"), spanned)
    if "broken_pages" in facts:
        c.same("poisoned", pages(answers, "poisoned"), facts["broken_pages"])
