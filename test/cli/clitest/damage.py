# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged dumps: cut off, headers overwritten, bits flipped, names with escapes.

Whatever the damage, memwho ends by itself with a status that says how it went, in bounded time and memory; and what a
cut-off dump's report tells as known is what the whole dump's report tells.
All damage is seeded: a failure's name is enough to make it again.
"""

import os
import random
import re
import shutil
import struct
from concurrent.futures import ThreadPoolExecutor

from .dumps import HOGS
from .runner import INPUT, PARTIAL, REPORT, problems, run

ANY = [REPORT, INPUT, PARTIAL]
WORKERS = max(1, (os.cpu_count() or 1))


# --- cut off ---------------------------------------------------------------------------------------------

CUT_PERCENT = (99.9, 99, 97, 95, 90, 75, 60, 45, 30, 15, 5, 1)
CUT_BYTES = (1, 100, 4096, 8192, 65536)


def cut_off(tally, dumps, scratch) -> None:
    for what in ("small", "elf", "flat", "lzo"):
        if what not in dumps:
            tally.skip(f"cut dumps, {what}", "no dump")
            continue
        whole = run(dumps[what], "--json").json()
        size = dumps[what].stat().st_size
        copy = scratch / "cut"
        shutil.copyfile(dumps[what], copy)
        lengths = [(f"{p} %", int(size * p / 100)) for p in CUT_PERCENT] + [(f"{n} bytes", n) for n in reversed(CUT_BYTES)]
        for label, length in lengths:
            os.truncate(copy, length)
            name = f"{what} dump cut at {label}"
            if tally.wants(name):
                result = run(copy, "--json")
                found = problems(result, ANY)
                if length < size * 0.95 and result.status == REPORT:
                    found.append("nothing is missing?")
                if not found and result.status != INPUT and "error" not in result.json():
                    found += untrue(whole, result.json())
                tally.note(name, found)
        copy.unlink()


# List -> what tells its rows apart.
LISTS = {"tasks": "pid", "slabs": "address", "modules": "name", "mounts": "address"}
# Counted with slabs that could not be read taken for full (objects_uncertain tells how many slots that are).
UNCERTAIN_COLUMNS = {"objects_allocated": 1, "slabinfo_active": 1, "free_partial": -1, "free_cpu": -1, "free_sheaves": -1, "free_rcu": -1,
                     "objects_uncertain": 1}


def untrue(whole, cut) -> list:
    """What the report of a cut-off dump tells as known and is not so."""
    found = []
    for list_name, key in LISTS.items():
        rows = {row[key]: row for row in whole[list_name]}
        for row in cut.get(list_name) or []:
            found += untrue_row(f"{list_name} {row[key]}", rows.get(row[key]), row)
    found += untrue_census(whole["census"], cut.get("census") or {})
    found += untrue_row("system", whole["system"], cut["system"])
    return found[:5] + ([f"and {len(found) - 5} more"] if len(found) > 5 else [])


# Where pages are when what would tell more of them is cut off.  They may have more than the whole dump says, all others less.
GENERAL_CLASSES = ("kernel_unknown", "vmalloc", "boot_reserved", "free_pcp", "not_present")


def untrue_census(true, cut) -> list:
    classes = {row["key"]: row["pages"] for row in true["classes"]}
    found = []
    if cut and sum(row["pages"] or 0 for row in cut["classes"]) != cut["spanned_pages"]:
        found.append("classes do not add up")
    # By counters, classes are cut otherwise: what both know are other figures.
    for row in cut.get("classes") or [] if cut.get("basis") == true["basis"] else []:
        if row["key"] not in GENERAL_CLASSES and row["pages"] > classes[row["key"]]:
            found.append(f"class {row['key']}: {row['pages']} pages, in truth {classes[row['key']]}")
    return found


def untrue_row(where, true, row) -> list:
    if true is None:
        return [f"{where}: the whole dump has no such row"]
    uncertain = row.get("objects_uncertain") or 0
    found = []
    for key, value in row.items():
        if value is None or key.endswith("_why") or value == true.get(key):
            continue
        if uncertain and key in UNCERTAIN_COLUMNS and 0 <= (value - true[key]) * UNCERTAIN_COLUMNS[key] <= uncertain:
            continue
        found.append(f"{where} {key}: {value!r}, in truth {true.get(key)!r}")
    return found


# --- headers ---------------------------------------------------------------------------------------------

HEADER_BYTES = 8192
HEADER_VARIANTS = 200
EXTREMES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def noise(rng, header) -> None:
    """All of it but the signature."""
    header[16:] = rng.randbytes(len(header) - 16)


def some_bytes(rng, header) -> None:
    for _ in range(rng.randrange(1, 40)):
        header[rng.randrange(len(header))] = rng.randrange(256)


def early_bytes(rng, header) -> None:
    """Where the fields are."""
    for _ in range(rng.randrange(1, 8)):
        header[rng.randrange(8, 600)] = rng.randrange(256)


def extreme_words(rng, header) -> None:
    for _ in range(rng.randrange(1, 6)):
        start = rng.choice((0, 0, 4096))
        at = start + 4 * rng.randrange(2, 140)
        struct.pack_into("<I", header, at, rng.choice(EXTREMES))


def extreme_longs(rng, header) -> None:
    for _ in range(rng.randrange(1, 6)):
        at = rng.choice((0, 0, 4096)) + 8 * rng.randrange(1, 70)
        struct.pack_into("<Q", header, at, rng.choice((0, 1, 1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1,
                                                       (1 << 64) - 4096)))


SPOILERS = (noise, some_bytes, early_bytes, extreme_words, extreme_longs)


def headers(tally, dumps, scratch) -> None:
    for what in ("small", "elf", "flat"):
        if not tally.wants(f"headers of {what} spoilt"):
            continue
        if what not in dumps:
            tally.skip(f"headers of {what} spoilt", "no dump")
            continue
        with ThreadPoolExecutor(WORKERS) as pool:
            found = list(pool.map(lambda part, w=what: header_variants(dumps[w], scratch / f"header{part}", part), range(WORKERS)))
        wrong = [text for part in found for text in part]
        tally.note(f"headers of {what} spoilt, {HEADER_VARIANTS} ways", wrong[:8])


def header_variants(dump, copy, part) -> list:
    """Every WORKERS-th variant, on a copy of its own, repaired in between."""
    shutil.copyfile(dump, copy)
    wrong = []
    with copy.open("r+b") as file:
        good = file.read(HEADER_BYTES)
        for seed in range(part, HEADER_VARIANTS, WORKERS):
            rng = random.Random(seed)
            header = bytearray(good)
            spoil = SPOILERS[seed % len(SPOILERS)]
            spoil(rng, header)
            file.seek(0)
            file.write(header)
            file.flush()
            found = problems(run(copy, "--json"), ANY)
            if found:
                wrong.append(f"seed {seed} ({spoil.__name__}): {', '.join(found)}")
    copy.unlink()
    return wrong


# --- bits ------------------------------------------------------------------------------------------------

BIT_RATES = (1e-6, 1e-5, 1e-4, 1e-3)
BIT_SEEDS = (1, 2, 3, 4)
MAX_FLIPS = 400_000
BITS_KEEP = 8192  # headers have tests of their own


def flip_bits(path, rate, seed) -> None:
    """Byte by byte and not through a map: our own resident size must stay small (runner.run)."""
    rng = random.Random(f"{rate} {seed}")
    size = path.stat().st_size
    file = os.open(path, os.O_RDWR)
    for _ in range(max(min(int(size * 8 * rate), MAX_FLIPS), 1)):
        at = rng.randrange(BITS_KEEP, size)
        byte = os.pread(file, 1, at)[0] ^ 1 << rng.randrange(8)
        os.pwrite(file, bytes([byte]), at)
    os.close(file)


def bits(tally, dumps, scratch) -> None:
    jobs = [(what, rate, seed) for what in ("small", "elf", "lzo") if what in dumps for rate in BIT_RATES for seed in BIT_SEEDS
            if tally.wants(f"{what} dump, bits flipped")]
    with ThreadPoolExecutor(WORKERS) as pool:
        results = pool.map(lambda job: flipped(dumps[job[0]], scratch / f"bits-{job}", job[1], job[2]), jobs)
        for (what, rate, seed), found in zip(jobs, results):
            tally.note(f"{what} dump, bits flipped at {rate:g}, seed {seed}", found)


# Commands that follow pointers.
BIT_COMMANDS = (("report",), ("ps", "--all-threads"), ("slabs",), ("dmesg",), ("mounts",))


def flipped(dump, copy, rate, seed) -> list:
    shutil.copyfile(dump, copy)
    flip_bits(copy, rate, seed)
    found = []
    for words in BIT_COMMANDS:
        found += [f"{words[0]}: {text}" for text in problems(run(*words, copy, "--json"), ANY)]
    copy.unlink()
    return found


# --- page descriptors ------------------------------------------------------------------------------------

DESCRIPTOR = struct.Struct("<qIIQ")  # offset, size, flags (how it is compressed), page flags
# field, value
DESCRIPTOR_DAMAGE = (
    (0, 1 << 62), (0, -1), (0, 0), (0, (1 << 63) - 1), (1, 0xFFFFFFFF), (1, 0), (1, 1 << 20), (1, 1), (2, 0xFF), (2, 0x80000000), (2, 0),
)


def descriptor_table(file) -> tuple:
    """(offset, count) of the page descriptors of a kdump-compressed file: after header, sub header and both bitmaps."""
    file.seek(0)
    head = file.read(464)
    block_size, sub_blocks, bitmap_blocks = struct.unpack_from("<iii", head, 428)
    start = (1 + sub_blocks + bitmap_blocks) * block_size
    file.seek(start)
    first = DESCRIPTOR.unpack(file.read(DESCRIPTOR.size))
    return start, (first[0] - start) // DESCRIPTOR.size


def descriptors(tally, dumps, scratch) -> None:
    if "small" not in dumps:
        tally.skip("page descriptors", "no dump")
        return
    copy = scratch / "descriptors"
    for field, value in DESCRIPTOR_DAMAGE:
        for every in (1, 7):
            name = f"page descriptors: field {field} is {value:#x} in every {every}."
            if not tally.wants(name):
                continue
            shutil.copyfile(dumps["small"], copy)
            spoil_descriptors(copy, field, value, every)
            tally.note(name, problems(run(copy, "--json"), ANY))
    copy.unlink(missing_ok=True)


def spoil_descriptors(path, field, value, every) -> None:
    with path.open("r+b") as file:
        start, count = descriptor_table(file)
        file.seek(start)
        table = bytearray(file.read(count * DESCRIPTOR.size))
        for n in range(0, count, every):
            fields = list(DESCRIPTOR.unpack_from(table, n * DESCRIPTOR.size))
            fields[field] = value
            DESCRIPTOR.pack_into(table, n * DESCRIPTOR.size, *fields)
        file.seek(start)
        file.write(table)


# --- names with escapes ------------------------------------------------------------------------------------

# What a task calls itself: 15 bytes and a zero.
EVIL = (b"\x1b[31m\x1b]0;x\x07\r\n", b"\x1b[2J\x9b31m\xffevil\x08", b"</script><img>", b"\";$(reboot)\\")
CHUNK = 1 << 20


def overwrite_all(path, old, new) -> int:
    """Put `new` wherever `old` begins; returns how often."""
    count, at, tail = 0, 0, b""
    with path.open("r+b", buffering=0) as file:
        while data := file.read(CHUNK):
            base, window = at - len(tail), tail + data
            found = window.find(old)
            while found >= 0:
                os.pwrite(file.fileno(), new, base + found)
                count, found = count + 1, window.find(old, found + 1)
            at, tail = at + len(data), window[-len(old) + 1:]
    return count


def escapes(tally, dumps, scratch) -> None:
    """The name of a panic's hog, in its task_struct and in a line of the log."""
    if "plain" not in dumps:
        tally.skip("names with escapes", "no dump")
        return
    copy = scratch / "evil"
    for number, evil in enumerate(EVIL):
        name = f"names with escapes, {number + 1}"
        if not tally.wants(name):
            continue
        shutil.copyfile(dumps["plain"], copy)
        tasks = sum(overwrite_all(copy, hog + b"\0", evil.ljust(16, b"\0")) for hog in HOGS)
        log = sum(overwrite_all(copy, hog + b" invoked oom-killer", evil) for hog in HOGS)
        found = ([] if tasks else ["no such task in the dump"]) + ([] if log else ["no such line in the log"])
        tally.note(name, found + [text for words in (("ps",), ("dmesg",), ("report",)) for text in shows_escaped(words, copy, evil)])
    copy.unlink(missing_ok=True)


def shows_escaped(words, copy, evil) -> list:
    found = []
    for more in ((), ("--json",), ("--color=always",)):
        result = run(*words, *more, copy)
        if more == ("--color=always",):
            result.out = without_colours(result.out)
        found += [f"{' '.join(words + more)}: {text}" for text in problems(result, ANY)]
    letters = re.findall(rb"[a-z]+", evil)
    if max(letters, key=len) not in run(*words, "--json", copy).out:
        found.append(f"{words[0]} --json: the name is lost")
    return found


def without_colours(data) -> bytes:
    """Cut out sequences that can only be ours: nothing of the dump's is `ESC [ number m` but red, 31."""
    return re.sub(rb"\x1b\[[0-9;]*m", lambda m: m[0] if m[0] == b"\x1b[31m" else b"", data)


GROUPS = (cut_off, headers, bits, descriptors, escapes)
