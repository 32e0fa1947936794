# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""A machine whose CPU has VMX and EPT: Bochs, with a disk of our own that boots an uncompressed Linux by PVH.

Bochs executes one instruction per cycle of its time stamp counter: what nestmark measures here are instruction counts.
"""
import os
import re
import struct
import subprocess
import tempfile

from labkit.commands import emulate
from labkit.errors import LabError
from labkit.initramfs import CONSOLE, DONE

VENDOR_MODULE = "kvm-intel"
CPU = "corei7_haswell_4770"
RESULTS = "/dev/ttyS1"
TIME_LIMITS = {"host": 300, "nested": 900}

INSTRUCTIONS_PER_SECOND = 50_000_000
# The time stamp counter counts instructions, whatever rate the CPU model announces: without this a kernel on Skylake
# and later believes the announced one, and sleeps 70 times too long.
TSC_RATE = f"tsc_early_khz={INSTRUCTIONS_PER_SECOND // 1000}"
MEMORY = 1024
# The one display of Debian's build that needs none; without the option it waits for a viewer to connect.
DISPLAY = 'rfb, options="timeout=0"'
# That of a build of one's own, as docs/lab.md configures it.
OWN_DISPLAY = "nogui"

HERE = os.path.dirname(os.path.abspath(__file__))
BOOT_CODE = os.path.join(HERE, "..", "bochs", "boot.S")
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
VGA_BIOS = "/usr/share/vgabios/vgabios.bin"

SECTOR = 512
CYLINDER = 16 * 63 * SECTOR
PAGE = 4096

# The handover page; the same numbers stand in bochs/boot.S.
HANDOVER = 0x8000
HANDOVER_SECTOR = 1
HANDOVER_BYTES = 8 * SECTOR
MODULE_OFFSET = 0x40
ENTRY_OFFSET = 0x100
COMMAND_LINE_OFFSET = 0x400
MEMORY_MAP = 0x9000
# One ATA command reads up to 65,536 sectors, which it writes as 0.
SECTORS_PER_LOAD = 0x8000

PT_LOAD = 1
PT_NOTE = 4
XEN_ELFNOTE_PHYS32_ENTRY = 18
XEN_HVM_START_MAGIC = 0x336ec578


def round_up(number, multiple):
    return -(-number // multiple) * multiple


def program_headers(elf):
    """(type, file offset, physical address, bytes in the file, bytes in memory) of each segment of a 64-bit ELF."""
    if elf[:5] != b"\x7fELF\x02":
        raise LabError("the kernel is no 64-bit ELF file (its package has to hold one, compressed with xz)")
    offset, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for number in range(count):
        kind, _, start, _, address, in_file, in_memory = struct.unpack_from("<IIQQQQQ", elf, offset + number * size)
        yield kind, start, address, in_file, in_memory


def pvh_entry(elf):
    """Physical address of the kernel's PVH entry, from its Xen notes."""
    for kind, start, _, in_file, _ in program_headers(elf):
        position = start
        while kind == PT_NOTE and position < start + in_file:
            name_bytes, bytes_, type_ = struct.unpack_from("<III", elf, position)
            name = elf[position + 12:position + 12 + name_bytes]
            position += 12 + round_up(name_bytes, 4)
            if name == b"Xen\0" and type_ == XEN_ELFNOTE_PHYS32_ENTRY:
                return int.from_bytes(elf[position:position + bytes_], "little")
            position += round_up(bytes_, 4)
    raise LabError("the kernel has no PVH entry (it needs CONFIG_PVH)")


def memory_image(elf):
    """(physical address, content): the kernel as it lies in memory, gaps and zeroed parts included."""
    segments = [header[1:] for header in program_headers(elf) if header[0] == PT_LOAD]
    base = min(address for _, address, _, _ in segments)
    end = max(address + in_memory for _, address, _, in_memory in segments)
    image = bytearray(end - base)
    for start, address, in_file, _ in segments:
        image[address - base:address - base + in_file] = elf[start:start + in_file]
    return base, bytes(image)


def boot_sector():
    """bochs/boot.S, assembled."""
    with tempfile.TemporaryDirectory() as temporary:
        assembled, linked = os.path.join(temporary, "boot.o"), os.path.join(temporary, "boot")
        for command in (["as", "--32", "-o", assembled, BOOT_CODE],
                        ["ld", "-m", "elf_i386", "-Ttext=0x7c00", "--oformat=binary", "-o", linked, assembled]):
            try:
                subprocess.run(command, check=True, capture_output=True, text=True)
            except FileNotFoundError as error:
                raise LabError(f"{command[0]}: not installed (package binutils)") from error
            except subprocess.CalledProcessError as error:
                raise LabError(f"{command[0]}: {error.stderr.strip()}") from error
        with open(linked, "rb") as file:
            return file.read()


def handover_page(entry, initrd_address, initrd_bytes, loads, command_line):
    """start_info, module list, entry and loads for boot.S, and the command line; boot.S adds the memory map."""
    table = b"".join(struct.pack("<III", *load) for load in loads) + bytes(12)
    text = command_line.encode() + b"\0"
    if ENTRY_OFFSET + 4 + len(table) > COMMAND_LINE_OFFSET or COMMAND_LINE_OFFSET + len(text) > HANDOVER_BYTES:
        raise LabError("kernel, initramfs or command line are too long for the Bochs machine")
    page = bytearray(HANDOVER_BYTES)
    struct.pack_into("<IIIIQQQQII", page, 0, XEN_HVM_START_MAGIC, 1, 0, 1, HANDOVER + MODULE_OFFSET,
                     HANDOVER + COMMAND_LINE_OFFSET, 0, MEMORY_MAP, 0, 0)
    struct.pack_into("<QQQQ", page, MODULE_OFFSET, initrd_address, initrd_bytes, 0, 0)
    struct.pack_into(f"<I{len(table)}s", page, ENTRY_OFFSET, entry, table)
    struct.pack_into(f"{len(text)}s", page, COMMAND_LINE_OFFSET, text)
    return page


def loads_of(first_sector, content, address):
    """What boot.S has to read, (first sector, sectors, address) each, for content that lies at first_sector."""
    sectors = round_up(len(content), SECTOR) // SECTOR
    for done in range(0, sectors, SECTORS_PER_LOAD):
        yield first_sector + done, min(sectors - done, SECTORS_PER_LOAD), address + done * SECTOR


def build_disk(kernel_elf_path, initrd_path, command_line, target_path):
    """Writes a raw disk that boots the kernel with the initramfs, which goes right behind the kernel in memory."""
    with open(kernel_elf_path, "rb") as file:
        elf = file.read()
    with open(initrd_path, "rb") as file:
        initrd = file.read()
    base, kernel = memory_image(elf)
    kernel_sector = HANDOVER_SECTOR + HANDOVER_BYTES // SECTOR
    initrd_sector = kernel_sector + round_up(len(kernel), SECTOR) // SECTOR
    initrd_address = round_up(base + len(kernel), PAGE)
    loads = [*loads_of(kernel_sector, kernel, base), *loads_of(initrd_sector, initrd, initrd_address)]
    page = handover_page(pvh_entry(elf), initrd_address, len(initrd), loads, command_line)
    with open(target_path, "wb") as file:
        for sector, content in ((0, boot_sector()), (HANDOVER_SECTOR, page), (kernel_sector, kernel),
                                (initrd_sector, initrd)):
            file.seek(sector * SECTOR)
            file.write(content)
        file.truncate(round_up(file.tell(), CYLINDER))


def configuration(disk, folder, cpu, memory, display):
    """The text of Bochs' configuration file."""
    cylinders = os.path.getsize(disk) // CYLINDER
    return f"""\
config_interface: textconfig
display_library: {display}
# The speaker's mixer aborts where there is no sound card, even when the speaker is disabled.
plugin_ctrl: speaker=0
romimage: file={BIOS}
vgaromimage: file={VGA_BIOS}
cpu: model={cpu}, count=1, ips={INSTRUCTIONS_PER_SECOND}, reset_on_triple_fault=0, ignore_bad_msrs=1
# Virtual time follows the instructions alone: with sync, sleeping guests wait for the real clock.
clock: sync=none
memory: guest={memory}, host={memory}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, mode=flat, path="{disk}", cylinders={cylinders}, heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev="{folder}/console"
com2: enabled=1, mode=file, dev="{folder}/results.tar"
log: {folder}/bochs.log
# A panic asks on the terminal unless it is fatal; logging the rest costs time and deadlocks now and then.
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
"""


def reason(said):
    """Why Bochs ended, by its own words."""
    found = re.search(r"exiting with the following message:\n(.*)", said)
    return found.group(1) if found else "no message"


def boot(machine, initrd, folder):
    """Runs the machine once; the path of the tar archive that it left."""
    for path in (BIOS, VGA_BIOS):
        if not os.path.exists(path):
            raise LabError(f"{path}: not there (packages bochs, bochsbios, vgabios)")
    disk = os.path.join(folder, "disk")
    build_disk(machine.kernel.image, initrd, " ".join(filter(None, [CONSOLE, TSC_RATE, machine.append])), disk)
    display = OWN_DISPLAY if machine.emulator else DISPLAY
    for name, text in (("bochsrc", configuration(disk, folder, machine.cpu, MEMORY, display)), ("debugger", "c\n")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    command = [machine.emulator or "bochs-bin", "-q", "-f", os.path.join(folder, "bochsrc")]
    if not machine.emulator:
        # Debian's build is one with the debugger, which stops at the first instruction unless it is told to go on.
        command += ["-rc", os.path.join(folder, "debugger")]
    emulate(command, os.path.join(folder, "console"), machine.time_limit, DONE, reason)
    return os.path.join(folder, "results.tar")
