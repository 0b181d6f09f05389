# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab: real Linux kernels in an emulator, their crash dumps, and the truth about them.

A tour, in the order things happen:
  place.py      where things lie: this folder's data, the cache folder
  debian.py     packages of any Debian suite, through apt, without touching the machine's own state
  kernel.py     the kernel table; a fetched kernel: its image, modules, headers, programs
  case.py       the case files
  initramfs.py  the guest's file system: busybox, helpers, modules, the case's script
  build.py      helpers and the leaking module, compiled for a kernel
  machine.py    QEMU and its control port
  truth.py      the stream the guest tells the truth with
  dump.py       one run: all of the above in order, ending in a dump folder
"""
