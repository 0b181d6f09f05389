# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of bench/run: running and timing, the rivals, the cases, correctness, the paper."""

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
TOP = BENCH.parent

# The lab knows the cache folder and reads packages of any Debian suite.
sys.path.insert(0, str(TOP / "lab"))
