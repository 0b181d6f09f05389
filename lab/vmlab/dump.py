# SPDX-License-Identifier: GPL-2.0-or-later
"""One run: a kernel and a case in, a dump folder out.

The guest is stopped (no instruction runs any more) before its memory is written, after it said
READY or after its console said that the panic is over.  For a case that ends in a real kdump the
capture kernel writes the dumps onto a disk, and the files are taken out of its image afterwards.
"""

import json
import re
import subprocess
import time
from pathlib import Path

from . import build, check, initramfs, truth
from .case import Case
from .kernel import Kernel
from .machine import MACHINES, Machine
from .place import LAB, LabError, dump_dir, made_whole, run, say

PANIC_OVER = b"---[ end Kernel panic"
POLL_SECONDS = 0.1
SETTLE_SECONDS = 1  # for a process that said READY to fall asleep, a console line to be finished
CAPTURE_MODULES = ("crc32c_generic?", "crc32c_cryptoapi?", "virtio_pci", "virtio_blk", "ext4")


class EmulatorError(LabError):
    """The guest died before the case began."""


def make(kernel: Kernel, case: Case) -> Path:
    """
    Makes the dump folder, or raises LabError with the console's last lines.  Emulated CPUs that run in parallel
    now and then miss that another one has patched code (int3 oopses at boot): such a run is tried once more.
    """
    try:
        return make_once(kernel, case)
    except EmulatorError:
        say(f"{kernel.id} {case.name}: the guest did not come up; once more")
        return make_once(kernel, case)


def make_once(kernel: Kernel, case: Case) -> Path:
    target = dump_dir(kernel.id, case.name)
    begin = time.monotonic()
    with made_whole(target) as folder:
        initrd = guest_files(kernel, case, folder)
        disk = make_disk(case, folder)
        machine = Machine(kernel, case, initrd, folder, disk)
        guest_seconds, containers = run_guest(machine, case, folder)
        initrd.unlink()
        if case["dump-on"] == "kdump":
            containers = [pack(folder, *found, case) for found in take_from_disk(disk, folder)]
        if disk:
            disk.unlink()
        stream = truth.read(machine.truth)
        truth.store(stream, folder / "truth")
        machine.truth.unlink()
        seconds = {"guest": guest_seconds, "total": round(time.monotonic() - begin, 1)}
        write_meta(kernel, case, folder, machine, containers, stream, seconds)
        wrong = list(check.problems(folder))
        if wrong:
            raise LabError(f"{kernel.id} {case.name}: {'; '.join(wrong)}")
    say(f"{kernel.id} {case.name}: {', '.join(kind for kind, _ in containers)} "
        f"after {seconds['total']} s")
    return target


def run_guest(machine: Machine, case: Case, folder: Path):
    """Lets the guest come to its end and dumps it; returns (seconds it took, containers)."""
    begin = time.monotonic()
    containers = []
    try:
        machine.connect()
        wait_for_end(machine, case)
        seconds = round(time.monotonic() - begin, 1)
        if case["dump-on"] != "kdump":
            containers = take_dumps(machine, case, folder)
    except LabError as error:
        began = b"lab: case " in console_bytes(machine)
        kind = LabError if began else EmulatorError
        raise kind(f"{folder.name}: {error}\n{console_tail(machine)}") from None
    finally:
        machine.close()
    return seconds, containers


def guest_files(kernel: Kernel, case: Case, folder: Path) -> Path:
    """The guest's initramfs; inside it, for kdump cases, lies the capture kernel's own."""
    helpers = build.helpers(kernel.arch)
    archive = initramfs.base(kernel, helpers)
    initramfs.add_modules(archive, kernel, ["qemu_fw_cfg?", *case["modules"]])
    for name in case["build"]:
        archive.file(f"lab/{name}.ko", build.module(kernel, name).read_bytes(), 0o644)
    initramfs.add_programs(archive, kernel, case["programs"])
    port = MACHINES[kernel.arch]["port"]
    archive.file("lab/config", f"CASE={case.name}\nPORT={port}\nexport CASE PORT\n".encode(), 0o644)
    archive.file("lab/case.sh", case.script.encode(), 0o644)
    archive.file("init", (LAB / "guest/init").read_bytes())
    if case["dump-on"] == "kdump":
        archive.file("lab/capture.gz", capture_files(kernel, case))
        archive.file("lab/vmlinuz", kernel.image.read_bytes(), 0o644)
    path = folder / "initrd.gz"
    path.write_bytes(initramfs.compressed(archive))
    return path


def capture_files(kernel: Kernel, case: Case) -> bytes:
    archive = initramfs.base(kernel, {})
    initramfs.add_modules(archive, kernel, CAPTURE_MODULES)
    initramfs.add_programs(archive, kernel, ["makedumpfile"])
    archive.file("init", (LAB / "guest/capture").read_bytes())
    archive.file("lab/capture.sh", case.capture.encode(), 0o644)
    return initramfs.compressed(archive)


def make_disk(case: Case, folder: Path) -> Path | None:
    if not case["disk"]:
        return None
    disk = folder / "disk.img"
    with disk.open("wb") as image:
        image.truncate(case["disk"] << 20)
    run("mke2fs", "-q", "-F", "-t", "ext2", "-m", "0", disk)
    return disk


def wait_for_end(machine: Machine, case: Case) -> None:
    """Returns when the guest has come to where the dump is wanted."""
    deadline = time.monotonic() + case["timeout"]
    while time.monotonic() < deadline:
        stream = truth.read(machine.truth)
        if stream.failure:
            raise LabError(f"the guest says: {stream.failure}")
        if has_ended(machine, case["dump-on"], stream):
            time.sleep(SETTLE_SECONDS)
            return
        time.sleep(POLL_SECONDS)
    raise LabError(f"no end within {case['timeout']} s")


def has_ended(machine: Machine, dump_on: str, stream: truth.Stream) -> bool:
    if not machine.alive():
        if dump_on == "kdump":
            return True
        raise LabError("the guest ended before its dump")
    panicked = PANIC_OVER in console_bytes(machine)
    if panicked and dump_on != "panic":
        raise LabError("the guest panicked and stays there")
    return panicked or (dump_on == "ready" and stream.ready)


def take_dumps(machine: Machine, case: Case, folder: Path) -> list:
    """Stops the guest and has QEMU write its memory; returns [(container kind, file names)]."""
    machine.qmp.call("stop")
    containers = []
    for kind in case["formats"]:
        path = folder / (f"vmcore.{kind}" if containers else "vmcore")
        if kind == "elf":
            write_memory(machine, path)
            run("fallocate", "--dig-holes", path)
        elif kind == "kdump-flat":
            write_memory(machine, path, format="kdump-zlib")
        else:
            flat = folder / "flat.tmp"
            write_memory(machine, flat, format="kdump-zlib")
            unflatten(flat, path)
            flat.unlink()
        path.chmod(0o644)
        containers.append((kind, [path.name]))
    return containers


def write_memory(machine: Machine, path: Path, **format_argument) -> None:
    machine.qmp.call("dump-guest-memory", paging=False, protocol=f"file:{path}", **format_argument)
    path.chmod(0o644)  # QEMU makes it read-only


def unflatten(flat: Path, target: Path) -> None:
    """QEMU writes kdump-compressed dumps in makedumpfile's flattened form; -R lays them out."""
    with flat.open("rb") as source:
        done = subprocess.run(["makedumpfile", "-R", str(target)], stdin=source,
                              capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"makedumpfile -R failed: {done.stdout[-500:]} {done.stderr[-500:]}")


def take_from_disk(disk: Path, folder: Path) -> list:
    """Copies the files of an ext2 image out; the capture script left "kinds" beside them."""
    run("debugfs", "-R", f"rdump / {folder}", disk)
    lost = folder / "lost+found"
    if lost.exists():
        lost.rmdir()
    kinds = folder / "kinds"
    if not kinds.exists():
        raise LabError("the capture kernel left no dump on the disk")
    lines = [line.split() for line in kinds.read_text().splitlines()]
    kinds.unlink()
    for kind, *names in lines:
        for name in names:
            (folder / name).chmod(0o644)
            if kind.startswith("elf"):
                run("fallocate", "--dig-holes", folder / name)
    return [(kind, names) for kind, *names in lines]


def pack(folder: Path, kind: str, names: list, case: Case):
    """Compresses the files of a container kind as a whole, where the case asks for it."""
    if kind not in case["xz"]:
        return kind, names
    for name in names:
        run("xz", "-6", "-T0", folder / name)
    return f"{kind}+xz", [f"{name}.xz" for name in names]


def console_bytes(machine: Machine) -> bytes:
    return machine.console.read_bytes() if machine.console.exists() else b""


def console_tail(machine: Machine, lines: int = 30) -> str:
    text = machine.console.read_text(errors="replace") if machine.console.exists() else ""
    return "\n".join(["--- the console's last lines:"] + text.splitlines()[-lines:])


def write_meta(kernel, case, folder, machine, containers, stream, seconds) -> None:
    console = machine.console.read_text(errors="replace")
    panic = re.search(r"Kernel panic - not syncing: (.*)", console)
    meta = {
        "kernel": kernel.id, "release": kernel.release, "arch": kernel.arch,
        "packages": kernel.facts["packages"],
        "case": case.name, "about": case["about"],
        "ram_bytes": case["memory"] << 20, "cpus": case["cpus"],
        "containers": [{"kind": kind, "files": names,
                        "bytes": sum((folder / name).stat().st_size for name in names)}
                       for kind, names in containers],
        "panic": panic[1].strip() if panic else None,
        "facts": stream.facts,
        "seconds": seconds,
        "qemu": [str(part).replace(str(folder), "DUMP") for part in machine.command],
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
