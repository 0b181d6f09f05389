# SPDX-License-Identifier: GPL-2.0-or-later
"""Names, modules, mounts, swap, huge pages, the log: what is exactly as the guest printed it."""

import os
import re

from . import tolerance as tol
from .memory import no_data_symbols, reclaimed_pages

TIMESTAMP = re.compile(r"\[\s*(\d+\.\d+)\](?:\[\s*[TC]\d+\])? ?(.*)")


def check_system(c, truth, answers) -> None:
    ours = answers["report"]["system"]
    c.same("release", ours["release"], truth.uname["release"])
    c.same("version", ours["version"], truth.uname["version"])
    c.same("machine", ours["arch"], truth.uname["machine"])
    c.same("page size", ours["page_size"], truth.page_size)
    if ours.get("cmdline") is None and no_data_symbols(truth):
        c.remark("command line not known")
    else:
        c.same("command line", ours["cmdline"], truth.text("cmdline").strip())
    c.same("possible CPUs", ours["cpus"], truth.possible_cpus)
    c.same("present CPUs", ours["cpus_present"], truth.cpus("present"))
    if truth.of_the_end:
        c.same("online CPUs", ours["cpus_online"], truth.cpus("online"))
    c.same("hostname", ours["hostname"], "lab")
    if ours["uptime_s"] is None and no_data_symbols(truth):
        c.remark("uptime not known")
        return
    uptime = float(truth.text("uptime").split()[0])
    c.true(f"uptime {ours['uptime_s']}, truth {uptime}", ours["uptime_s"] >= int(uptime))
    c.same("uptime and times", ours["crash_time"] - ours["boot_time"], ours["uptime_s"])


def check_panic(c, truth, answers) -> None:
    ours = answers["report"]["system"]
    if ours["panicked"] is None and no_data_symbols(truth) and not truth.meta["panic"]:
        c.remark("whether it panicked is not known")
    else:
        c.same("panicked", ours["panicked"], truth.meta["panic"] is not None)
    c.same("panic", ours.get("panic"), truth.meta["panic"])
    finding = any(f["key"] == "oom" for f in answers["report"]["findings"])
    killer = any("invoked oom-killer" in line for line in truth.console)
    c.same("finding of the OOM killer", finding, killer)


def check_modules(c, truth, answers) -> None:
    ours = {m["name"]: m for m in answers["modules"]["modules"]}
    c.same("modules", sorted(ours), sorted(truth.modules))
    for name in ours.keys() & truth.modules.keys():
        expected = truth.modules[name]
        c.same(f"{name} size", ours[name]["size_bytes"], expected["size"])
        c.same(f"{name} users", ours[name]["refcount"], expected["refcount"])
        c.same(f"{name} taint", ours[name]["tainted"], expected["taint"])
    c.same("modules of the report", answers["report"]["modules"], answers["modules"]["modules"])


def check_mounts(c, truth, answers) -> None:
    """The root of the mount namespace may lie below the one that its processes see (nullfs since 7.0)."""
    shown = [m for m in answers["mounts"]["mounts"] if m["fstype"] != "nullfs"]
    c.same("mounts", sorted((m["path"], m["device"], m["fstype"]) for m in shown), sorted(truth.mounts))
    for mount in shown:
        used, limit = truth.mount_pages.get(mount["path"], (None, None))
        if used is None or mount["device"].startswith("/dev/"):
            continue  # blocks of a disk are no memory
        c.same(f"{mount['path']} limit", mount.get("max_pages"), limit)
        if truth.of_the_end:
            c.same(f"{mount['path']} used", mount.get("used_pages"), used)
    c.same("mounts of the report", answers["report"]["mounts"], answers["mounts"]["mounts"])


def check_swaps(c, truth, answers) -> None:
    """The header page of an area is no page of it: /proc/swaps leaves it out too."""
    if answers["report"].get("swaps") is None and no_data_symbols(truth):
        c.remark("swap areas not known")
        return
    ours = [(s["path"], s["pages"], s["priority"]) for s in answers["report"]["swaps"]]
    c.same("swap areas", ours, [(path, truth.pages(kib), priority) for path, kib, _, priority in truth.swaps])
    if truth.of_the_end:
        for area, (path, _, used, _) in zip(answers["report"]["swaps"], truth.swaps):
            c.near(f"{path} used", area["used_pages"], truth.pages(used), reclaimed_pages(truth))


def check_hugetlb(c, truth, answers) -> None:
    ours = {p["page_bytes"]: p for p in answers["report"].get("hugetlb") or []}
    if not ours and no_data_symbols(truth):
        c.remark("hugetlb not known")
        return
    for size, pool in truth.hugetlb.items():
        c.true(f"no pool of {size} bytes", size in ours)
        for name, key in (("nr", "total"), ("free", "free"), ("resv", "reserved"), ("surplus", "surplus")):
            c.same(f"huge pages of {size} {name}", ours.get(size, {}).get(key), pool[name])


def check_log(c, truth, answers) -> None:
    """Every line with a time on the console is in the log, in order.  The console leaves out debug messages."""
    lines = []
    for record in answers["dmesg"]["log"]:
        micros = record["time_ns"] // 1000
        stamp = f"{micros // 1000000}.{micros % 1000000:06d}"
        lines += [(stamp, text.rstrip()) for text in record["text"].split("\n")]
    wanted = [(stamp, text.rstrip()) for stamp, text in
              (match.groups() for match in map(TIMESTAMP.match, truth.console) if match)]
    c.same("console lines not in the log", missing_lines(wanted, lines)[:3], [])
    c.true(f"the console has {len(wanted)} lines only", len(wanted) > 100)
    sequence = [record["seq"] for record in answers["dmesg"]["log"]]
    c.same("order of the records", sequence, sorted(sequence))


def missing_lines(wanted, lines) -> list:
    """
    What of `wanted` is not in `lines` in that order.  A line that comes twice is looked for once: a panic prints
    again what another CPU had begun to print (console_flush_on_panic()).
    """
    missing, at, last = [], 0, None
    for line in wanted:
        if line == last:
            continue
        last = line
        try:
            at = lines.index(line, at) + 1
        except ValueError:
            missing.append(f"[{line[0]}] {line[1]}")
    return missing


def check_status(c, truth, answers) -> None:
    """Nothing of a whole dump is unreadable, and the program says so."""
    for key, status in answers.status.items():
        c.same(f"status of {key}", status, 0)
        c.same(f"unreadable in {key}", answers[key].get("unreadable", []), [])
    report = answers["report"]
    c.same("complete", report["source"]["complete"], True)
    small = truth.meta["ram_bytes"] <= tol.SMALL_RAM_BYTES
    if not os.environ.get("MEMWHO_ASAN"):  # a sanitizer's shadow memory is not the program's
        c.between("peak resident bytes", report["cost"]["peak_rss_bytes"], 1,
                  tol.RSS_BYTES_SMALL if small else tol.RSS_BYTES_LARGE)
