# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's file system: a cpio archive ("newc", the kernel's own format) written by hand.

It holds busybox, the helpers, the modules in the order insmod needs, programs of the kernel's own
distribution release with their libraries, the case's script and init (guest/init), which runs it.
"""

import gzip
import re
import stat
from pathlib import Path

from .build import is_elf
from .kernel import Kernel
from .place import LabError, run


class Archive:
    """Collects entries; a name given twice is kept once, folders appear as needed."""

    def __init__(self):
        self.entries = {}

    def directory(self, name: str) -> None:
        parent = str(Path(name).parent)
        if parent != ".":
            self.directory(parent)
        self.entries.setdefault(name, (stat.S_IFDIR | 0o755, b"", (0, 0)))

    def file(self, name: str, data: bytes, mode: int = 0o755) -> None:
        if "/" in name:
            self.directory(str(Path(name).parent))
        self.entries[name] = (stat.S_IFREG | mode, data, (0, 0))

    def link(self, name: str, target: str) -> None:
        self.directory(str(Path(name).parent))
        self.entries[name] = (stat.S_IFLNK | 0o777, target.encode(), (0, 0))

    def device(self, name: str, major: int, minor: int) -> None:
        self.directory(str(Path(name).parent))
        self.entries[name] = (stat.S_IFCHR | 0o600, b"", (major, minor))

    def bytes(self) -> bytes:
        parts = [header(number, name, *entry) for number, (name, entry) in enumerate(
            [*self.entries.items(), ("TRAILER!!!", (0, b"", (0, 0)))], 1)]
        return b"".join(parts)


def header(number: int, name: str, mode: int, data: bytes, device) -> bytes:
    """One entry: thirteen 8-digit hex fields, the name, the data, each padded to four bytes."""
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    text = b"070701" + "".join(f"{value:08x}" for value in fields).encode() + name.encode() + b"\0"
    return pad(text) + pad(data)


def pad(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def find_program(kernel: Kernel, name: str) -> Path:
    for place in ("usr/sbin", "usr/bin", "usr/lib/drbd"):
        path = kernel.root / place / name
        if is_elf(path):
            return path
    raise LabError(f"the packages of {kernel.id} hold no program {name}")


def libraries(kernel: Kernel, program: Path, found: dict) -> dict:
    """Adds all the shared libraries a program needs, and its loader, to found {soname: path}."""
    text = run("readelf", "-dl", program)
    wanted = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    wanted += [Path(loader).name for loader in re.findall(r"interpreter: (.*)\]", text)]
    for name in wanted:
        path = kernel.root / kernel.library_dir / name
        if name not in found:
            if not path.exists():
                raise LabError(f"{program.name} wants {name}, which was not fetched for {kernel.id}")
            found[name] = path.resolve()
            libraries(kernel, path, found)
    return found


def add_programs(archive: Archive, kernel: Kernel, names) -> None:
    """Dynamic programs go to /bin, their libraries where every loader looks: /lib and /lib64."""
    found = {}
    for name in names:
        program = find_program(kernel, name)
        archive.file(f"bin/{name}", program.read_bytes())
        libraries(kernel, program, found)
    for name, path in found.items():
        archive.file(f"lib/{name}", path.read_bytes())
    if found:
        archive.link("lib64", "lib")


def add_modules(archive: Archive, kernel: Kernel, specs) -> None:
    """Puts modules, and those they need, into lab/modules in the order insmod must take them.

    A specification is NAME[?][,PARAMETER=VALUE..]; with "?" it may be missing, and what is built
    into the kernel is left out.  The parameters go into a file beside the module.
    """
    parameters, names = {}, []
    for spec in specs:
        name, *values = spec.split(",")
        optional, name = name.endswith("?"), name.rstrip("?").replace("-", "_")
        if kernel.builtin(name) or (optional and not kernel.has_module(name)):
            continue
        names.append(name)
        parameters[name] = " ".join(values)
    for number, relative in enumerate(kernel.module_order(names)):
        name = Path(relative).name.split(".ko")[0]
        file = f"lab/modules/{number:02}-{name}.ko"
        archive.file(file, kernel.module_bytes(relative), 0o644)
        if parameters.get(name.replace("-", "_")):
            archive.file(f"{file}.args", parameters[name.replace("-", "_")].encode(), 0o644)


def base(kernel: Kernel, helpers: dict) -> Archive:
    archive = Archive()
    for name in ("proc", "sys", "dev", "tmp", "run", "var/lock", "var/lib/drbd", "mnt", "lab/modules"):
        archive.directory(name)
    archive.device("dev/console", 5, 1)
    busybox = kernel.root / "usr/bin/busybox"
    archive.file("bin/busybox", busybox.read_bytes())
    for name, path in helpers.items():
        archive.file(f"bin/{name}", path.read_bytes())
    return archive


def compressed(archive: Archive) -> bytes:
    return gzip.compress(archive.bytes(), 1, mtime=0)
