# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs memwho on a dump and holds what it answered.

The program is $MEMWHO, or build/memwho of this source tree.
"""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
TIMEOUT_SECONDS = 120

# What is asked of each dump: key of the answer -> command line in front of the dump.
COMMANDS = {
    "report": ("report",),
    "threads": ("ps", "--all-threads"),
    "ps": ("ps",),
    "slabs": ("slabs",),
    "zones": ("zones",),
    "modules": ("modules",),
    "mounts": ("mounts",),
    "dmesg": ("dmesg",),
    "census": ("census",),
    **{f"census-{view}": ("census", "--by", view)
       for view in ("zone", "node", "order", "unknown", "cgroup", "file", "mount", "task")},
}


def memwho() -> str:
    return os.environ.get("MEMWHO") or str(TOP / "build" / "memwho")


@dataclass
class Answers:
    """JSON documents and exit statuses by the keys of COMMANDS."""

    json: dict = field(default_factory=dict)
    status: dict = field(default_factory=dict)
    stderr: dict = field(default_factory=dict)

    def __getitem__(self, key):
        return self.json[key]


class ProgramError(Exception):
    """The program gave no answer at all."""


def ask(files, key) -> tuple:
    """(status, document, stderr) of one command of COMMANDS."""
    return ask_words(files, *COMMANDS[key])


def ask_words(files, *words) -> tuple:
    """The same of any command; ProgramError when it printed no JSON."""
    key = " ".join(words)
    command = [memwho(), *words, *map(str, files), "--json", "--quiet"]
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    try:
        document = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.decode(errors="replace").strip()
        raise ProgramError(f"{key}: status {done.returncode}, no JSON ({error}): {said}") from None
    return done.returncode, document, done.stderr.decode(errors="replace")


def ask_all(files, keys=tuple(COMMANDS)) -> Answers:
    answers = Answers()
    for key in keys:
        answers.status[key], answers.json[key], answers.stderr[key] = ask(files, key)
    return answers
