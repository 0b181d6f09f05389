# SPDX-License-Identifier: GPL-2.0-or-later
"""How much a figure may differ from the truth, and why.  What is not here must be equal.

The truth is read by a program of the guest ("truth", task 1), which then lets the host stop the machine
about a second later.  Reading /proc and writing 200 KB to a serial line are work for the kernel too.
"""

# --- what happens between the truth and the dump ------------------------------------------------------

# Pages that move between buddy lists, per-cpu lists and slabs after /proc/buddyinfo, the last file, was
# read: one refill of a per-cpu list takes pcp->batch pages, at most 63 (zone_batchsize()).
PCP_BATCH_PAGES = 63

# The same on a guest that is at work.
BUSY_MOVED_PAGES = 1024

# Blocks of an order that splitting and merging make or take, besides those of refills and drains.
BUDDY_SPLITS = 8

# Slabs that a cache may gain or lose: the files' own dentries and inodes, a work item.
SLAB_SLABS = 2

# The truth opens a thousand files; what it closed is freed by RCU, in part after slabinfo was read.
SLAB_SLABS_OF_CACHE = {"filp": 16, "dentry": 4, "proc_inode_cache": 4}

# Buffers of seq_file and of the serial line are kmalloc'd while the truth is read; above two pages they
# are no cache's.
LARGE_KMALLOC_PAGES = 16

# Caches that differ at all on a guest that only sleeps, and on one that is at work (drbd: the writer goes
# on, its timers and sockets allocate).
SLAB_CACHES_QUIET = 3
SLAB_CACHES_BUSY = 12
SLAB_SLABS_BUSY = 16
BUSY_CASES = ("drbd", "swap-zram")

# Kernel threads that serve work queues come and go, and are named after their last work.
KWORKERS_CHANGED = 4

# Tasks seen running at one of both moments (the truth itself runs when it reads its own state).
TASKS_RUNNING = 4

# A kernel stack is freed by RCU or cached (vmalloc) a moment after its kworker has gone: 16 KiB each.
STACK_PAGES_PER_KWORKER = 4

# Page tables, anonymous and file pages of the truth itself: buffers it touches between two files.
TRUTH_OWN_PAGES = 16

# --- what the kernel's own figures leave out -----------------------------------------------------------

# Kernels before 6.2 keep changes of a mm's counters per thread; a fault adds those of the faults before it when
# it is the 66th since the last time (events++ > 64: SPLIT_RSS_COUNTING, TASK_RSS_EVENTS_THRESH, mm/memory.c).
# /proc and the OOM table lack them.  A fault is one anonymous page, or up to 16 of a file around it
# (fault_around_bytes, 64 KiB).
THREAD_RSS_EVENTS = 66
FAULT_AROUND_PAGES = 16

# Since 6.2 (f1a7941243c1) the counters are percpu_counters: /proc reads the shared part only, from which
# each CPU may lack less than its batch, max(32, 2 * CPUs) (compute_batch_value(), lib/percpu_counter.c).
PERCPU_COUNTER_BATCH = 32


def percpu_counter_pages(cpus: int) -> int:
    return max(PERCPU_COUNTER_BATCH, 2 * cpus) * cpus


# The newest kernel that the lab's makedumpfile (1.7.2) filters rightly.  In 7.2's dumps of level 31 it takes
# kernel pages for user pages and drops them: what lay there is unknown, and memwho says so with status 4.
MAKEDUMPFILE_KNOWS = (6, 12)

# Pages that kswapd, still at work, moves from memory to swap between the truth and the dump: emulated guests do
# about 20 MB a second.  What is in memory and in swap together must agree all the same.
RECLAIM_CASES = ("swap-zram",)
RECLAIMED_PAGES = 8192

# A process of the lab's hog has this many pages besides what it was told to take: stack, heap, data.
HOG_OWN_ANON_PAGES = 128

# Leaked objects are all allocated; besides them the cache holds what it held before (fact
# cache_objects_before) and what was allocated meanwhile.
LEAK_SURPLUS_OBJECTS = 600

# Pages without a counter on a machine where no driver leaks: buffers of drivers, sockets, pipes, memory hotplug.
UNCOUNTED_PAGES = 3072

# --- the census of page frames ---------------------------------------------------------------------------

# What a class may differ by: a thousandth of RAM, or so many pages on small machines.  A second passes between
# the counters and the dump, and per-cpu lists, slabs and buffers of the truth itself move meanwhile.
CENSUS_SHARE_OF_RAM = 1000
CENSUS_PAGES = 64

# What nothing tells of, on a machine where nobody leaks: a hundredth of RAM.
UNKNOWN_SHARE_OF_RAM = 100

# Pages that a CPU has yet to put on a list of reclaim (PAGEVEC_SIZE: 15, now 31) outlive their process: they are
# anonymous by their struct page, no counter has them any more.
LRU_BATCH_PAGES = 31

# A page that is being migrated has a copy that belongs to nobody yet, and compaction takes free pages ahead.
PAGES_PER_MIGRATED = 3

# The top level of a process's page tables is in no counter before 6.16: one page, two with page table isolation,
# and one each of a fifth level.
TOP_TABLES_PER_PROCESS = 4

# Tables of the kernel itself: the direct map and vmemmap (2 MB entries: a page for each GB and level), vmalloc
# and module space (a page for each 2 MB in use), fixmap, EFI.  Measured on 512 MB: 30 to 80.
KERNEL_PAGE_TABLES = 160

# vmalloc'ed kernel stacks of threads that ended, kept for the next (NR_CACHED_STACKS, kernel/fork.c).
CACHED_STACKS_PER_CPU = 2

# Pages that the per-cpu allocator populates ahead, for all CPUs (PCPU_EMPTY_POP_PAGES_HIGH).
PERCPU_POPULATED = 16

# Pages of boot memory that belong to other classes: page tables of the direct map, stacks of the boot CPU.
BOOT_TABLES_AND_STACKS = 128

# /proc/iomem's kernel image: init text and data are given back after boot, gaps between its parts may not be.
IMAGE_SHARE_KEPT = 70
IMAGE_GAPS = 2048

# sizeof(struct page) of Debian's kernels.  Sections of memory have struct pages whole, 2 MB of them at a time.
STRUCT_PAGE_BYTES = 64
MEMMAP_OF_SECTION_PAGES = 512

# Large kmalloc of a machine that just runs: hash tables and rings of drivers.  Measured: 90 (5.10) to 660 (7.2).
LARGE_KMALLOC_AT_BOOT = 700

# Files of fewer pages are not looked for: a list of files shows the largest.
FILE_PAGES_COMPARED = 16

# Pages of a file that readahead has put into the page cache and not read: mincore() does not show them.
UNREAD_PAGES_OF_FILE = 1

# Pages that a cgroup's processes may gain or lose in the second between kpagecgroup and the dump: they sleep.
CGROUP_PAGES = 2

# A process that only sleeps keeps its pages; a wake-up may touch a page of its stack.
TASK_PAGES = 2

# The kernel's pss divides each page by its map count and drops what is below 1/4096 of it, page by page; map
# counts of programs that all run (busybox) change with who runs.
PSS_PAGES = 8

# --- between an OOM report and the end of the panic ----------------------------------------------------

# Mem-Info is printed first; while the lines go out over a serial line the other CPUs go on.  What they do
# changes little in all, but RCU callbacks free slabs: pages go from slabs to per-cpu lists to free lists.
OOM_MOVED_PAGES = 96
OOM_FREED_PAGES = 512

# --- cost ------------------------------------------------------------------------------------------------

# The promise for dumps up to 1 GB, and for larger ones.
RSS_BYTES_SMALL = 64 << 20
RSS_BYTES_LARGE = 256 << 20
SMALL_RAM_BYTES = 1 << 30

# --- the leak search ----------------------------------------------------------------------------------

# Of objects that nobody leaked, one in so many may look lost: pointers that the boot code dropped (sysctl
# headers) are, 0 to 4 were seen.  Of the seeded cache's own, one in ten thousand.
LEAK_FALSE_SHARE = 200
LEAK_FALSE_OF_SEEDED = 10000
# Page tables without a mark, which page frame numbers alone lead to: 0 to 3 were seen.
LEAK_FALSE_PAGES = 8
# Of lost objects, one in so many may be kept by a word that happens to be left over somewhere.
LEAK_MISSED_SHARE = 1000
LEAK_STALE_WORDS = 3
