# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured.  Each function returns a section of the results: text with tables."""

import json
import subprocess
from pathlib import Path

from . import dumps, measure, paper, rivals
from .measure import Command

# question: memwho's command, crash's, drgn_job.py's
QUESTIONS = {
    "start": (None, "", "start"),
    "report": ("report", "kmem -i\n", "meminfo"),
    "ps": ("ps", "ps\n", "ps"),
    "slabs": ("slabs", "kmem -s\n", "slabs"),
    "dmesg": ("dmesg", "log\n", "dmesg"),
}


def memwho(*arguments, repeat: int = 3) -> Command:
    return Command([str(measure.memwho()), *map(str, arguments)], repeat=repeat)


def rival(program: rivals.Rival, question: str, dump: Path) -> Command:
    _, crash, drgn = QUESTIONS[question]
    vmlinux = str(rivals.vmlinux())
    if program.kind == "crash":
        return Command([*program.command, "-s", vmlinux, str(dump)], stdin=crash or "\n")
    return Command([*program.command, str(rivals.DRGN_JOB), drgn, vmlinux, str(dump)], env=program.env)


def commands(question: str, dump: Path, others: list, drgn_dump: Path | None = None) -> dict:
    """{program: Command}; drgn may need another copy of the dump."""
    ours = QUESTIONS[question][0]
    found = {"memwho": memwho(ours, dump)} if ours else {}
    for program in others:
        found[program.name] = rival(program, question,
                                    drgn_dump if drgn_dump and program.kind == "drgn" else dump)
    return found


def reason(sample) -> str:
    return sample.message.split(" from '")[0][:70]


def row(label: str, name: str, sample, ours) -> list:
    if sample.status:
        return [label, name, "fails", "", "", "", reason(sample)]
    ratio = "" if ours is None or sample is ours or ours.status else f"{sample.wall / ours.wall:.0f}x"
    cpu_ratio = "" if not ratio else f"{sample.cpu / max(ours.cpu, 1e-6):.0f}x"
    return [label, name, paper.seconds(sample.wall), paper.seconds(sample.cpu),
            f"{sample.rss_kb / 1024:.0f} MiB", f"{ratio} / {cpu_ratio}" if ratio else "", ""]


HEADER = ["question", "program", "wall", "user+sys", "peak RSS", "wall / CPU beside memwho", "why"]


def compared(questions, dump: Path, others: list, rounds: int, drgn_dump=None) -> str:
    rows, shown = [], []
    for question in questions:
        asked = commands(question, dump, others, drgn_dump)
        samples = measure.in_turns(asked, rounds)
        ours = samples.get("memwho")
        rows += [row(question, name, sample, ours) for name, sample in samples.items()]
        shown += [f"    {command.shown()}\n" for command in asked.values()]
    return paper.table(HEADER, rows) + "\nCommands:\n\n" + "".join(shown)


def big(others: list, rounds: int) -> str:
    """64 GB, kdump-zlib as QEMU writes it."""
    text = "## 1. 64 GB guest, kdump-zlib of 750 MB (cold process, warm page cache)\n\n"
    plain, flat = dumps.lab("big", "vmcore.kdump-zlib"), dumps.lab("big")
    if not plain or not flat:
        return text + "Not measured: `lab/lab run 6.1 big` makes the dump.\n"
    text += ("crash's and drgn's `start` is what they need before the first question. drgn refuses the dump "
             "as QEMU wrote it (no kernel name in its header): it gets a copy with the name filled in.\n\n")
    drgn_dump = dumps.named_copy(plain) if any(o.kind == "drgn" for o in others) else None
    text += compared(QUESTIONS, plain, others, rounds, drgn_dump)
    text += "\n### The same dump flattened (as makedumpfile -F and QEMU stream it)\n\n"
    return text + compared(["report", "slabs"], flat, others, min(rounds, 3))


def first_byte(others: list, rounds: int) -> str:
    text = "## 2. 1 GB ELF dump: time to the first byte of output\n\n"
    dump = dumps.gigabyte()
    if not dump:
        return text + "Not measured: the lab could not make the dump.\n"
    asked = {"memwho": memwho(dump, repeat=5), **{
        program.name: rival(program, "report", dump) for program in others}}
    samples = measure.in_turns(asked, rounds)
    ours = samples["memwho"]
    rows = []
    for name, s in samples.items():
        rows.append([name, "fails", reason(s), "", ""] if s.status else
                    [name, paper.seconds(s.first), paper.seconds(s.wall), paper.seconds(s.cpu),
                     f"{s.first / ours.first:.0f}x" if s is not ours else ""])
    text += paper.table(["program", "first byte", "whole run", "user+sys", "beside memwho"], rows)
    text += "\nGoal: memwho's first byte within 60 ms.\n\nCommands:\n\n"
    return text + "".join(f"    {c.shown()}\n" for c in asked.values())


CONTAINERS = ["vmcore", "vmcore.zlib", "vmcore.lzo", "vmcore.flat", "vmcore.plain", "vmcore.elf-d31"]


def containers(others: list, rounds: int) -> str:
    text = "## 3. One crash (640 MB guest, kdump), every container: `report`\n\n"
    rows = []
    newest = [o for o in others if o in rivals.of_sid()]
    for name in CONTAINERS:
        dump = dumps.lab("kdump", name)
        if not dump:
            continue
        samples = measure.in_turns(commands("report", dump, newest), rounds)
        rows += [[f"{name} ({paper.size(dump.stat().st_size)})", *row("", program, s, samples["memwho"])[1:]]
                 for program, s in samples.items()]
    if not rows:
        return text + "Not measured: `lab/lab run 6.1 kdump` makes the dumps.\n"
    return text + paper.table(["container", *HEADER[1:]], rows) + "\n    memwho report DUMP\n"


def opening(_others: list, rounds: int) -> str:
    text = "## 4. Opening, and how much is read\n\n"
    files = [("256 MB ELF", dumps.lab("oom-panic")), ("512 MB ELF", dumps.lab("idle")),
             ("1 GB ELF", dumps.gigabyte()), ("640 MB kdump-zlib -d 31", dumps.lab("kdump", "vmcore.zlib")),
             ("64 GB kdump-zlib", dumps.lab("big", "vmcore.kdump-zlib")),
             ("64 GB flattened", dumps.lab("big"))]
    rows = []
    for label, dump in files:
        if not dump:
            continue
        opened = measure.read_in_turns({0: [measure.built("readbench"), "-o", str(dump)]}, rounds)[0]
        open_calls, open_bytes = measure.bytes_read([measure.built("readbench"), "-o", str(dump)], dump)
        calls, read = measure.bytes_read([str(measure.memwho()), "report", str(dump)], dump)
        run = measure.median([measure.run_once(memwho("report", dump)) for _ in range(rounds)])
        rows.append([label, paper.size(dump.stat().st_size), paper.fine(opened.open_s),
                     paper.fine(opened.open_cpu_s), f"{open_calls} / {paper.size(open_bytes)}",
                     f"{calls} / {paper.size(read)}", paper.seconds(run.wall), paper.seconds(run.cpu),
                     f"{run.rss_kb / 1024:.0f} MiB"])
    text += paper.table(["dump", "file", "image_open()", "its CPU", "its reads", "report's reads",
                         "report", "user+sys", "peak RSS"], rows)
    return text + ("\n    readbench -o DUMP; memwho report DUMP; "
                   "strace -f -y -e trace=read,pread64 for the calls and bytes on the dump's file\n")


def rates(_others: list, rounds: int) -> str:
    """Each dump: memwho, libkdumpfile, and the limit of the machine for that container."""
    text = "## 5. Reading all pages in order, 64 KiB at a time, beside libkdumpfile and the machine's limit\n\n"
    plain = dumps.lab("big", "vmcore.kdump-zlib")
    files = [("ELF, 512 MB", dumps.lab("idle"), None),
             ("ELF, 1 GB", dumps.gigabyte(), None),
             ("lzo -d 31", dumps.lab("kdump", "vmcore.lzo"), None),
             ("zlib -d 31", dumps.lab("kdump", "vmcore.zlib"), None),
             ("not packed -d 1", dumps.lab("kdump", "vmcore.plain"), None),
             ("zlib, 64 GB", plain, dumps.named_copy(plain))]
    rows = []
    for label, dump, theirs in files:
        if dump:
            rows += rate_rows(label, dump, theirs or dump, rounds)
    memory = measure.read_in_turns({t: [measure.built("limits"), "-t", str(t), "memcpy"] for t in (1, 2)}, rounds)
    text += paper.table(["dump", "program", "threads", "wall", "user+sys", "rate", "CPU us per page", "of the limit"],
                        rows)
    text += "\nThe limit: pread() of 64 KiB pieces where pages are not packed; else every packed page unpacked from memory " \
            "in order with libdeflate or liblzo2, zero pages by memset(). Shares are of CPU time. memcpy() of this machine: "
    text += ", ".join(f"{paper.rate(r.bytes, r.read_s)} with {t} threads" for t, r in memory.items() if r)
    return text + ("\n\n    readbench -t N DUMP; kdumpfilebench -t N [-k (kdump_clone)] [-c 16 (cache.size)] DUMP; "
                   "limits -t N pread|codec DUMP\n")


def libkdumpfiles() -> list:
    """[(name, argv)] of the versions there are."""
    found = []
    if Path(measure.built("kdumpfilebench")).exists():
        version = rivals.upstream(rivals.package_version("libkdumpfile-dev"))
        found.append((f"libkdumpfile {version}", [measure.built("kdumpfilebench")]))
    if Path(measure.built("kdumpfilebench-sid")).exists():
        loader = rivals.in_sid("")[:3]
        found.append((f"libkdumpfile {rivals.sid_version('libkdumpfile-dev')}",
                      [*loader, measure.built("kdumpfilebench-sid")]))
    return found


def rate_rows(label: str, dump: Path, theirs: Path, rounds: int) -> list:
    asked = {}
    with open(dump, "rb") as file:
        kdump = file.read(5) == b"KDUMP"
    for threads in (1, 2):
        packed = kdump and "not packed" not in label
        asked["limit", threads] = [measure.built("limits"), "-t", str(threads),
                                   "codec" if packed else "pread", str(dump)]
        asked["memwho", threads] = [measure.built("readbench"), "-t", str(threads), str(dump)]
    large = kdump and dump.stat().st_size > 600 << 20  # minutes for libkdumpfile: its newest, once
    for name, argv in libkdumpfiles()[-1 if large else 0:]:
        asked[name, 1] = [*argv, str(theirs)]
        asked[f"{name}, own opens", 2] = [*argv, "-t", "2", str(theirs)]
        if kdump:
            asked[f"{name}, kdump_clone", 2] = [*argv, "-k", "-t", "2", str(theirs)]
            asked[f"{name}, cache.size 16", 1] = [*argv, "-c", "16", str(theirs)]
    measured = measure.read_in_turns(asked, 0 if large else rounds)
    rows = []
    for (name, threads), r in measured.items():
        limit = measured["limit", threads]
        if not r:
            rows.append([label, name, threads, "fails", "", "", "", ""])
            continue
        share = "" if not limit or name == "limit" else \
            f"{limit.read_cpu_s / limit.bytes / (r.read_cpu_s / r.bytes) * 100:.0f} %"
        rows.append([label, name, threads, paper.seconds(r.read_s), paper.seconds(r.read_cpu_s),
                     paper.rate(r.bytes, r.read_s), f"{r.read_cpu_s / (r.bytes / 4096) * 1e6:.2f}", share])
    return rows


def same_bytes(_others: list, _rounds: int) -> str:
    """memwho's and libkdumpfile's sums over all pages of a dump."""
    text = "## 6. The same bytes: a sum over all pages and their addresses\n\n"
    rows = []
    for case, name in (("idle", "vmcore"), ("kdump", "vmcore.zlib"), ("kdump", "vmcore.lzo"),
                       ("kdump", "vmcore.plain"), ("kdump", "vmcore.elf-d31")):
        dump = dumps.lab(case, name)
        if not dump:
            continue
        ours = measure.read_once([measure.built("readbench"), "-s", str(dump)])
        for program, argv in libkdumpfiles()[-1:]:
            other = measure.read_once([*argv, "-s", str(dump)])
            rows.append([f"6.1-{case}/{name}", ours.bytes // 4096, other.bytes // 4096 if other else "fails",
                         "same" if other and ours.sum == other.sum else "differ", program])
    return text + paper.table(["dump", "pages", "its pages", "sums", "beside"], rows)


def census_limit(dump: Path, rounds: int) -> str:
    """What the pass reads, and how long the machine takes for as many bytes of that dump at best."""
    document = json.loads(subprocess.run([str(measure.memwho()), "census", "--json", str(dump)],
                                         capture_output=True, check=True).stdout)
    done = document["census"]["pass"]
    read = measure.read_in_turns({0: [measure.built("readbench"), str(dump)]}, rounds)[0]
    rate = read.bytes / read.read_cpu_s
    frames = done["memmap_bytes"] // 64
    return (f"{dump.parent.name} {dump.name}: struct pages {paper.size(done['memmap_bytes'])}, read "
            f"{paper.size(done['memmap_bytes_read'])} of them (free and huge blocks are told by their first); "
            f"memwho reads this dump in order at {rate / 1e9:.2f} GB/s on one core: "
            f"{paper.seconds(done['memmap_bytes_read'] / rate)} for what is read, "
            f"{paper.seconds(done['memmap_bytes'] / rate)} for all. Notes on page frames: "
            f"{paper.size(done['claim_bytes'])}, {done['claim_bytes'] / max(frames, 1):.3f} bytes a page frame.\n")


def census(others: list, rounds: int) -> str:
    """Every page frame: memwho sorts and adds up, the others print flags."""
    text = "## 8. Every page frame: `census`\n\n"
    for label, dump in (("64 GB, kdump-zlib", dumps.lab("big", "vmcore.kdump-zlib")), ("8 GB, ELF", dumps.lab("elf8"))):
        if not dump:
            text += f"{label}: not measured, `lab/lab run 6.1 {'big' if '64' in label else 'elf8'}` makes the dump.\n\n"
            continue
        asked = {"memwho": memwho("census", dump), "memwho -j1": memwho("census", "-j1", dump)}
        samples = measure.in_turns(asked, max(rounds, 5))
        vmlinux = str(rivals.vmlinux()) if others else ""
        rivals_asked = {}
        for program in [o for o in others if o in rivals.of_sid()]:  # the newest of each: it takes minutes
            if program.kind == "crash":
                rivals_asked[program.name] = Command([*program.command, "-s", vmlinux, str(dump)], stdin="kmem -p\n")
            else:
                copy = dumps.named_copy(dump) if "kdump" in dump.name else dump
                rivals_asked[program.name] = Command([*program.command, str(rivals.DRGN_JOB), "pages", vmlinux, str(copy)],
                                                     env=program.env)
        samples |= {name: measure.run_once(command) for name, command in rivals_asked.items()}
        rows = [row(label, name, sample, samples["memwho"]) for name, sample in samples.items()]
        text += paper.table(HEADER, rows) + "\n" + census_limit(dump, rounds) + "\n"
    return text + "    memwho census [-j1] DUMP; crash: kmem -p; drgn: bench/drgn_job.py pages (once each)\n"


ALL = {"big": big, "first": first_byte, "containers": containers, "open": opening, "rates": rates,
       "bytes": same_bytes, "census": census}
