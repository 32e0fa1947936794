#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# nestmark compare on real documents (tests/documents/) and on what a script makes of them: verdicts, gate, formats, refusals.
source "$(dirname "$0")/lib.sh"

cp "$SOURCE"/tests/documents/*.json .
base=native-1.json

comparison_valid() {
    /usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/comparison.schema.json" "$@" || fail "invalid: $*"
}

# edit NEW SCRIPT…: a copy of the base that Python has changed; d is the document, m(NAME) a measurement, scale(m, f) its rounds.
edit() {
    local new=$1
    shift
    /usr/bin/python3 - "$base" "$new" "$*" <<'P' || fail "edit $new"
import json, sys
d = json.load(open(sys.argv[1]))
d["run"]["uuid"] = "00000000-0000-4000-8000-%012x" % sum(map(ord, sys.argv[2]))
def m(name):
    return next(m for m in d["measurements"] if m["operation"] == name)
def scale(m, factor):
    for r in m["rounds"]:
        for key in ("min", "p5", "p50", "p90", "p99", "max", "mean"):
            r[key] = r[key] and r[key] * factor
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))
P
}

# What did not change is equal, and a gate is green.
edit same.json 'pass'
expect 0 "$NESTMARK" compare --gate $base same.json
says out "gate: passed (policy default)" "base floor" "exit.cpuid"
[[ $(grep -c ' equal$' out) -eq 4 || $(grep -c ' inconclusive' out) -ge 1 ]] || fail "not equal: $(cat out)"

# A regression is 1 with a gate and 0 without; swapped it is an improvement.
edit slower.json 'scale(m("exit.cpuid"), 1.3)'
expect 0 "$NESTMARK" compare $base slower.json
expect 1 "$NESTMARK" compare --gate $base slower.json -o json:c.json -o md:c.md -o text:c.txt
says out "gate: failed" "exit.cpuid/native: floor regressed, ratio 1.300" "threshold 3 %"
cmp -s out c.txt || fail "the text in the file is another"
says c.md "# nestmark comparison: " "## Gate" "| operation | context | base floor | new floor | floor | p50 | p99 | verdict |"
comparison_valid c.json
expect 0 "$NESTMARK" compare --gate slower.json $base
says out "-23.1 %" "improved"
expect 1 "$NESTMARK" compare --gate -q -J $base slower.json
comparison_valid out
[[ ! -s err ]] || fail "-q warns: $(cat err)"
expect 1 "$NESTMARK" compare --gate -J $base slower.json
says err "nestmark: gate: exit.cpuid/native: floor regressed"
/usr/bin/python3 - <<'P' || fail "figures"
import json
c = json.load(open("c.json"))
line = next(line for line in c["lines"] if line["name"] == "exit.cpuid/native")
floor = line["statistics"][0]
assert line["verdict"] == c["verdict"] == "regressed" and c["gate"]["regressions"] == 1
assert abs(floor["ratio"]["value"] - 1.3) < 1e-6 and floor["ratio"]["lo"] > 1.2
assert floor["p"] <= floor["p_adjusted"] < 0.05 and floor["cliffs_delta"] == 1 and floor["effect"] == "large"
assert floor["base_rounds"] == floor["changed_rounds"] == 8
P

# Every format, and the same again from the same documents.
for format in text md json csv junit ktap github prometheus plain; do
    expect 0 "$NESTMARK" compare $base slower.json -o "$format:-"
    [[ -s out ]] || fail "$format is empty"
done
expect 0 "$NESTMARK" compare $base slower.json -o md:again.md
diff <(grep '^| ' c.md) <(grep '^| ' again.md) || fail "the same documents give another table"
mkdir folder
expect 0 "$NESTMARK" compare $base slower.json -o md:folder/ -o json:folder/
[[ $(ls folder/comparison-*.md folder/comparison-*.json | wc -l) -eq 2 ]] || fail "names: $(ls folder)"

# What is never green without a word.
edit gone.json 'd["measurements"].remove(m("exit.rdrand"))'
expect 3 "$NESTMARK" compare --gate $base gone.json
says out "exit.rdrand/native is missing: not in the new documents"
edit added.json 'pass'
expect 0 "$NESTMARK" compare --gate gone.json added.json
says out "1 added"
edit worse.json 'x = m("exit.rdrand"); x["state"] = "failed"; x["reason"] = "2 of 8 rounds failed"'
expect 3 "$NESTMARK" compare --gate $base worse.json
says out "exit.rdrand/native got worse: new is failed: 2 of 8 rounds failed"
edit other.json 'd["machine"]["microcode"] = "0x99"'
expect 3 "$NESTMARK" compare --gate $base other.json
says out "machine.microcode: " "(numbers do not compare across this)" "not comparable: machine.microcode" "nothing could be compared"
expect 0 "$NESTMARK" compare --gate --allow machine.microcode $base other.json
expect 0 "$NESTMARK" compare --machines $base other.json
says out "across machines"
edit version.json 'm("exit.rdrand")["version"] += 1'
expect 3 "$NESTMARK" compare --gate $base version.json
says out "of the operation against"
edit few.json 'x = m("exit.rdrand"); x["rounds"] = x["rounds"][:4]'
expect 3 "$NESTMARK" compare --gate $base few.json
says out "8 rounds against 4: a verdict takes 5 of each"
edit mitigated.json 'v = d["environment"]["vulnerabilities"]; v["mds"] = "Vulnerable"; d["environment"]["kernel_release"] = "7.0"'
edit before.json 'd["environment"]["vulnerabilities"]["mds"] = "Mitigation: Clear CPU buffers"'
expect 3 "$NESTMARK" compare --gate before.json mitigated.json
says out "not comparable: vulnerabilities.mds"
edit both.json 'scale(m("exit.cpuid"), 1.3); d["measurements"].remove(m("exit.rdrand"))'
expect 1 "$NESTMARK" compare --gate $base both.json
edit stopped.json 'd["run"]["state"] = "incomplete"; d["run"]["reason"] = "stopped by signal 2"'
expect 0 "$NESTMARK" compare --gate $base stopped.json
says out "warning: stopped.json is of a run that was interrupted"

# Scatter that hides 3 % decides nothing: 0 with a warning, 3 with --strict.
edit noisy.json 'x = m("exit.cpuid")["rounds"]; scale({"rounds": x[::2]}, 1.2); scale({"rounds": x[1::2]}, 0.85)'
expect 0 "$NESTMARK" compare --gate --only exit.cpuid $base noisy.json
says out "warning: 1 of 1 lines are inconclusive; about " " rounds a side would probably decide"
expect 3 "$NESTMARK" compare --gate --strict --only exit.cpuid $base noisy.json

# Policies.
cat >lax.policy <<'P'
[gate]
max-undecided = 30%
[match exit.cpuid]
floor = 40%
p50 = show
P
expect 0 "$NESTMARK" compare --gate --policy lax.policy $base slower.json
says out "gate: passed (policy lax.policy)"
expect 0 "$NESTMARK" compare --gate --policy lax.policy $base gone.json
says out "warning: exit.rdrand/native is missing"
printf '[match exit.cpuid]\ngate = no\n' >ignore.policy
expect 0 "$NESTMARK" compare --gate --policy ignore.policy $base slower.json
printf '[default]\n\np95 = 3%%\n' >bad.policy
expect 2 "$NESTMARK" compare --gate --policy bad.policy $base slower.json
one_line_error err
says err 'bad.policy:3: no such key: "p95"' "docs/compare.md"
expect 2 "$NESTMARK" compare --policy none.policy $base slower.json
one_line_error err

# Several documents of a side, and a part of the measurements.
expect 0 "$NESTMARK" compare -J $base native-2.json -- slower.json
/usr/bin/python3 -c '
import json
c = json.load(open("out"))
assert len(c["base"]["documents"]) == 2 and len(c["changed"]["documents"]) == 1
assert all(line["base_rounds"] == 16 and line["changed_rounds"] == 8 for line in c["lines"])' || fail "two documents"
expect 0 "$NESTMARK" compare $base same.json --only 'exit.*' --context native -J
[[ $(grep -c '"name"' out) -eq 3 ]] || fail "--only"
expect 0 "$NESTMARK" compare $base same.json --group floors -J
[[ $(grep -c '"name"' out) -eq 1 ]] || fail "--group"

# Nested against bare metal, in instructions: few rounds will do.
expect 0 "$NESTMARK" compare --machines counted-metal.json counted-nested.json -J
comparison_valid out
/usr/bin/python3 - <<'P' || fail "machines"
import json
c = json.load(open("out"))
line = next(line for line in c["lines"] if line["name"] == "exit.cpuid/guest/cpl0")
p50 = line["statistics"][1]
assert line["unit"] == "instructions" and 10 < p50["ratio"]["value"] < 12 and p50["p_adjusted"] is None
assert {p["multiplier"] for p in line["published"]} >= {22, 13}, line["published"]
assert any(p["value"] == 58000 and p["unit"] == "cycles" for p in line["published"])
assert c["mode"] == "machines" and c["verdict"] == "regressed" and c["family"] == 0
P
expect 0 "$NESTMARK" compare --machines counted-metal.json counted-nested.json
says out "published ×" "22 Turtles'10, 13 PVM'23" "those are not time" "slower"
expect 0 "$NESTMARK" compare --guest-native counted-metal.json
says out "native p50" "guest p50" "exit.cpuid guest cpl0" "slower"

# What is refused.
expect 2 "$NESTMARK" compare $base
expect 2 "$NESTMARK" compare $base same.json slower.json
expect 2 "$NESTMARK" compare -- $base same.json
says err "expected BASE NEW, or BASE… -- NEW…"
expect 2 "$NESTMARK" compare --guest-native
expect 2 "$NESTMARK" compare $base none.json
one_line_error err
expect 2 "$NESTMARK" compare $base $base
says err "are the same run"
expect 2 "$NESTMARK" compare --gate --machines $base same.json
says err "--gate judges what changed on one machine"
expect 2 "$NESTMARK" compare --machines --guest-native $base same.json
expect 2 "$NESTMARK" compare --strict $base same.json
expect 2 "$NESTMARK" compare $base same.json -o md:$base
says err "is the run document itself"
expect 2 "$NESTMARK" compare $base same.json -o nonsense:x
says err "expected one of text, md, json"
echo '{"schema": "nestmark/check/1"}' >check.json
expect 2 "$NESTMARK" compare $base check.json
one_line_error err

# nestmark run --against: the document is written, and compared.
measure=("$NESTMARK" run floor.syscall exit.cpuid --context native --samples 200 -q)
measures "${measure[@]}" -o json:first.json
measures "${measure[@]}" --against first.json -o json:second.json --comparison json:against.json
says out "base floor" "floor.syscall"
valid first.json second.json
comparison_valid against.json
/usr/bin/python3 -c '
import json
c = json.load(open("against.json"))
assert c["changed"]["documents"][0]["uuid"] == json.load(open("second.json"))["run"]["uuid"]
assert len(c["lines"]) == 2' || fail "against"
# What was not asked for is not missing; what was and is not there is.
measures "$NESTMARK" run floor.syscall --context native --samples 200 -q --against first.json -o json:part.json --comparison json:part-against.json
grep -q '"missing"' part-against.json && fail "an operation that was not selected is missing"
/usr/bin/python3 - <<'P'
import json
d = json.load(open("first.json"))
for m in d["measurements"]:
    for r in m["rounds"]:
        for key in ("min", "p5", "p50", "p90", "p99", "max", "mean"):
            r[key] = r[key] and r[key] / 4
json.dump(d, open("fast.json", "w"))
P
expect 1 "${measure[@]}" --against fast.json --gate -o json:third.json
says out "gate: failed"
[[ -s third.json ]] || fail "the document was not written"
expect 2 "${measure[@]}" --against none.json -o json:fourth.json
[[ ! -e fourth.json ]] || fail "something was measured against nothing"
expect 2 "${measure[@]}" --gate -o json:fourth.json
says err "are for --against BASE"

[[ -z $(ls ./*.journal .*.tmp 2>/dev/null) ]] || fail "left behind: $(ls -A)"
done_testing
