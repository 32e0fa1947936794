#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a Linux guest starts in nestmark's own VMM no slower than in QEMU, q35 and microvm, in one run.

    boot.py build/release/nestmark [OPTION OF RUN…]           runs here, keeps boot.json in the current directory
    boot.py --lab build/release/nestmark KERNEL [OPTION…]     the same in the lab's svm machine, by this machine's QEMU
    boot.py ONE.json                                          judges a document

From the start of each VMM's process, or of nestmark's making of the VM, to the first line of init, without messages
of the kernel, which is the same for all. nestmark and, for a kernel that is a vmlinux, QEMU enter it unpacked.
Ends with 1 when QEMU is faster and the intervals do not overlap, with 3 when that cannot be judged.
"""
import os
import subprocess
import sys

from repeat import measure, overlap, read

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATION = "linux.boot.quiet.init"
# Not its whole name, which would mean all sizes of memory.
OPTIONS = ["linux.boot.quiet.i*", "--vmm", "qemu-q35", "--vmm", "qemu-microvm"]
QEMU = "/usr/bin/qemu-system-x86_64"
FIRMWARE = ["/usr/share/seabios"] + [f"/usr/share/qemu/{name}" for name in (
    "qboot.rom", "bios-microvm.bin", "kvmvapic.bin", "linuxboot_dma.bin", "pvh.bin")]
LAB_SECONDS = 1200


def lab(nestmark, kernel, options):
    brought = [word for path in (QEMU, *FIRMWARE) for word in ("--bring", path)]
    command = [os.path.join(HERE, "..", "..", "lab", "nestmark-lab"), "svm", "--nestmark", nestmark, "--memory", "2048",
               "--time-limit", str(LAB_SECONDS), *brought, "--file", kernel, "--", "run", "-q", *OPTIONS,
               "--kernel", f"/{os.path.basename(kernel)}", "-o", "json:boot.json", *options]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code not in (0, 3) or not os.path.exists("boot.json"):
        sys.exit(f"boot: the lab ended with {code}")


def points(measurements):
    """[(VMM, memory, measurement)] of those that have a time."""
    return [(m["parameters"]["vmm"], m["parameters"]["bytes"], m) for m in measurements.values()
            if m["operation"] == OPERATION and m["summary"]["p50"]["value"]]


def print_table(found):
    print("| VMM | memory | rounds | p50 | 95 % interval |\n| --- | --: | --: | --: | --- |")
    for vmm, size, m in found:
        p50 = m["summary"]["p50"]
        value, low, high = (p50[key] / 1e9 for key in ("value", "lo", "hi"))
        print(f"| {vmm} | {size >> 20} MiB | {len(m['rounds'])} | {value:.2f} s | {low:.2f} to {high:.2f} s |")


def judge(found):
    """How QEMU compares with nestmark, and the exit code."""
    own = {size: m["summary"]["p50"] for vmm, size, m in found if vmm == "nestmark"}
    codes = []
    for vmm, size, m in found:
        if vmm == "nestmark" or size not in own:
            continue
        ours, theirs = own[size], m["summary"]["p50"]
        print(f"{vmm}, {size >> 20} MiB: {theirs['value'] / ours['value']:.2f} times as long as nestmark")
        if theirs["value"] >= ours["value"]:
            codes.append(0)
        else:
            codes.append(3 if overlap(ours, theirs) else 1)
    return 3 if not codes else 1 if 1 in codes else max(codes)


def main(arguments):
    if len(arguments) == 1 and arguments[0].endswith(".json"):
        path = arguments[0]
    elif arguments[:1] == ["--lab"] and len(arguments) >= 3:
        path = "boot.json"
        lab(os.path.abspath(arguments[1]), os.path.abspath(arguments[2]), arguments[3:])
    elif arguments and not arguments[0].startswith("-"):
        path = "boot.json"
        measure(arguments[0], [*OPTIONS, *arguments[1:]], path)
    else:
        sys.exit(__doc__)
    found = points(read(path))
    print_table(found)
    return judge(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
