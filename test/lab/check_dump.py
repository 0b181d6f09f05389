#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what memwho says of the lab's dumps with the truth that lies beside them.

usage: check_dump.py [-v] FOLDER...

Prints a line for each check, what differs below it, and at the end the counts.  $MEMWHO is the program
(build/memwho unless set).  Exit status 1 when anything differs.
"""

import argparse
import subprocess
import sys

sys.dont_write_bytecode = True

from labcheck import CHECKS, program  # noqa: E402
from labcheck.checker import Checker  # noqa: E402
from labcheck.truth import Truth  # noqa: E402

MAX_SHOWN = 12


def run_check(check, truth, answers) -> Checker:
    """A fault of the check itself (a key that is not there) is a difference like another."""
    checker = Checker()
    try:
        check(checker, truth, answers)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        where = error.__traceback__
        while where.tb_next:
            where = where.tb_next
        checker.true(f"the check stopped: {type(error).__name__} {error} in {where.tb_frame.f_code.co_name}, "
                     f"line {where.tb_lineno}", False)
    if not checker.nr_compared and not checker.remarks:
        checker.remark("nothing to compare")
    return checker


def check_dump(folder, verbose=False) -> tuple:
    """(passed, failed) checks of a dump folder."""
    truth = Truth(folder)
    try:
        answers = program.ask_all(truth.containers[0][1])
    except (program.ProgramError, subprocess.TimeoutExpired, OSError) as error:
        print(f"FAIL {truth.name}: {error}")
        return 0, 1
    passed = failed = 0
    for name, wanted, check in CHECKS:
        if not wanted(truth):
            continue
        checker = run_check(check, truth, answers)
        remark = f" ({'; '.join(checker.remarks)})" if verbose and checker.remarks else ""
        if checker.differences:
            failed += 1
            print(f"FAIL {truth.name} {name}: {len(checker.differences)} of {checker.nr_compared} differ{remark}")
            for line in checker.differences[:MAX_SHOWN]:
                print(f"       {line}")
        else:
            passed += 1
            print(f"ok   {truth.name} {name}: {checker.nr_compared} compared{remark}")
    return passed, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what tolerances were used for")
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    args = parser.parse_args()
    total = [check_dump(folder, args.verbose) for folder in args.folders]
    passed, failed = (sum(counts) for counts in zip(*total))
    print(f"check_dump: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
