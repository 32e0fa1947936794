#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Readiness of workloads: profiles, exit codes, and formats that other programs read.
source "$(dirname "$0")/lib.sh"
check() { "$NESTMARK" check "$@"; }
validate() { /usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/check.schema.json" "$@" || fail "invalid: $*"; }

expect 0 check --help
says out "Usage: nestmark check" --profiles --show "Exit codes"
for wrong in --no-such-option --list=x "-o poem:x" "-o junit" "-o text:- -J" "no-such-workload" "--show no-such" \
    "--no-guest --prove-linux" "--root x --prove-linux" "--list qemu" "--show qemu -J" "--color red" "--time-limit 0" \
    "--profiles absent" "--root absent" "-o text:absent/x qemu"; do
    # shellcheck disable=SC2086
    expect 2 check $wrong
    one_line_error err
    [[ -s out ]] && fail "check $wrong: wrong usage wrote to stdout"
done
expect 2 check qemu -o text:a -o json:b no-such-workload
[[ -z $(find . -type f ! -name out ! -name err) ]] || fail "wrong usage left files: $(ls -A)"

# What --show prints is a profile: all of them, read back, are the same workloads.
expect 0 check --list
cp out list
[[ $(wc -l <list) -eq 13 ]] || fail "$(wc -l <list) workloads"
mkdir copies
while read -r name rest; do
    expect 0 check --show "$name"
    cp out "copies/$name.profile"
    cmp -s out "$SOURCE/probes/profiles/$name.profile" || fail "--show $name is not its file"
    [[ $rest == *2026-* && $rest == *https://* ]] || fail "$name lacks its date or source: $rest"
done <list
expect 0 check --profiles copies --list
cmp -s out list || fail "profiles that were copied are not the same workloads"

# Profiles of a user: verdicts and exit codes; 1 wins over 3.
mkdir own
profile() {
    printf '[workload]\nname = %s\ntitle = The %s\nas_of = 2026-09\nsource = here\n' "$1" "$1"
    printf "$2"'\n[requirement]\nlabel = a kernel\nfinding = kernel.release\nat_least = %s\nlevel = %s\n' "$3" "$4"
}
profile old 'proof = none' 1.0 hard >own/old.profile
profile future '' 999.0 hard >own/future.profile
profile wish 'proof = none' 999.0 soft >own/wish.profile
sed -i 's/^finding = .*/finding = no.such/' own/wish.profile
sed 's/kernel.release/no.such/; s/= wish/= riddle/; s/= soft/= hard/' own/wish.profile >own/riddle.profile
expect 3 check --profiles own --no-guest old
grep -q '^The old: verdict *: necessary conditions met, rest unknown (' out || fail "old: $(tail -n 1 out)"
expect 1 check --profiles own --no-guest future
grep -q '^The future: a kernel *: FAIL (' out || fail "future: $(head -n 1 out)"
grep -q '^The future: verdict *: not ready (a kernel: [0-9]' out || fail "future: $(tail -n 1 out)"
expect 3 check --profiles own --no-guest riddle
says out "nestmark has no finding no.such here"
expect 3 check --profiles own --no-guest wish
expect 1 check --profiles own --no-guest old future riddle
expect 1 check --profiles own --no-guest future future
[[ $(grep -c verdict out) -eq 1 ]] || fail "a workload that is named twice is shown twice"
expect 0 check --profiles own --no-guest
[[ $(grep -c ' : ' out) -eq 17 ]] || fail "without names: $(grep -c ' : ' out) workloads"

# Profiles of a stranger: one line with file and line, exit code 2.
refused() {
    rm -rf bad
    mkdir bad
    cp own/old.profile bad/good.profile
    cat >bad/x.profile
    expect 2 check --profiles bad --no-guest good
    one_line_error err
    says err "bad/x.profile:" "$@"
    [[ -s out ]] && fail "$*: something was printed"
}
printf '[workload]\nname = x\n\0\n' | refused "x.profile:3: control character 00h"
printf '[workload]\nname = x\ncolour = red\n' | refused "x.profile:3: unknown key" "--show firecracker"
printf '[workload]\nname = \033[31m\n' | refused "x.profile:2: control character 1bh"
sed 's/= old/= x/; /^label/d' own/old.profile | refused "x.profile:7: [requirement] lacks its \"label\""
refused "its name \"old\" is that of bad/good.profile" <own/old.profile
head -c 10M /dev/zero | refused "10485760 bytes"
head -c 60000 /dev/urandom | refused ":"
head -c 60000 /dev/zero | tr '\0' x | refused "x.profile:1: longer than"
mkfifo pipe
rm -rf bad
mkdir bad
mkfifo bad/x.profile
expect 2 timeout 10 "$NESTMARK" check --profiles bad
says err "bad/x.profile: is not a regular file"

# Formats: several at once, beside the text on stdout.
formats=(-o json:c.json -o junit:c.xml -o ktap:c.ktap -o github:c.github)
expect 1 check --profiles own --no-guest future old riddle firecracker "${formats[@]}"
grep -q '^The future: verdict' out || fail "no text on stdout"
cp out text
validate c.json
expect 0 check --no-guest -J
validate out
cat >formats.py <<'P'
import json
import re
import sys
import xml.etree.ElementTree as tree

document = json.load(open("c.json"))
assert document["named"] and document["source"] == "live"
verdicts = {w["name"]: w["verdict"] for w in document["workloads"]}
assert verdicts["future"] == "not_ready" and verdicts["old"] == "conditions_met" and verdicts["riddle"] == "unknown"

# What Ant's and Jenkins' schemas demand.
root = tree.parse("c.xml").getroot()
assert root.tag == "testsuites" and not root.attrib
needed = {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"}
for index, suite in enumerate(root):
    assert suite.tag == "testsuite" and set(suite.attrib) == needed and suite.get("id") == str(index)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    assert tags == ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"], tags
    assert int(suite.get("tests")) == len(cases)
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases)
    for case in cases:
        assert set(case.attrib) == {"classname", "name", "time"} and len(case) <= 1
        assert all(child.get("type") and child.get("message") for child in case)
assert [suite.get("name") for suite in root] == list(verdicts)


def ktap(lines, indent):
    """A KTAP block: its version, its plan, results that are numbered from 1; returns whether all are ok."""
    assert lines.pop(0) == indent + "KTAP version 1"
    plan = int(re.fullmatch(indent + r"1\.\.(\d+)", lines.pop(0)).group(1))
    good = True
    inner = True
    for number in range(1, plan + 1):
        while lines[0].startswith(indent + "#"):
            lines.pop(0)
        if lines[0].startswith(indent + "  "):
            inner = ktap(lines, indent + "  ")
        while lines[0].startswith(indent + "#"):
            lines.pop(0)
        match = re.fullmatch(indent + r"(ok|not ok) (\d+) [^#]+( # (SKIP|ERROR) [^#]*)?", lines.pop(0))
        assert match and int(match.group(2)) == number, (match, number)
        assert inner or match.group(1) == "not ok"
        good = good and match.group(1) == "ok"
    assert lines.pop(0).startswith(indent + "# Totals: pass:")
    return good


lines = open("c.ktap").read().splitlines()
assert not ktap(lines, "") and not lines, lines

counts = {}
for line in open("c.github"):
    level, title = re.fullmatch(r"::(error|warning|notice) title=([^:,]+)::[^\n]+\n", line).groups()
    counts[level] = counts.get(level, 0) + 1
assert all(count <= 10 for count in counts.values()) and counts["error"] >= 1, counts
sys.exit(0)
P
/usr/bin/python3 formats.py || fail "a format is not as its readers need it"
xmllint --noout c.xml || fail "c.xml is no XML"
"$NESTMARK" check --no-guest >/dev/full 2>err && fail "a full stdout went unnoticed"
expect 3 check --no-guest --profiles own wish -o text:/dev/full
expect 0 check --no-guest -o junit:all.xml -o ktap:all.ktap
grep -q -e '<failure' -e '<error' all.xml && fail "information counts as a failure in JUnit"
grep -q '^ *not ok' all.ktap && fail "information counts as a failure in KTAP"
expect 0 check --no-guest -o junit:/dev/null -o ktap:/dev/null
expect 2 check --no-guest -o junit:same -o ktap:same
says err "only one format can go there"
expect 0 check --no-guest --color always
grep -q $'\e\[3[123]m' out || fail "no colour"
grep -q $'\e' text && fail "colour nobody asked for"

need_kvm

# Profiles name findings that there are.
expect 0 check -J
/usr/bin/python3 - <<'P' || fail "a profile names what no probe finds"
import json
missing = {r["finding"] for w in json.load(open("out"))["workloads"] for r in w["rows"]
           if r["evidence"] and ("has no finding" in r["evidence"] or "cannot be told" in r["evidence"])}
assert not missing, sorted(missing)
P

# Proof: a guest that ran, none, and a guest that is no Linux.
cat >own/kvm.profile <<'P'
[workload]
name = kvm
title = KVM
as_of = 2026-09
source = here
[requirement]
label = device
finding = kvm.device
level = hard
P
kind=$("$NESTMARK" probe -J | /usr/bin/python3 -c '
import json, sys
print([f["value"] for f in json.load(sys.stdin)["findings"] if f["id"] == "verdict.virtualization"][0])')
if [[ $kind == software ]]; then
    expect 3 check --profiles own kvm
    says out "capable, not proven" "this KVM interprets guest kernel code" "--prove-linux"
else
    expect 0 check --profiles own kvm
    grep -q '^KVM: verdict *: ready (' out || fail "not ready: $(tail -n 1 out)"
fi
expect 3 check --profiles own kvm --no-guest
says out "capable, not proven"
expect 1 check --profiles own kvm --kvm-device /no/such/kvm
says out "FAIL (/no/such/kvm: not there" "not ready"
expect 1 check --profiles own kvm "--prove-linux=$KERNEL.elf"
says out "a Linux guest reaches its user space" "not ready"

# A recorded machine: the same facts, and nothing that is proven.
expect 0 "$NESTMARK" capture --no-guest -o machine.tar.zst
expect 3 check --profiles own kvm --root machine.tar.zst -J
validate out
/usr/bin/python3 -c '
import json
d = json.load(open("out"))
assert d["source"] == "replay" and d["host"] is None
assert d["workloads"][0]["verdict"] == "not_proven", d' || fail "a replay"
done_testing
