# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things lie, and the few helpers everything uses."""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent


class LabError(Exception):
    """A failure whose text is all the user needs; no traceback is shown."""


def cache() -> Path:
    base = os.environ.get("MEMWHO_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "memwho"


def kernel_dir(kernel_id: str) -> Path:
    return cache() / "kernels" / kernel_id


def dump_dir(kernel_id: str, case: str) -> Path:
    return cache() / "dumps" / f"{kernel_id}-{case}"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def run(*command, **kw) -> str:
    """Runs a command to its end and returns its output; its errors become a LabError."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, stdin=subprocess.DEVNULL, **kw)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise LabError(f"{' '.join(command[:6])} failed ({done.returncode}):\n{tail}")
    return done.stdout


@contextmanager
def made_whole(target: Path):
    """A folder that gets its name only once its content is complete.

    What an earlier attempt left under the temporary name is removed first.  When the work fails,
    the half-made folder is kept under `<name>.failed` for a look at its console.log.
    """
    part = target.with_name(target.name + ".part")
    failed = target.with_name(target.name + ".failed")
    for old in (part, failed):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
    except BaseException:
        part.rename(failed)
        raise
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def warn(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)
