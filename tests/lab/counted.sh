#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Counted runs repeat themselves to the digit, and a KVM that takes another path shows in the operations of that path.
source "$(dirname "$0")/../cli/lib.sh"

# counted NAME [MACHINE-OPTION…]
counted() {
    local name=$1
    shift
    measures "$SOURCE/lab/nestmark-lab" svm --counted --nestmark "$NESTMARK" --out "$name" "$@" -- \
        run -q -o json:run.json --context guest --rounds 3 --samples 200 'exit.*'
    valid "$name/run.json"
}

counted once
counted twice
# A virtual GIF costs three instructions on each way to user space, where KVM says whether an interrupt could be injected:
# not with its own interrupt controllers, when user space need not know (post_kvm_run_save() in arch/x86/kvm/x86.c). There it
# costs where KVM waits for an interrupt window, and nothing else within the kernel.
counted changed --parameter kvm-amd.vgif=0
expect 0 "$NESTMARK" list -J
mv out list.json
/usr/bin/python3 - "$SOURCE/tests/lab/expected.tsv" <<'P' || fail "counts"
import json, sys
apart = {line.split("\t")[1] for line in open(sys.argv[1]) if line.startswith(("svm\t", "*\t"))}
def read(name):
    document = json.load(open(f"{name}/run.json"))
    assert document["run"]["clock"] == "instructions"
    assert all(m["unit"] == "instructions" for m in document["measurements"])
    found = [m for m in document["measurements"] if m["operation"] not in apart]
    assert all(m["state"] == "ok" for m in found), [(m["operation"], m["state"], m["reason"]) for m in found]
    return {(m["operation"], m["parameters"]["cpl"]): m for m in found}
def p50(measurement):
    return measurement["summary"]["p50"]["value"]
once, twice, changed = read("once"), read("twice"), read("changed")
in_kernel = [key for key, m in once.items() if not m["evidence"]["expected_user_exits_per_op"]]
differ = [(key, p50(once[key]), p50(twice[key])) for key in in_kernel if p50(once[key]) != p50(twice[key])]
print(f"{len(in_kernel)} in-kernel operations, different in two runs: {differ}")
assert len(in_kernel) >= 8 and len(differ) <= 0.05 * len(in_kernel)
moved = {key: p50(changed[key]) - p50(once[key]) for key in once if p50(changed[key]) != p50(once[key])}
print(f"without a virtual GIF: {moved}")
needs = {o["operation"]: o["guest_requires"] for o in json.load(open("list.json"))["operations"]}
window = ("exit.hlt.irqchip", 0)
to_user = {key for key in set(once) - set(in_kernel) if "kvm.cap.irqchip" not in needs[key[0]]}
assert set(moved) == to_user | {window}, set(moved) ^ (to_user | {window})
def ways(key):
    evidence = once[key]["evidence"]
    return evidence["expected_exits_per_op"] if key == window else evidence["expected_user_exits_per_op"]
assert all(-9 <= change / ways(key) <= -1 for key, change in moved.items())
P
# A delay of 1 % of an exit to user space, in the VMM's run loop, is found, and is nearly as long as it should be.
expect 1 "$SOURCE/lab/nestmark-lab" svm --counted --nestmark "$NESTMARK" --out delayed -- \
    ab 'exit.pio.out/guest/*' --gate -J --clock instructions --rounds 10 --samples 200 -- nestmark run -- nestmark run --inject-delay-ns 31
holds out 'len(d["lines"]) == 2 and all(
    line["verdict"] == "regressed" and 1.008 < line["statistics"][0]["ratio"]["value"] < 1.011 for line in d["lines"])'
done_testing
