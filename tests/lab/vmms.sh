#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The same kernel and agent in Debian's QEMU on the real kvm_amd, as q35 and as microvm, beside nestmark's own VMM. The q35 plays
# Firecracker, by its configuration file and with its kernel arguments: its guest ends by a restart.
source "$(dirname "$0")/../cli/lib.sh"

kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}"/nestmark-lab/linux-image-*/boot/vmlinuz-* | tr ' ' '\n' | sort -V | tail -n 1)
lab=("$SOURCE/lab/nestmark-lab" svm --nestmark "$NESTMARK")
[[ -s $kernel ]] || {
    expect 0 "${lab[@]}" -- probe --no-guest
    package=$(sed -n 's/.*booting \(linux-image-[^ ]*\) .*/\1/p' err | head -n 1)
    kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}/nestmark-lab/$package"/boot/vmlinuz-*)
}
standin=$(realpath "$SOURCE/tests/vmms/firecracker.sh")
for path in /usr/bin/qemu-system-x86_64 /usr/share/seabios /usr/share/qemu/{qboot.rom,bios-microvm.bin,kvmvapic.bin,linuxboot_dma.bin,pvh.bin} \
    "$standin"; do
    lab+=(--bring "$path")
done

measures "${lab[@]}" --memory 2048 --file "$kernel" -- run linux.syscall 'linux.boot.quiet.*' --context guest \
    --vmm qemu-microvm --vmm "firecracker=$standin" --profile quick --rounds 1 --samples 20 --time-limit 5s -q \
    --kernel "/${kernel##*/}" -o json:run.json -o text:run.txt
valid run.json
/usr/bin/python3 - <<'P' || fail "what the agent measured in each VMM"
import json

run = json.load(open("run.json"))
named = {(m["operation"], m["parameters"]["vmm"]): m for m in run["measurements"]}
assert len(named) == 9, named.keys()
for m in named.values():
    # One round is too few for a verdict, and this machine has no time of its own: nothing else may be said against it.
    told = m["reason"] == "too few rounds: 1" or "TSC and CLOCK_MONOTONIC_RAW are" in m["reason"]
    assert m["state"] in ("noisy", "invalid") and told, (m["operation"], m["parameters"], m["state"], m["reason"])
    [r] = m["rounds"]
    assert r["state"] == "ok" and r["p50"] > 0, r
for vmm in ("nestmark", "qemu-microvm", "firecracker"):
    begin, end = (named[f"linux.boot.quiet.{stage}", vmm]["rounds"][0]["p50"] for stage in ("init", "off"))
    assert 1e6 < begin < end, (vmm, begin, end)
findings = {f["id"]: f["evidence"] for f in run["findings"]}
assert findings["linux.vmm.qemu_microvm"].startswith("qemu-system-x86_64 -machine microvm,accel=kvm"), findings
assert "CONFIGURATION is {" in findings["linux.vmm.firecracker"], findings
P
says run.txt "p50 by VMM:" "  qemu-microvm: qemu-system-x86_64 -machine microvm"
done_testing
