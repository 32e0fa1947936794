#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every operation on the real kvm_amd, on an emulated CPU with SVM: what KVM's counters must show is decided there. No
# /dev/kvm is needed, and no skip is possible.
source "$(dirname "$0")/../cli/lib.sh"

measures "$SOURCE/lab/nestmark-lab" svm --counted --nestmark "$NESTMARK" -- \
    run '*' 'drill.*' --rounds 3 --samples 200 --time-limit 2s -q -o json:run.json
valid run.json
"$SOURCE/tests/lab/states.py" svm run.json || fail "states"
/usr/bin/python3 - <<'P' || fail "findings"
import json
findings = {finding["id"]: finding for finding in json.load(open("run.json"))["findings"]}
assert findings["kvm.backend"]["value"] == "kvm_amd"
assert findings["cpu.virtualization"]["value"] == "svm"
assert findings["guest.canary"]["status"] == "pass"
assert findings["verdict.virtualization"]["value"] == "emulated"
P
done_testing
