# SPDX-License-Identifier: GPL-2.0-or-later
"""The stream on the truth port (guest/truth/truth.c tells its form) -> files and facts."""

from dataclasses import dataclass, field
from pathlib import Path

from .place import LabError

# Without these a truth is of no use; which others there are depends on the kernel and the case.
EXPECTED = ("meminfo", "slabinfo", "vmallocinfo", "buddyinfo", "zoneinfo", "vmstat", "modules",
            "mounts", "sockstat", "uname", "cmdline", "cpuinfo.nr", "iomem", "pagetypeinfo", "tasks",
            "swaps", "slab_aliases", "slab_sysfs")


@dataclass
class Stream:
    facts: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    complete: bool = False
    ready: bool = False
    failure: str = ""


def parse(data: bytes) -> Stream:
    """Reads the stream as far as it is there; what it does not know it skips."""
    stream = Stream()
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        if end < 0:
            break
        word, _, rest = data[at:end].decode(errors="replace").partition(" ")
        at = end + 1
        if word == "FACT":
            key, _, value = rest.partition("=")
            stream.facts[key] = value
        elif word == "FILE":
            name, size = rest.rsplit(" ", 1)
            if at + int(size) > len(data):
                break
            stream.files[name] = data[at:at + int(size)]
            at += int(size) + 1
        elif word == "TRUTH":
            stream.complete = True
        elif word == "READY":
            stream.ready = True
        elif word == "FAIL":
            stream.failure = rest
    return stream


def read(path: Path) -> Stream:
    return parse(path.read_bytes() if path.exists() else b"")


def store(stream: Stream, folder: Path) -> None:
    if not stream.complete:
        raise LabError("the guest's truth is not complete")
    missing = [name for name in EXPECTED if name not in stream.files]
    if missing:
        raise LabError(f"the truth lacks {' '.join(missing)}")
    for name, content in stream.files.items():
        target = folder / name.lstrip("/")
        if ".." in target.parts:
            raise LabError(f"a truth file of a strange name: {name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
