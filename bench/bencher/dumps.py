# SPDX-License-Identifier: GPL-2.0-or-later
"""The dumps that are measured, and two that only the bench makes.

	named copy	QEMU writes kdump headers without a kernel name; libkdumpfile, and so drgn, refuses
			them.  A copy with the name filled in gives drgn its chance.
	1 GB ELF	the lab's dumps are 256 and 512 MB: its oom-panic once more, with 1 GB
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from . import TOP
from vmlab.place import cache, dump_dir

# struct new_utsname at 12 in the kdump header: fields of 65 bytes; machine is filled in by QEMU.
UTSNAME = {0: "Linux", 65: "lab", 130: None, 195: "#1 SMP", 325: "(none)"}


def lab(case: str, name: str = "vmcore") -> Path | None:
    path = dump_dir("6.1", case) / name
    return path if path.exists() else None


def named_copy(dump: Path | None) -> Path | None:
    if dump is None:
        return None
    target = cache() / "bench" / f"{dump.parent.name}.named"
    if not target.exists() or target.stat().st_mtime < dump.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        release = json.loads((dump.parent / "meta.json").read_text())["release"]
        part = target.with_suffix(".part")
        shutil.copyfile(dump, part)
        with open(part, "r+b") as file:
            for offset, text in UTSNAME.items():
                file.seek(12 + offset)
                file.write((text or release).encode() + b"\0")
        part.rename(target)
    return target


def gigabyte() -> Path | None:
    """Made by a lab whose cache folder is ours, but for the kernels."""
    home = cache() / "bench" / "lab"
    found = home / "dumps" / "6.1-oom-panic" / "vmcore"
    if not found.exists():
        (home / "dumps").mkdir(parents=True, exist_ok=True)
        for name in ("kernels", "helpers", "apt"):
            if not (home / name).exists():
                (home / name).symlink_to(cache() / name)
        subprocess.run([str(TOP / "lab/lab"), "run", "6.1", "oom-panic", "--memory", "1024"],
                       env=dict(os.environ, MEMWHO_CACHE=str(home)), check=False)
    return found if found.exists() else None
