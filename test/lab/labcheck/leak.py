# SPDX-License-Identifier: GPL-2.0-or-later
"""The leak search against what cases did on purpose: objects that they lost, and objects that they hold.

On every dump, whatever its case: hardly anything of the caches that nobody touched may look lost.
"""

from . import program
from . import tolerance as tol


def rows_of(truth, *options) -> tuple:
    status, document, _ = program.ask_words(truth.containers[0][1], "leak", *options)
    return status, document["leaks"]


def seeded_caches(truth) -> set:
    facts = truth.facts
    names = {facts.get("cache")}
    for key in ("leak_kept_caches", "leak_lost_caches", "leak_hidden_caches"):
        names.update(facts.get(key, "").split(","))
    return names


def check_leak_false(c, truth, _answers) -> None:
    """What nobody leaked is reached, but for what the kernel itself forgot at boot."""
    status, rows = rows_of(truth, "--all")
    c.true(f"status of leak: {status}", status in (0, 4))
    seeded = seeded_caches(truth)
    others = [row for row in rows if row["kind"] == "slab" and row["name"] not in seeded]
    if "leaked_objects" in truth.facts and "cache" not in truth.facts:
        others.remove(max(others, key=lambda row: row["lost"]))  # the seeded one, whatever its name
    objects, lost = (sum(row[key] for row in others) for key in ("objects", "lost"))
    c.between("objects that look lost in other caches", lost, 0, objects // tol.LEAK_FALSE_SHARE)
    if not truth.facts.get("leak_module") and not truth.facts.get("hoard_module"):
        pages = sum(row["lost"] for row in rows if row["kind"] != "slab")
        c.between("blocks of pages and areas that look lost", pages, 0, tol.LEAK_FALSE_PAGES)


def check_leak_lost(c, truth, _answers) -> None:
    """Of the seeded cache: all lost objects found, none of the kept ones called lost, and whose they are."""
    _, rows = rows_of(truth)
    cache = truth.facts.get("cache")  # other cases tell only how many: then it is what lost most
    row = next((r for r in rows if r["kind"] == "slab" and r["name"] == (cache or r["name"])), None)
    if not c.true(f"{cache or 'a cache'} is among the lost", row is not None):
        return
    lost = int(truth.facts["leaked_objects"])
    c.between("lost objects", row["lost"], lost - lost // tol.LEAK_MISSED_SHARE,
              lost + (lost + int(truth.facts["kept_objects"])) // tol.LEAK_FALSE_OF_SEEDED)
    c.same("owner of the lost objects", row["owner"], truth.facts["leak_module"])
    if row["points_to"] is not None:
        c.true(f"they point to {row['points_to']}", truth.facts["leak_function"] in row["points_to"])


def check_leak_kinds(c, truth, _answers) -> None:
    """Each way of holding and of losing, in a cache of its own."""
    facts, (_, rows) = truth.facts, rows_of(truth, "--all")
    each, large = int(facts["leak_each"]), int(facts["leak_large_each"])
    slabs = {row["name"]: row for row in rows if row["kind"] == "slab"}
    for name in facts["leak_kept_caches"].split(","):
        c.same(f"objects of {name}", slabs[name]["objects"], each)
        c.same(f"lost objects of {name}", slabs[name]["lost"], 0)
    for name in (facts["leak_lost_caches"] + "," + facts["leak_hidden_caches"]).split(","):
        c.near(f"lost objects of {name}", slabs[name]["lost"], each, each // tol.LEAK_MISSED_SHARE)
    areas = {row["name"].split("+")[0]: row for row in rows if row["kind"] == "vmalloc"}
    c.near("lost areas", areas["take_lost_memory"]["lost"], large, tol.LEAK_STALE_WORDS)
    c.same("kept areas that look lost", areas["take_kept_memory"]["lost"], 0)
    blocks = {}  # large kmalloc is an unmarked block until 6.13
    for row in rows:
        if row["kind"] in ("pages", "large_kmalloc"):
            blocks[row["name"]] = blocks.get(row["name"], 0) + row["lost"]
    c.near("lost blocks of order 1", blocks["order 1"], large, tol.LEAK_STALE_WORDS)
    c.same("lost blocks of order 2", blocks.get("order 2", 0), 0)
    c.near("lost blocks of order 3: large kmalloc", blocks["order 3"], large, tol.LEAK_STALE_WORDS)
