# SPDX-License-Identifier: GPL-2.0-or-later
"""One crash in several containers: every answer must be the same."""

import json

from . import program

# About the file and the run, not about the crash.
NOT_OF_THE_CRASH = ("source", "cost")
# Commands that are asked of every container.
KEYS = ("report", "zones", "slabs", "dmesg")


def first_difference(a, b, path="") -> str | None:
    """Where two documents differ first, for people."""
    if type(a) is not type(b):
        return f"{path}: {a!r} and {b!r}"
    if isinstance(a, dict):
        pairs = [(f"{path}.{key}", a.get(key), b.get(key)) for key in sorted(a.keys() | b.keys())]
    elif isinstance(a, list) and len(a) == len(b):
        pairs = [(f"{path}[{n}]", x, y) for n, (x, y) in enumerate(zip(a, b))]
    else:
        return None if a == b else f"{path}: {json.dumps(a)[:80]} and {json.dumps(b)[:80]}"
    for where, x, y in pairs:
        found = first_difference(x, y, where)
        if found:
            return found
    return None


def of_the_crash(document) -> dict:
    return {key: value for key, value in document.items() if key not in NOT_OF_THE_CRASH}


def check_containers(c, truth, answers) -> None:
    for kind, files in truth.containers[1:]:
        try:
            other = program.ask_all(files, KEYS)
        except program.ProgramError as error:
            c.true(f"{kind}: {error}", False)
            continue
        for key in KEYS:
            c.same(f"{kind} status of {key}", other.status[key], answers.status[key])
            difference = first_difference(of_the_crash(answers[key]), of_the_crash(other[key]))
            c.same(f"{kind} {key}", difference, None)
        check_kind(c, kind, files, other["report"]["source"])


def check_kind(c, kind, files, source) -> None:
    """What the report says of the container itself."""
    expected = "elf" if kind.startswith("elf") else "flattened" if "flat" in kind else "kdump"
    c.same(f"{kind} kind", source["kind"], expected)
    level = kind.split("-d")[1].split("+")[0] if "-d" in kind else None
    if level and not kind.startswith("elf"):
        c.same(f"{kind} dump level", source["dump_level"], int(level))
    c.same(f"{kind} complete", source["complete"], True)
    c.same(f"{kind} paths", len(source["path"]), len(files))
