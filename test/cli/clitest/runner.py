# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs memwho once and holds what came of it, and what must be true of every run.

The program is $MEMWHO, or build/memwho of this source tree.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
TIMEOUT_SECONDS = 60 if os.environ.get("MEMWHO_ASAN") else 20
# For dumps up to 1 GB.  A sanitizer's shadow memory is not the program's: $MEMWHO_ASAN leaves the limit out.
RSS_BYTES = 64 << 20

REPORT, FINDING, USAGE, INPUT, PARTIAL, FAULT = range(6)  # exit statuses
SANITIZER_SIGNS = (b"AddressSanitizer", b"UndefinedBehavior", b"runtime error:", b"LeakSanitizer", b"ThreadSanitizer")


def memwho() -> str:
    return str(Path(os.environ.get("MEMWHO") or TOP / "build" / "memwho").resolve())


@dataclass
class Result:
    args: list
    status: int  # negative: the signal that ended it
    out: bytes
    err: bytes
    seconds: float
    rss_bytes: int
    timed_out: bool

    @property
    def text(self) -> str:
        return self.out.decode(errors="replace")

    @property
    def message(self) -> str:
        return self.err.decode(errors="replace")

    def json(self):
        """The document on standard output; None when it is none."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None


def run(*args, stdin=subprocess.DEVNULL, stdout=None, env=None, prefix=(), cwd=None) -> Result:
    """
    stdin: an open file, bytes (given through a pipe), or a Path (cat gives it through a pipe: a child's peak resident size begins
    with that of the parent, which must stay small); `prefix`: a command in front of the program.
    """
    if isinstance(stdin, Path):
        with subprocess.Popen(["cat", stdin], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as cat:
            result = run(*args, stdin=cat.stdout, stdout=stdout, env=env, prefix=prefix, cwd=cwd)
            cat.stdout.close()
            return result
    command = [*prefix, memwho(), *map(str, args)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.monotonic()
        piped = isinstance(stdin, bytes)
        process = subprocess.Popen(command, stdin=subprocess.PIPE if piped else stdin, stdout=stdout or out, stderr=err,
                                   env={**os.environ, **(env or {})}, cwd=cwd)
        fired = threading.Event()
        timer = threading.Timer(TIMEOUT_SECONDS, lambda: (fired.set(), process.kill()))
        timer.start()
        if piped:
            feed(process.stdin, stdin)
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begin
        out.seek(0)
        err.seek(0)
        return Result([str(a) for a in args], process.returncode, out.read(), err.read(), seconds, usage.ru_maxrss * 1024,
                      fired.is_set())


def feed(pipe, data) -> None:
    try:
        pipe.write(data)
        pipe.close()
    except BrokenPipeError:
        pass


def problems(result, statuses=None) -> list:
    """What is wrong with a run that is wrong with any run; `statuses`: those expected of this one."""
    found = []
    if result.timed_out:
        found.append(f"no end within {TIMEOUT_SECONDS} s")
    elif result.status < 0 or result.status > 128:
        found.append(f"ended by signal {abs(result.status) % 128}")
    elif result.status not in (REPORT, USAGE, INPUT, PARTIAL, FAULT):
        found.append(f"status {result.status} has no meaning")
    if statuses is not None and result.status not in statuses:
        found.append(f"status {result.status}, expected {' or '.join(map(str, statuses))}")
    if any(sign in result.err for sign in SANITIZER_SIGNS):
        found.append("a sanitizer reports a fault")
    if result.rss_bytes > RSS_BYTES and not os.environ.get("MEMWHO_ASAN"):
        found.append(f"{result.rss_bytes >> 20} MB resident, at most {RSS_BYTES >> 20}")
    if result.status in (USAGE, INPUT, FAULT) and not result.message.startswith("memwho: ") and not tells_why(result):
        found.append("it failed without a message")
    if result.status in (USAGE, INPUT) and result.out and not tells_why(result):
        found.append("it failed and printed a result")
    if control_characters(result.out) or control_characters(result.err):
        found.append("raw control characters in the output")
    options = result.args[:result.args.index("--")] if "--" in result.args else result.args
    if result.status in (REPORT, PARTIAL, INPUT) and "--json" in options and result.json() is None:
        found.append("the JSON does not parse")
    if found and result.message:
        found.append("it said: " + result.message.strip()[:300])
    return found


def tells_why(result) -> bool:
    """
    What a failed run may print: as JSON the error, the same as on standard error; and the report on a dump whose kernel can't be
    found, which says that and what the file is.
    """
    document = result.json() or {}
    if "error" in document:
        return result.status in (INPUT, PARTIAL) and document["error"].split("\n")[0] in result.message
    critical = any(finding["severity"] == "critical" for finding in document.get("findings", []))
    return result.status == INPUT and (critical or b"critical" in result.out and b"Dump" in result.out)


def control_characters(data) -> bool:
    """Other than newline and tab: nothing that could move a terminal's cursor or change its state."""
    return any(byte < 32 and byte not in (9, 10) or byte == 127 for byte in set(data))


class Tally:
    """Counts and prints; one line per case."""

    def __init__(self, pattern=None):
        self.pattern = pattern
        self.passed = self.failed = self.skipped = 0

    def wants(self, name) -> bool:
        return not self.pattern or self.pattern in name

    def note(self, name, found) -> None:
        if found:
            self.failed += 1
            print(f"FAIL {name}: {'; '.join(found)}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name}", flush=True)

    def skip(self, name, why) -> None:
        self.skipped += 1
        print(f"skip {name}: {why}", flush=True)


def has(program) -> bool:
    return shutil.which(program) is not None
