# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects differences: a check is a function that compares and notes what does not agree."""


class Checker:
    def __init__(self):
        self.differences = []
        self.nr_compared = 0
        self.remarks = []

    def same(self, what, ours, truth) -> bool:
        """Exactly equal."""
        self.nr_compared += 1
        if ours == truth:
            return True
        self.differences.append(f"{what}: {ours!r}, truth {truth!r}")
        return False

    def between(self, what, ours, low, high) -> bool:
        self.nr_compared += 1
        if ours is not None and low <= ours <= high:
            return True
        self.differences.append(f"{what}: {ours!r}, truth {low} to {high}" if low != high else
                                f"{what}: {ours!r}, truth {low}")
        return False

    def near(self, what, ours, truth, tolerance) -> bool:
        return self.between(what, ours, truth - tolerance, truth + tolerance)

    def true(self, what, holds) -> bool:
        self.nr_compared += 1
        if not holds:
            self.differences.append(what)
        return bool(holds)

    def remark(self, text) -> None:
        """Something for the summary line."""
        self.remarks.append(text)

    def at_most(self, nr_allowed, what, found) -> None:
        """`found` differences are within their tolerance as long as there are few of them."""
        self.nr_compared += 1
        if len(found) > nr_allowed:
            self.differences.append(f"{len(found)} {what}, at most {nr_allowed} allowed: {'; '.join(found)}")
        elif found:
            self.remark(f"{len(found)} {what}: {'; '.join(found)}")
