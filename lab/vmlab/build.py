# SPDX-License-Identifier: GPL-2.0-or-later
"""Compiling what the lab adds to a guest: the static helpers and the kernel modules.

A kernel's headers expect the compiler and build programs of its own distribution release.  The
build programs are run with the C library that was fetched with them (a wrapper calls their own
dynamic loader).  The compiler is this machine's, behind a wrapper that drops the options it is too
old to know.  The modules are simple enough for this to be sound; modversions and vermagic come out
as the kernel wants them.
"""

import os
import shutil
from pathlib import Path

from .kernel import Kernel
from .place import LAB, cache, run

COMPILER = {"amd64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
KBUILD_ARCH = {"amd64": "x86", "arm64": "arm64"}
CROSS = {"amd64": "", "arm64": "aarch64-linux-gnu-"}
LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


def helpers(arch: str) -> dict:
    """{name: path} of the guest's helper programs: guest/NAME.c, or all of guest/NAME/."""
    made = {}
    target = cache() / "helpers" / arch
    target.mkdir(parents=True, exist_ok=True)
    sources = {path.stem: [path] for path in (LAB / "guest").glob("*.c")}
    sources |= {path.name: sorted(path.iterdir()) for path in (LAB / "guest").iterdir() if path.is_dir()}
    for name, files in sorted(sources.items()):
        program = target / name
        if not program.exists() or program.stat().st_mtime < max(file.stat().st_mtime for file in files):
            run(COMPILER[arch], "-O2", "-Wall", "-static", "-pthread", "-o", program,
                *(file for file in files if file.suffix == ".c"))
        made[name] = program
    return made


def module(kernel: Kernel, name: str) -> Path:
    """The lab's module of that name, built for the kernel."""
    source = LAB / "module" / f"{name}.c"
    work = kernel.dir / "build" / name
    built = work / f"{name}.ko"
    if built.exists() and built.stat().st_mtime >= source.stat().st_mtime:
        return built
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shutil.copy(source, work)
    (work / "Makefile").write_text(f"obj-m := {name}.o\n")
    headers = prepare_headers(kernel)
    run("make", "-C", headers, f"M={work}", f"ARCH={KBUILD_ARCH[kernel.arch]}",
        f"CC={compiler_wrapper(kernel)}", f"CROSS_COMPILE={CROSS[kernel.arch]}",
        "CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_GCC_PLUGINS=", "modules")
    return built


def prepare_headers(kernel: Kernel) -> Path:
    """Makes the unpacked headers usable where they lie; done once."""
    headers = kernel.root / "usr/src" / f"linux-headers-{kernel.release}"
    done = headers / ".lab-ready"
    if done.exists():
        return headers
    kbuild = next((kernel.dir / "tools/usr/lib").glob("linux-kbuild-*"))
    for directory in (headers, *(kernel.root / "usr/src").glob("linux-headers-*-common*")):
        for link in ("scripts", "tools", "certs"):
            path = directory / link
            if path.is_symlink() and not path.exists():
                path.unlink()
                path.symlink_to(kbuild / link)
    for makefile in (headers / "Makefile", headers / ".kernelvariables"):
        if makefile.exists():
            text = makefile.read_text().replace("/usr/src/", f"{kernel.root}/usr/src/")
            makefile.write_text(text.replace("/usr/lib/linux-kbuild", f"{kbuild.parent}/linux-kbuild"))
    wrap_programs(kbuild, kernel.dir / "tools", kernel.arch)
    done.touch()
    return headers


def wrap_programs(kbuild: Path, tools: Path, arch: str) -> None:
    """Puts a script before each dynamic ELF program which calls it with its own C library.

    Some of Debian's programs only choose among NAME.real-KIND beside them, by their own name, which
    the loader changes; the script takes the kind that fits the kernel directly.
    """
    libraries = tools / "usr/lib/x86_64-linux-gnu"
    kinds = ("lsb-64", KBUILD_ARCH[arch])
    for path in [path for path in kbuild.rglob("*") if is_elf(path) and not path.is_symlink()]:
        if path.suffix == ".so" or ".real-" in path.name:
            continue
        fitting = [real for kind in kinds if is_elf(real := path.with_name(f"{path.name}.real-{kind}"))]
        real = fitting[0] if fitting else path.rename(path.with_name(path.name + ".real-own"))
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\nexec {tools}/{LOADER} --library-path {libraries} {real} "$@"\n')
        path.chmod(0o755)


def compiler_wrapper(kernel: Kernel) -> Path:
    """This machine's compiler, minus the options which only a newer one knows."""
    wrapper = kernel.dir / "build" / "cc"
    wrapper.write_text(f"""#!/bin/sh
# Drops each -f and -m option the compiler does not know; remembers the answers in files.
known={kernel.dir}/build/options
mkdir -p "$known"
for arg; do
	shift
	case $arg in
	-f*|-m*|--param=*)
		file=$known/$(echo "$arg" | tr / _)
		[ -e "$file" ] || {{
			{COMPILER[kernel.arch]} "$arg" -E -x c /dev/null 2>&1 |
				grep -cE 'unrecognized|unknown' >"$file"
		}}
		read -r rc <"$file"
		[ "$rc" = 0 ] || continue;;
	esac
	set -- "$@" "$arg"
done
exec {COMPILER[kernel.arch]} "$@"
""")
    wrapper.chmod(0o755)
    return wrapper


def is_elf(path: Path) -> bool:
    return path.is_file() and os.path.getsize(path) > 4 and path.open("rb").read(4) == b"\x7fELF"
