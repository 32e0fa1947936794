# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The svm machine: QEMU's TCG, whose CPU has SVM and nested paging; Linux' own kvm_amd serves it."""
import os

from labkit.commands import emulate
from labkit.initramfs import CONSOLE, DONE

VENDOR_MODULE = "kvm-amd"
CPU = "max"
RESULTS = "/dev/ttyS1"
TIME_LIMITS = {"host": 300, "nested": 600}


def boot(machine, initrd, folder):
    """Runs the machine once; the path of the tar archive that it left."""
    console = os.path.join(folder, "console")
    results = os.path.join(folder, "results.tar")
    # By turns the CPUs of one thread get 100 ms each, in which one that waits for another only spins.
    threads = "multi" if machine.parallel else "single"
    command = [
        machine.emulator or "qemu-system-x86_64",
        "-accel", f"tcg,thread={threads}", "-machine", "q35", "-cpu", machine.cpu, "-smp", str(machine.cpus),
        "-m", str(machine.memory), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-serial", f"file:{console}", "-serial", f"file:{results}",
        "-kernel", machine.kernel.image, "-initrd", initrd,
        "-append", " ".join(filter(None, [CONSOLE, machine.append])),
    ]
    for strings in machine.smbios:
        command += ["-smbios", strings]
    if machine.counted:
        # One nanosecond, and one tick of the TSC, for each instruction.
        command += ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
    emulate(command, console, machine.time_limit, DONE)
    return results
