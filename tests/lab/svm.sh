#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every operation on the real kvm_amd, on an emulated CPU with SVM: what KVM's counters must show is decided there. No
# /dev/kvm is needed, and no skip is possible.
source "$(dirname "$0")/../cli/lib.sh"

lab=("$SOURCE/lab/nestmark-lab" svm --nestmark "$NESTMARK" --out "$work" --time-limit 120)
code=0
"${lab[@]}" run --rounds 6 --samples 200 --time-limit 10s -q -o json:run.json >out 2>err || code=$?
[[ $code -eq 0 || $code -eq 3 ]] || fail "run ended with $code: $(tail -n 3 err)"
valid run.json
/usr/bin/python3 - <<'P' || fail "states"
import json, sys
d = json.load(open("run.json"))
findings = {f["id"]: f for f in d["findings"]}
assert findings["kvm.backend"]["value"] == "kvm_amd"
assert findings["cpu.virtualization"]["value"] == "svm"
assert findings["guest.canary"]["status"] == "pass"
assert findings["verdict.virtualization"]["value"] == "emulated"
bad = False
guests = 0
for m in d["measurements"]:
    name = "/".join([m["operation"], m["context"]] + [f"cpl{v}" for v in m["parameters"].values()])
    e = m["evidence"]
    # The host that emulates may be disturbed; that is noisy. Nothing else may be.
    if m["state"] not in ("ok", "noisy") or e["rounds_failed"]:
        print(name, m["state"], m["reason"])
        bad = True
    if m["context"] == "guest":
        guests += 1
        assert not e["emulated"], name
        assert abs(e["exits_per_op"] - e["expected_exits_per_op"]) < 0.05, (name, e["exits_per_op"])
        assert e["user_exits_per_op"] == e["expected_user_exits_per_op"], name
assert guests >= 26, guests
sys.exit(bad)
P
done_testing
