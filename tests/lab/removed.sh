#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Machines that lack something: what probe finds on each.
source "$(dirname "$0")/../cli/lib.sh"

# found DESCRIPTION FINDING STATUS VALUE MACHINE-OPTION…
found() {
    local description=$1 finding=$2 status=$3 value=$4
    shift 4
    expect 0 "$SOURCE/lab/nestmark-lab" svm "$@" --nestmark "$NESTMARK" --time-limit 100 -- probe -J
    /usr/bin/python3 - "$finding" "$status" "$value" <<'P' || fail "$description"
import json, sys
finding = {f["id"]: f for f in json.load(open("out"))["findings"]}[sys.argv[1]]
if [finding["status"], str(finding["value"])] != sys.argv[2:]:
    print(finding)
    sys.exit(1)
P
}

found "no SVM" cpu.virtualization warn none --cpu max,-svm
found "a guest works without nested paging" guest.canary pass True --parameter kvm-amd.npt=0
found "no nested paging" kvm.parameter.kvm_amd.npt info N --cpu max,-npt
found "no permission" kvm.device fail /dev/kvm --user
found "a KVM that does not nest" kvm.parameter.kvm_amd.nested info 0 --parameter kvm-amd.nested=0
done_testing
