#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# What probe says on arm64: the architecture, what of x86-64 is not there, and what nesting would take. Under qemu-user /proc
# and /sys are this machine's, and no call to KVM comes through.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/machine.sh"
need_arm64

expect 0 "${arm64[@]}" probe --no-guest
grep -q '^cpu.architecture *NOTE *aarch64 ' out || fail "the architecture is not said"
says out "CPUID cannot be had" "FEAT_NV2" "kvm-arm.mode=nested" "Linux 6.16"
expect 0 "${arm64[@]}" probe --prove-linux
says out "nestmark has guests for x86-64 only" "nestmark boots Linux on x86-64 only"

expect 0 "${arm64[@]}" probe -J --kvm-device "$work/none"
/usr/bin/python3 - <<'P' || fail "probe -J"
import json
d = json.load(open("out"))
assert d["schema"] == "nestmark/probe/1"
f = {x["id"]: x for x in d["findings"]}
assert len(f) == len(d["findings"])
assert f["cpu.architecture"]["value"] == "aarch64"
# From CPUID, or from what only x86-64 has.
assert not [i for i in f if i.startswith(("vmx.", "svm."))]
assert "cpu.x2apic" not in f
for name in "platform.level", "cpu.virtualization", "arm.nested", "guest.canary":
    assert f[name]["status"] == "unknown" and f[name]["value"] is None, f[name]
# qemu-user of newer versions shows an arm64 CPU in /proc/cpuinfo.
assert f["cpu.brand"]["status"] in ("unknown", "info"), f["cpu.brand"]
assert f["kvm.device"]["status"] == "fail", f["kvm.device"]
assert "EL2" in f["kvm.device"]["remedy"], f["kvm.device"]
assert f["verdict.virtualization"]["value"] == "none"
assert all(x["evidence"] for x in f.values())
P

# A workload that needs KVM is not ready, for a reason; what it asks of the architecture holds.
expect 1 "${arm64[@]}" check firecracker --kvm-device "$work/none"
says out "not ready" "boot at EL2" "offset of the guest's counter"
grep -q 'architecture is x86_64 or aarch64 *: PASS' out || fail "check does not know the architecture"

expect 0 "${arm64[@]}" probe
if [[ -e /dev/kvm ]]; then
    # The second is what other versions of qemu-user make of it.
    grep -q -e "an emulator of user space runs this program" -e "is not a KVM device" out || fail "kvm.device"
else
    grep -q '^arm.el2 *FAIL' out || fail "EL2 without /dev/kvm"
fi
done_testing
