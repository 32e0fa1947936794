#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every operation on the real kvm_intel, on an emulated CPU with VMX and EPT.
source "$(dirname "$0")/../cli/lib.sh"

measures "$SOURCE/lab/nestmark-lab" vmx --counted --nestmark "$NESTMARK" --time-limit 280 -- \
    run --rounds 3 --samples 300 -q -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "states"
import json
document = json.load(open("run.json"))
findings = {finding["id"]: finding for finding in document["findings"]}
assert findings["kvm.backend"]["value"] == "kvm_intel"
assert findings["cpu.virtualization"]["value"] == "vmx"
assert findings["guest.canary"]["status"] == "pass"
bad = [(m["operation"], m["parameters"], m["state"], m["reason"]) for m in document["measurements"]
       if m["state"] != "ok" or m["evidence"]["emulated"]]
assert not bad, bad
assert sum(m["context"] == "guest" for m in document["measurements"]) >= 26
P
done_testing
