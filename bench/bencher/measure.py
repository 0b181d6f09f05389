# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds the small C programs, runs commands, and takes medians.

A command is run through bench/timed.c (Python is too heavy a parent to see a child's peak memory).
Commands that are compared run in turns, round after round, so that a change of the machine's load
meets all of them; wall time stands beside CPU time, which load hardly moves.
"""

import os
import re
import shlex
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import TOP, rivals
from vmlab.place import LabError

CFLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-pthread", "-Wall", "-Wextra",
          "-Wno-unused-parameter", f"-I{TOP}", f"-I{TOP}/src"]
LIBRARIES = ["libdeflate", "libzstd", "lzo2", "liblzma", "zlib", "libdw"]  # as in the Makefile
TIMEOUT = 300


def memwho() -> Path:
    return Path(os.environ.get("MEMWHO", TOP / "build/memwho")).resolve()


def built(name: str) -> str:
    return str(memwho().parent / name)


def compile_one(target: str, source: str, *libraries) -> bool:
    done = subprocess.run([os.environ.get("CC", "gcc"), *CFLAGS, "-o", built(target),
                           str(TOP / "bench" / source), *libraries], check=False)
    return done.returncode == 0


def library_flags() -> list:
    flags = ["-lsnappy"] if Path("/usr/include/snappy-c.h").exists() else []
    for name in LIBRARIES:
        done = subprocess.run(["pkg-config", "--libs", name], capture_output=True, text=True, check=False)
        flags += shlex.split(done.stdout)
    return flags


def build_helpers() -> None:
    """timed and readbench are needed; limits and kdumpfilebench are left out without their libraries."""
    archive = memwho().parent / "libmemwho.a"
    if not memwho().exists() or not archive.exists():
        raise LabError(f"{memwho()} and libmemwho.a beside it must be built first: run make")
    if not compile_one("timed", "timed.c") or \
       not compile_one("readbench", "readbench.c", str(archive), *library_flags()):
        raise LabError("bench's own programs do not compile")
    compile_one("limits", "limits.c", "-ldeflate", "-llzo2")
    if rivals.package_version("libkdumpfile-dev"):
        compile_one("kdumpfilebench", "kdumpfilebench.c", "-lkdumpfile")
    root = rivals.sid_root()
    if root.exists():
        compile_one("kdumpfilebench-sid", "kdumpfilebench.c", f"-I{root}/usr/include",
                    str(root / rivals.SID_LIBRARIES / "libkdumpfile.so"), "-Wl,--allow-shlib-undefined")


@dataclass
class Command:
    argv: list
    stdin: str = ""  # text
    env: dict = field(default_factory=dict)
    repeat: int = 1  # runs per round

    def shown(self) -> str:
        """As it would be typed: paths without the folders that tell nothing, sid's programs by name."""
        argv = self.argv[3:] if "--library-path" in self.argv else self.argv
        short = [re.sub(r"^.*/(?=[^/]+/[^/]+$)", "", a) for a in argv]
        text = " ".join([Path(argv[0]).name, *short[1:]])
        if not self.stdin:
            return text
        questions = "; ".join([*self.stdin.split("\n"), "exit"]).replace("; ; ", "; ").removeprefix("; ")
        return f"echo '{questions}' | tr ';' '\\n' | {text}"


@dataclass(frozen=True)
class Sample:
    wall: float  # seconds
    first: float  # until the first byte of output; negative: there was none
    cpu: float
    rss_kb: int
    status: int
    message: str  # the last line of standard error, when it failed


def run_once(command: Command, output: str = "/dev/null") -> Sample:
    """Never raises for what the command does; a program that hangs has status 124."""
    stdin = Path(built("timed.in"))
    stdin.write_text(command.stdin + "exit\n" if command.stdin else "")
    argv = [built("timed"), "-i", str(stdin), "-o", output, *command.argv]
    try:
        done = subprocess.run(argv, env=dict(os.environ, **command.env), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return Sample(TIMEOUT, -1, TIMEOUT, 0, 124, f"no end after {TIMEOUT} s")
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    numbers = lines[-1].split()
    if numbers[0] != "timed":
        raise LabError(f"{argv[0]}: {lines[-1]}")
    wall, first, user, system, rss, status = map(int, numbers[1:])
    message = lines[-2].strip() if status and len(lines) > 1 else ""
    return Sample(wall / 1e6, first / 1e6, (user + system) / 1e6, rss, status, message)


def output_of(command: Command) -> str:
    target = built("timed.out")
    sample = run_once(command, target)
    return "" if sample.status else Path(target).read_text(errors="replace")


def median(samples: list) -> Sample:
    bad = [s for s in samples if s.status]
    if bad:
        return bad[-1]
    pick = {name: statistics.median(getattr(s, name) for s in samples)
            for name in ("wall", "first", "cpu", "rss_kb")}
    return Sample(pick["wall"], pick["first"], pick["cpu"], int(pick["rss_kb"]), 0, "")


def in_turns(commands: dict, rounds: int) -> dict:
    """{key: Command} -> {key: median Sample}.  One run of each goes before, to warm the page cache."""
    samples = {key: [] for key in commands}
    first = {key: run_once(command) for key, command in commands.items()}
    for _ in range(rounds):
        for key, command in commands.items():
            if first[key].status:
                samples[key] = [first[key]]  # what fails once is not run again
                continue
            samples[key] += [run_once(command) for _ in range(command.repeat)]
    return {key: median(found) for key, found in samples.items()}


@dataclass(frozen=True)
class Reading:
    """What readbench, kdumpfilebench and limits print."""
    open_s: float
    open_cpu_s: float
    read_s: float
    read_cpu_s: float
    bytes: int
    failed: int
    sum: str


def read_once(argv: list) -> Reading | None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return None
    words = done.stdout.split()
    if done.returncode or len(words) != 14:
        return None
    v = dict(zip(words[::2], words[1::2]))
    return Reading(float(v["open_s"]), float(v["open_cpu_s"]), float(v["read_s"]),
                   float(v["read_cpu_s"]), int(v["bytes"]), int(v["failed"]), v["sum"])


def read_in_turns(commands: dict, rounds: int) -> dict:
    """Medians of the four times; None where a program failed or hung.  No rounds: each runs once."""
    samples = {key: [read_once(argv)] for key, argv in commands.items()}  # also warms the page cache
    for _ in range(rounds):
        for key, argv in commands.items():
            if samples[key][0]:
                samples[key].append(read_once(argv))
    result = {}
    for key, found in samples.items():
        good = [r for r in (found[1:] or found) if r]
        if not good:
            result[key] = None
            continue
        times = {n: statistics.median(getattr(r, n) for r in good)
                 for n in ("open_s", "open_cpu_s", "read_s", "read_cpu_s")}
        result[key] = Reading(**times, bytes=good[0].bytes, failed=good[0].failed, sum=good[0].sum)
    return result


def free_cpus() -> str:
    """How many CPUs two busy threads get just now; less than 2 when the machine has other work."""
    found = [read_once([built("limits"), "-t", "2", "memcpy"]) for _ in range(5)]
    good = [r.read_cpu_s / r.read_s for r in found if r]
    return f"{statistics.median(good):.1f}" if good else "?"


CALL = re.compile(r"^(?:\d+ +)?(\w+)\(\d+<([^>]*)>.*= (\d+)$")


def bytes_read(argv: list, dump: Path) -> tuple:
    """(calls, bytes) of read() and pread() on the dump's file."""
    trace = built("strace.out")
    done = subprocess.run(["strace", "-f", "-y", "-e", "trace=read,pread64,readv,preadv", "-e",
                           "signal=none", "-o", trace, *argv], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        return None, None
    calls = total = 0
    for line in Path(trace).read_text(errors="replace").splitlines():
        match = CALL.match(line)
        if match and match[2] == str(dump):
            calls += 1
            total += int(match[3])
    return calls, total
