#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Facts and the proof by a guest; what is wrong with a KVM device gets its own line and remedy.
source "$(dirname "$0")/lib.sh"
need_kvm

expect 0 "$NESTMARK" probe
says out cpu.brand kvm.device guest.canary verdict.virtualization
grep -q '^guest.canary *PASS' out || fail "the canary did not pass"
expect 0 "$NESTMARK" probe -J
/usr/bin/python3 - <<'P' || fail "probe -J"
import json
d = json.load(open("out"))
assert d["schema"] == "nestmark/probe/1"
f = {x["id"]: x for x in d["findings"]}
assert len(f) == len(d["findings"])
assert f["kvm.device"]["status"] == "pass"
assert f["guest.canary"]["value"] is True
brand = next(l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name"))
assert f["cpu.brand"]["value"] == brand, (f["cpu.brand"], brand)
flags = next(l for l in open("/proc/cpuinfo") if l.startswith("flags")).split()
assert (f["cpu.virtualization"]["value"] == "vmx") == ("vmx" in flags)
assert (f["cpu.virtualization"]["value"] == "svm") == ("svm" in flags)
assert (f["platform.level"]["value"] == 1) == ("hypervisor" in flags)
import glob
for path in glob.glob("/sys/module/kvm/parameters/*"):
    name = "kvm.parameter.kvm." + path.rsplit("/", 1)[1]
    assert f[name]["value"] == open(path).read().strip(), name
assert f["kernel.release"]["value"] == open("/proc/sys/kernel/osrelease").read().strip()
P
expect 0 "$NESTMARK" probe --no-guest
grep -q '^guest.canary *UNKNOWN' out || fail "--no-guest ran a guest"

# Each way in which a device can be unusable: what probe says, and that run calls it unsupported.
device_case() {
    local name=$1 text=$2 remedy=$3
    shift 3
    expect 0 "$@" "$NESTMARK" probe
    says out "$text" "$remedy"
    grep -q '^verdict.virtualization *FAIL *none' out || fail "$name: no verdict none"
    expect 4 "$@" "$NESTMARK" run exit.hlt --rounds 1 -o json:case.json
    says out "$text" "$remedy" unsupported
    valid case.json
    rm -f case.json
}

preload() {
    # ASan must come first in the list of libraries; without it the order does not matter.
    local asan=""
    [[ ${SANITIZED:-OFF} == ON ]] && asan="$(gcc -print-file-name=libasan.so):"
    env "LD_PRELOAD=$asan$KVM_FAULT" "$@"
}

missing() {
    local program=$1 command=$2
    shift 2
    "$program" "$command" --kvm-device /no/such/kvm "$@"
}
device_case missing "/no/such/kvm: not there" "enable nested virtualization" missing

foreign() {
    local program=$1 command=$2
    shift 2
    "$program" "$command" --kvm-device /dev/null "$@"
}
device_case foreign "/dev/null: is not a KVM device" "--kvm-device" foreign

# KVM_GET_API_VERSION is AE00h, KVM_CREATE_VM is AE01h.
version() {
    KVM_FAULT_IOCTL=0xae00 KVM_FAULT_RESULT=13 preload "$@"
}
device_case version "KVM API version 13, expected 12" "stable API" version

busy() {
    KVM_FAULT_IOCTL=0xae01 KVM_FAULT_ERRNO=16 preload "$@"
}
expect 0 busy "$NESTMARK" probe
says out "another hypervisor holds VMX or SVM" "VirtualBox" "broken"
expect 4 busy "$NESTMARK" run exit.hlt --rounds 1 -o json:case.json
says out "needs guest.canary: KVM_CREATE_VM: another hypervisor" "stop the other hypervisor"
valid case.json

# Not permitted: another user, who can reach the program and an empty folder.
if [[ $(id -u) -eq 0 ]]; then
    chmod 711 "$work"
    mkdir open
    chmod 777 open
    cp "$NESTMARK" open/nestmark
    device=open/kvm
    mknod "$device" c 10 232
    chmod 600 "$device"
    nobody() { (cd open && setpriv --reuid 65534 --regid 65534 --clear-groups "$@"); }
    expect 0 nobody ./nestmark probe --kvm-device "$work/$device"
    says out "not permitted" "sudo usermod -aG kvm"
    chmod 666 "$device"
    expect 0 nobody ./nestmark probe --kvm-device "$work/$device"
    grep -q '^guest.canary *PASS' out || fail "a user with access to the device could not run a guest"
    # A node without a driver.
    mknod open/ghost c 10 254
    chmod 666 open/ghost
    expect 0 "$NESTMARK" probe --kvm-device "$work/open/ghost"
    says out "no driver serves it"
fi
done_testing
