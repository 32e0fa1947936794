# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels: Debian's packages, fetched once by the package client, or a user's own file with its modules."""
import bz2
import glob
import gzip
import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
import zlib
from dataclasses import dataclass

from labkit.archives import extract
from labkit.commands import run
from labkit.errors import LabError, UsageError, note

# Of a package of half a gigabyte this is what the lab boots and loads.
WANTED = re.compile(r"(boot/vmlinuz-|lib/modules/[^/]+/(modules\.builtin$"
                    r"|kernel/(arch/|virt/|crypto/crc32c_|drivers/(block/|crypto/ccp/|net/|vhost/|virtio/)"
                    r"|fs/(configfs/|ext4/|jbd2/|mbcache)|lib/(crc16|libcrc32c)|net/(core|vmw_vsock)/)))")

# In the folder of a package: what was wanted of it.
CHOICE = ".wanted"

MODULE_SIGNATURE = b"~Module signature appended~\n"
PVH_NOTE = re.compile(rb"\x04\0\0\0[\x04\x08]\0\0\0\x12\0\0\0Xen\0")


@dataclass
class Kernel:
    """A kernel that can be booted. The name is for people, the image for emulators, modules is lib/modules/VERSION."""
    name: str
    image: str
    modules: str


def cache_folder():
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nestmark-lab")
    os.makedirs(cache, exist_ok=True)
    return cache


def is_file(named):
    return "/" in named or os.path.exists(named)


def find_kernel(named, modules, cache):
    """The kernel that --kernel names, linux-image-amd64 without it; --modules are those of a file."""
    if named and is_file(named):
        return kernel_of_file(named, modules, cache)
    return kernel_of_package(named or "linux-image-amd64", cache)


def kernel_of_file(path, modules, cache):
    if not os.path.isfile(path):
        raise UsageError(f"{path}: no such kernel (name a bzImage, a vmlinux or a Debian package)")
    if not modules or not os.path.isdir(modules):
        raise UsageError(f"{modules or path}: its modules are missing (--modules names lib/modules or a VERSION in it)")
    return Kernel(os.path.basename(path), bootable(path, cache), modules_folder(path, modules))


def modules_folder(path, modules):
    """The folder of a kernel's own modules: modules, or its version in there."""
    version = version_of(path)
    if not version:
        raise UsageError(f"{path}: neither a bzImage nor a vmlinux of Linux")
    if os.path.isdir(os.path.join(modules, version)):
        return os.path.join(modules, version)
    if os.path.basename(os.path.abspath(modules)) != version:
        raise UsageError(f"{modules}: has no modules of {path}, which is {version}")
    return modules


def version_of(path):
    """The version that a bzImage or a vmlinux says it has; nothing for other files."""
    with open(path, "rb") as file:
        image = file.read()
    if image[0x202:0x206] == b"HdrS":
        start = struct.unpack_from("<H", image, 0x20e)[0] + 0x200
        return re.match(rb"[\w.+~-]*", image[start:]).group().decode()
    found = re.search(rb"Linux version ([\w.+~-]+) \(", image) if image.startswith(b"\x7fELF") else None
    return found.group(1).decode() if found else ""


def kernel_of_package(package, cache):
    package = concrete(package)
    folder = fetch(package, cache)
    images = glob.glob(os.path.join(folder, "boot", "vmlinuz-*"))
    modules = glob.glob(os.path.join(folder, "**", "lib", "modules", "*"), recursive=True)
    if not images or not modules:
        raise LabError(f"{package}: has no kernel (apt-cache search linux-image shows which do)")
    return Kernel(package, bootable(images[0], cache), modules[0])


def concrete(package):
    """What a package such as linux-image-amd64 stands for today; any other stands for itself."""
    if os.path.isdir(os.path.join(cache_folder(), package)):
        return package
    if not shutil.which("apt-cache"):
        raise LabError("apt-cache: not installed (name a kernel as a file: --kernel FILE --modules FOLDER)")
    try:
        depends = run(["apt-cache", "depends", package], text=True)
    except LabError as error:
        raise LabError(f"{package}: not known to apt (run apt-get update, or name another with --kernel)") from error
    found = re.search(r"^ +Depends: (linux-image-\S+)", depends, re.MULTILINE)
    return found.group(1) if found else package


def is_whole(folder):
    """Whether the folder has what the lab takes of a package today; an older lab took less."""
    path = os.path.join(folder, CHOICE)
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return file.read() == WANTED.pattern


def fetch(package, cache):
    """A folder with what the lab needs of a kernel package; fetched once."""
    folder = os.path.join(cache, package)
    if is_whole(folder):
        return folder
    note(f"fetching {package}")
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        run(["apt-get", "download", "-q", package], cwd=temporary)
        unpacked = os.path.join(temporary, "unpacked")
        unpack(glob.glob(os.path.join(temporary, "*.deb"))[0], unpacked)
        with open(os.path.join(unpacked, CHOICE), "w", encoding="utf-8") as file:
            file.write(WANTED.pattern)
        if not is_whole(folder):
            if os.path.isdir(folder):
                os.rename(folder, os.path.join(temporary, "old"))
            os.rename(unpacked, folder)
    return folder


def unpack(archive, target):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as process:
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as files:
                extract(files, target, WANTED.search)
        except tarfile.TarError as error:
            raise LabError(f"{os.path.basename(archive)}: cannot be unpacked ({error})") from error


def by_program(name):
    """Unpacks by a program, where the machine has it."""
    def unpack_by(data):
        if not shutil.which(name):
            return None
        # What follows the payload makes these programs complain after they have written all of it.
        return subprocess.run([name, "-dc"], input=data, capture_output=True, check=False).stdout
    return unpack_by


UNPACKERS = {
    b"\x1f\x8b": lambda data: zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data),
    b"\xfd7zXZ\0": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x5d\0\0": lambda data: lzma.LZMADecompressor().decompress(data),
    b"BZh": lambda data: bz2.BZ2Decompressor().decompress(data),
    b"\x28\xb5\x2f\xfd": by_program("zstd"),
    b"\x02\x21\x4c\x18": by_program("lz4"),
    b"\x89LZO": by_program("lzop"),
}


def payload_of(image):
    """The packed kernel inside a bzImage, by the boot protocol's payload_offset and payload_length; else None."""
    if len(image) < 0x250 or image[0x202:0x206] != b"HdrS" or struct.unpack_from("<H", image, 0x206)[0] < 0x208:
        return None
    setup = (image[0x1f1] or 4) + 1
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = setup * 512 + offset
    # The last four bytes are the unpacked size.
    return image[start:start + length - 4] if length > 4 else None


def vmlinux_of(image):
    """The uncompressed kernel of a bzImage, if this machine can unpack it and emulators can enter it; else None."""
    payload = payload_of(image)
    if payload is None:
        return None
    for magic, unpacker in UNPACKERS.items():
        if payload.startswith(magic):
            plain = unpacker(payload)
            return plain if plain and plain.startswith(b"\x7fELF") and PVH_NOTE.search(plain) else None
    return None


def bootable(path, cache):
    """The uncompressed kernel of the file, which boots in half the time; the file itself where that cannot be had."""
    with open(path, "rb") as file:
        image = file.read()
    plain = os.path.join(cache, f"vmlinux-{hashlib.sha256(image).hexdigest()[:16]}")
    if not os.path.exists(plain):
        data = vmlinux_of(image)
        if data is None:
            return path
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
            file.write(data)
        os.replace(file.name, plain)
    return plain


def without_signature(module):
    """A kernel module without its appended signature, whose check would take a part of the boot."""
    if not module.endswith(MODULE_SIGNATURE):
        return module
    # In front of the marker: the signature, then struct module_signature, whose last four bytes are its length.
    end = len(module) - len(MODULE_SIGNATURE)
    length = int.from_bytes(module[end - 4:end], "big")
    return module[:end - 12 - length]


def module_data(path):
    """A module, unpacked and unsigned."""
    with open(path, "rb") as file:
        data = file.read()
    for suffix, unpacker in ((".xz", lzma.decompress), (".gz", gzip.decompress), (".zst", by_program("zstd"))):
        if path.endswith(suffix):
            data = unpacker(data)
    if not data:
        raise LabError(f"{path}: cannot be unpacked (package zstd)")
    return without_signature(data)


def canonical(module):
    return module.replace("-", "_")


def modules_of(folder, wanted):
    """(name, data) of a module and of what it depends on and is not built in, in the order in which they load."""
    files = {}
    for path in glob.glob(os.path.join(folder, "**", "*.ko*"), recursive=True):
        files[canonical(os.path.basename(path).split(".ko")[0])] = path
    builtin = set()
    if os.path.exists(os.path.join(folder, "modules.builtin")):
        with open(os.path.join(folder, "modules.builtin"), encoding="utf-8") as file:
            builtin = {canonical(os.path.basename(line.strip())[:-len(".ko")]) for line in file}
    loaded = {}

    def load(name):
        if name in loaded or name in builtin:
            return
        if name not in files:
            raise LabError(f"{folder}: has no module {name} (build the kernel with it, or name another --modules)")
        data = module_data(files[name])
        depends = re.search(rb"\0depends=([^\0]*)\0", data)
        for other in filter(None, (depends.group(1).decode() if depends else "").split(",")):
            load(canonical(other))
        loaded[name] = data

    load(canonical(wanted))
    return list(loaded.items())
