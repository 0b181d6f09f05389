# SPDX-License-Identifier: GPL-2.0-or-later
"""One crash in several containers: every answer must be the same."""

import json

from . import program
from . import tolerance as tol
from .tasks import release

# About the file and the run, not about the crash.
NOT_OF_THE_CRASH = ("source", "cost")
# Said of what a dump lacks: free to differ when it is known to lack something.
OF_WHAT_LACKS = ("unreadable", "findings", "vmalloc")
# Classes of the census that differ by what memory of the kernel could be read.
OF_OWNERS = ("driver_known", "kernel_stack", "kernel_unknown", "module", "page_table", "percpu", "vmalloc")
# Commands that are asked of every container.
KEYS = ("report", "zones", "slabs", "dmesg")
# What tells the rows of a list apart, so that an unknown value that sorts elsewhere is no difference.
ROW_KEYS = ("pid", "address", "key", "name", "page_bytes")

EXIT_REPORT, EXIT_PARTIAL = 0, 4


def pairs_of(a, b, path) -> list | None:
    """[(path, a's part, b's part)]; None for values that have no parts."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [(f"{path}.{key}", a.get(key), b.get(key)) for key in sorted(a.keys() | b.keys()) if not key.endswith("_why")]
    if not isinstance(a, list) or not isinstance(b, list) or len(a) != len(b):
        return None
    for key in ROW_KEYS:
        if a and all(isinstance(row, dict) and row.get(key) is not None for row in a + b):
            a, b = (sorted(rows, key=lambda row, key=key: row[key]) for rows in (a, b))
            return [(f"{path}[{key}={x[key]}]", x, y) for x, y in zip(a, b)]
    return [(f"{path}[{n}]", x, y) for n, (x, y) in enumerate(zip(a, b))]


def within_file_system(a, b, path) -> bool:
    """The mounts were left out: "tmpfs:/log" is what is known of "/dev/shm/log"."""
    return path.endswith(".path") and isinstance(b, str) and ":/" in b and a.endswith(b.split(":", 1)[1])


def first_difference(a, b, lacking, path="") -> str | None:
    """Where two documents differ first, for people.  `lacking`: b may not know (null) what a knows."""
    if a == b or (lacking and (b is None or within_file_system(a, b, path))):
        return None
    pairs = pairs_of(a, b, path)
    if pairs is None:
        return f"{path}: {json.dumps(a)[:80]} and {json.dumps(b)[:80]}"
    found = (first_difference(x, y, lacking, where) for where, x, y in pairs)
    return next((text for text in found if text), None)


def of_the_crash(document, lacking) -> dict:
    without = NOT_OF_THE_CRASH + (OF_WHAT_LACKS if lacking else ())
    document = {key: value for key, value in document.items() if key not in without}
    if lacking and "census" in document:
        document["census"] = without_owners(document["census"])
    return document


def without_owners(census) -> dict:
    """
    Whose a page is that no struct page tells, other kernel memory does: where that was left out of the file,
    pages are in kernel_unknown instead.  Together they are as many.
    """
    rows = [{key: row[key] for key in ("key", "pages")} for row in census["classes"] if row["key"] not in OF_OWNERS]
    together = sum(row["pages"] or 0 for row in census["classes"] if row["key"] in OF_OWNERS)
    return {**census, "classes": sorted(rows + [{"key": "owners", "pages": together}], key=lambda row: row["key"])}


def lacks_pages(truth, kind) -> bool:
    """makedumpfile left out more than it was told to."""
    return "d31" in kind and release(truth) > tol.MAKEDUMPFILE_KNOWS


def check_containers(c, truth, answers) -> None:
    for kind, files in truth.containers[1:]:
        lacking = lacks_pages(truth, kind)
        try:
            other = program.ask_all(files, KEYS)
        except program.ProgramError as error:
            c.true(f"{kind}: {error}", False)
            continue
        for key in KEYS:
            expected = (EXIT_REPORT, EXIT_PARTIAL) if lacking else (EXIT_REPORT,)
            c.true(f"{kind} status of {key}: {other.status[key]}", other.status[key] in expected)
            if lacking:
                c.same(f"{kind} {key}: partial and what was unreadable", other.status[key] == EXIT_PARTIAL,
                       bool(other[key].get("unreadable")))
            difference = first_difference(of_the_crash(answers[key], lacking), of_the_crash(other[key], lacking), lacking)
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
