# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user may take for a dump, and dumps that come through pipes and compressors."""

import os
import re
import socket
import struct
import subprocess

from .runner import INPUT, PARTIAL, REPORT, has, memwho, problems, run


# --- no dumps --------------------------------------------------------------------------------------------

def kernel_log() -> bytes:
    return b"".join(b"[%5d.000000] usb 1-1: new high-speed USB device number %d\n" % (n, n) for n in range(500))


def core_of_program() -> bytes:
    """An ELF core of a process: 64-bit, one segment at an address of programs, no note of a kernel."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 6, 120, 0x400000, 0, 4096, 4096, 4096)
    return header + segment + bytes(4096)


def elf_of_32_bits() -> bytes:
    return b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 4, 3, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0) + bytes(4096)


# name, bytes of the file, what the message must say
NOT_DUMPS = (
    ("an empty file", b"", "empty"),
    ("one byte", b"\x7f", ""),
    ("a text", b"hello\n" * 100, "text"),
    ("a kernel log", kernel_log(), "text|log"),
    ("zeroes", bytes(1 << 16), ""),
    ("noise", bytes((n * 7919 + n // 256 * 31) & 255 for n in range(1 << 16)), "not a dump"),
    ("an ELF header alone", b"\x7fELF\x02\x01\x01" + bytes(9), ""),
    ("a core of a program", core_of_program(), ""),
    ("a 32-bit ELF core", elf_of_32_bits(), "32|64"),
    ("kdump's signature alone", b"KDUMP   ", ""),
    ("diskdump's signature alone", b"DISKDUMP" + bytes(100), ""),
    ("makedumpfile's signature alone", b"makedumpfile\0\0\0\0", ""),
    ("LKCD", b"\xed\xed\x23\x8f\x61\x73\x01\xa8" + bytes(4096), ""),
    ("a gzip header alone", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", ""),
    ("an xz header alone", b"\xfd7zXZ\0\0\x04", ""),
    ("a zstd header alone", b"\x28\xb5\x2f\xfd\x04\x00", ""),
)


def not_dumps(tally, dumps, scratch) -> None:
    for name, content, says in NOT_DUMPS:
        if not tally.wants(name):
            continue
        path = scratch / "input"
        path.write_bytes(content)
        for result in (run(path), run("ps", path, "--json")):
            found = problems(result, [INPUT])
            if not re.search(says, result.message):
                found.append(f"the message lacks {says!r}: {result.message.strip()[:200]}")
            if result.message and str(path) not in result.message and "the dump" not in result.message:
                found.append("the message does not name the file")
            if found:
                break
        tally.note(name, found)
    special(tally, scratch)


def special(tally, scratch) -> None:
    """Things that are no regular files, or are not for us."""
    loop = scratch / "loop"
    loop.symlink_to(loop)
    cases = (("a directory", scratch), ("a missing file", scratch / "none"), ("a device", "/dev/null"),
             ("an endless device", "/dev/zero"), ("a loop of links", loop), ("a name with a newline", scratch / "a\nb"),
             ("a name with an escape", scratch / "a\x1b[31mb"), ("a name too long", scratch / ("x" * 300)), ("no name", ""))
    for name, path in cases:
        if tally.wants(name):
            tally.note(name, problems(run("report", path), [INPUT, 2] if name == "no name" else [INPUT]))
    no_permission(tally, scratch)
    socket_file(tally, scratch)


def no_permission(tally, scratch) -> None:
    name = "a file without permission"
    if not tally.wants(name):
        return
    path = scratch / "secret"
    path.write_bytes(b"KDUMP   " + bytes(4096))
    path.chmod(0)
    prefix = ()
    if os.geteuid() == 0:
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        if not has("setpriv") or subprocess.run([*prefix, memwho(), "--version"], capture_output=True, check=False).returncode:
            tally.skip(name, "running as root, and the program can't be run as another user")
            return
    result = run(path, prefix=prefix)
    tally.note(name, problems(result, [INPUT]) + ([] if "ermission" in result.message else ["the message tells not why"]))


def socket_file(tally, scratch) -> None:
    name = "a socket"
    if not tally.wants(name):
        return
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(scratch / "socket"))
        tally.note(name, problems(run(scratch / "socket"), [INPUT]))


# --- real dumps on other ways ------------------------------------------------------------------------------

def without_run(document) -> dict:
    """What is of the dump's content only."""
    return {key: value for key, value in (document or {}).items() if key not in ("cost", "source")}


def expect_same(tally, name, result, reference) -> None:
    found = problems(result, [REPORT])
    if not found and without_run(result.json()) != without_run(reference):
        found.append("the report differs from that of the file")
    tally.note(name, found)


COMPRESSORS = (("gzip", ("gzip", "-1c")), ("xz", ("xz", "-0c")), ("zstd", ("zstd", "-1qc")), ("bzip2", ("bzip2", "-1c")))


def compressed_files(tally, dumps, scratch) -> None:
    """A dump that was compressed as a whole, as a file and through a pipe; and cut off."""
    if "small" not in dumps:
        return
    reference = run(dumps["small"], "--json").json()
    for kind, command in COMPRESSORS:
        if not tally.wants(f"a dump compressed with {kind}") or not has(command[0]):
            continue
        packed = scratch / "packed"
        with packed.open("wb") as out:
            subprocess.run([*command, dumps["small"]], stdout=out, check=True)
        result = run(packed, "--json")
        if kind == "bzip2" or (result.status == INPUT and "built" in result.message):
            tally.note(f"a dump compressed with {kind}: says it can't", problems(result, [INPUT]) +
                       ([] if kind in result.message else [f"the message does not name {kind}: {result.message[:200]}"]))
            continue
        expect_same(tally, f"a dump compressed with {kind}", result, reference)
        with packed.open("rb") as stdin:
            expect_same(tally, f"{kind} on standard input", run("-", "--json", stdin=stdin), reference)
        expect_same(tally, f"{kind} through a pipe", run("-", "--json", stdin=packed), reference)
        os.truncate(packed, packed.stat().st_size * 2 // 3)
        tally.note(f"a dump compressed with {kind}, cut off", problems(run(packed, "--json"), [INPUT, PARTIAL]))
        packed.unlink()


def pipes(tally, dumps, scratch) -> None:
    for what in ("small", "flat", "elf", "lzo"):
        name = f"a dump through a pipe, {what}"
        if not tally.wants(name):
            continue
        if what not in dumps:
            tally.skip(name, "no dump")
            continue
        reference = run(dumps[what], "--json").json()
        expect_same(tally, name, run("-", "--json", stdin=dumps[what]), reference)
        with dumps[what].open("rb") as stdin:
            expect_same(tally, f"a dump on standard input, {what}", run("-", "--json", stdin=stdin), reference)
    for name, data in (("nothing through a pipe", b""), ("a text through a pipe", b"hello\n" * 100), ("a byte through a pipe", b"K")):
        if tally.wants(name):
            tally.note(name, problems(run("-", stdin=data), [INPUT]))
    if tally.wants("no room for what a pipe brings") and "flat" in dumps:
        # The program has to keep a pipe's dump somewhere; without a place it must say so.
        result = run("-", stdin=dumps["flat"], env={"TMPDIR": "/nonexistent"})
        tally.note("no room for what a pipe brings", problems(result, [REPORT, INPUT, 5]))


def split_sets(tally, dumps, scratch) -> None:
    parts = [dumps.get(f"split{n}") for n in (1, 2, 3)]
    if None in parts:
        tally.skip("split sets", "no dump")
        return
    whole = run(*parts, "--json").json()
    for name, chosen, statuses in (
            ("a split set in another order", (parts[2], parts[0], parts[1]), [REPORT]),
            ("the first part of a split set", parts[:1], [PARTIAL, INPUT]), ("the second part", parts[1:2], [PARTIAL, INPUT]),
            ("the last part", parts[2:], [PARTIAL, INPUT]), ("two of three parts", (parts[0], parts[2]), [PARTIAL, INPUT]),
            ("a part twice", (parts[0], parts[0], parts[1], parts[2]), [INPUT, REPORT])):
        if not tally.wants(name):
            continue
        result = run(*chosen, "--json")
        if statuses == [REPORT]:
            expect_same(tally, name, result, whole)
            continue
        found = problems(result, statuses)
        if result.status == PARTIAL and (result.json() or {}).get("source", {}).get("complete"):
            found.append("it says that the dump is complete")
        tally.note(name, found)
    if tally.wants("a part with a whole dump") and "small" in dumps:
        tally.note("a part with a whole dump", problems(run(parts[0], dumps["small"]), [INPUT]))


GROUPS = (not_dumps, compressed_files, pipes, split_sets)
