#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Machines that lack something: what probe finds on each, and what run makes of it.
source "$(dirname "$0")/../cli/lib.sh"

lab() {
    local kind=$1
    shift
    expect "$code" "$SOURCE/lab/nestmark-lab" "$kind" --nestmark "$NESTMARK" --time-limit 100 "$@"
}

# found FINDING STATUS VALUE: in what the last probe printed.
found() {
    /usr/bin/python3 - "$@" <<'P' || fail "$1"
import json, sys
finding = {f["id"]: f for f in json.load(open("out"))["findings"]}[sys.argv[1]]
if [finding["status"], str(finding["value"])] != sys.argv[2:]:
    print(finding)
    sys.exit(1)
P
}

code=0
# TCG has no x2APIC, and the machine one CPU: what this suite's own machines with more of both never show.
lab svm --cpu max,-svm -- probe -J
found cpu.virtualization warn none
found kvm.device fail /dev/kvm
found cpu.x2apic info False
found topology.threads warn 1

lab svm --parameter kvm-amd.npt=0 --parameter kvm-amd.nested=0 -- probe -J
found kvm.parameter.kvm_amd.npt info N
found kvm.parameter.kvm_amd.nested info 0
found guest.canary pass True

lab svm --cpu max,-npt -- probe -J
found kvm.parameter.kvm_amd.npt info N

lab vmx --parameter kvm-intel.ept=0 -- probe -J
found cpu.x2apic info True
found kvm.parameter.kvm_intel.ept info N
found kvm.parameter.kvm_intel.unrestricted_guest info N
found guest.canary pass True

lab vmx --parameter kvm-intel.unrestricted_guest=0 --parameter kvm-intel.nested=0 -- probe -J
found kvm.parameter.kvm_intel.ept info Y
found kvm.parameter.kvm_intel.unrestricted_guest info N
found kvm.parameter.kvm_intel.nested info N
found guest.canary pass True

lab svm --user -- probe -J
found kvm.device fail /dev/kvm
code=4
lab svm --user -- run exit.hypercall --rounds 1
says out "unsupported" "/dev/kvm: not permitted" "usermod"
done_testing
