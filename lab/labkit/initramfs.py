# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The initramfs of a machine: busybox, the KVM modules, nestmark, and an init that runs it and hands over its files.

In the folder /out of a machine, .stdout, .stderr and .exit belong to the lab; every other file is nestmark's.
"""
import os
import re
import shlex

from labkit.archives import Initramfs
from labkit.commands import run
from labkit.errors import LabError, UsageError
from labkit.packages import canonical, modules_of

DONE = "nestmark-lab: done"
# Self-tests and certificates of the kernel's cryptography are a quarter of the boot and serve nothing here. Offsets of
# stacks and checks of copies make a path longer or shorter by where the kernel happened to place an object.
CONSOLE = ("console=ttyS0,115200 quiet panic=-1 nokaslr mitigations=off rdinit=/init cryptomgr.notests "
           "initcall_blacklist=load_system_certificate_list randomize_kstack_offset=off hardened_usercopy=off "
           "nestmark.emulated")
INNER_MEMORY = "320M"

# Guest-physical memory of the inner machine behind which a file of the outer one lies (nestmark boot --share).
SHARE_ADDRESS = 0xd0000000
SHARE_BYTES = 16 << 20

PRELUDE = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/ TERM=dumb
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t tracefs trace /sys/kernel/tracing
"""
WORK = """cd /out
set --
while IFS= read -r argument; do set -- "$@" "$argument"; done </arguments
{program} "$@" </dev/null >.stdout 2>.stderr
echo $? >.exit
"""
AS_USER = "chmod 600 /dev/kvm; chown user /out; su -s /bin/sh -- user -c 'exec nestmark \"$@\"' nestmark"
NESTED_WORK = """rm -rf /share; truncate -s {bytes} /share
nestmark boot {identity} --time-limit 1h --memory {memory} --initrd /inner/initrd --share /share --append {append} \\
    /inner/kernel </dev/null >/dev/ttyS0 2>&1 || echo "nestmark boot ended with $?" >/dev/ttyS0
mkdir -p {out}; tar xf /share -C {out}
"""
TO_DEVICE = "stty -F {device} 115200 raw -echo; tar cf {device} -C /out ."
# The inner kernel lets /dev/mem write below the end of its memory only, which the last page of the share is made to be.
TO_SHARE = """tar cf /tmp/out.tar -C /out .
dd if=/tmp/out.tar of=/dev/mem bs=4096 seek={page} conv=notrunc status=none 2>/dev/ttyS0
"""
SHARE_AS_MEMORY = f"memmap=64K%{SHARE_ADDRESS + SHARE_BYTES - 65536:#x}-2+1"
END = """echo '{done}' >/dev/ttyS0
poweroff -f
"""


def libraries_of(program):
    """The shared libraries of a program, with their loader; none of what is no such program."""
    try:
        return re.findall(r"/\S+", run(["ldd", program], text=True))
    except LabError:
        return []


def bring(image, source):
    """A file, a folder or a program with its libraries goes where it is found here."""
    if os.path.isdir(source):
        for name in sorted(os.listdir(source)):
            bring(image, os.path.join(source, name))
        return
    executable = os.access(source, os.X_OK)
    image.copy(source, source, 0o755 if executable else 0o644)
    for library in libraries_of(source) if executable else ():
        image.copy(library, library)


def load_line(name, parameters):
    """The insmod line of a module; it says on the console what KVM has against this machine, and init goes on."""
    values = [value for module, value in parameters if module == name]
    return f"insmod /modules/{name}.ko {' '.join(map(shlex.quote, values))} 2>/dev/ttyS0\n"


class Images:
    """Builds the initramfs files of one machine; what both levels need is read once."""

    def __init__(self, modules_folder, vendor_module, program, more=()):
        wanted = [module for name in (vendor_module, *more) for module in modules_of(modules_folder, name)]
        self.modules = list(dict(wanted).items())
        self.vendor_module = canonical(vendor_module)
        self.program = program
        self.libraries = libraries_of(program)

    def parameters(self, asked):
        """(module, name=value) of each --parameter, behind the lab's own."""
        pairs = [(self.vendor_module, "nested=1")]
        names = [name for name, _ in self.modules]
        for text in asked:
            module, dot, value = text.partition(".")
            if not dot or "=" not in value or canonical(module) not in names:
                raise UsageError(f"--parameter {text}: must be MODULE.NAME=VALUE, MODULE one of {', '.join(names)}")
            pairs.append((canonical(module), value))
        return pairs

    def base(self, asked, work, deliver):
        image = Initramfs()
        for name in ("dev", "proc", "sys", "tmp", "out"):
            image.folder(name)
        if not os.path.exists("/bin/busybox"):
            raise LabError("busybox: not installed (package busybox-static)")
        image.copy("/bin/busybox", "bin/busybox")
        image.copy("/etc/os-release", "etc/os-release", 0o644)
        image.file("etc/passwd", "root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n")
        image.copy(self.program, "bin/nestmark")
        for library in self.libraries:
            image.copy(library, library)
        for name, data in self.modules:
            image.file(f"modules/{name}.ko", data)
        parameters = self.parameters(asked)
        loads = "".join(load_line(name, parameters) for name, _ in self.modules)
        image.file("init", PRELUDE + loads + work + deliver + "\n" + END.format(done=DONE), 0o755)
        return image

    def single(self, path, machine, arguments, deliver):
        """Runs nestmark with the arguments."""
        for argument in arguments:
            if "\n" in argument:
                raise UsageError(f"{argument!r}: an argument with a line break cannot be passed on")
        work = WORK.format(program=AS_USER if machine.user else "nestmark")
        image = self.base(machine.parameters, work, deliver)
        for source in machine.files:
            image.copy(source, os.path.basename(source), 0o644)
        for source in machine.bring:
            bring(image, source)
        image.file("arguments", "".join(argument + "\n" for argument in arguments))
        image.write(path)

    def nested(self, path, machine, inner, deliver):
        """Boots a Linux guest with the initramfs inner, once for each identity."""
        append = shlex.quote(" ".join(filter(None, [CONSOLE, SHARE_AS_MEMORY, machine.append])))
        work = "".join(
            NESTED_WORK.format(bytes=SHARE_BYTES, memory=INNER_MEMORY, append=append,
                               identity=f"--as {shlex.quote(identity)}" if identity else "",
                               out=shlex.quote(f"/out/{identity}"))
            for identity in machine.identities or [""])
        image = self.base(machine.parameters, work, deliver)
        image.copy(machine.kernel.image, "inner/kernel", 0o644)
        image.copy(inner, "inner/initrd", 0o644)
        image.write(path)


def build(machine, vendor_module, device, arguments, folder):
    """The path of the machine's initramfs. What comes out of the machine goes to the device, as a tar archive."""
    images = Images(machine.kernel.modules, vendor_module, machine.nestmark, machine.load)
    path = os.path.join(folder, "initrd")
    deliver = TO_DEVICE.format(device=device)
    if machine.level == "host":
        images.single(path, machine, arguments, deliver)
    else:
        inner = os.path.join(folder, "inner")
        images.single(inner, machine, arguments, TO_SHARE.format(page=SHARE_ADDRESS // 4096))
        images.nested(path, machine, inner, deliver)
    return path
