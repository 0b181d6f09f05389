# SPDX-License-Identifier: GPL-2.0-or-later
"""What a drgn user writes for the questions memwho is asked: drgn_job.py JOB VMLINUX DUMP

start: open only.  ps, slabs, dmesg, meminfo: the lists of memwho's commands, one row per line.
pages: flags, mapping and references of each page frame.
walk: counts free and slab pages from every struct page of Linux 6.1 (slow); for settling differences.
Written for drgn 0.3.0 in its own idioms; what 0.0.22 has no helper for raises ImportError.
"""

import sys

import drgn


def tasks(prog) -> None:
    from drgn.helpers.linux.mm import task_rss
    from drgn.helpers.linux.pid import for_each_task
    for task in for_each_task(prog):
        if task.group_leader == task:
            print(task.pid.value_(), task.comm.string_().decode(), task_rss(task).total)


def tasks_without_rss(prog) -> None:
    from drgn.helpers.linux.pid import for_each_task
    for task in for_each_task(prog):
        if task.group_leader == task:
            print(task.pid.value_(), task.comm.string_().decode())


def ps(prog) -> None:
    try:
        tasks(prog)
    except ImportError:
        tasks_without_rss(prog)


def slabs(prog) -> None:
    from drgn.helpers.linux.slab import for_each_slab_cache, slab_cache_usage
    for cache in for_each_slab_cache(prog):
        usage = slab_cache_usage(cache)
        print(cache.name.string_().decode(), usage.num_objs - usage.free_objs, usage.num_objs,
              usage.num_slabs)


def dmesg(prog) -> None:
    from drgn.helpers.linux.printk import get_dmesg
    sys.stdout.buffer.write(get_dmesg(prog))


def meminfo(prog) -> None:
    from drgn.helpers.linux.mm import totalram_pages
    from drgn.helpers.linux.slab import slab_total_usage
    from drgn.helpers.linux.vmstat import global_node_page_state, global_zone_page_state
    print("total", int(totalram_pages(prog)))
    print("free", int(global_zone_page_state(prog["NR_FREE_PAGES"])))
    for name in ("NR_ANON_MAPPED", "NR_FILE_PAGES", "NR_SHMEM", "NR_SLAB_RECLAIMABLE_B",
                 "NR_SLAB_UNRECLAIMABLE_B"):
        print(name, int(global_node_page_state(prog[name])))
    print("slab", slab_total_usage(prog))


def walk(prog) -> None:
    from drgn.helpers.linux.mm import PageSlab, compound_order, for_each_valid_pfn_and_page
    buddy_type, type_mask = 0xf0000000, 0xf0000080  # PAGE_TYPE_BASE with PG_buddy cleared
    free = slab = 0
    for _, page in for_each_valid_pfn_and_page(prog):
        if page.page_type.value_() & type_mask == buddy_type:
            free += 1 << page.private.value_()
        elif PageSlab(page):
            slab += 1 << int(compound_order(page))
    print("free", free, "slab", slab)


def pages(prog) -> None:
    """One line for each page frame: what crash's kmem -p prints."""
    from drgn.helpers.linux.mm import for_each_valid_pfn_and_page
    for pfn, page in for_each_valid_pfn_and_page(prog):
        print(pfn, hex(page.flags.value_()), page.mapping.value_(), page._refcount.counter.value_())


JOBS = {"start": lambda prog: print("ready"), "ps": ps, "slabs": slabs, "dmesg": dmesg,
        "meminfo": meminfo, "walk": walk, "pages": pages}


def main() -> None:
    job, vmlinux, dump = sys.argv[1:]
    prog = drgn.Program()
    prog.set_core_dump(dump)
    prog.load_debug_info([vmlinux])
    try:
        JOBS[job](prog)
    except ImportError as error:
        sys.exit(f"not in this drgn: {error}")


main()
