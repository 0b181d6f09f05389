# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user types: command lines right and wrong, help, columns, output that goes nowhere."""

import filecmp
import json
import os
import pty
import re
import select
import shutil
import subprocess

from .runner import FAULT, INPUT, REPORT, TOP, USAGE, has, memwho, problems, run

# name, arguments ({small}: a dump), status, what the message must say (a regular expression)
LINES = (
    ("nothing at all", "", USAGE, "DUMP"),
    ("an unknown option", "--nosuch {small}", USAGE, "unknown option --nosuch"),
    ("an unknown letter", "-Z {small}", USAGE, "-Z"),
    ("an unknown command", "pss {small}", USAGE, 'did you mean "ps"'),
    ("a command without a dump", "ps", USAGE, "usage: memwho ps"),
    ("an unknown column to show", "ps {small} --columns nosuch", USAGE, "no column.*nosuch(.|\n)*pid"),
    ("an unknown column to sort by", "ps {small} --sort nosuch", USAGE, "no column"),
    ("an unknown column to filter by", "ps {small} --filter nosuch=1", USAGE, "no column"),
    ("a column misspelt", "ps {small} --sort rss_pagse", USAGE, 'did you mean "rss_pages"'),
    ("a filter without a value", "ps {small} --filter pid>", USAGE, "--filter"),
    ("a filter without an operator", "ps {small} --filter pid", USAGE, "--filter"),
    ("a filter's size that is no number", "slabs {small} --filter bytes>10Q", USAGE, "10Q"),
    ("a view of no kind", "census {small} --by nosuch", USAGE, '"nosuch" is none of class(.|\n)*cgroup'),
    ("two views at once", "census {small} --by file,task", USAGE, "file,task"),
    ("a view without its name", "census {small} --by", USAGE, "--by wants a value"),
    ("a class's column in another view", "census {small} --by cgroup --sort key", USAGE, 'no column "key"(.|\n)*held_by'),
    ("a view's column without the view", "census {small} --columns path", USAGE, 'no column "path"(.|\n)*difference_pages'),
    ("another view's column to show", "census {small} --by file --columns pid", USAGE, 'no column "pid"(.|\n)*fstype'),
    ("another view's column to filter by", "census {small} --by task --filter class=slab", USAGE, 'no column "class"(.|\n)*pss_pages'),
    ("a column before its view", "census {small} --columns path --by node", USAGE, 'no column "path"(.|\n)*share'),
    ("a view's column misspelt", "census {small} --by file --sort mapped_pagse", USAGE, 'did you mean "mapped_pages"'),
    ("a view's size that is no number", "census {small} --by mount --filter bytes>10Q", USAGE, "10Q"),
    ("threads that are no number", "census {small} --threads many", USAGE, "many"),
    ("a limit that is no number", "ps {small} --limit abc", USAGE, "abc"),
    ("a negative limit", "ps {small} --limit -1", USAGE, "-1"),
    ("a limit beyond sense", "ps {small} --limit 99999999999999999999999", USAGE, "99999"),
    ("an option without its value", "ps {small} --sort", USAGE, "--sort"),
    ("a value for a flag", "ps {small} --verbose=yes", USAGE, "verbose"),
    ("colours of no kind", "ps {small} --color=pink", USAGE, "pink"),
    ("help on no command", "help nosuch", USAGE, "nosuch"),
    ("options after --", "ps -- --json", INPUT, "--json"),
    ("a whole dump twice", "{small} {small}", INPUT, "whole dump"),
    ("an output folder that is not there", "ps {small} -o /nonexistent/x", FAULT, "/nonexistent/x"),
    ("a JSON folder that is not there", "{small} --json=/nonexistent/x", FAULT, "/nonexistent/x"),
    ("a full disk for JSON", "{small} --json=/dev/full", FAULT, "No space"),
    ("a full disk for text", "ps {small} -o /dev/full", FAULT, "No space"),
    ("another kernel's vmlinux", "{small} --vmlinux {program}", INPUT, "another build|build-id"),
    ("a vmlinux that is text", "{small} --vmlinux {text}", INPUT, "--vmlinux"),
    ("a vmlinux that is not there", "{small} --vmlinux /nonexistent", INPUT, "/nonexistent"),
    ("a map that is text", "{small} --map {text}", INPUT, "--map"),
    ("a map that is not there", "{small} --map /nonexistent", INPUT, "/nonexistent"),
    ("a map that is a program", "{small} --map {program}", INPUT, "--map"),
)


def arguments(line, names) -> list | None:
    """The words of a line with {names} put in; None when a name is missing."""
    try:
        return [word.format(**names) for word in line.split()]
    except KeyError:
        return None


def lines(tally, dumps, scratch) -> None:
    text = scratch / "notes.txt"
    text.write_text("these are notes\n" * 50)
    names = {**dumps, "program": memwho(), "text": text}
    for name, line, status, says in LINES:
        if not tally.wants(name):
            continue
        args = arguments(line, names)
        if args is None:
            tally.skip(name, "no dump")
            continue
        result = run(*args)
        found = problems(result, [status])
        if not re.search(says, result.message):
            found.append(f"the message lacks {says!r}: {result.message.strip()[:200]}")
        tally.note(name, found)


# --- help ------------------------------------------------------------------------------------------------

def commands() -> list:
    """From the program's own help."""
    text = run("help").text
    part = text.split("Commands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\w+) ", part, re.M)


HELP_WIDTH = 100


def help_texts(tally, dumps, scratch) -> None:
    for command in commands():
        for args in ((command, "--help"), ("help", command)):
            name = "memwho " + " ".join(args)
            if not tally.wants(name):
                continue
            result = run(*args)
            found = problems(result, [REPORT])
            wide = [line for line in result.text.splitlines() if len(line) > HELP_WIDTH]
            if wide:
                found.append(f"a line of {len(wide[0])} columns")
            if f"usage: memwho {command}" not in result.text and args != ("help", "--help"):
                found.append("no usage line")
            tally.note(name, found)
    for args in (("--help",), ("-h",), ("help",), ("--version",), ("version",)):
        if tally.wants("memwho " + args[0]):
            tally.note("memwho " + args[0], problems(run(*args), [REPORT]))


def manual(tally, dumps, scratch) -> None:
    """groff says nothing about the page, and every command is in it."""
    name = "the manual page"
    if not tally.wants(name):
        return
    result = run("help", "--man")
    found = problems(result, [REPORT])
    found += [f"{command} is not in it" for command in commands() if command.encode() not in result.out]
    if has("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=result.out, capture_output=True, check=False)
        if done.returncode or done.stderr:
            found.append(f"groff: {done.stderr.decode(errors='replace')[:200]}")
    tally.note(name, found)


SHELLS = (("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"))


def completions(tally, dumps, scratch) -> None:
    for shell, program in SHELLS:
        name = f"completions of {shell}"
        if not tally.wants(name):
            continue
        result = run("help", "--completion", shell)
        found = problems(result, [REPORT])
        found += [f"{command} is not in them" for command in commands() if command not in result.text]
        if has(program) and not found:
            script = scratch / f"completion.{shell}"
            script.write_bytes(result.out)
            done = subprocess.run([program, "-n", script], capture_output=True, text=True, check=False)
            if done.returncode:
                found.append(f"{shell} -n: {done.stderr[:200]}")
            elif shell == "bash":
                found += complete_in_bash(script)
        tally.note(name, found)


def complete_in_bash(script) -> list:
    """Does pressing Tab after "memwho sl" give slabs?"""
    test = f"""source {script}
        COMP_WORDS=(memwho sl) COMP_CWORD=1 COMP_LINE="memwho sl" COMP_POINT=9
        f=$(complete -p memwho | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $f memwho sl memwho; echo "${{COMPREPLY[*]}}" """
    done = subprocess.run(["bash", "-c", test], capture_output=True, text=True, check=False)
    return [] if "slabs" in done.stdout else [f"Tab after \"sl\" gives {done.stdout.strip()!r} {done.stderr.strip()[:200]}"]


# --- output ------------------------------------------------------------------------------------------------

# Commands on a dump, with what more they need.
ON_DUMP = (("report",), ("ps",), ("ps", "--all-threads"), ("slabs",), ("modules",), ("zones",), ("mounts",), ("dmesg",),
           ("layout",), ("symbols", "--limit", "500"), ("struct", "--type", "task_struct"), ("report", "--verbose"), ("ps", "--verbose", "--bytes"),
           ("census",), ("census", "--by", "task"), ("census", "--by", "cgroup", "--verbose"), ("census", "--threads", "1"), ("slabs", "--no-header"))


# Views of the census, with two of the columns that each must have.
VIEWS = (("class", "key", "difference_pages"), ("node", "node", "share"), ("zone", "zone", "share"), ("order", "block_bytes", "blocks"),
         ("owner", "class", "what"), ("unknown", "migrate_type", "runs"), ("cgroup", "held_by", "usage_bytes"),
         ("task", "pss_pages", "stack_bytes"), ("file", "deleted", "inode"), ("mount", "files", "device"))


def census_views(tally, dumps, scratch) -> None:
    """Each view by its columns: told without a dump, shown when named, sorted by one of them."""
    for view, *columns in VIEWS:
        name = f"census --by {view} --columns help"
        if tally.wants(name):
            result = run("census", "--by", view, "--columns", "help")
            listed = [line.split()[0] for line in result.text.splitlines()[1:] if line]
            tally.note(name, problems(result, [REPORT]) + [f"no column {c}" for c in columns if c not in listed])
        name = f"census --by {view} with columns, sorted"
        if not tally.wants(name):
            continue
        if "small" not in dumps:
            tally.skip(name, "no dump")
            continue
        result = run("census", dumps["small"], "--by", view, "--columns", ",".join(columns), "--sort", f"-{columns[0]}")
        found = problems(result, [REPORT])
        if result.text and len(result.text.splitlines()) < 2:
            found.append("no rows")
        tally.note(name, found)
    name = "census --columns help is that of classes"
    if tally.wants(name):
        same = run("census", "--columns", "help").out == run("census", "--by", "class", "--columns", "help").out
        tally.note(name, [] if same else ["it is not"])


def census_adds_up(tally, dumps, scratch) -> None:
    """The views are sides of the same pages: classes, zones, nodes and orders have equal sums."""
    for what in ("small", "elf", "arm64"):
        name = f"the views of the census add up, {what} dump"
        if not tally.wants(name):
            continue
        if what not in dumps:
            tally.skip(name, "no dump")
            continue
        views = {view: run("census", dumps[what], "--by", view, "--json").json() or {} for view in ("class", "zone", "node", "order")}
        census = views["class"].get("census", {})
        pages = {c["key"]: c["pages"] for c in census.get("classes", ())}
        found = [] if sum(pages.values()) == census.get("spanned_pages") else ["the classes are not what is spanned"]
        for view, rows in (("zone", "census_zones"), ("node", "census_nodes")):
            sums = dict.fromkeys(pages, 0)
            for row in views[view].get(rows, ()):
                sums[row["class"]] += row["pages"]
            found += [f"{view}: {key} is {sums[key]}, not {pages[key]}" for key in pages if sums[key] != pages[key]]
        free = sum(r["pages"] for r in views["order"].get("census_orders", ()) if r["class"] == "free_buddy")
        if free != pages.get("free_buddy"):
            found.append(f"order: free_buddy is {free}")
        tally.note(name, found)


def json_of_commands(tally, dumps, scratch) -> None:
    for what in ("sample", "small", "elf", "whole", "arm64"):
        for words in ON_DUMP:
            name = f"{' '.join(words)} --json, {what} dump"
            if not tally.wants(name):
                continue
            if what not in dumps:
                tally.skip(name, "no dump")
                continue
            result = run(*words, dumps[what], "--json")
            found = problems(result, [REPORT])
            document = result.json() or {}
            if document.get("schema") != f"memwho.{words[0]}/1":
                found.append(f"schema {document.get('schema')!r}")
            tally.note(name, found)


def schema(tally, dumps, scratch) -> None:
    """Every document against doc/report.schema.json."""
    name, checker = "JSON against the schema", TOP / "test" / "check-schema"
    if not tally.wants(name):
        return
    if not checker.exists() or not dumps:
        tally.skip(name, "no schema, or no dump")
        return
    files = [dumps[what] for what in ("small", "elf", "arm64") if what in dumps]
    done = subprocess.run([checker, "--memwho", memwho(), *files], capture_output=True, text=True, check=False)
    if "not installed" in done.stderr:
        tally.skip(name, done.stderr.strip())
        return
    tally.note(name, [] if done.returncode == 0 else [(done.stdout + done.stderr).strip()[-400:]])


def files_written(tally, dumps, scratch) -> None:
    """-o, --json FILE: the same bytes as on standard output; a dump is never written over."""
    if "small" not in dumps:
        return
    dump = dumps["small"]
    plain = run("ps", dump)
    cases = (
        ("-o writes what standard output would get", ("ps", dump, "-o", scratch / "o.txt"), scratch / "o.txt", plain.out, b""),
        ("--json=FILE besides the text", ("ps", dump, f"--json={scratch / 'o.json'}"), scratch / "o.json",
         run("ps", dump, "--json").out, plain.out),
    )
    for name, args, path, content, out in cases:
        if tally.wants(name):
            result = run(*args)
            found = problems(result, [REPORT])
            if path.read_bytes() != content:
                found.append("the file differs")
            if result.out != out:
                found.append("standard output differs")
            tally.note(name, found)
    name = "--json DUMP does not write over the dump"
    if tally.wants(name):
        copy = scratch / "precious"
        shutil.copyfile(dump, copy)
        result = run("ps", "--json", copy)
        same = filecmp.cmp(copy, dump, shallow=False)
        tally.note(name, problems(result, [REPORT, USAGE]) + ([] if same else ["the dump was overwritten"]))
        copy.unlink()


def in_terminal(*args, env=None) -> bytes:
    """What a terminal gets to see."""
    master, slave = pty.openpty()
    process = subprocess.Popen([memwho(), *map(str, args)], stdin=slave, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm-256color", **(env or {})})
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 20)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        seen += data
    process.wait()
    os.close(master)
    return seen


def colours(tally, dumps, scratch) -> None:
    if "small" not in dumps:
        return
    dump = dumps["small"]
    cases = (
        ("colours on a terminal", lambda: b"\x1b[" in in_terminal(dump, "-q")),
        ("no colours on a terminal with NO_COLOR", lambda: b"\x1b" not in in_terminal(dump, "-q", env={"NO_COLOR": "1"})),
        ("no colours with --color=never", lambda: b"\x1b" not in in_terminal(dump, "-q", "--color=never")),
        ("no colours on a dumb terminal", lambda: b"\x1b" not in in_terminal(dump, "-q", env={"TERM": "dumb"})),
        ("no colours in a pipe", lambda: b"\x1b" not in run(dump).out + run(dump).err),
        ("colours in a pipe with --color=always", lambda: b"\x1b[" in run(dump, "--color=always").out),
        ("no progress line in a pipe", lambda: b"\r" not in run(dump).err),
    )
    for name, holds in cases:
        if tally.wants(name):
            tally.note(name, [] if holds() else ["it is not so"])


def no_reader(tally, dumps, scratch) -> None:
    """Output that nobody takes."""
    if "small" not in dumps:
        return
    dump = dumps["small"]
    if tally.wants("standard output is full"):
        with open("/dev/full", "wb") as full:
            tally.note("standard output is full", problems(run(dump, stdout=full), [FAULT]))
    if tally.wants("standard output is closed"):
        closed = subprocess.run(["sh", "-c", '"$@" >&-', "sh", memwho(), dump], capture_output=True, check=False)
        tally.note("standard output is closed", [] if closed.returncode == FAULT else [f"status {closed.returncode}"])
    if tally.wants("the reader of a pipe goes away"):
        piped = subprocess.run(["bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "sh", memwho(), "dmesg", dump],
                               capture_output=True, check=False)
        fine = piped.returncode in (REPORT, 141) and piped.stdout.count(b"\n") == 1
        tally.note("the reader of a pipe goes away",
                   [] if fine else [f"status {piped.returncode}, {piped.stderr.decode(errors='replace')[:200]}"])


def same_every_time(tally, dumps, scratch) -> None:
    """On one CPU, on all, and again: the same document but for the cost."""
    one_cpu = ("taskset", "-c", str(min(os.sched_getaffinity(0)))) if has("taskset") else ()
    for what in ("small", "whole", "elf"):
        name = f"the same report on one CPU and on all, {what} dump"
        if not tally.wants(name):
            continue
        if what not in dumps:
            tally.skip(name, "no dump")
            continue
        documents = [run(dumps[what], "--json", prefix=prefix).json() for prefix in (one_cpu, (), ())]
        for document in documents:
            (document or {}).pop("cost", None)
            ((document or {}).get("census", {}).get("pass") or {}).pop("threads", None)
        same = documents[0] and all(json.dumps(d) == json.dumps(documents[0]) for d in documents)
        tally.note(name, [] if same else ["the documents differ"])


GROUPS = (lines, help_texts, manual, completions, json_of_commands, census_views, census_adds_up, schema, files_written, colours, no_reader, same_every_time)
