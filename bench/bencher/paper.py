# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables that read well as text and as Markdown."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path


def table(header: list, rows: list) -> str:
    """The first column to the left, all others to the right."""
    cells = [header, *[["" if c is None else str(c) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w)
                                 for i, (c, w) in enumerate(zip(row, widths))) + " |"
    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])]) + "\n"


def seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def fine(value: float) -> str:
    return f"{value * 1000:.2f} ms"


def rate(nr_bytes: int, value: float) -> str:
    return f"{nr_bytes / value / 1e9:.2f} GB/s" if value > 0 else "-"


def size(nr_bytes: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if nr_bytes >= unit:
            return f"{nr_bytes / unit:.1f} {name}"
    return f"{nr_bytes} B"


def machine() -> str:
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", info, re.M)
    memory = int(Path("/proc/meminfo").read_text().split()[1])
    return (f"{os.cpu_count()} cores, {model[1] if model else platform.machine()}, "
            f"{memory / (1 << 20):.0f} GB of memory")


def load() -> str:
    return "%.1f" % os.getloadavg()[0]


def system() -> str:
    text = Path("/etc/os-release").read_text()
    name = re.search(r'^PRETTY_NAME="?([^"\n]*)', text, re.M)
    return name[1] if name else platform.system()


def commit(top: Path) -> str:
    done = subprocess.run(["git", "-C", str(top), "describe", "--always", "--dirty"],
                          capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def today() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
