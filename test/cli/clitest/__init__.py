# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the program from outside: command lines, inputs of all sorts, damaged dumps."""
