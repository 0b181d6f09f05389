# SPDX-License-Identifier: GPL-2.0-or-later
"""Case files: cases/NAME.case, a few "key: value" lines, a line of dashes, then the guest's script
and, for a real kdump, after another line of dashes what the capture kernel saves.

Every key is a row of KEYS below with its default; README.md tells what each means.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatch

from .place import LAB, LabError

DUMP_ON = ("ready", "panic", "kdump")
FORMATS = ("elf", "kdump-flat", "kdump-zlib")

# key: (default, how its text is read)
KEYS = {
    "about": ("", str),
    "memory": (512, int),
    "cpus": (2, int),
    "spare-cpus": (0, int),
    "nodes": (1, int),
    "kernels": ("*", str.split),
    "modules": ([], str.split),
    "programs": ([], str.split),
    "build": ([], str.split),
    "append": ("", str),
    "dump-on": ("ready", str),
    "formats": (["elf"], str.split),
    "disk": (0, int),
    "balloon": (0, int),
    "xz": ([], str.split),
    "reserve": (True, lambda text: text != "no"),
    "timeout": (120, int),
}


@dataclass
class Case:
    name: str
    script: str
    capture: str
    values: dict = field(default_factory=dict)

    def __getitem__(self, key):
        return self.values[key]

    def fits(self, kernel_id: str) -> bool:
        """Whether the case is meant for a kernel; a pattern with a leading "!" says where not."""
        patterns = self["kernels"]
        if any(fnmatch(kernel_id, p[1:]) for p in patterns if p.startswith("!")):
            return False
        return any(fnmatch(kernel_id, p) for p in patterns if not p.startswith("!"))


def load(name: str) -> Case:
    path = LAB / "cases" / f"{name}.case"
    if not path.exists():
        raise LabError(f"no case {name}; there are: {' '.join(names())}")
    head, script, capture = (path.read_text().split("\n---\n") + [""])[:3]
    values = {key: default for key, (default, _) in KEYS.items()}
    values["kernels"] = ["*"]
    for number, line in enumerate(head.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, text = line.partition(":")
        if not colon or key not in KEYS:
            raise LabError(f"{path.name}:{number}: not a known key: {line!r}")
        values[key] = KEYS[key][1](text.strip())
    if values["dump-on"] not in DUMP_ON:
        raise LabError(f"{path.name}: dump-on is one of {' '.join(DUMP_ON)}")
    if set(values["formats"]) - set(FORMATS):
        raise LabError(f"{path.name}: formats are of {' '.join(FORMATS)}")
    return Case(name, script + "\n", capture, values)


def names() -> list:
    return sorted(path.stem for path in (LAB / "cases").glob("*.case"))
