# SPDX-License-Identifier: GPL-2.0-or-later
"""Real dumps for the tests: what the lab has made, by what they are good for, and the bundled sample."""

import os
import shutil
import subprocess
from pathlib import Path

from .runner import TOP

# What a test wants -> files of the lab's dumps folder (or of test/), the best first.
WANTED = {
    "sample": ("test/sample/vmcore",),
    "small": ("6.1-sample/vmcore", "6.1-cloud-sample/vmcore", "5.10-sample/vmcore"),
    "elf": ("5.10-kdump/vmcore.elf-d31", "6.1-kdump/vmcore.elf-d31", "6.12-kdump/vmcore.elf-d31"),
    "flat": ("5.10-kdump/vmcore.flat", "6.1-kdump/vmcore.flat", "6.12-kdump/vmcore.flat"),
    "whole": ("6.1-idle/vmcore", "6.12-idle/vmcore", "5.10-idle/vmcore"),
    "lzo": ("6.1-kdump/vmcore.lzo", "5.10-kdump/vmcore.lzo"),
    "arm64": ("arm64-6.1-idle/vmcore", "arm64-6.1-slab-leak/vmcore"),
    "split1": ("5.10-kdump/vmcore.split1",),
    "split2": ("5.10-kdump/vmcore.split2",),
    "split3": ("5.10-kdump/vmcore.split3",),
    "panic": ("6.1-oom-panic/vmcore", "6.12-oom-panic/vmcore"),
}


def folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("MEMWHO_CACHE") or Path(home) / "memwho") / "dumps"


def find(what) -> Path | None:
    for name in WANTED[what]:
        path = TOP / name if name.startswith("test/") else folder() / name
        if path.exists():
            return path
    return None


def find_all(scratch) -> dict:
    """What -> path, of what there is.  Without the lab the small dump is the bundled one, unpacked."""
    found = {what: path for what in WANTED if (path := find(what))}
    if "small" not in found and "sample" in found and shutil.which("zstd"):
        found["small"] = scratch / "sample"
        subprocess.run(["zstd", "-dqf", found["sample"], "-o", found["small"]], check=True)
        found["plain"] = found["small"]
    if "elf" in found:
        found["plain"] = found["elf"]
    return found


# What the process is called that took the memory, in a dump with plain pages ("plain").
HOGS = (b"greedy", b"report")
