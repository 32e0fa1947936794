#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The main job on this machine's KVM: a valid document, reports that agree with it, and no operation unaccounted for.
source "$(dirname "$0")/lib.sh"
need_kvm

code=0
"$NESTMARK" run --profile quick --seed 42 -o json:run.json -o md:run.md -o text:run.txt >out 2>err || code=$?
[[ $code -eq 0 || $code -eq 3 ]] || fail "run ended with $code: $(tail -n 3 err)"
valid run.json
cmp -s out run.txt || fail "the text on stdout is not the text in the file"
/usr/bin/python3 - "$SOURCE/tests/cli/expected-states.json" "$code" <<'P' || fail "states"
import json, re, sys
d = json.load(open("run.json"))
expected = json.load(open(sys.argv[1]))
backend = next((f["value"] for f in d["findings"] if f["id"] == "kvm.backend"), None)
table = expected["*"] | expected.get(backend, {})
bad = False
for m in d["measurements"]:
    name = "/".join([m["operation"], m["context"]] + [f"{k}{v}" for k, v in m["parameters"].items()])
    states, reason = table.get(name, (["ok"], ""))
    # A neighbour may disturb any of them; that is what noisy is for, and it must say so.
    if m["state"] == "noisy" and "ok" in states and m["reason"]:
        continue
    if m["state"] not in states or not re.search(reason, m["reason"] or ""):
        print(name, m["state"], m["reason"], "expected", states, reason)
        bad = True
    if m["state"] == "ok":
        s, e = m["summary"], m["evidence"]
        rising = [s[key]["value"] for key in ("floor", "p50", "p90", "p99") if s[key]["value"] is not None]
        assert rising == sorted(rising) and len(rising) >= 3, name
        assert s["p50"]["lo"] <= s["p50"]["value"] <= s["p50"]["hi"], name
        assert len(m["rounds"]) == 6 and e["rounds_ok"] == 6, name
        if m["context"] == "guest":
            assert e["user_exits_per_op"] == e["expected_user_exits_per_op"], name
guests = {m["operation"] for m in d["measurements"] if m["context"] == "guest"}
assert len(guests) >= 14, guests
unfit = any(m["state"] not in ("ok", "unsupported") for m in d["measurements"])
assert (int(sys.argv[2]) == 3) == unfit, "exit code"
assert d["run"]["state"] == "complete" and d["run"]["seed"] == 42
sys.exit(bad)
P
says run.md "# nestmark report" "| operation | context | quiet floor | p50 | p99 |" "exit.cpuid" "How to read"
[[ $(grep -c '^| exit\.' run.md) -ge 18 ]] || fail "run.md lacks operations"

# A document renders to the same bytes later.
expect 0 "$NESTMARK" report run.json
cmp -s out run.txt || fail "report differs from what run printed"
expect 0 "$NESTMARK" report -o md:again.md -o json:again.json run.json
cmp -s again.md run.md || fail "Markdown differs from what run wrote"
cmp -s again.json run.json || fail "a document changes by being read and written"
expect 0 "$NESTMARK" report --color always run.json
grep -q $'\e\\[' out || fail "--color always has no colour"
expect 0 env NO_COLOR=1 "$NESTMARK" report run.json
grep -q $'\e\\[' out && fail "colour in spite of NO_COLOR"

# Where there is no UTF-8 locale, tables are ASCII, and they end.
if unshare --mount --map-root-user true 2>/dev/null; then
    unshare --mount --map-root-user sh -c "mount -t tmpfs none /usr/lib/locale && timeout 20 '$NESTMARK' report run.json" >out 2>err ||
        fail "report without a UTF-8 locale: $(cat err)"
    says out "exit.cpuid" "x native" " us ["
fi

# The document's name when none is given, -J, a folder, contexts, and one order for one seed.
mkdir folder
measures "$NESTMARK" run floor.syscall --rounds 3 --samples 50 -q -J -o md:folder/
[[ $(ls folder/*.md | wc -l) -eq 1 && $(ls ./*Z-*.json | wc -l) -eq 1 ]] || fail "names: $(ls . folder)"
valid out ./*Z-*.json
cmp -s out ./*Z-*.json || fail "-J is not the document"
rm -f ./*Z-*.json
for i in 1 2; do
    measures "$NESTMARK" run floor.loop exit.cpuid exit.rdmsr --rounds 3 --samples 50 --seed 7 -v -o json:order$i.json
    grep '^round' err >order$i
done
[[ -s order1 ]] || fail "-v shows no rounds"
cmp -s order1 order2 || fail "the same seed gives another order"
measures "$NESTMARK" run 'exit.cpuid' --context native --rounds 3 --samples 50 -o json:native.json
grep -q '"context": "guest"' native.json && fail "--context native measured a guest"

# Precision stops no earlier than the tenth round, a budget stops at any.
measures "$NESTMARK" run floor.syscall --target-ci 50% --samples 200 -o json:precise.json
/usr/bin/python3 -c '
import json
m = json.load(open("precise.json"))["measurements"][0]
assert m["stopped_by"] == "precision" and len(m["rounds"]) == 10, (m["stopped_by"], len(m["rounds"]))' || fail "target-ci"
"$NESTMARK" run floor.syscall --rounds 1000 --samples 100000 --budget 1s -o json:budget.json >/dev/null 2>&1
/usr/bin/python3 -c '
import json
d = json.load(open("budget.json"))
m = d["measurements"][0]
assert m["stopped_by"] == "budget" and 0 < len(m["rounds"]) < 1000 and d["run"]["state"] == "complete"' || fail "budget"

[[ -z $(ls ./*.journal .*.tmp 2>/dev/null) ]] || fail "left behind: $(ls -A)"
done_testing
