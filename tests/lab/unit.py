#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the lab that need no machine."""
import json
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

SOURCE = os.environ.get("SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(SOURCE, "lab"))
sys.dont_write_bytecode = True

from labkit import chart, compare, documents, initramfs, machine, packages, track  # noqa: E402
from labkit.archives import Initramfs  # noqa: E402
from labkit.errors import LabError, UsageError  # noqa: E402

PVH = b"\x04\0\0\0\x08\0\0\0\x12\0\0\0Xen\0" + bytes(8)
PLAIN = b"\x7fELF" + bytes(100) + PVH + os.urandom(3000)


def bzimage(payload):
    """The least that a boot loader takes for a bzImage: one sector of set-up, the payload at 0x40 behind it."""
    image = bytearray(1024)
    image[0x1f1] = 1
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, 0x20f)
    struct.pack_into("<II", image, 0x248, 0x40, len(payload) + 4)
    return bytes(image) + bytes(0x40) + payload + struct.pack("<I", len(PLAIN)) + b"what follows"


def document(cells, clock="instructions", kernel="6.1.0"):
    """A run document with {(operation, cpl or None): (p50, state, exits below)}."""
    measurements = [
        {"operation": operation, "context": "native" if cpl is None else "guest",
         "parameters": {} if cpl is None else {"cpl": cpl}, "state": state, "summary": {"p50": {"value": value}},
         "evidence": {} if below is None else {"exits_below_per_op": below}}
        for (operation, cpl), (value, state, below) in cells.items()]
    return {"run": {"clock": clock}, "measurements": measurements,
            "environment": {"kernel_release": kernel, "kernel_cmdline": ""}}


class InFolder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name, data=None):
        path = os.path.join(self.folder, name)
        if data is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        return path

    def document(self, name, cells, **kwargs):
        return self.path(name, json.dumps(document(cells, **kwargs)).encode())


class Kernels(InFolder):
    def test_payloads(self):
        deflate = zlib.compressobj(wbits=31)
        packed = {"gzip": deflate.compress(PLAIN) + deflate.flush(),
                  "xz": lzma.compress(PLAIN, check=lzma.CHECK_CRC32),
                  "lzma": lzma.compress(PLAIN, format=lzma.FORMAT_ALONE)}
        if shutil.which("zstd"):
            packed["zstd"] = subprocess.run(["zstd", "-c"], input=PLAIN, capture_output=True, check=True).stdout
        for name, payload in packed.items():
            with self.subTest(name):
                self.assertEqual(packages.vmlinux_of(bzimage(payload)), PLAIN)

    def test_no_payload(self):
        self.assertIsNone(packages.payload_of(b"short"))
        self.assertIsNone(packages.vmlinux_of(PLAIN))
        self.assertIsNone(packages.vmlinux_of(bzimage(b"packed by nobody knows what")))

    def test_kernel_without_pvh_entry_stays_packed(self):
        self.assertIsNone(packages.vmlinux_of(bzimage(lzma.compress(PLAIN.replace(b"Xen", b"GNU")))))

    def test_bootable_is_unpacked_once(self):
        path = self.path("bzImage", bzimage(lzma.compress(PLAIN)))
        plain = packages.bootable(path, self.folder)
        self.assertNotEqual(plain, path)
        self.assertEqual(packages.bootable(path, self.folder), plain)
        other = self.path("vmlinux", PLAIN)
        self.assertEqual(packages.bootable(other, self.folder), other)

    def test_own_kernel_needs_its_modules(self):
        path = self.path("bzImage", b"kernel")
        for modules in (None, self.path("nowhere")):
            with self.assertRaisesRegex(UsageError, "--modules"):
                packages.find_kernel(path, modules, self.folder)
        with self.assertRaisesRegex(UsageError, "no such kernel"):
            packages.find_kernel(self.path("none"), self.folder, self.folder)

    def test_version_chooses_the_modules(self):
        image = bytearray(bzimage(b"payload"))
        struct.pack_into("<H", image, 0x20e, 0x100)
        image[0x300:0x314] = b"6.12.1-mine (me@here"
        path = self.path("bzImage", bytes(image))
        self.path("modules/6.12.1-mine/modules.builtin", b"")
        found = packages.find_kernel(path, self.path("modules"), self.folder)
        self.assertEqual(found.modules, self.path("modules/6.12.1-mine"))
        found = packages.find_kernel(path, self.path("modules/6.12.1-mine"), self.folder)
        self.assertEqual(found.modules, self.path("modules/6.12.1-mine"))


class Modules(InFolder):
    def module(self, name, depends):
        return self.path(name, b"\x7fELF\0depends=" + depends + b"\0name=x\0")

    def test_order_and_builtin(self):
        self.module("kernel/a/kvm-amd.ko", b"kvm,ccp")
        self.path("kernel/b/kvm.ko.xz", lzma.compress(b"\0depends=irqbypass\0"))
        self.module("kernel/irqbypass.ko", b"")
        self.path("modules.builtin", b"kernel/drivers/crypto/ccp/ccp.ko\n")
        names = [name for name, _ in packages.modules_of(self.folder, "kvm-amd")]
        self.assertEqual(names, ["irqbypass", "kvm", "kvm_amd"])

    def test_signature_goes(self):
        signed = b"module" + b"signature" + bytes(8) + (9).to_bytes(4, "big") + packages.MODULE_SIGNATURE
        self.assertEqual(packages.without_signature(signed), b"module")
        self.assertEqual(packages.without_signature(b"module"), b"module")

    def test_missing(self):
        self.module("kvm-amd.ko", b"kvm")
        with self.assertRaisesRegex(LabError, "no module kvm "):
            packages.modules_of(self.folder, "kvm-amd")

    def test_parameters(self):
        images = initramfs.Images.__new__(initramfs.Images)
        images.modules, images.vendor_module = [("kvm", b""), ("kvm_amd", b"")], "kvm_amd"
        asked = images.parameters(["kvm-amd.npt=0", "kvm.mmio_caching=N"])
        self.assertEqual(asked, [("kvm_amd", "nested=1"), ("kvm_amd", "npt=0"), ("kvm", "mmio_caching=N")])
        for wrong in ("npt=0", "kvm-amd.npt", "kvm-intel.ept=0"):
            with self.assertRaisesRegex(UsageError, "MODULE.NAME=VALUE"):
                images.parameters([wrong])


class Archive(InFolder):
    def test_initramfs(self):
        image = Initramfs()
        image.file("/lib/x86/libc.so", b"abc", 0o755)
        image.file("init", "#!/bin/sh\n", 0o755)
        path = self.path("initrd")
        image.write(path)
        with open(path, "rb") as file:
            data = file.read()
        found = {}
        while data:
            fields = [int(data[6 + 8 * i:14 + 8 * i], 16) for i in range(13)]
            size, name_size = fields[6], fields[11]
            name = data[110:110 + name_size - 1].decode()
            start = (110 + name_size + 3) // 4 * 4
            found[name] = (fields[1], data[start:start + size])
            data = data[(start + size + 3) // 4 * 4:]
        self.assertEqual(found, {"lib": (0o40755, b""), "lib/x86": (0o40755, b""), "init": (0o100755, b"#!/bin/sh\n"),
                                 "lib/x86/libc.so": (0o100755, b"abc"), "TRAILER!!!": (0, b"")})

    def test_what_is_brought(self):
        image = Initramfs()
        self.path("data/firmware/a.bin", b"a")
        initramfs.bring(image, self.path("data"))
        initramfs.bring(image, os.path.realpath("/bin/sh"))
        self.assertIn(self.path("data/firmware/a.bin").lstrip("/"), image.names)
        self.assertIn(os.path.realpath("/bin/sh").lstrip("/"), image.names)
        self.assertTrue(any("/libc.so" in name for name in image.names), image.names)


class Tables(InFolder):
    def test_compare(self):
        self.document("host-svm.json", {("exit.cpuid", None): (6, "ok", None), ("exit.cpuid", 0): (2767, "ok", None),
                                        ("exit.hlt", 0): (4000, "ok", None), ("exit.old", 0): (5, "ok", None)})
        self.document("nested-svm.json",
                      {("exit.cpuid", None): (2974, "ok", None), ("exit.cpuid", 0): (29492, "ok", 6.05),
                       ("exit.hlt", 0): (None, "timeout", None), ("exit.new", 0): (7.25, "noisy", 1)})
        text = compare.compare(["svm"], self.folder)
        rows = {tuple(line.split()[:2]): line.split()[2:] for line in text.splitlines() if "exit." in line}
        self.assertEqual(rows["exit.cpuid", "native"][:4], ["6", "2,974", "495.7", "-"])
        self.assertEqual(rows["exit.cpuid", "cpl0"], "2,767 29,492 10.7 6.05 22 Turtles'10; 13 PVM'23".split())
        self.assertEqual(rows["exit.hlt", "cpl0"], ["4,000", "timeout", "-", "-", "-"])
        self.assertEqual(rows["exit.old", "cpl0"], ["5", "not", "measured", "-", "-", "-"])
        self.assertEqual(rows["exit.new", "cpl0"], ["not", "measured", "7.25", "noisy", "-", "1.00", "-"])
        with open(self.path("compare.md"), encoding="utf-8") as file:
            self.assertIn("| exit.cpuid | cpl0 | 2,767 | 29,492 | 10.7 | 6.05 | 22 Turtles'10; 13 PVM'23 |",
                          file.read())

    def test_both_machines_side_by_side(self):
        for name in ("host-svm", "nested-svm", "host-vmx", "nested-vmx"):
            self.document(f"{name}.json", {("exit.cpuid", 0): (100 if "host" in name else 1000, "ok", None)})
        text = compare.compare(["svm", "vmx"], self.folder)
        self.assertIn("svm: bare metal", text)
        self.assertIn("vmx: bare metal", text)
        self.assertEqual(text.count("10.0"), 2)

    def test_clocks_are_not_mixed(self):
        self.document("host-svm.json", {("exit.cpuid", 0): (1, "ok", None)}, clock="tsc")
        self.document("nested-svm.json", {("exit.cpuid", 0): (1, "ok", None)})
        with self.assertRaisesRegex(LabError, "nested-svm.json: its clock is instructions"):
            compare.compare(["svm"], self.folder)

    def test_unreadable_documents(self):
        with self.assertRaisesRegex(LabError, "host-svm.json: no such document"):
            compare.compare(["svm"], self.folder)
        with self.assertRaisesRegex(LabError, "is not a run document"):
            documents.read(self.path("x.json", b"{}"))

    def track(self, *columns):
        return track.table_of({f"k{i}": documents.read(self.document(f"k{i}.json", cells))
                               for i, cells in enumerate(columns)})

    def test_track(self):
        header, rows = self.track(
            {("a", 0): (1000, "ok", None), ("b", 0): (10, "ok", None), ("c", 0): (5, "ok", None)},
            {("a", 0): (1012, "ok", None), ("b", 0): (10, "ok", None), ("c", 0): (5, "noisy", None),
             ("d", 0): (3, "ok", None)})
        self.assertEqual(header, ["operation", "where", "k0", "k1"])
        self.assertEqual(rows, [["a", "cpl0", "1,000", "1,012 +12 (+1.2 %)"], ["b", "cpl0", "10", "10 ="],
                                ["c", "cpl0", "5", "5 noisy"], ["d", "cpl0", "not measured", "3"]])

    def test_places_that_agree_share_a_row(self):
        _, rows = self.track({("a", 0): (7, "ok", None), ("a", 3): (7, "ok", None), ("b", 0): (1, "ok", None)},
                             {("a", 0): (8, "ok", None), ("a", 3): (8, "ok", None), ("b", 0): (1, "ok", None)})
        self.assertEqual([row[:2] for row in rows], [["a", "cpl0, cpl3"], ["b", "cpl0"]])

    def test_titles(self):
        self.assertEqual(track.title_of("linux-image-6.1.0-56-amd64", "off"), "6.1.0-56-amd64")
        self.assertEqual(track.title_of("./mine/bzImage", "auto"), "bzImage-mitigations-auto")

    def test_track_refuses_times(self):
        path = self.document("k.json", {("a", 0): (1, "ok", None)}, clock="tsc")
        with self.assertRaisesRegex(LabError, "was not counted"):
            track.track({"k": path}, self.folder)

    def test_chart_shows_what_differs(self):
        columns = {f"k{i}": documents.read(self.document(f"k{i}.json", cells)) for i, cells in enumerate([
            {("a", 0): (1000, "ok", None), ("b", 0): (10, "ok", None), ("c", None): (5, "ok", None)},
            {("a", 0): (990, "ok", None), ("b", 0): (10, "ok", None), ("c", None): (6, "ok", None)}])}
        self.assertEqual(chart.data_of(columns), ("$data << EOD\nkernel\ta\nk0\t0.000\nk1\t-1.000\nEOD\n", 2))

    def test_chart_without_what_was_not_measured(self):
        columns = {f"k{i}": documents.read(self.document(f"k{i}.json", cells)) for i, cells in enumerate([
            {("a", 0): (1000, "ok", None), ("b", 0): (10, "ok", None)},
            {("a", 0): (None, "unsupported", None), ("c", None): (6, "ok", None)},
            {("a", 0): (990, "ok", None), ("b", 0): (10, "failed", None)},
            {("a", 0): (1000, "ok", None), ("b", 0): (11, "ok", None)}])}
        self.assertEqual(chart.data_of(columns), ("$data << EOD\nkernel\ta\tb\nk0\t0.000\t0.000\n"
                                                  "k2\t-1.000\t?\nk3\t0.000\t10.000\nEOD\n", 3))
        self.assertEqual(chart.data_of({"k1": columns["k1"]})[1], 1)


class Arguments(InFolder):
    def test_added_to_runs(self):
        kernel = packages.Kernel("k", "image", "modules")
        nested = machine.Machine("svm", kernel, sys.executable, level="nested", counted=True)
        self.assertEqual(machine.nestmark_arguments(nested, ["run", "x"]),
                         ["run", "--clock", "instructions", "--exits-below", "x"])
        self.assertEqual(machine.nestmark_arguments(nested, ["probe"]), ["probe"])
        host = machine.Machine("svm", kernel, sys.executable)
        self.assertEqual(machine.nestmark_arguments(host, ["run", "x"]), ["run", "x"])

    def test_only_on_qemu(self):
        kernel = packages.Kernel("k", "image", "modules")
        for more in ({"smbios": ["type=1,product=x"]}, {"cpus": 2}):
            machine.Machine("svm", kernel, sys.executable, **more)
            with self.subTest(more), self.assertRaises(UsageError):
                machine.Machine("vmx", kernel, sys.executable, **more)
        with self.assertRaises(UsageError):
            machine.Machine("svm", kernel, sys.executable, counted=True, cpus=2)
        with self.assertRaises(UsageError):
            machine.Machine("svm", kernel, sys.executable, parallel=True)

    def lab(self, *arguments):
        return subprocess.run([os.path.join(SOURCE, "lab", "nestmark-lab"), *arguments], capture_output=True, text=True,
                              check=False, env={**os.environ, "XDG_CACHE_HOME": self.folder})

    def test_refused(self):
        self.path("modules/9.9/modules.builtin", b"")
        vmlinux = self.path("vmlinux", b"\x7fELF Linux version 9.9 (me)")
        kernel = ["--kernel", vmlinux, "--modules", self.path("modules")]
        for arguments, says in (
                (["svm"], "arguments of nestmark are missing"),
                (["svm", "--kernel", "./none", "probe"], "./none: no such kernel"),
                (["svm", *kernel, "--nestmark", sys.executable, "--as", "ec2", "probe"], "--level nested"),
                (["svm", *kernel, "--nestmark", "./none", "probe"], "./none: no such program"),
                (["svm", "--modules", self.folder, "probe"], "that --kernel names as a file"),
                (["svm", *kernel[:3], self.folder, "probe"], "vmlinux, which is 9.9"),
                (["svm", "--kernel", self.path("none", b"x"), *kernel[2:], "probe"], "neither a bzImage nor a vmlinux"),
                (["svm", "--time-limit", "-5", "probe"], "expected seconds"),
                (["track", "--kernel", "./a/bzImage", "--kernel", "./b/bzImage"], "two of this name"),
                (["compare", "--as", "ec2", "--as", "gce"], "takes one identity"),
                (["svm", "--level", "deep", "probe"], "invalid choice"),
                (["track", "probe"], "--kernel")):
            with self.subTest(says):
                done = self.lab(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(says, done.stderr)
                self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
