# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a dump folder is what its meta.json says, and its truth agrees with itself.

Run on each dump before it gets its name, and by `lab check` at any time.  Each check yields
sentences about what is wrong; no sentence means all is well.
"""

import json
import re
from pathlib import Path

from .truth import EXPECTED

# The headers and notes of an ELF dump lie in its first bytes.
NOTES_MAX = 1 << 16
MAGIC = {"elf": (b"\x7fELF",), "kdump-flat": (b"makedumpfile",), "kdump": (b"KDUMP   ", b"DISKDUMP")}


def problems(folder: Path):
    meta = json.loads((folder / "meta.json").read_text())
    for container in meta["containers"]:
        for name in container["files"]:
            yield from container_problems(folder / name, container["kind"], meta["release"])
    if not meta["containers"]:
        yield "there is no dump"
    yield from truth_problems(folder / "truth", meta)


def container_problems(path: Path, kind: str, release: str):
    if not path.exists() or path.stat().st_size == 0:
        yield f"{path.name} is missing or empty"
        return
    if kind.endswith("+xz"):
        return
    with path.open("rb") as file:
        head = file.read(NOTES_MAX)
    magic = next(magic for prefix, magic in MAGIC.items() if kind.startswith(prefix))
    if not head.startswith(magic):
        yield f"{path.name} is not {kind}: it begins with {head[:12]!r}"
    if kind.startswith("elf") and f"OSRELEASE={release}\n".encode() not in head:
        yield f"{path.name} has no VMCOREINFO of {release} in its notes"


def truth_problems(truth: Path, meta: dict):
    for name in EXPECTED:
        path = truth / name
        if not path.exists():
            yield f"truth/{name} is missing"
        elif path.stat().st_size == 0 and name != "modules":
            yield f"truth/{name} is empty"
    if (truth / "uname").exists() and f"release={meta['release']}\n" not in (truth / "uname").read_text():
        yield "truth/uname is of another kernel"
    facts = meta["facts"]
    if "leaked_objects" in facts and (truth / "slabinfo").exists():
        yield from leak_problems((truth / "slabinfo").read_text(), facts)


def leak_problems(slabinfo: str, facts: dict):
    """The cache the leak went to holds what the module took, and little else (2 % or 4000)."""
    taken = int(facts["leaked_objects"]) + int(facts["kept_objects"])
    active = max(int(match[1]) for match in re.finditer(
        r"^kmalloc-(?:rnd-\d+-)?256 +(\d+)", slabinfo, re.MULTILINE))
    if not taken <= active <= taken + max(taken // 50, 4000):
        yield f"the module took {taken} objects, slabinfo has {active}"
