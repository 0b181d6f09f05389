# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the programs' numbers differ on the same dump, beside what the machine itself said before.

The truth is what the guest printed from /proc and /sys just before it was stopped (truth/).  Its
slabinfo is only an upper bound: it takes every free object of a CPU's slab as in use.
"""

import json
import re
from pathlib import Path

from . import cases, dumps, measure, paper, rivals


def memwho_json(command: str, dump: Path) -> dict:
    return json.loads(measure.output_of(cases.memwho(command, dump, "--json")) or "{}")


def truth_slabs(dump: Path) -> dict:
    found = {}
    for line in (dump.parent / "truth/slabinfo").read_text().splitlines()[2:]:
        words = line.split()
        found[words[0]] = (int(words[1]), int(words[2]))
    return found


def crash_slabs(text: str) -> dict:
    """ADDRESS OBJSIZE ALLOCATED TOTAL SLABS SSIZE NAME"""
    return {m[3]: (int(m[1]), int(m[2])) for m in
            re.finditer(r"^[0-9a-f]{16} +\d+ +(\d+) +(\d+) +\d+ +\S+ +(\S.*)$", text, re.M)}


def drgn_slabs(text: str) -> dict:
    return {m[1]: (int(m[2]), int(m[3])) for m in re.finditer(r"^(.+) (\d+) (\d+) \d+$", text, re.M)}


def answers(program, dump: Path, theirs: Path) -> dict:
    """Slabs, number of tasks, free pages, slab pages as one program tells them."""
    out = {q: measure.output_of(cases.rival(program, q, theirs if program.kind == "drgn" else dump))
           for q in ("slabs", "ps", "report")}
    if program.kind == "crash":
        free = re.search(r"^ +FREE +(\d+)", out["report"], re.M)
        slab = re.search(r"^ +SLAB +(\d+)", out["report"], re.M)
        pids = re.findall(r"^>? +(\d+) +\d+ +\d+ +[0-9a-f]{16}", out["ps"], re.M)
        return {"slabs": crash_slabs(out["slabs"]), "tasks": f"{sum(p != '0' for p in pids)} threads" if out["ps"] else "fails",
                "free": free and int(free[1]), "slab_pages": slab and int(slab[1])}
    free = re.search(r"^free (\d+)", out["report"], re.M)
    pages = re.findall(r"claimable_pages=(\d+)", out["report"])
    return {"slabs": drgn_slabs(out["slabs"]), "tasks": len(out["ps"].splitlines()) or "fails",
            "free": free and int(free[1]), "slab_pages": sum(map(int, pages)) if pages else None}


def our_answers(dump: Path) -> dict:
    slabs = memwho_json("slabs", dump).get("slabs", [])
    classes = memwho_json("report", dump).get("census", {}).get("classes", [])
    free = {c["key"]: c["pages"] for c in classes}.get("free_buddy")
    return {"slabs": {s["name"]: (s["objects_allocated"], s["objects_total"]) for s in slabs
                      if s["objects_total"] is not None},
            "tasks": len(measure.output_of(cases.memwho("ps", dump, "--no-header", "-n", "0")).splitlines()),
            "free": free,
            "slab_pages": f"{sum(s['pages'] or 0 for s in slabs)} "
                          f"({sum(s['pages'] or 0 for s in slabs if s['address'])} in caches)"}


def truth(dump: Path) -> dict:
    meminfo = dict(re.findall(r"^(\w+): +(\d+)", (dump.parent / "truth/meminfo").read_text(), re.M))
    tasks = [line.split("\t") for line in (dump.parent / "truth/tasks").read_text().splitlines()[1:]]
    leaders = sum(t[0] == t[1] for t in tasks)
    return {"tasks": f"{leaders} ({len(tasks)} threads)", "free": int(meminfo["MemFree"]) // 4,
            "slab_pages": int(meminfo["Slab"]) // 4, "slabs": truth_slabs(dump)}


def walked(dump: Path) -> dict:
    """Every struct page looked at, by the newest drgn: settles whose counter is right."""
    newest = [o for o in rivals.of_sid() if o.kind == "drgn"]
    if not newest or not rivals.vmlinux():
        return {}
    text = measure.output_of(measure.Command([*newest[0].command, str(rivals.DRGN_JOB), "walk",
                                              str(rivals.vmlinux()), str(dump)], env=newest[0].env))
    found = re.match(r"free (\d+) slab (\d+)", text)
    return {"pages walked": {"tasks": "", "free": int(found[1]), "slab_pages": int(found[2]), "slabs": {}}} \
        if found else {}


def section(label: str, dump: Path, theirs: Path, others: list) -> str:
    found = {"truth": truth(dump), "memwho": our_answers(dump)}
    found.update({o.name: answers(o, dump, theirs) for o in others})
    rival_names = [o.name for o in others]
    found.update(walked(theirs))
    rows = []
    for name, a in found.items():
        against = a["slabs"]
        ours = found["memwho"]["slabs"]
        both = [c for c in against if c in ours]
        rows.append([name, a["tasks"], a["free"] or "-", a["slab_pages"] or "-",
                     len(against) or "",
                     sum(against[c][0] != ours[c][0] for c in both) if both and name in rival_names else "",
                     sum(against[c][0] - ours[c][0] for c in both) if both and name in rival_names else ""])
    text = f"### {label}\n\n" + paper.table(
        ["", "processes", "free pages", "slab pages", "caches", "other count than memwho", "objects more"], rows)
    found.pop("pages walked", None)
    return text + "\n" + examples(found) + "\n"


def examples(found: dict) -> str:
    """The caches with a count anybody can check, and those that differ most."""
    ours = found["memwho"]["slabs"]
    wanted = [c for c in ("task_struct", "mm_struct", "kmalloc-256") if c in ours]
    apart = {c: max(abs(a["slabs"].get(c, ours[c])[0] - ours[c][0]) for n, a in found.items() if n != "truth")
             for c in ours}
    wanted += [c for c in sorted(apart, key=apart.get, reverse=True)[:4] if apart[c] and c not in wanted]
    rows = [[c, *[a["slabs"][c][0] if c in a["slabs"] else "-" for a in found.values()]] for c in wanted]
    header = ["objects in use", *["slabinfo (bound)" if n == "truth" else n for n in found]]
    return paper.table(header, rows)


def correctness(others: list, _rounds: int) -> str:
    text = ("## 7. The same numbers?\n\n`truth` is what the guest printed from /proc just before it stopped; "
            "of a machine that panicked that was minutes earlier, so only the page walk counts there; slabinfo's active_objs takes what CPUs' slabs have free as in use.  The kernel's count of slab pages has large kmalloc "
            "allocations in it, a walk over the pages has only slabs of caches.\n\n")
    plain = dumps.lab("big", "vmcore.kdump-zlib")
    named = dumps.named_copy(plain)
    for label, dump, theirs in (("64 GB", plain, named), ("512 MB, idle", dumps.lab("idle"), None),
                                ("256 MB, OOM panic", dumps.lab("oom-panic"), None)):
        if dump:
            text += section(label, dump, theirs or dump, others)
    return text + WHY


WHY = """### Why they differ

- Free pages, slab pages: crash and drgn print the kernel's global counters. What each CPU has counted and
  not yet added is missing there; memwho adds it, and agrees with the walk over the pages.
- Objects in use: drgn's slab_cache_usage() does not look at the free list of the slab a CPU allocates
  from, and looks at online CPUs only: after panic() has cleared the others' bits it takes what is free
  there as in use.  task_struct can be checked by hand: the threads, and an idle task for each CPU but the first.
- crash 8.0.2 `ps` lists nothing but the idle tasks of these kernels; its SLAB line counts slabs, not
  pages.  Both are right in 9.0.2.
- crash lists threads, memwho and drgn_job.py processes.
"""
