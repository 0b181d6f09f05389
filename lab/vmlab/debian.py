# SPDX-License-Identifier: GPL-2.0-or-later
"""Packages of any Debian suite and architecture, through apt.

The idea: each list of suites gets a small apt root of its own in the cache folder (lists, status,
sources), pointed to with APT_CONFIG.  So apt itself reads the indexes, checks their signatures and
the packages' checksums, and the machine's own apt state is not touched.  The mirrors are those the
machine's apt is configured with: the one labelled "Debian", and for suites named *-security the one
labelled "Debian-Security".

Nothing is installed: packages are only unpacked.  Only Depends are followed, and only for
packages whose name matches the pattern the caller gives.
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .place import LabError, cache, run

LISTS_MAX_AGE = 24 * 3600
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Package:
    name: str
    arch: str
    version: str
    depends: tuple


def mirrors() -> dict:
    """{"Debian": uri, "Debian-Security": uri} as the machine's apt has them."""
    found = {}
    for line in run("apt-get", "indextargets", "--format",
                    "$(ORIGIN)|$(LABEL)|$(REPO_URI)").splitlines():
        origin, label, uri = line.split("|", 2)
        if origin == "Debian":
            found.setdefault(label, uri)
    if "Debian" not in found:
        raise LabError("apt knows no Debian mirror; is this Debian, and has apt-get update run?")
    return found


class Suites:
    """An apt root for some suites, e.g. ("bookworm", "bookworm-security")."""

    def __init__(self, suites):
        self.suites = tuple(suites)
        self.root = cache() / "apt" / "+".join(self.suites)
        self.env = dict(os.environ, APT_CONFIG=str(self.root / "apt.conf"))
        self.index = {}

    def update(self) -> None:
        """Fetches the indexes unless they are fresh."""
        stamp = self.root / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_MAX_AGE:
            return
        self._write_config()
        self._apt("apt-get", "-qq", "update")
        stamp.touch()

    def _apt(self, program: str, *arguments, **kw) -> str:
        # Some machines' configuration turns apt's binary cache off; each look-up would cost a second.
        return run(program, "-o", "Dir::Cache::pkgcache=pkgcache.bin",
                   "-o", "Dir::Cache::srcpkgcache=srcpkgcache.bin", *arguments, env=self.env, **kw)

    def _write_config(self) -> None:
        known = mirrors()
        lines = []
        for suite in self.suites:
            label = "Debian-Security" if suite.endswith("-security") else "Debian"
            if label in known:
                lines.append(f"deb [signed-by={KEYRING}] {known[label]} {suite} main\n")
        for sub in ("lists/partial", "cache/archives/partial"):
            (self.root / sub).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        (self.root / "sources.list").write_text("".join(lines))
        (self.root / "apt.conf").write_text(f"""\
Dir::State "{self.root}";
Dir::State::lists "{self.root}/lists";
Dir::State::status "{self.root}/status";
Dir::Cache "{self.root}/cache";
Dir::Etc::sourcelist "{self.root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; "arm64"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
""")

    def newest(self, name: str, arch: str, version: str = "") -> Package | None:
        """The newest version of a package, or the very version asked for; None if there is none."""
        key = (name, arch, version)
        if key not in self.index:
            self.index[key] = self._show(f"{name}:{arch}", version) or self._show(name, version, "all")
        return self.index[key]

    def _show(self, name: str, version: str, only_arch: str = ""):
        try:
            text = self._apt("apt-cache", "show", "--no-all-versions",
                             name + (f"={version}" if version else ""))
        except LabError:
            return None
        fields = {}
        for line in text.split("\n\n")[0].splitlines():
            if ": " in line and not line.startswith(" "):
                field, value = line.split(": ", 1)
                fields.setdefault(field, value)
        if fields.get("Package") != name.split(":")[0]:
            return None
        if only_arch and fields["Architecture"] != only_arch:
            return None
        depends = ", ".join(fields[f] for f in ("Pre-Depends", "Depends") if f in fields)
        return Package(fields["Package"], fields["Architecture"], fields["Version"], tuple(
            alternative.split("|")[0].strip() for alternative in depends.split(",") if alternative))

    def closure(self, names, arch: str, follow: str) -> list:
        """The packages named and all they depend on, as far as names match the pattern."""
        todo = [(name, "") for name in names]
        found = {}
        while todo:
            name, version = todo.pop()
            if name in found:
                continue
            package = self.newest(name, arch, version) or self.newest(name, arch)
            if package is None and version == "" and name in names:
                raise LabError(f"no package {name} ({arch}) in {' '.join(self.suites)}")
            found[name] = package
            for dependency in package.depends if package else ():
                match = re.match(r"([a-z0-9][a-z0-9+.-]*)(?::\w+)?\s*(?:\(= ([^)]+)\))?", dependency)
                if match and re.search(follow, match[1]):
                    todo.append((match[1], match[2] or ""))
        return [package for package in found.values() if package]

    def unpack(self, packages, target: Path) -> None:
        """Downloads packages (apt checks them against the signed index) and unpacks them."""
        debs = self.root / "debs"
        debs.mkdir(exist_ok=True)
        merge_usr(target)
        for old in debs.iterdir():
            old.unlink()
        names = [package.name + ("" if package.arch == "all" else f":{package.arch}")
                 + f"={package.version}" for package in packages]
        self._apt("apt-get", "-qq", "download", *names, cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            unpack_deb(deb, target)
            deb.unlink()


def unpack_deb(deb: Path, target: Path) -> None:
    """As dpkg -x, but keeps the links of merge_usr and leaves documentation out."""
    tar = ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", str(target),
           "--exclude=./usr/share/doc", "--exclude=./usr/share/man", "--exclude=./usr/share/locale"]
    with subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        if subprocess.run(tar, stdin=source.stdout, check=False).returncode or source.wait():
            raise LabError(f"cannot unpack {deb.name}")


def merge_usr(target: Path) -> None:
    """Makes /lib and so on links into /usr, so that old and new packages unpack to one place."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (target / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (target / name).exists():
            (target / name).symlink_to(f"usr/{name}")
