# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""A machine of the lab: what it is made of, and a run of nestmark on it.

A kind of machine is a module (qemu, bochs) with VENDOR_MODULE, CPU, RESULTS (the device that takes what the machine
leaves), TIME_LIMITS by level, and boot(machine, initrd, folder), which leaves the console's text in folder/console and
gives the path of the tar archive, or raises MachineFailed.
"""
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field

from labkit import bochs, initramfs, qemu
from labkit.archives import extract
from labkit.commands import printed_on, tail_of
from labkit.errors import LabError, MachineFailed, UsageError, note
from labkit.packages import Kernel

KINDS = {"svm": qemu, "vmx": bochs}
ATTEMPTS = 2
MEMORY_MIB = 1024


@dataclass
class Machine:
    """What the command line says of a machine."""
    kind: str
    kernel: Kernel
    nestmark: str
    level: str = "host"
    cpu: str = ""
    cpus: int = 1
    parallel: bool = False
    memory: int = MEMORY_MIB
    emulator: str = ""
    counted: bool = False
    user: bool = False
    append: str = ""
    time_limit: int = 0
    smbios: list = field(default_factory=list)
    identities: list = field(default_factory=list)
    parameters: list = field(default_factory=list)
    files: list = field(default_factory=list)
    bring: list = field(default_factory=list)
    load: list = field(default_factory=list)

    def __post_init__(self):
        kind = KINDS[self.kind]
        self.cpu = self.cpu or kind.CPU
        self.time_limit = self.time_limit or kind.TIME_LIMITS[self.level]
        if self.identities and self.level == "host":
            raise UsageError("--as: the identity is that of the guest that --level nested boots")
        if self.smbios and self.kind != "svm":
            raise UsageError("--smbios: only the svm machine, which is QEMU's, can be given these strings")
        if self.parallel and self.cpus == 1:
            raise UsageError("--parallel: one CPU has nothing beside it; give --cpus")
        if self.cpus > 1 and (self.kind != "svm" or self.counted):
            raise UsageError(f"--cpus {self.cpus}: only the svm machine has several, and only when it is not counted")
        if self.memory != MEMORY_MIB and self.kind != "svm":
            raise UsageError(f"--memory {self.memory}: only the svm machine can be given another size")
        for path in self.files:
            if not os.path.isfile(path):
                raise UsageError(f"--file {path}: no such file")
        self.bring = [os.path.abspath(path) for path in self.bring]
        for path in self.bring:
            if not os.path.exists(path):
                raise UsageError(f"--bring {path}: no such file or folder")
        for path, remedy in ((self.nestmark, "build it, or name it with --nestmark"),
                             (self.emulator, "name the emulator's program with --emulator")):
            if path and not os.access(path, os.X_OK):
                raise UsageError(f"{path}: no such program ({remedy})")
        for identity in self.identities:
            check_identity(self.nestmark, identity)

    def title(self):
        counted = ", counted" if self.counted else ""
        return f"{self.kernel.name} on {self.kind} ({self.cpu}), {self.level} level{counted}"


def check_identity(nestmark, identity):
    """nestmark itself knows its identities: it looks at them before it looks at the kernel."""
    said = subprocess.run([nestmark, "boot", "--as", identity, "/dev/null"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False).stderr
    if f"--as {identity}:" in said:
        raise UsageError(said.splitlines()[0].removeprefix("nestmark: "))


@dataclass
class Run:
    """What one run of nestmark said. The name is that of the identity, empty without any."""
    name: str
    code: int
    stdout: str
    stderr: str


def nestmark_arguments(machine, arguments):
    """The arguments with what the machine adds to a run."""
    added = ["--clock", "instructions"] if machine.counted else []
    if machine.level == "nested":
        added.append("--exits-below")
    return ["run", *added, *arguments[1:]] if arguments[:1] == ["run"] else list(arguments)


def run(machine, arguments, out):
    """Runs nestmark on the machine; its files are put into the folder out. One Run for each identity."""
    emulator = KINDS[machine.kind]
    os.makedirs(out, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise UsageError(f"{out}: nothing can be written there")
    for attempt in range(1, ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(prefix="nestmark-lab-") as folder:
            initrd = initramfs.build(machine, emulator.VENDOR_MODULE, emulator.RESULTS,
                                     nestmark_arguments(machine, arguments), folder)
            note(f"booting {machine.title()}, attempt {attempt}")
            started = time.monotonic()
            try:
                runs = bring_back(emulator.boot(machine, initrd, folder), machine, folder, out)
                note(f"done after {time.monotonic() - started:.0f} s")
                for line in printed_on(os.path.join(folder, "console")):
                    if line.startswith("insmod:"):
                        note(f"the machine says: {line}")
                return runs
            except MachineFailed as error:
                note(f"after {time.monotonic() - started:.0f} s: {error}; its console ended with:")
                print(tail_of(os.path.join(folder, "console")), flush=True, file=sys.stderr)
    raise LabError(f"{machine.title()}: failed {ATTEMPTS} times (its console is above)")


def bring_back(archive, machine, folder, out):
    files = os.path.join(folder, "files")
    try:
        with tarfile.open(archive) as packed:
            extract(packed, files)
    except (tarfile.TarError, FileNotFoundError) as error:
        raise MachineFailed(f"what the machine left cannot be read: {error}") from error
    runs = []
    for name in machine.identities or [""]:
        runs.append(read_run(name, os.path.join(files, name)))
        shutil.copytree(os.path.join(files, name), os.path.join(out, name), dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns(".exit", ".stdout", ".stderr"))
    return runs


def read_run(name, folder):
    texts = {}
    for what in (".exit", ".stdout", ".stderr"):
        path = os.path.join(folder, what)
        if not os.path.exists(path):
            raise MachineFailed(" ".join(filter(None, ["nothing came out of the machine", name])))
        with open(path, encoding="utf-8", errors="replace") as file:
            texts[what] = file.read()
    return Run(name, int(texts[".exit"]), texts[".stdout"], texts[".stderr"])
