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
import fcntl, glob, json, os, resource
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
for path in glob.glob("/sys/module/kvm*/parameters/*"):
    module, _, name = path.split("/")[3:]
    name = f"kvm.parameter.{module}.{name}"
    assert f[name]["value"] == open(path).read().strip(), name
    assert f[name]["evidence"] == path, f[name]
assert f["kernel.release"]["value"] == open("/proc/sys/kernel/osrelease").read().strip()

# What KVM answers when it is asked here: KVM_CREATE_VM, KVM_CHECK_EXTENSION.
kvm = os.open("/dev/kvm", os.O_RDWR)
vm = fcntl.ioctl(kvm, 0xae01, 0)
numbers = {"irqchip": 0, "nr_vcpus": 9, "ioeventfd": 36, "max_vcpus": 66, "nested_state": 157,
           "binary_stats_fd": 203, "user_memory2": 231, "pre_fault_memory": 236}
for name, number in numbers.items():
    system, own = (fcntl.ioctl(fd, 0xae03, number) for fd in (kvm, vm))
    finding = f["kvm.cap." + name]
    assert finding["value"] == own, finding
    assert finding["evidence"] == f"KVM_CHECK_EXTENSION({number}): system {system}, VM {own}", finding
    assert (finding["status"] == "pass") == (own > 0), finding
assert not [i for i in f if i.startswith(("kvm.cap.s390_", "kvm.cap.ppc_", "kvm.cap.arm_"))]
there = sum(v["value"] > 0 for i, v in f.items() if i.startswith("kvm.cap."))
assert f["kvm.capabilities"]["value"].startswith(f"{there} of "), f["kvm.capabilities"]
assert f["kvm.api"]["value"] == 12 and f["kvm.vm"]["status"] == "pass"

# Only those devices are opened that have a driver.
tun = os.path.exists("/sys/class/misc/tun") and os.access("/dev/net/tun", os.R_OK | os.W_OK)
assert f["device.tun"]["value"] == tun
for name, misc in (("vhost_net", "vhost-net"), ("vhost_vsock", "vhost-vsock"), ("vfio", "vfio")):
    if not os.path.exists("/sys/class/misc/" + misc):
        assert f["device." + name]["value"] is False
        assert "not loaded" in f["device." + name]["evidence"]
assert f["device.iommu_groups"]["value"] == len(glob.glob("/sys/kernel/iommu_groups/*"))

# Privileges, as this process has them too.
assert f["privilege.root"]["value"] == (os.geteuid() == 0)
status = dict(l.split(":", 1) for l in open("/proc/self/status"))
assert status["CapEff"].strip() in f["privilege.capabilities"]["evidence"]
held = bool(int(status["CapEff"], 16) >> 21 & 1)
assert f["privilege.capability.sys_admin"]["value"] == held
assert f["privilege.no_new_privileges"]["value"] == (status["NoNewPrivs"].strip() == "1")
for name in ("memlock", "nofile", "nproc"):
    soft = resource.getrlimit(getattr(resource, "RLIMIT_" + name.upper()))[0]
    assert f["privilege." + name]["value"] == ("unlimited" if soft < 0 else soft), name
P
limited() {
    (ulimit -Sn 512 && ulimit -Sl 64 && "$@")
}
expect 0 limited "$NESTMARK" probe -J --no-guest
/usr/bin/python3 - <<'P' || fail "limits"
import json
f = {x["id"]: x for x in json.load(open("out"))["findings"]}
assert f["privilege.nofile"]["value"] == 512 and f["privilege.nofile"]["status"] == "warn"
assert f["privilege.memlock"]["value"] == 65536
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
grep -q '^kvm.vm *FAIL' out || fail "a VM that cannot be created does not fail"
says out "another hypervisor holds VMX or SVM" "VirtualBox" "broken"
expect 4 busy "$NESTMARK" run exit.hlt --rounds 1 -o json:case.json
says out "needs guest.canary: KVM_CREATE_VM: another hypervisor" "stop the other hypervisor"
valid case.json

# KVM_GET_MSR_FEATURE_INDEX_LIST fails: everything else is said.
featureless() {
    KVM_FAULT_IOCTL=0xc004ae0a KVM_FAULT_ERRNO=22 preload "$@"
}
expect 0 featureless "$NESTMARK" probe -J
/usr/bin/python3 - <<'P' || fail "featureless"
import json
f = {x["id"]: x for x in json.load(open("out"))["findings"]}
assert f["kvm.feature_msrs"]["status"] == "unknown", f["kvm.feature_msrs"]
assert "Invalid argument" in f["kvm.feature_msrs"]["evidence"]
assert f["kvm.device"]["status"] == "pass" and f["kvm.cpuid"]["value"] > 0
P

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
    expect 0 nobody ./nestmark probe -J --kvm-device "$work/$device"
    /usr/bin/python3 - <<'P' || fail "privileges of nobody"
import json
f = {x["id"]: x for x in json.load(open("out"))["findings"]}
assert f["privilege.root"]["value"] is False
assert f["privilege.capabilities"]["value"].startswith("0 of "), f["privilege.capabilities"]
P
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
