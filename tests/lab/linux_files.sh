#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A Debian kernel in nestmark's own virtual machine and in QEMU's q35 on the real kvm_amd, with a disk and a network, both virtio (here by
# MMIO, there by PCI), and the kernel's modules for them and for ext4: the agent measures files and datagrams.
source "$(dirname "$0")/../cli/lib.sh"

lab=("$SOURCE/lab/nestmark-lab" svm --nestmark "$NESTMARK")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nestmark-lab
fs=$(echo "$cache"/linux-image-*/lib/modules/*/kernel/fs/ext4 | tr ' ' '\n' | sort -V | tail -n 1)
[[ -d $fs ]] || {
    expect 0 "${lab[@]}" -- probe --no-guest
    fs=$(echo "$cache"/linux-image-*/lib/modules/*/kernel/fs/ext4 | tr ' ' '\n' | sort -V | tail -n 1)
}
from=${fs%/kernel/fs/ext4}
release=${from##*/}
kernel=${from%/lib/modules/*}/boot/vmlinuz-$release
modules=$PWD/system/lib/modules/$release
mkdir -p system/boot "$modules"/kernel/drivers/{block,net} "$modules/kernel/net"
cp "$kernel" system/boot
cp "$from/modules.builtin" "$modules"
cp -r "$from/kernel/"{crypto,fs,lib} "$modules/kernel"
cp -r "$from/kernel/drivers/virtio" "$modules/kernel/drivers"
cp "$from/kernel/drivers/block/"virtio_blk.ko* "$modules/kernel/drivers/block"
cp "$from/kernel/drivers/net/"{virtio_net,net_failover}.ko* "$modules/kernel/drivers/net"
cp -r "$from/kernel/net/core" "$modules/kernel/net"
# As depmod would: the packages of Debian have no list. Every second one is packed, as other distributions do it.
/usr/bin/python3 - "$modules" <<'P' || fail "modules.dep"
import lzma
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
paths = {path.name.split(".")[0].replace("-", "_"): path for path in folder.rglob("*.ko")}
needs = {name: [n for n in re.search(rb"\0depends=([\w,-]*)\0", path.read_bytes()).group(1).decode().replace("-", "_").split(",")
                if n in paths] for name, path in paths.items()}


def all_of(name):
    """What a module needs; what loads first stands last."""
    found = list(needs[name]) + [m for n in needs[name] for m in all_of(n)]
    return [m for i, m in enumerate(found) if m not in found[i + 1:]]


for name in sorted(paths)[::2]:
    packed = paths[name].with_suffix(".ko.xz")
    packed.write_bytes(lzma.compress(paths[name].read_bytes(), check=lzma.CHECK_CRC32))
    paths[name].unlink()
    paths[name] = packed
with open(folder / "modules.dep", "w", encoding="utf-8") as file:
    for name, path in paths.items():
        file.write(f"{path.relative_to(folder)}:{''.join(f' {paths[n].relative_to(folder)}' for n in all_of(name))}\n")
P

for path in /usr/bin/qemu-system-x86_64 /usr/share/seabios /usr/share/qemu/{kvmvapic.bin,linuxboot_dma.bin} \
    "$(PATH=$PATH:/usr/sbin:/sbin command -v mke2fs)"; do
    lab+=(--bring "$path")
done
# The modules are found beside the kernel.
measures "${lab[@]}" --memory 2048 --bring "$PWD/system" -- \
    run 'linux.file.*' 'linux.net.*' --context guest --vmm qemu-q35 --profile quick --rounds 1 --samples 20 --time-limit 5s -q \
    --kernel "$PWD/system/boot/vmlinuz-$release" -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "what the agent measured of files and datagrams"
import json

run = json.load(open("run.json"))
named = {(m["operation"], m["parameters"]["vmm"]): m for m in run["measurements"]}
wanted = [f"linux.file.{name}" for name in ("create", "write", "fsync", "read")] + ["linux.net.pingpong", "linux.net.stream"]
assert len(named) == 12 and {operation for operation, _ in named} == set(wanted), named.keys()
for m in named.values():
    # One round is too few for a verdict, and this machine has no time of its own: nothing else may be said against it.
    told = m["reason"] == "too few rounds: 1" or "TSC and CLOCK_MONOTONIC_RAW are" in m["reason"]
    assert m["state"] in ("noisy", "invalid") and told, (m["operation"], m["state"], m["reason"])
    [r] = m["rounds"]
    assert r["state"] == "ok" and r["p50"] > 0, r
    print(m["operation"], m["parameters"]["vmm"], r["p50"], m["evidence"])
# What goes past the page cache leaves the guest; what stays in it does not have to.
for name in wanted[1:5]:
    assert named[name, "nestmark"]["evidence"]["exits_per_op"] > 1, named[name, "nestmark"]["evidence"]
for vmm in ("nestmark", "qemu-q35"):
    assert named["linux.net.stream", vmm]["throughput"]["bytes_per_op"] == 1400, vmm
P
done_testing
