# SPDX-License-Identifier: GPL-2.0-or-later
"""memwho log: texts of our own boots, whole and damaged, packed, piped, as journals; command lines right and wrong."""

import gzip
import json
import lzma
import os
import re
import shutil
import subprocess
from pathlib import Path

from .runner import FINDING, INPUT, PARTIAL, REPORT, TOP, USAGE, has, problems, run

LOGS = TOP / "test" / "oomlog" / "logs"
RSS_BYTES = 32 << 20
JOURNAL_REMOTE = ("/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote")


def log(number) -> Path:
    return next(LOGS.glob(f"{number}-*.log"))


def events(result) -> list:
    return (result.json() or {}).get("oom_events", [])


def victims(result) -> list:
    return [(v.get("comm"), v.get("pid")) for e in events(result) for v in e["victims"]]


# --- what is told of our own boots -----------------------------------------------------------------------

# number of the log: kind, why it failed, who was to blame for the choice, a suspect's kind
TOLD = {
    "900": ("global", "really-empty", "highest-score", "process"),
    "901": ("memcg", "cgroup-limit", "highest-score", "cgroup"),
    "905": ("global", "really-empty", "allocating-task", "process"),
    "906": ("global", "really-empty", "highest-score", "hugetlb"),
    "909": ("global", "really-empty", "highest-score", "slab"),
    "915": ("mempolicy", "mempolicy", "highest-score", "process"),
    "916": ("sysrq", "sysrq", "highest-score", None),
    "918": ("global", "really-empty", "highest-score", "shmem"),
    "921": ("global", "really-empty", "highest-score", "process"),
    "923": ("memcg", "cgroup-limit", "group", "cgroup"),
    "924": ("no-killable", "really-empty", "nobody", "process"),
    "927": ("global", "really-empty", "highest-score", "process"),
    "930": ("panic", "really-empty", "panic", "process"),
}


def told(tally, dumps, scratch) -> None:
    for number, (kind, failed, why, suspect) in TOLD.items():
        name = f"log {number}: kind, reason, choice"
        if not tally.wants(name):
            continue
        result = run("log", log(number), "--json")
        found = problems(result, [REPORT])
        event = (events(result) or [{}])[0]
        for key, wanted in (("kind", kind), ("failed_key", failed), ("why_key", why)):
            if event.get(key) != wanted:
                found.append(f"{key} is {event.get(key)}, not {wanted}")
        kinds = [s["kind"] for s in (result.json() or {}).get("suspects", [])]
        if suspect and suspect not in kinds:
            found.append(f"no suspect is {suspect}: {kinds}")
        tally.note(name, found)


def books(tally, dumps, scratch) -> None:
    """The classes and the remainder are the managed pages; the remainder of these small guests is known to be small."""
    for path in sorted(LOGS.glob("*.log")):
        name = f"books of {path.name}"
        if not tally.wants(name):
            continue
        result = run("log", path, "--json")
        found = problems(result, [REPORT])
        expected = json.loads(path.with_suffix(".expect.json").read_text())
        if len(events(result)) != expected["n_events"]:
            found.append(f"{len(events(result))} events, not {expected['n_events']}")
        for event in events(result):
            rest = event["unaccounted_pages"]
            if rest is None:
                if not event.get("unaccounted_pages_why"):
                    found.append("no reason why the remainder is not known")
                continue
            account = event["accounted"]
            if sum(c["pages"] for c in account["classes"]) + rest != account["managed_pages"]:
                found.append("the books do not add up")
            if not 0 <= rest <= account["managed_pages"] // 16:
                found.append(f"a remainder of {rest} pages")
        tally.note(name, found)


def signatures(tally, dumps, scratch) -> None:
    """One event in every rendering: one signature, and no number of a process in it."""
    name = "log --summary: one signature for all renderings"
    if not tally.wants(name):
        return
    paths = sorted(LOGS.glob("9[4-6]*.log"))
    found, summary = [], []
    for path in paths:
        result = run("log", "--summary", path)
        found += problems(result, [REPORT])
        summary += result.text.splitlines()
    stable = {line.split(" | ")[0] for line in summary}
    if len(summary) != len(paths) or len(stable) != 1:
        found.append(f"{len(summary)} lines for {len(paths)} files, {len(stable)} signatures")
    pid = victims(run("log", paths[0], "--json"))[0][1]
    if any(re.search(rf"\b{pid}\b", line.split(" ", 2)[2]) for line in stable):
        found.append("a pid is in the signature")
    tally.note(name, found)


# --- where it comes from ---------------------------------------------------------------------------------

def packed(tally, dumps, scratch) -> None:
    plain = log("918")
    wanted = victims(run("log", plain, "--json"))
    data = plain.read_bytes()
    files = {"log.gz": gzip.compress(data), "log.xz": lzma.compress(data), "utf16.log": data.decode("latin1").encode("utf-16")}
    files["two.gz"] = gzip.compress(data[:20000]) + gzip.compress(data[20000:])
    for file, content in files.items():
        (scratch / file).write_bytes(content)
    if has("zstd"):
        subprocess.run(["zstd", "-q", plain, "-o", scratch / "log.zst"], check=True)
        files["log.zst"] = b""
    for file in files:
        name = f"log from {file}"
        if tally.wants(name):
            result = run("log", scratch / file, "--json")
            tally.note(name, problems(result, [REPORT]) + ([] if victims(result) == wanted else ["other victims"]))
    for name, stdin in (("log from a pipe", plain), ("log from an open file", open(plain, "rb"))):
        if tally.wants(name):
            result = run("log", "--json", stdin=stdin)
            tally.note(name, problems(result, [REPORT]) + ([] if victims(result) == wanted else ["other victims"]))
    for name, cut in (("log from a gzip that is cut", 0.7), ("log from a gzip that is cut early", 0.0001)):
        if tally.wants(name):
            (scratch / "cut.gz").write_bytes(files["log.gz"][:int(len(files["log.gz"]) * cut) + 12])
            result = run("log", scratch / "cut.gz")
            tally.note(name, problems(result, [PARTIAL, INPUT]) + ([] if "cut.gz" in result.message else ["it does not say which"]))


def several(tally, dumps, scratch) -> None:
    first, second = log("900"), log("909")
    name = "log of two files"
    if tally.wants(name):
        result = run("log", first, second, "--json")
        files = [event.get("file") for event in events(result)]
        tally.note(name, problems(result, [REPORT]) + ([] if files == [str(first)] + 3 * [str(second)] else [f"files {files}"]))
    name = "log of two files, one not there"
    if tally.wants(name):
        result = run("log", first, scratch / "nosuch", "--json")
        found = problems(result, [PARTIAL])
        if len(events(result)) != 1 or not (result.json() or {}).get("unreadable"):
            found.append("the event or the reason is missing")
        tally.note(name, found)


def export_of(text, boot, start) -> bytes:
    """The kernel's lines as an export of a journal: name=value, or name, length and bytes."""
    out = bytearray()
    for i, line in enumerate(text.splitlines()):
        match = re.match(r"\[ *(\d+)\.(\d+)\] (.*)", line)
        uptime = int(match[1]) * 1000000 + int(match[2]) if match else i
        message = (match[3] if match else line).encode("utf-8", "replace")
        out += f"__REALTIME_TIMESTAMP={start + uptime}\n__MONOTONIC_TIMESTAMP={uptime}\n_BOOT_ID={boot}\n".encode()
        out += f"_TRANSPORT=kernel\nPRIORITY=6\nSYSLOG_IDENTIFIER=kernel\n_SOURCE_MONOTONIC_TIMESTAMP={uptime}\n".encode()
        out += b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"
    return bytes(out)


def journals(tally, dumps, scratch) -> None:
    name = "log from a journal"
    if not tally.wants(name):
        return
    remote = next((p for p in JOURNAL_REMOTE if os.access(p, os.X_OK)), None)
    libraries = {row["name"]: row["compiled_in"] for row in (run("version", "--json").json() or {}).get("libraries", [])}
    if not remote or not libraries.get("libsystemd"):
        tally.skip(name, "systemd-journal-remote is not installed" if not remote else "built without libsystemd")
        return
    wanted = victims(run("log", log("909"), "--json"))
    boots = ("11111111111111111111111111111111", "22222222222222222222222222222222")
    export = export_of("[    1.000000] nothing", boots[0], 1790000000000000) + \
        export_of(log("909").read_text(errors="replace"), boots[1], 1790100000000000)
    folder = scratch / "journal"
    folder.mkdir()
    made = subprocess.run([remote, "--output", folder / "test.journal", "-"], input=export, capture_output=True, check=False)
    if made.returncode:
        tally.skip(name, f"systemd-journal-remote: {made.stderr.decode(errors='replace').strip()[:100]}")
        return
    cases = (("a journal file", ["log", folder / "test.journal"], wanted), ("a journal file by option", ["log", f"--journal={folder / 'test.journal'}"], wanted),
             ("a folder of journals", ["log", f"--journal={folder}"], wanted), ("a folder after --journal", ["log", "--journal", folder], wanted), ("the newest boot", ["log", folder, "--boot", "0"], wanted),
             ("the boot before", ["log", folder, "--boot", "-1"], []), ("a boot by its id", ["log", folder, "--boot", boots[1]], wanted),
             ("since the far future", ["log", folder, "--since", "2099-01-01"], []))
    for what, args, expected in cases:
        result = run(*args, "--json")
        found = problems(result, [REPORT])
        if victims(result) != expected:
            found.append(f"victims {victims(result)}, not {expected}")
        tally.note(f"log from {what}", found)
    result = run("log", folder, "--boot", "-7")
    tally.note("log from a boot that is not there", problems(result, [INPUT]))


# --- what goes wrong -------------------------------------------------------------------------------------

# name, arguments, status, what the message (or, for {out}, the output) must say
LINES = (
    ("a log that is not there", "log /nonexistent", INPUT, "/nonexistent"),
    ("a folder without journals", "log /usr/include", INPUT, "without journals"),
    ("a dump as a log", "log {small}", INPUT, "memwho DUMP"),
    ("a log as a dump", "{log}", INPUT, "memwho log"),
    ("what-if without sense", "log {log} --what-if nonsense", USAGE, "what-if"),
    ("what-if beyond the scale", "log {log} --what-if tail:adj=5000", USAGE, "-1000 to 1000"),
    ("since without sense", "log {log} --since yesterday", USAGE, "since"),
    ("a confidence of no kind", "log {log} --fail-on sure", USAGE, "sure"),
    ("a journal and a file", "log {log} --journal=/nonexistent", USAGE, "no other files"),
    ("an output that is the log", "log {log} -o {log}", USAGE, "not be written over"),
)


def lines(tally, dumps, scratch) -> None:
    copy = scratch / "copy.log"
    shutil.copy(log("900"), copy)
    for name, line, status, says in LINES:
        if not tally.wants(name):
            continue
        if "{small}" in line and "small" not in dumps:
            tally.skip(name, "no dump")
            continue
        result = run(*[word.format(log=copy, **dumps) for word in line.split()])
        found = problems(result, [status])
        if not re.search(says, result.message):
            found.append(f"the message lacks {says!r}: {result.message.strip()[:200]}")
        tally.note(name, found)


def odd(tally, dumps, scratch) -> None:
    contents = {"an empty log": b"", "a log of zeros": bytes(3 << 20), "a log of noise": os.urandom(3 << 20),
                "a log of one line": b"oom-killer " * 400000, "a log of newlines": b"\n" * (3 << 20),
                "a log with escapes": b"\033[2J\033]0;x\007 tail invoked oom-killer: gfp_mask=0x0, order=0\n" * 5}
    for name, content in contents.items():
        if tally.wants(name):
            (scratch / "odd").write_bytes(content)
            tally.note(name, problems(run("log", scratch / "odd"), [REPORT]) + problems(run("log", scratch / "odd", "--json"), [REPORT]))
    name = "a log without OOM"
    if tally.wants(name):
        (scratch / "calm").write_text("Nov 21 10:00:00 host sshd[1]: session opened\n" * 100)
        result = run("log", scratch / "calm")
        tally.note(name, problems(result, [REPORT]) + ([] if "no out-of-memory event" in result.text else ["it does not say so"]))


def options(tally, dumps, scratch) -> None:
    path = log("913")
    for name, args, status, says in (
            ("log --what-if", ["--what-if", "tail:adj=-1000"], REPORT, "sleep"),
            ("log --event", ["--event", "1"], REPORT, "OOM 1"),
            ("log --fail-on possible", ["--fail-on", "possible"], FINDING, "tail"),
            ("log --fail-on certain", ["--fail-on", "certain"], REPORT, "tail")):
        if not tally.wants(name):
            continue
        result = run("log", path, *args)
        found = [] if status == FINDING and result.status == FINDING else problems(result, [status])
        if says not in result.text:
            found.append(f"no {says!r} in the output")
        tally.note(name, found)


def large(tally, dumps, scratch) -> None:
    """Many different events in much text: in bounded memory, and each once."""
    name = "a log of 300 MB"
    if not tally.wants(name):
        return
    noise = b"".join(b"Nov 21 %02d:%02d:%02d web%d sshd[%d]: session opened for user u%d by (uid=0)\n" %
                     (i // 3600 % 24, i // 60 % 60, i % 60, i % 7, i, i) for i in range(40000))
    report = re.sub(rb"\r\n", b"\n", log("913").read_bytes())
    start = report.rfind(b"\n", 0, report.index(b"invoked oom-killer")) + 1
    report = report[start:report.index(b"\n", report.index(b"Killed process")) + 1]
    with open(scratch / "large.log", "wb") as file:
        for i in range(100):
            file.write(noise)
            file.write(report.replace(b"143", b"%d" % (1000 + i)).replace(b"[    4.", b"[%5d." % (100 + i)))
    result = run("log", scratch / "large.log", "--json")
    found = problems(result, [REPORT])
    if len(events(result)) != 100:
        found.append(f"{len(events(result))} events, not 100")
    peak = (result.json() or {}).get("cost", {}).get("peak_rss_bytes", 0)  # not wait4's, which begins with this program's
    if peak > RSS_BYTES and not os.environ.get("MEMWHO_ASAN"):
        found.append(f"{peak >> 20} MB resident")
    (scratch / "large.log").unlink()
    tally.note(name, found)


GROUPS = (told, books, signatures, packed, several, journals, lines, odd, options, large)
