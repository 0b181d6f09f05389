# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones, the census and slab caches against zoneinfo, buddyinfo, meminfo, kpageflags and slabinfo."""

import re

from . import program
from . import tolerance as tol

KPF_SLAB, KPF_BUDDY, KPF_PGTABLE = 1 << 7, 1 << 10, 1 << 26  # include/uapi/linux/kernel-page-flags.h


HUGE_CLASSES = ("hugetlb_free", "hugetlb_used")


def classes(answers) -> dict:
    return {c["key"]: c for c in answers["report"]["census"]["classes"]}


def pages_of(answers, key) -> int | None:
    """Pages of a class: 0 when left out, None when not known."""
    row = classes(answers).get(key)
    return row["pages"] if row else 0


def by_pages(answers) -> bool:
    """The report's census looked at every page frame: its classes are finer than counters (checked in census.py)."""
    return answers["report"]["census"]["basis"] == "pages"


def cached_stacks(truth) -> int:
    """Pages of kernel stacks that are kept for the next threads: in no counter of stacks."""
    return tol.CACHED_STACKS_PER_CPU * truth.possible_cpus * truth.stack_pages


def kernel_tables(truth) -> int:
    """The kernel's own page tables.  arm64 maps all of RAM by single pages (rodata=full)."""
    linear = sum(zone["present"] for zone in truth.zones.values()) // (truth.page_size // 8)
    return tol.KERNEL_PAGE_TABLES + (linear if truth.meta["arch"] == "arm64" else 0)


def isolated_pages(truth) -> int:
    """Anonymous pages that were off their lists when the OOM killer reported: compaction moves them."""
    found = re.findall(r"isolated_anon:(\d+)", "\n".join(truth.console))
    return int(found[-1]) if found and not truth.of_the_end else 0


def uncounted_tables(answers) -> int:
    """Page tables that NR_PAGETABLE leaves out, by what the program says of them."""
    parts = classes(answers)["page_table"].get("detail") or []
    return sum(part["pages"] for part in parts if "kernel" in part["what"] or "upper levels" in part["what"])


def busy(truth) -> bool:
    return truth.meta["case"] in tol.BUSY_CASES


def moved(truth) -> int:
    """Free pages that may have been taken or given back: a refill per CPU."""
    return tol.BUSY_MOVED_PAGES if busy(truth) else tol.PCP_BATCH_PAGES * truth.possible_cpus


def reclaimed_pages(truth) -> int:
    return tol.RECLAIMED_PAGES if truth.meta["case"] in tol.RECLAIM_CASES else 0


def slab_slack(truth, cache=None) -> int:
    """Slabs that a cache may have gained or lost."""
    return tol.SLAB_SLABS_BUSY if busy(truth) else tol.SLAB_SLABS_OF_CACHE.get(cache, tol.SLAB_SLABS)


def all_slabs_slack(truth) -> int:
    """Pages of slabs of all caches, and what the truth itself took."""
    return 8 * slab_slack(truth, "dentry") + tol.TRUTH_OWN_PAGES


# --- zones -----------------------------------------------------------------------------------------------

def check_zone_sizes(c, truth, answers) -> None:
    """What does not change while a machine runs; zones without pages are not shown."""
    ours = {(z["node"], z["name"]): z for z in answers["zones"]["zones"]}
    expected = {key: z for key, z in truth.zones.items() if z["present"]}
    c.same("zones", sorted(ours), sorted(expected))
    for key in ours.keys() & expected.keys():
        zone = expected[key]
        for name in ("spanned", "present", "managed", "boost"):
            if name in zone and (name != "boost" or truth.of_the_end):
                c.same(f"{key} {name}", ours[key][name], zone[name])
        for name in ("min", "low", "high"):
            # Under pressure the OOM report's own figures (boost included) are compared instead.
            if truth.of_the_end:
                c.same(f"{key} {name}", ours[key][name], zone[name])
        c.same(f"{key} lowmem_reserve", ours[key]["lowmem_reserve"], zone["protection"])


def check_zone_free(c, truth, answers) -> None:
    for zone in answers["zones"]["zones"]:
        key = zone["node"], zone["name"]
        expected = truth.zones.get(key)
        if not expected:
            continue
        orders = zone["free_by_order"]
        c.same(f"{key} sum of free blocks", sum(n << order for order, n in enumerate(orders)), zone["free"])
        c.near(f"{key} free and per-cpu free", zone["free"] + zone["free_pcp"], expected["free"] + expected["pcp"],
               moved(truth))
        # Per-cpu lists are drained into the free lists when a CPU is idle (vmstat_shepherd, decay since 6.7).
        drained = expected["pcp"]
        c.between(f"{key} free", zone["free"], expected["free"] - moved(truth), expected["free"] + drained + moved(truth))
        c.same(f"{key} orders", len(orders), len(expected["orders"]))
        for order, (count, wanted) in enumerate(zip(orders, expected["orders"])):
            blocks = tol.BUDDY_SPLITS + ((drained + moved(truth)) >> order)
            c.near(f"{key} free blocks of order {order}", count, wanted, blocks)


# --- census ------------------------------------------------------------------------------------------------

def check_census_adds_up(c, truth, answers) -> None:
    census = answers["report"]["census"]
    rows = census["classes"]
    c.same("sum of classes", sum(row["pages"] or 0 for row in rows), census["spanned_pages"])
    c.same("classes twice", len({row["key"] for row in rows}), len(rows))
    for row in rows:
        if row["pages"] is None:
            c.true(f"{row['key']} is unknown without a reason", row.get("pages_why"))
            continue
        c.same(f"{row['key']} bytes", row["bytes"], row["pages"] * census["page_size"])
        if row.get("counter"):
            c.same(f"{row['key']} difference", row["difference_pages"], row["pages"] - row["counter"]["pages"])
    zones = answers["zones"]["zones"]
    c.same("managed", census["managed_pages"], sum(z["managed"] for z in zones))
    c.same("present", census["present_pages"], sum(z["present"] for z in zones))
    c.same("nodes' present", sum(n["present_pages"] for n in census["nodes"]), census["present_pages"])
    free = pages_of(answers, "free_buddy"), pages_of(answers, "free_pcp")
    # A page on its way between the lists is in neither; counters know of it before or after.
    way = tol.PCP_BATCH_PAGES * truth.possible_cpus if by_pages(answers) else 0
    c.near("free", free[0], sum(z["free"] for z in zones), way)
    c.near("free_pcp", free[1], sum(z["free_pcp"] for z in zones), way)


def check_meminfo(c, truth, answers) -> None:
    """Classes against the lines of /proc/meminfo that hold the same quantity."""
    info, pages = truth.meminfo, truth.pages
    own = tol.TRUTH_OWN_PAGES
    per_cpu = sum(zone["pcp"] for zone in truth.zones.values())
    c.same("MemTotal", answers["report"]["census"]["managed_pages"], pages(info["MemTotal"]))
    c.near("MemFree and free pages of CPUs", pages_of(answers, "free_buddy") + pages_of(answers, "free_pcp"),
           pages(info["MemFree"]) + per_cpu, moved(truth))
    out = reclaimed_pages(truth)
    batches = tol.LRU_BATCH_PAGES * truth.possible_cpus if by_pages(answers) else 0
    c.between("AnonPages", pages_of(answers, "anon"), pages(info["AnonPages"]) - own - out,
              pages(info["AnonPages"]) + own + out + batches)
    if out:
        swapped = sum(area["used_pages"] for area in answers["report"]["swaps"])
        c.near("AnonPages and swap", pages_of(answers, "anon") + swapped,
               pages(info["AnonPages"] + info["SwapTotal"] - info["SwapFree"]), tol.BUSY_MOVED_PAGES)
    c.near("Shmem", pages_of(answers, "shmem"), pages(info["Shmem"]), own)
    c.same("Buffers", pages_of(answers, "buffers"), pages(info["Buffers"]))
    # meminfo's Cached is NR_FILE_PAGES less swap cache and Buffers: page cache of files, and tmpfs.
    cached = tol.BUSY_MOVED_PAGES if out else own
    files = sum(pages_of(answers, key) for key in ("page_cache", "file_mapped", "shmem"))
    c.near("Cached", files, pages(info["Cached"]), cached)
    c.near("Slab", pages_of(answers, "slab") + pages_of(answers, "large_kmalloc"), pages(info["Slab"]),
           all_slabs_slack(truth))
    c.near("large kmalloc", pages_of(answers, "large_kmalloc"), pages(info["Slab"]) - slabinfo_pages(truth),
           tol.LARGE_KMALLOC_PAGES)
    changed = tol.KWORKERS_CHANGED * tol.STACK_PAGES_PER_KWORKER
    c.between("KernelStack", pages_of(answers, "kernel_stack"), pages(info["KernelStack"]) - changed,
              pages(info["KernelStack"]) + changed + (cached_stacks(truth) if by_pages(answers) else 0))
    tables = pages(info["PageTables"] + info.get("SecPageTables", 0))
    c.near("PageTables", pages_of(answers, "page_table") - uncounted_tables(answers), tables, own)
    if not by_pages(answers):
        check_kernel_pools(c, truth, answers)
    rows = classes(answers)
    if known(c, truth, rows, *(key for key in HUGE_CLASSES if key in rows)):
        huge = sum(pages_of(answers, key) for key in HUGE_CLASSES)
        c.same("HugePages", huge, pages(info.get("Hugetlb", 0)))


def slabinfo_pages(truth) -> int:
    return sum(cache["slabs"] * cache["pages_per_slab"] for cache in truth.slabinfo.values())


def check_kernel_pools(c, truth, answers) -> None:
    """
    VmallocUsed and Percpu hold more than the classes of that name, which leave out what is in another class:
    kernel stacks (they are vmalloc memory on kernels with CONFIG_VMAP_STACK), the per-cpu chunk of boot
    (reserved memory).  So the counter of the class is compared, and the class with its counter.
    """
    rows = classes(answers)
    if not known(c, truth, rows, "vmalloc", "percpu"):
        return
    stacks = rows["kernel_stack"]["pages"]
    vmalloc, percpu = rows["vmalloc"], rows["percpu"]
    c.near("VmallocUsed", vmalloc["counter"]["pages"], truth.pages(truth.meminfo["VmallocUsed"]),
           tol.KWORKERS_CHANGED * tol.STACK_PAGES_PER_KWORKER)
    less = vmalloc["counter"]["pages"] - vmalloc["pages"]
    c.true(f"vmalloc leaves out {less} pages; stacks are {stacks}", less in (0, stacks))
    c.near("Percpu", percpu["counter"]["pages"], truth.pages(truth.meminfo["Percpu"]), truth.possible_cpus)
    c.between("percpu without the first chunk", percpu["pages"], 0, percpu["counter"]["pages"])
    if truth.possible_cpus > 1:
        c.true("percpu leaves out the first chunk", percpu["pages"] < percpu["counter"]["pages"])


def no_data_symbols(truth) -> bool:
    """Debian's arm64 kernels until 6.11 have no CONFIG_KALLSYMS_ALL; what no exported symbol leads to is not known."""
    return truth.meta["kernel"] == "arm64-6.1"


def known(c, truth, rows, *keys) -> bool:
    """Classes that only a kernel without symbols of data (CONFIG_KALLSYMS_ALL off) may leave unknown."""
    unknown = [key for key in keys if key not in rows or rows[key]["pages"] is None]
    if unknown and no_data_symbols(truth):
        c.remark(f"{', '.join(unknown)} not known")
        return False
    c.same("unknown classes", unknown, [])
    return not unknown


def check_page_flags(c, truth, answers) -> None:
    """The kernel's own sorting of every page frame, read a moment before the counters."""
    def with_flag(bit):
        return sum(count for flags, count in truth.page_flags if flags & bit)

    per_cpu = sum(zone["pcp"] for zone in truth.zones.values())
    slack = 4 * moved(truth)
    c.between("buddy pages by flags", pages_of(answers, "free_buddy"), with_flag(KPF_BUDDY) - slack,
              with_flag(KPF_BUDDY) + slack + per_cpu)
    c.near("slab pages by flags", pages_of(answers, "slab"), with_flag(KPF_SLAB), all_slabs_slack(truth))
    marked = with_flag(KPF_PGTABLE)
    c.between("page tables by flags", pages_of(answers, "page_table") - uncounted_tables(answers),
              marked - kernel_tables(truth), marked + tol.TRUTH_OWN_PAGES)


# --- slab caches -----------------------------------------------------------------------------------------

LARGE_KMALLOC = "(large kmalloc, in no cache)"


def caches(answers) -> dict:
    return {s["name"]: s for s in answers["slabs"]["slabs"] if s["name"] != LARGE_KMALLOC}


def check_slabs(c, truth, answers) -> None:
    """Every cache of /proc/slabinfo, its objects and slabs exactly, but for a few that the truth itself moved."""
    ours = caches(answers)
    c.same("names of caches", sorted(ours), sorted(truth.slabinfo))
    differ = []
    for name in ours.keys() & truth.slabinfo.keys():
        difference = compare_cache(c, ours[name], truth.slabinfo[name], slab_slack(truth, name))
        if difference:
            differ.append(f"{name} {difference}")
    c.at_most(tol.SLAB_CACHES_BUSY if busy(truth) else tol.SLAB_CACHES_QUIET, "caches differ", sorted(differ))


def compare_cache(c, ours, truth, slabs_slack) -> str:
    name = ours["name"]
    per_slab = truth["objects"] / truth["slabs"] if truth["slabs"] else ours["objects_total"]
    c.same(f"{name} slot size", ours["slot_size"], truth["slot_size"])
    c.near(f"{name} slabs", ours["slabs"], truth["slabs"], slabs_slack)
    c.near(f"{name} objects", ours["objects_total"], truth["objects"], slabs_slack * per_slab)
    c.near(f"{name} active objects", ours["slabinfo_active"], truth["active"], slabs_slack * per_slab)
    pairs = (("slabs", "slabs"), ("objects_total", "objects"), ("slabinfo_active", "active"))
    return ", ".join(f"{theirs} {ours[key] - truth[theirs]:+d}" for key, theirs in pairs if ours[key] != truth[theirs])


def check_slab_sums(c, truth, answers) -> None:
    """Columns of the caches that must fit each other."""
    for name, s in caches(answers).items():
        free = s["free_partial"] + s["free_cpu"] + s["free_sheaves"] + s["free_rcu"]
        c.same(f"{name} allocated and free", s["objects_allocated"] + free, s["objects_total"])
        c.true(f"{name} allocated more than active", s["objects_allocated"] <= s["slabinfo_active"])
        preferred = truth.slabinfo.get(name, {}).get("pages_per_slab")
        if preferred and s["pages"] is not None:
            c.between(f"{name} pages", s["pages"], s["slabs"], s["slabs"] * preferred)
            c.true(f"{name} pages too small", s["pages"] * truth.page_size >= s["objects_total"] * s["slot_size"])
    total = sum(s["pages"] or 0 for s in caches(answers).values())
    c.same("pages of caches and the class slab", pages_of(answers, "slab"), total)


def check_slab_aliases(c, truth, answers) -> None:
    """
    A mergeable cache has a made-up name in sysfs, and each of its names is a link to it: all names of a target
    belong to one of our caches.  Caches that were made before sysfs was there have no link of their own name.
    """
    if all(s["aliases"] is None or not s["aliases"] for s in caches(answers).values()) and no_data_symbols(truth):
        c.remark("aliases not known")
        return
    of_name = {}
    for name, s in caches(answers).items():
        for each in [name, *s["aliases"]]:
            of_name[each] = name
    for target, names in truth.slab_aliases.items():
        found = {of_name.get(name) for name in names}
        c.true(f"aliases {target} ({', '.join(sorted(names))}) are of {found}", len(found) == 1 and None not in found)
    linked = set().union(*truth.slab_aliases.values()) if truth.slab_aliases else set()
    for name, s in caches(answers).items():
        c.same(f"aliases of {name} that are no links", set(s["aliases"]) - linked, set())


def check_slab_sizes(c, truth, answers) -> None:
    """Object sizes as sysfs has them; a merged cache's is that of its first, or largest, member (object_size = max())."""
    for name, s in caches(answers).items():
        if name in truth.slab_sizes:
            c.same(f"{name} object size", s["object_size"], truth.slab_sizes[name])


# Cache -> the type that it is of (KMEM_CACHE(), or sizeof() in kmem_cache_create()).
TYPES_OF_CACHES = {"dentry": "dentry", "inode_cache": "inode", "signal_cache": "signal_struct", "kernfs_node_cache": "kernfs_node"}


def check_types(c, truth, answers) -> None:
    """What the dump's types say of sizes against what the kernel made its caches for: the last member ends there, padding apart."""
    for cache, name in TYPES_OF_CACHES.items():
        size = truth.slab_sizes.get(cache)
        if not size or cache in {n for names in truth.slab_aliases.values() if len(names) > 1 for n in names}:
            continue
        status, document, _ = program.ask_words(truth.containers[0][1], "struct", "--type", name)
        c.same(f"status of struct {name}", status, 0)
        end = max(member["offset"] + member["size"] for member in document["members"])
        c.between(f"size of struct {name}", size, end, end + 63)


# --- leaks -------------------------------------------------------------------------------------------------

def check_leak(c, truth, answers) -> None:
    facts = truth.facts
    leaked = int(facts["leaked_objects"]) + int(facts["kept_objects"])
    before = int(facts.get("cache_objects_before", 0))
    ours = caches(answers)
    name = facts.get("cache") or max((n for n in ours if n.startswith("kmalloc-") and n.endswith("-256")),
                                     key=lambda n: ours[n]["objects_total"])
    c.between(f"allocated objects of {name}", ours[name]["objects_allocated"], leaked,
              leaked + before + tol.LEAK_SURPLUS_OBJECTS)


def check_planted(c, truth, answers) -> None:
    """What a case put where, besides slabs: files in tmpfs, blocks of pages without an owner, vmalloc."""
    facts, size = truth.facts, truth.page_size
    if "tmpfs_file_bytes" in facts:
        c.true("tmpfs holds less than the file", pages_of(answers, "shmem") * size >= int(facts["tmpfs_file_bytes"]))
    if "leaked_blocks" in facts:
        leaked = int(facts["leaked_blocks"]) << int(facts["block_order"])
        counted = truth.pages(truth.meminfo["VmallocUsed"]) if no_data_symbols(truth) else 0
        c.between("pages without a counter", pages_of(answers, "kernel_unknown"), leaked, leaked + counted + tol.UNCOUNTED_PAGES)
    if "vmalloc_mb" in facts and not no_data_symbols(truth):
        c.true("vmalloc holds less than was taken", pages_of(answers, "vmalloc") * size >= int(facts["vmalloc_mb"]) << 20)
    if "nr_hugepages" in facts and known(c, truth, classes(answers), *HUGE_CLASSES):
        huge = pages_of(answers, "hugetlb_free") + pages_of(answers, "hugetlb_used")
        c.same("huge pages", huge * size, int(facts["nr_hugepages"]) * truth.meminfo["Hugepagesize"] * 1024)
    if "hugetlb_file_mb" in facts and known(c, truth, classes(answers), *HUGE_CLASSES):
        anonymous = int(facts.get("large_huge_pages", 0)) * truth.meminfo["Hugepagesize"] * 1024
        c.same("huge pages in use", pages_of(answers, "hugetlb_used") * size,
               (int(facts["hugetlb_file_mb"]) << 20) + anonymous)
    if truth.meta["case"] == "idle" and not no_data_symbols(truth):
        c.between("pages without a counter", pages_of(answers, "kernel_unknown"), 0, tol.UNCOUNTED_PAGES)
