# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU without KVM, and its control port (QMP).

The guest has two serial lines, both written to files by QEMU: the console, and the port on which
the guest's truth comes.  Nothing is sent to the guest, so files are all it takes.
"""

import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .place import LabError

# What differs by architecture: the program, its machine, the console, and the truth port.
MACHINES = {
    "amd64": {"program": "qemu-system-x86_64", "machine": "pc", "console": "ttyS0",
              "port": "/dev/ttyS1", "second": ["-serial", "file:{truth}"]},
    "arm64": {"program": "qemu-system-aarch64", "machine": "virt,gic-version=3", "console": "ttyAMA0",
              "port": "/dev/ttyS0", "second": ["-chardev", "file,id=truth,path={truth}",
                                               "-device", "pci-serial,chardev=truth"]},
}


class Qmp:
    """QEMU's control port: one JSON object a line."""

    def __init__(self, path: str, timeout: float = 20):
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise LabError("the emulator's control port did not open")
                time.sleep(0.1)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.call("qmp_capabilities")

    def call(self, command: str, timeout: float = 900, **arguments):
        self.socket.settimeout(timeout)
        message = {"execute": command}
        if arguments:
            message["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            line = self.lines.readline()
            if not line:
                raise LabError(f"the emulator went away during {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise LabError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]


def smp_text(case) -> str:
    """More possible CPUs than there are, when the case wants slots for some more."""
    spare = case["spare-cpus"]
    return f"{case['cpus']},maxcpus={case['cpus'] + spare}" if spare else str(case["cpus"])


def numa_arguments(case) -> list:
    """Memory and CPUs in equal parts on the nodes."""
    nodes = case["nodes"]
    if nodes == 1:
        return []
    arguments = []
    all_cpus = case["cpus"] + case["spare-cpus"]
    for node in range(nodes):
        cpus = ",".join(f"cpus={cpu}" for cpu in range(all_cpus) if cpu % nodes == node)
        arguments += ["-object", f"memory-backend-ram,id=n{node},size={case['memory'] // nodes}M",
                      "-numa", f"node,nodeid={node},memdev=n{node},{cpus}"]
    return arguments


class Machine:
    """A running guest."""

    def __init__(self, kernel, case, initrd: Path, folder: Path, disk: Path | None):
        self.console = folder / "console.log"
        self.truth = folder / "truth.stream"
        self.sockets = tempfile.TemporaryDirectory(prefix="memwho-lab-")
        self.qmp_path = f"{self.sockets.name}/qmp"
        self.command = self._command(kernel, case, initrd, disk)
        self.errors_path = folder / "qemu.log"
        self.errors = self.errors_path.open("w")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=subprocess.STDOUT)
        self.qmp = None
        self.balloon_target = (case["memory"] - case["balloon"]) << 20 if case["balloon"] else 0

    def _command(self, kernel, case, initrd, disk) -> list:
        kind = MACHINES[kernel.arch]
        memory = case["memory"]
        append = f"console={kind['console']} panic=0 {case['append']}".strip()
        command = [kind["program"], "-accel", "tcg,thread=multi", "-cpu", kernel.row.cpu,
                   "-smp", smp_text(case), "-m", str(memory), "-nodefaults", "-no-user-config",
                   "-display", "none", "-no-reboot", "-device", "vmcoreinfo",
                   "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
                   "-kernel", str(kernel.image), "-initrd", str(initrd), "-append", append,
                   "-serial", f"file:{self.console}"]
        command += [part.format(truth=self.truth) for part in kind["second"]]
        machine = kind["machine"]
        if not case["reserve"]:
            # A guest larger than this machine: its memory is taken page by page as it is touched.
            command += ["-object", f"memory-backend-ram,id=m0,reserve=off,size={memory}M"]
            machine += ",memory-backend=m0"
        command += ["-machine", machine, *numa_arguments(case)]
        if disk:
            command += ["-drive", f"file={disk},if=none,id=d0,format=raw,cache=unsafe",
                        "-device", "virtio-blk-pci,drive=d0"]
        if case["balloon"]:
            command += ["-device", "virtio-balloon-pci"]
        return command

    def connect(self) -> None:
        """Opens the control port, and sets the balloon that the guest's driver will find."""
        self.qmp = Qmp(self.qmp_path)
        if self.balloon_target:
            self.qmp.call("balloon", value=self.balloon_target)

    def alive(self) -> bool:
        return self.process.poll() is None

    def wait_exit(self, timeout: float) -> bool:
        try:
            self.process.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        """Ends the emulator: the one started here, and no other."""
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.errors.close()
        if self.errors_path.stat().st_size == 0:
            self.errors_path.unlink()
        self.sockets.cleanup()
