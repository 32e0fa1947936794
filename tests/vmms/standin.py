#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Stands for a VMM: standin.py KIND BEHAVIOUR ARGUMENT…

It takes the arguments that a VMM of this kind takes and no other, looks at the files that they name, and runs the init
of the initramfs, which is the agent, natively for a guest. What is wrong it says on stdout, which is the console, and
ends with 9.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

ELF = b"\x7fELF"
MOST_HEADER = 110


def refuse(why):
    print(f"standin: {why}", flush=True)
    sys.exit(9)


def check(true, why):
    if not true:
        refuse(why)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        refuse(f"{path}: {error.strerror}")


def options_of(arguments, known):
    """{option: value} of --option VALUE…; each must be known and be there once."""
    options = {}
    while arguments:
        name, *arguments = arguments
        check(name in known, f"unknown argument {name}")
        check(name not in options, f"{name} is named twice")
        if known[name]:
            check(arguments, f"{name} has no value")
            options[name], *arguments = arguments
        else:
            options[name] = ""
    return options


def firecracker(arguments):
    options = options_of(arguments, {"--no-api": False, "--level": True, "--config-file": True})
    check("--no-api" in options and options["--level"] == "Error", "not these options")
    config = json.loads(read(options["--config-file"]))
    check(list(config) == ["boot-source", "machine-config", "drives"], f"sections {list(config)}")
    source, machine = config["boot-source"], config["machine-config"]
    check(set(machine) == {"vcpu_count", "mem_size_mib"} and all(isinstance(n, int) for n in machine.values()), machine)
    check(machine["vcpu_count"] in (1, 2) and machine["mem_size_mib"] >= 256, machine)
    check({"reboot=k", "pci=off"} <= set(source["boot_args"].split()), source)
    for drive in config["drives"]:
        check(not drive["is_root_device"] and os.access(drive["path_on_host"], os.W_OK), drive)
    check(set(source) == {"kernel_image_path", "initrd_path", "boot_args"}, source)
    return source["kernel_image_path"], source["initrd_path"], source["boot_args"], True


def cloud_hypervisor(arguments):
    names = ("--kernel", "--initramfs", "--cmdline", "--cpus", "--memory", "--serial", "--console")
    options = options_of(arguments, {name: True for name in (*names, "--disk")})
    check(all(name in options for name in names), f"only {list(options)}")
    check(re.fullmatch("boot=[12]", options["--cpus"]), options["--cpus"])
    check(re.fullmatch("size=[0-9]{3,}M", options["--memory"]), options["--memory"])
    check((options["--serial"], options["--console"]) == ("tty", "off"), "not that console")
    disk = options.get("--disk")
    check(not disk or os.access(re.fullmatch("path=(.*),direct=o(n|ff)", disk)[1], os.W_OK), disk)
    return options["--kernel"], options["--initramfs"], options["--cmdline"], False


def qemu(machine, arguments):
    values = ("-machine", "-cpu", "-smp", "-m", "-display", "-serial", "-kernel", "-initrd", "-append")
    flags = ("-nodefaults", "-no-user-config", "-no-reboot")
    options = options_of(arguments, {**{name: True for name in values}, **{name: False for name in flags}})
    check(all(name in options for name in (*values, *flags)), f"only {list(options)}")
    check(options["-machine"].startswith(f"{machine},accel=kvm"), options["-machine"])
    check((options["-serial"], options["-display"]) == ("stdio", "none"), "not that console")
    return options["-kernel"], options["-initrd"], options["-append"], False


KINDS = {
    "firecracker": firecracker,
    "cloud-hypervisor": cloud_hypervisor,
    "qemu-q35": lambda arguments: qemu("q35", arguments),
    "qemu-microvm": lambda arguments: qemu("microvm", arguments),
}


def unpacked(archive):
    """{name: content} of a newc archive."""
    files = {}
    at = 0
    while archive[at:at + 6] == b"070701":
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = archive[at + MOST_HEADER:at + MOST_HEADER + fields[11] - 1].decode()
        start = (at + MOST_HEADER + fields[11] + 3) // 4 * 4
        files[name] = archive[start:start + fields[6]]
        at = (start + fields[6] + 3) // 4 * 4
    return files


def frame(text):
    total = 2166136261
    for byte in text.encode():
        total = (total ^ byte) * 16777619 & 0xffffffff
    return f"@nm {total:x} {text}"


def agent(files):
    """The init as a process of this machine, and its plan."""
    fd = os.memfd_create("init")
    os.write(fd, files["init"])
    program = f"/proc/self/fd/{fd}"
    # An executable that is still open for writing is refused.
    held = os.open(program, os.O_RDONLY)
    os.close(fd)
    return subprocess.Popen([f"/proc/self/fd/{held}", files["plan"].decode()], stdout=subprocess.PIPE, pass_fds=[held],
                            text=True)


def guest(files, until=None):
    """Passes on what the agent says, to its end or to a line that holds until."""
    print("firmware\nearly console in extract_kernel\n[    0.000000] Linux version 0 (a stand-in)", flush=True)
    print(frame("hello 0"), flush=True)
    with agent(files) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if until and until in line:
                os.kill(os.getpid(), signal.SIGKILL)
    check(process.returncode == 0, f"the agent ended with {process.returncode}")


def linger():
    """A process that nobody sees any more, holds the console, and does not end by itself."""
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        stay()
    while not os.path.exists("pids"):
        time.sleep(0.01)


def stay():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with open("pids", "a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    while True:
        time.sleep(60)


def main(kind, behaviour, arguments):
    kernel, initramfs, command_line, restarts = KINDS[kind](arguments)
    content = read(kernel)
    check(content.startswith(ELF) or kind.startswith("qemu"), f"{kernel} is no ELF file")
    check("rdinit=/init" in command_line.split(), command_line)
    files = unpacked(read(initramfs))
    check({"init", "plan"} <= set(files) and files["init"].startswith(ELF), f"the initramfs holds {list(files)}")
    check(("restart" in files["plan"].decode().split("\n")) == restarts, f"the plan is {files['plan']}")
    if behaviour == "garbage":
        os.write(1, os.urandom(100000))
        sys.exit(0)
    if behaviour in ("hangs", "leaves"):
        linger()
    if behaviour == "hangs":
        stay()
    guest(files, "begin" if behaviour == "dies" else None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
