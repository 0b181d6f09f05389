# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the truth/ folder of a dump: files of /proc and /sys as the guest saw them before its dump.

Each function reads one file and gives plain Python values in the file's own units.  A kernel that has
no such file gives an empty result.
"""

import json
import re
from functools import cached_property
from pathlib import Path


class Truth:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.meta = json.loads((self.folder / "meta.json").read_text())

    # --- the dump -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def facts(self) -> dict:
        return self.meta["facts"]

    @property
    def of_the_end(self) -> bool:
        """The truth was taken right before the dump; else before the memory was eaten that led to a panic."""
        return self.meta["panic"] is None

    @property
    def containers(self) -> list:
        return [(c["kind"], [self.folder / name for name in c["files"]]) for c in self.meta["containers"]]

    @cached_property
    def console(self) -> list:
        """Lines of the crashed kernel; a capture kernel's own log that follows is cut off."""
        lines = (self.folder / "console.log").read_text(errors="replace").splitlines()
        boots = [n for n, line in enumerate(lines) if re.match(r"\[\s*0\.000000\].* Linux version ", line)]
        return lines[:boots[1]] if len(boots) > 1 else lines

    # --- files --------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        path = self.folder / "truth" / name
        return path.read_text(errors="replace") if path.exists() else ""

    def rows(self, name: str) -> list:
        """Tab-separated files with a head line, as dicts."""
        lines = [line.split("\t") for line in self.text(name).splitlines()]
        return [dict(zip(lines[0], line)) for line in lines[1:]]

    def keys(self, name: str) -> dict:
        """key=value lines."""
        return dict(line.split("=", 1) for line in self.text(name).splitlines() if "=" in line)

    @cached_property
    def uname(self) -> dict:
        return self.keys("uname")

    @cached_property
    def page_size(self) -> int:
        return int(self.uname["page_size"])

    def pages(self, kib: int) -> int:
        return kib * 1024 // self.page_size

    @cached_property
    def possible_cpus(self) -> int:
        return self.cpus("possible")

    def cpus(self, which) -> int:
        """How many CPUs are possible, present or online: from "0-3,6"."""
        total = 0
        for part in self.keys("cpuinfo.nr")[which].split(","):
            first, _, last = part.partition("-")
            total += int(last or first) - int(first) + 1
        return total

    @cached_property
    def meminfo(self) -> dict:
        """As printed: KiB, or counts where the line has no unit."""
        return {line.split(":")[0]: int(line.split()[1]) for line in self.text("meminfo").splitlines()}

    @cached_property
    def vmstat(self) -> dict:
        return {line.split()[0]: int(line.split()[1]) for line in self.text("vmstat").splitlines()}

    @cached_property
    def slabinfo(self) -> dict:
        """name -> dict; pages_per_slab is that of slabs of the preferred order."""
        caches = {}
        for line in self.text("slabinfo").splitlines()[2:]:
            words = line.split()
            caches[words[0]] = {"active": int(words[1]), "objects": int(words[2]), "slot_size": int(words[3]),
                                "pages_per_slab": int(words[5]), "slabs": int(words[14])}
        return caches

    @cached_property
    def slab_aliases(self) -> dict:
        """Unique sysfs name (":0000256") -> set of cache names linked to it."""
        found = {}
        for line in self.text("slab_aliases").splitlines():
            name, target = line.split("\t")
            found.setdefault(target, set()).add(name)
        return found

    @cached_property
    def slab_sizes(self) -> dict:
        """Cache -> bytes of its objects (object_size in sysfs), by each of its names."""
        sizes = {row["cache"]: int(row["object_size"]) for row in self.rows("slab_sysfs")}
        for target, names in self.slab_aliases.items():
            sizes.update({name: sizes[target] for name in names if target in sizes})
        return {name: size for name, size in sizes.items() if not name.startswith(":")}

    @cached_property
    def page_flags(self) -> list:
        """[(flags of /proc/kpageflags, number of page frames)]"""
        return [(int(row["flags"], 16), int(row["pages"])) for row in self.rows("kpageflags")]

    @cached_property
    def zones(self) -> dict:
        """(node, name) -> dict of /proc/zoneinfo's figures, per-cpu lists added up; buddyinfo's under "orders"."""
        zones = {}
        for block in re.split(r"^(?=Node )", self.text("zoneinfo"), flags=re.M)[1:]:
            node, name = re.match(r"Node (\d+), zone\s+(\S+)", block).groups()
            zone = {key: int(value) for key, value in
                    re.findall(r"^\s+(boost|min|low|high|spanned|present|managed)\s+(\d+)$", block, re.M)}
            zone["free"] = int(re.search(r"pages free\s+(\d+)", block)[1])
            zone["pcp"] = sum(map(int, re.findall(r"^\s+count:\s+(\d+)", block, re.M)))
            zone["threshold"] = max(map(int, re.findall(r"vm stats threshold: (\d+)", block)), default=0)
            protection = re.search(r"protection: \((.*)\)", block)
            zone["protection"] = [int(word) for word in protection[1].split(",")] if protection else []
            zones[int(node), name] = zone
        for line in self.text("buddyinfo").splitlines():
            node, name, counts = re.match(r"Node (\d+), zone\s+(\S+)\s+(.*)", line).groups()
            zones[int(node), name]["orders"] = [int(word) for word in counts.split()]
        return zones

    @cached_property
    def tasks(self) -> dict:
        """Thread id -> row of the tasks file, integers converted; parent, uid and the Vm lines of its process added."""
        tasks = {}
        for row in self.rows("tasks"):
            for key in ("pid", "tgid", "size", "resident", "oom_score", "oom_score_adj"):
                row[key] = int(row[key])
            row.update(self.status(row["tgid"]))
            tasks[row["pid"]] = row
        return tasks

    def status(self, pid: int) -> dict:
        lines = dict(line.split(":", 1) for line in self.text(f"proc/{pid}/status").splitlines() if ":" in line)
        if not lines:
            return {}
        found = {"ppid": int(lines["PPid"]), "uid": int(lines["Uid"].split()[0]), "threads": int(lines["Threads"])}
        for key in ("VmSize", "VmRSS", "RssAnon", "RssFile", "RssShmem", "VmPTE", "VmSwap", "VmLck", "HugetlbPages"):
            found[key] = int(lines[key].split()[0]) if key in lines else 0
        return found

    @cached_property
    def modules(self) -> dict:
        modules = {}
        for line in self.text("modules").splitlines():
            name, size, used, _deps, state, _address, *taint = line.split()
            modules[name] = {"size": int(size), "refcount": int(used) if used != "-" else None, "state": state,
                             "taint": taint[0].strip("()") if taint else ""}
        return modules

    @cached_property
    def mounts(self) -> list:
        """[(path, device, type)] in order."""
        return [(line.split()[1], line.split()[0], line.split()[2]) for line in self.text("mounts").splitlines()]

    @cached_property
    def mount_pages(self) -> dict:
        """Path -> (used, all) in pages, for file systems that have a size."""
        return {row["mountpoint"]: tuple(n * int(row["block_size"]) // self.page_size for n in
                                         (int(row["blocks"]) - int(row["blocks_free"]), int(row["blocks"])))
                for row in self.rows("mount_usage") if int(row["blocks"])}

    @cached_property
    def swaps(self) -> list:
        """[(path, KiB, used KiB, priority)]"""
        lines = [line.split() for line in self.text("swaps").splitlines()[1:]]
        return [(words[0], int(words[2]), int(words[3]), int(words[4])) for words in lines]

    @cached_property
    def hugetlb(self) -> dict:
        """Bytes of a huge page -> dict of its pool's counts."""
        pools = {}
        for key, value in self.keys("hugetlb").items():
            kib, name = re.match(r"hugepages-(\d+)kB/(\w+)_hugepages", key).groups()
            pools.setdefault(int(kib) * 1024, {})[name] = int(value)
        return pools

    # --- page frames --------------------------------------------------------------------------

    @property
    def has_page_truth(self) -> bool:
        """Page frames by zone, cgroup and file: dumps of the first lab have none."""
        return (self.folder / "truth" / "kpageflags_zone").exists()

    @cached_property
    def zone_page_flags(self) -> list:
        """[((node, zone), flags, page frames, those of them that are mapped)]; zone ("-", "-"): in none."""
        return [((row["node"], row["zone"]), int(row["flags"], 16), int(row["pages"]), int(row["mapped"]))
                for row in self.rows("kpageflags_zone")]

    @cached_property
    def cgroup_page_flags(self) -> list:
        """[(path, flags, page frames, mapped ones)]: charged to it or to dead cgroups below; path None: to nobody."""
        paths = {row["inode"]: row["path"] for row in self.rows("cgroup_inodes")}
        return [(paths.get(row["inode"]), int(row["flags"], 16), int(row["pages"]), int(row["mapped"]))
                for row in self.rows("kpagecgroup")]

    @cached_property
    def files(self) -> list:
        """Rows of the files file, integers converted; pages None where the kernel would not say."""
        rows = self.rows("files")
        for row in rows:
            row["size"], row["pages"] = int(row["size"]), int(row["pages"])
            row["deleted"] = row["deleted"] == "1"
            row["pages"] = None if row["pages"] < 0 else row["pages"]
        return rows

    @cached_property
    def smaps(self) -> dict:
        """Process id -> figures of smaps_rollup in KiB."""
        found = {}
        for path in (self.folder / "truth" / "proc").glob("*/smaps_rollup"):
            figures = {key: int(value) for key, value in re.findall(r"^(\w+): +(\d+) kB$", path.read_text(), re.M)}
            if figures:
                found[int(path.parent.name)] = figures
        return found

    # --- kernel memory ------------------------------------------------------------------------

    @cached_property
    def vmalloc_areas(self) -> list:
        """[(caller without offset, "[module]" or "", pages)] of areas that have pages."""
        areas = []
        for line in self.text("vmallocinfo").splitlines():
            match = re.search(r"^\S+ +\d+ (\S+?)(?:\+\S+)?( \[\w+\])? .*\bpages=(\d+)", line)
            if match:
                areas.append((match[1], (match[2] or "").strip(), int(match[3])))
        return areas

    @property
    def stack_pages(self) -> int:
        """Of one kernel stack: 16 KiB on the lab's architectures."""
        return max((16 << 10) // self.page_size, 1)

    @cached_property
    def first_percpu_pages(self) -> int:
        """The first chunk of per-cpu memory, which is taken at boot, for all CPUs."""
        found = re.search(r"percpu: Embedded (\d+) pages/cpu", "\n".join(self.console))
        return int(found[1]) * self.possible_cpus if found else 0

    @cached_property
    def kernel_image_pages(self) -> int:
        """Code, rodata, data and bss as /proc/iomem has them, gaps between not counted."""
        return sum((int(end, 16) + 1 - int(start, 16) + self.page_size - 1) // self.page_size for start, end in
                   re.findall(r"^ +(\w+)-(\w+) : Kernel \w+$", self.text("iomem"), re.M))

    @cached_property
    def zsmalloc_pages(self) -> int:
        """What zram's disks hold: the third figure of mm_stat, bytes."""
        total = 0
        for line in self.text("block").splitlines():
            words = line.split("\t")[2].split() if line.startswith("zram") else []
            total += int(words[2]) // self.page_size if len(words) > 2 else 0
        return total
