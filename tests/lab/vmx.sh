#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every operation on the real kvm_intel, on an emulated CPU with VMX and EPT.
source "$(dirname "$0")/../cli/lib.sh"

# Bochs 2.7 never takes an interrupt out of a guest that spins with its own interrupts off: not drill.spin.
measures "$SOURCE/lab/nestmark-lab" vmx --counted --nestmark "$NESTMARK" --time-limit 800 -- \
    run '*' 'drill.[!s]*' drill.silent --rounds 3 --samples 300 --time-limit 2s -q -o json:run.json
valid run.json
"$SOURCE/tests/lab/states.py" vmx run.json || fail "states"
/usr/bin/python3 - <<'P' || fail "findings"
import json
findings = {finding["id"]: finding for finding in json.load(open("run.json"))["findings"]}
assert findings["kvm.backend"]["value"] == "kvm_intel"
assert findings["cpu.virtualization"]["value"] == "vmx"
assert findings["guest.canary"]["status"] == "pass"
assert findings["verdict.virtualization"]["value"] == "emulated"
P
done_testing
