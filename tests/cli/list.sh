#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# What there is to measure: names, groups, globs, JSON.
source "$(dirname "$0")/lib.sh"

expect 0 "$NESTMARK" list
says out exit.cpuid floor.loop "drill.spin" "only when named" quick standard thorough
grep -o '^exit\.mmio\.[^ ]*' out >mmio
says mmio exit.mmio.read exit.mmio.write
expect 0 "$NESTMARK" list 'exit.mmio.*'
grep -oE '^[a-z]+\.[^ :]*( |$)' out | tr -d ' ' | cmp -s - mmio || fail "exit.mmio.* selects $(cat out)"
expect 0 "$NESTMARK" list --group floors
grep -q '^exit' out && fail "--group floors shows exits"
expect 0 "$NESTMARK" list '*'
grep -qE '^(drill|linux)' out && fail "a pattern that does not name drills or Linux selects them"
expect 0 "$NESTMARK" list --group linux
says out linux.syscall linux.boot.init linux-guest "only when asked for" "needs guest.linux"
expect 0 "$NESTMARK" list -J
/usr/bin/python3 - <<'P' || fail "list -J"
import json
d = json.load(open("out"))
assert d["schema"] == "nestmark/list/1"
names = [o["operation"] for o in d["operations"]]
assert len(names) == len(set(names)) >= 20, names
for o in d["operations"]:
    assert o["summary"] and (o["native"] or o["guest_cpls"] or o["linux_guest"]), o
    assert o["only_when_named"] == (o["group"] in ("drills", "linux")), o
    assert o["native_unmet"] is None or o["native"], o
    assert o["guest_unmet"] is None or o["guest_cpls"] or o["linux_guest"], o
P

# What this machine lacks is said once, with what would bring it.
expect 0 "$NESTMARK" list --kvm-device /no/such floor.loop exit.cpuid exit.hlt
grep -qE '^floor.loop .* native ' out || fail "the native side of floor.loop is not here"
grep -qE '^exit.hlt .* no ' out || fail "exit.hlt is here without KVM"
says out "NOT HERE" "kvm.device: /no/such: not there" "load kvm_intel"
[[ $(grep -c '^kvm.device' out) -eq 1 ]] || fail "a reason is repeated"
expect 0 "$NESTMARK" list -J --kvm-device /no/such exit.hlt
grep -q '"guest_unmet": "kvm.device"' out || fail "list -J does not say what is missing"
if [[ -e /dev/kvm ]]; then
    expect 0 "$NESTMARK" list exit.cpuid
    grep -qE '^exit.cpuid .* yes ' out || fail "exit.cpuid is not here"
    grep -q "NOT HERE" out && fail "a reason for nothing"
fi

# The reference is made from the descriptors, and each has its sentences.
expect 0 "$NESTMARK" list --markdown
cmp -s out "$SOURCE/docs/operations.md" || {
    fail "docs/operations.md is old: nestmark list --markdown >docs/operations.md"
    diff out "$SOURCE/docs/operations.md" | head -n 5
}
grep -q '(null)' out && fail "an operation without sentences"
done_testing
