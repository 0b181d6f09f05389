# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel table (kernels.conf), and a fetched kernel.

kernels/<id>/ in the cache folder holds
  root/         the packages of the kernel's architecture, unpacked: image, modules, headers, and
                the programs a guest may want (busybox, kexec, makedumpfile, DRBD's tools)
  tools/        the kernel's build programs (modpost, objtool), of the building machine's kind,
                with the C library they want: they may be newer than this machine
  kernel.json   release, paths and package versions; written last
  build/        what build.py compiled for it

All of it comes from the suites in the kernel's row, so a guest's programs fit its kernel.
"""

import json
import lzma
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .debian import Suites, merge_usr
from .place import LAB, LabError, kernel_dir, made_whole, run, say, warn

HOST_ARCH = "amd64"
PROGRAMS = ("busybox-static", "kexec-tools", "makedumpfile", "drbd-utils")
LIBRARIES = r"^(lib|zlib1g|gcc-[0-9]+-base)"


@dataclass(frozen=True)
class Row:
    id: str
    arch: str
    flavour: str
    suites: tuple
    cpu: str


def table() -> dict:
    rows = {}
    for line in (LAB / "kernels.conf").read_text().splitlines():
        line = line.split("#")[0].split()
        if line:
            ident, arch, flavour, suites, cpu = line
            rows[ident] = Row(ident, arch, flavour, tuple(suites.split(",")), cpu)
    return rows


def row(kernel_id: str) -> Row:
    rows = table()
    if kernel_id not in rows:
        raise LabError(f"no kernel {kernel_id} in kernels.conf; there are: {' '.join(rows)}")
    return rows[kernel_id]


class Kernel:
    """A fetched kernel."""

    def __init__(self, kernel_id: str):
        self.row = row(kernel_id)
        self.id = kernel_id
        self.arch = self.row.arch
        self.dir = kernel_dir(kernel_id)
        self.root = self.dir / "root"
        self.facts = json.loads((self.dir / "kernel.json").read_text())
        self.release = self.facts["release"]
        self.image = self.dir / self.facts["image"]
        self.modules = self.root / "usr/lib/modules" / self.release
        self._dependencies = None

    @property
    def library_dir(self) -> str:
        return {"amd64": "usr/lib/x86_64-linux-gnu", "arm64": "usr/lib/aarch64-linux-gnu"}[self.arch]

    def has_module(self, name: str) -> bool:
        return self._key(name) in self._dep()

    def module_order(self, names) -> list:
        """Module files in an order in which insmod will take them, by modules.dep."""
        order = []
        for name in names:
            path = self._dep().get(self._key(name))
            if path is None:
                raise LabError(f"kernel {self.id} has no module {name}")
            file, needs = path
            for wanted in [*reversed(needs), file]:
                if wanted not in order:
                    order.append(wanted)
        return order

    def module_bytes(self, relative: str) -> bytes:
        data = (self.modules / relative).read_bytes()
        if relative.endswith(".xz"):
            return lzma.decompress(data)
        if relative.endswith(".zst"):
            return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
        return data

    def builtin(self, name: str) -> bool:
        text = (self.modules / "modules.builtin").read_text()
        return self._key(name) in {self._key(line) for line in text.splitlines()}

    @staticmethod
    def _key(path: str) -> str:
        return re.sub(r"\.ko.*$", "", path.split("/")[-1]).replace("-", "_")

    def _dep(self) -> dict:
        if self._dependencies is None:
            self._dependencies = {}
            for line in (self.modules / "modules.dep").read_text().splitlines():
                file, needs = line.split(":")
                self._dependencies[self._key(file)] = (file, needs.split())
        return self._dependencies


def is_fetched(kernel_id: str) -> bool:
    return (kernel_dir(kernel_id) / "kernel.json").exists()


def fetch(kernel_id: str, force: bool = False) -> Kernel:
    """Fetches a kernel unless it is there, and returns it."""
    if is_fetched(kernel_id) and not force:
        return Kernel(kernel_id)
    what = row(kernel_id)
    suites = Suites(what.suites)
    suites.update()
    kernel_packages = suites.closure(
        [f"linux-image-{what.flavour}", f"linux-headers-{what.flavour}"], what.arch, r"^linux-(?!base$)")
    programs = suites.closure(
        [p for p in PROGRAMS if suites.newest(p, what.arch)], what.arch, LIBRARIES)
    kbuild = [p.name for p in kernel_packages if p.name.startswith("linux-kbuild")]
    tools = suites.closure(kbuild, HOST_ARCH, LIBRARIES)
    say(f"{kernel_id}: fetching {len(kernel_packages) + len(programs) + len(tools)} packages, "
        f"kernel {kernel_packages[0].version}")
    with made_whole(kernel_dir(kernel_id)) as part:
        suites.unpack([p for p in kernel_packages if p.name not in kbuild] + programs, part / "root")
        suites.unpack(tools, part / "tools")
        facts = describe(what, part)
        facts["packages"] = {p.name: p.version for p in kernel_packages + programs}
        run("depmod", "-b", part / "root", facts["release"])
        (part / "kernel.json").write_text(json.dumps(facts, indent=1) + "\n")
    return Kernel(kernel_id)


def describe(what: Row, part: Path) -> dict:
    """Finds the kernel's release name and image: under /boot, or (since 7.x) beside its modules."""
    images = list(part.glob("root/boot/vmlinuz-*")) + list(part.glob("root/usr/lib/modules/*/vmlinuz"))
    if not images:
        raise LabError(f"the packages of {what.id} hold no kernel image")
    image = images[0]
    release = image.parent.name if image.name == "vmlinuz" else image.name.removeprefix("vmlinuz-")
    expected = re.search(r"\d+\.\d+", what.id)
    if expected and not release.startswith(expected[0] + "."):
        warn(f"the suites of {what.id} hold {release} by now: kernels.conf wants another row")
    return {"id": what.id, "arch": what.arch, "release": release,
            "image": str(image.relative_to(part))}


def fetch_debug(kernel_id: str) -> Path:
    """Fetches vmlinux with debug information (about 1 GB): for comparing with other programs."""
    kernel = fetch(kernel_id)
    target = kernel.dir / "debug"
    found = list(target.rglob("vmlinux*"))
    if found:
        return found[0]
    suites = Suites(kernel.row.suites)
    suites.update()
    package = suites.newest(f"linux-image-{kernel.release}-dbg", kernel.arch)
    if package is None:
        raise LabError(f"no package linux-image-{kernel.release}-dbg in {' '.join(suites.suites)}")
    say(f"{kernel_id}: fetching {package.name} {package.version}, about 1 GB")
    with made_whole(target) as part:
        merge_usr(part)
        suites.unpack([package], part)
    return next(target.rglob("vmlinux*"))
