# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs memwho is measured beside: where they are, how they are called.

Two generations of each: the machine's own packages (what a Debian user has), and Debian sid's (what
the projects have now).  Sid's are not installed but unpacked into the cache folder with all libraries
they need, and run by their own dynamic linker, so that neither disturbs the other.

All of them need the crashed kernel with debug information; `lab fetch-debug` brings it.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import BENCH
from vmlab import kernel
from vmlab.debian import Suites, merge_usr
from vmlab.place import LabError, cache, kernel_dir, made_whole

KERNEL = "6.1"  # the dumps that are measured are this kernel's
PACKAGES = ["crash", "python3-drgn", "libkdumpfile-dev"]
SID_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def sid_root() -> Path:
    return cache() / "bench" / "sid"


def in_sid(program: str) -> list:
    """The command that runs a program of sid's with sid's libraries."""
    root = sid_root()
    return [str(root / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", str(root / SID_LIBRARIES),
            str(root / program)]


@dataclass(frozen=True)
class Rival:
    kind: str  # crash or drgn
    version: str
    command: tuple
    env: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.version}"


def install() -> None:
    """What is missing of: the machine's packages, sid's, the kernel's debug information."""
    missing = [p for p in PACKAGES if not package_version(p)]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *missing], check=True,
                       env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    if not sid_root().exists():
        unpack_sid()
    kernel.fetch_debug(KERNEL)


def unpack_sid() -> None:
    suites = Suites(("sid",))
    suites.update()
    packages = suites.closure(PACKAGES, "amd64", ".")
    with made_whole(sid_root()) as part:
        merge_usr(part)
        suites.unpack(packages, part)


def package_version(package: str) -> str:
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package],
                          capture_output=True, text=True, check=False)
    status, _, version = done.stdout.partition(" ")
    return version if done.returncode == 0 and status == "installed" else ""


def upstream(version: str) -> str:
    """1:8.0.2+~16.3-1 -> 8.0.2"""
    return version.split(":")[-1].split("-")[0].split("+")[0]


def vmlinux() -> Path | None:
    found = list((kernel_dir(KERNEL) / "debug").rglob("vmlinux*"))
    return found[0] if found else None


def own() -> list:
    found = []
    if shutil.which("crash"):
        found.append(Rival("crash", upstream(package_version("crash")) or "(own)", ("crash",)))
    if package_version("python3-drgn"):
        found.append(Rival("drgn", upstream(package_version("python3-drgn")), ("/usr/bin/python3",)))
    return found


def of_sid() -> list:
    root = sid_root()
    if not root.exists():
        return []
    python = sorted((root / "usr/bin").glob("python3.*[0-9]"))
    found = [Rival("crash", sid_version("crash"), tuple(in_sid("usr/bin/crash")))]
    if python:
        env = {"PYTHONHOME": str(root / "usr"), "PYTHONPATH": str(root / "usr/lib/python3/dist-packages")}
        found.append(Rival("drgn", sid_version("python3-drgn"),
                           tuple(in_sid(f"usr/bin/{python[0].name}")), env))
    return found


def sid_version(package: str) -> str:
    found = Suites(("sid",)).newest(package, "amd64")
    return upstream(found.version) if found else "(sid)"


def all_rivals() -> list:
    return own() + of_sid() if vmlinux() else []


def why_not() -> str:
    if not vmlinux():
        return f"no debug information of kernel {KERNEL}: `bench/run --install` fetches it (1 GB)"
    return "neither crash nor drgn is installed: `bench/run --install` does that"


DRGN_JOB = BENCH / "drgn_job.py"
__all__ = ["LabError", "Rival", "all_rivals", "install", "vmlinux"]
