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
