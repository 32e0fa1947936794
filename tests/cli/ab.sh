#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# nestmark ab, natively: both documents, pairs, a delay that is found, refusals, and that nothing is lost or left behind.
source "$(dirname "$0")/lib.sh"

run=("$NESTMARK" run --context native)
ab=("$NESTMARK" ab floor.syscall --samples 100)

comparison_valid() {
    /usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/comparison.schema.json" "$@" || fail "invalid: $*"
}

no_processes() {
    local left
    for _ in $(seq 100); do
        left=$(pgrep -f "$work/$1" || true)
        [[ -z $left ]] && return
        sleep 0.1
    done
    fail "processes left behind: $left"
}

# The same command twice: two documents of one plan, compared in pairs of blocks.
measures "${ab[@]}" --rounds 25 --block 3 --seed 7 --documents same -J -- "${run[@]}" -- "${run[@]}"
cp out comparison.json
valid same-a.json same-b.json
comparison_valid comparison.json
says err "wrote same-a.json and same-b.json"
/usr/bin/python3 - <<'P' || fail "the same command twice"
import json
a, b = (json.load(open(f"same-{side}.json")) for side in "ab")
c = json.load(open("comparison.json"))
for d in (a, b):
    (m,) = d["measurements"]
    assert d["run"]["state"] == "complete" and d["run"]["source"] == "measured" and d["run"]["seed"] == 7
    assert d["run"]["plan"]["inject_delay_ns"] == 0 and m["stopped_by"] == "rounds"
    assert [r["index"] for r in m["rounds"]] == list(range(1, 25)), [r["index"] for r in m["rounds"]]
assert a["run"]["uuid"] != b["run"]["uuid"] and a["measurements"][0]["batch"] == b["measurements"][0]["batch"]
(line,) = c["lines"]
assert c["mode"] == "ab" and c["false_discovery_rate"] == 0.01 and c["base"]["documents"][0]["uuid"] == a["run"]["uuid"]
assert line["base_rounds"] == line["changed_rounds"] == 24
assert [s["base_rounds"] for s in line["statistics"] if s["kind"] == "floor"] == [8], line
assert line["verdict"] in ("equal", "inconclusive", "improved", "regressed")
P

# A delay of half the operation is found, from each side, and no document hides it.
expect 1 "${ab[@]}" --rounds 60 --gate --documents slower -o text:slower.txt -- "${run[@]}" -- "${run[@]}" --inject-delay-ns 600
says out "regressed" "gate: failed"
says slower.txt "A: $NESTMARK run --context native" "B: $NESTMARK run --context native --inject-delay-ns 600"
valid slower-a.json slower-b.json
says slower-b.json '"source": "injected"' '"inject_delay_ns": 600'
expect 0 "$NESTMARK" report slower-b.json
says out "no measurement of this machine: a delay of 600 ns was injected"
expect 0 "$NESTMARK" compare slower-a.json slower-b.json
says out "not comparable: run.source"
expect 0 "${ab[@]}" --rounds 60 --gate --documents faster -q -- "${run[@]}" --inject-delay-ns 600 -- "${run[@]}"
says out "improved" "gate: passed"
[[ ! -s err ]] || fail "-q warns: $(cat err)"

# Through what stands before a program; operations below 200 ns have one batch on both sides.
measures "$NESTMARK" ab --rounds 6 --block 2 --documents env -q -- env X=1 "${run[@]}" exit.rdtsc --samples 50 -- \
    sh -c 'exec "$@"' sh "${run[@]}" exit.rdtsc --samples 50
/usr/bin/python3 - <<'P' || fail "batches"
import json
a, b = (json.load(open(f"env-{side}.json"))["measurements"][0] for side in "ab")
assert a["batch"] == b["batch"] > 1 and len(a["rounds"]) == len(b["rounds"]) == 6
P

# A budget ends it after a whole pair.
measures "${ab[@]}" --rounds 1000 --budget 1ms --documents short -q -- "${run[@]}" -- "${run[@]}"
valid short-a.json short-b.json
says short-a.json '"state": "incomplete"' '"reason": "the rest was not asked for"'

# Refusals: nothing is measured.
for words in "" "--" "-- --" "-- true" "-- true --" "-- -- true" "--rounds" "--rounds 0 -- true -- true" \
    "--rounds 3 -- true -- true" "--block x -- true -- true" "--gate=1 -- true -- true" "--policy none -- true -- true" \
    "-o x:y -- true -- true"; do
    # shellcheck disable=SC2086
    expect 2 "$NESTMARK" ab $words
    one_line_error err
done
expect 0 "$NESTMARK" ab --help
says out "Usage: nestmark ab"
expect 2 "${ab[@]}" --documents same -- "${run[@]}" -- "${run[@]}"
says err "same-a.json: is there already"
expect 2 "${ab[@]}" --documents new -- nestmark-none run -- "${run[@]}"
says err "side A: nestmark-none: No such file"
expect 2 "${ab[@]}" --documents new -- "${run[@]}" --no-such-option -- "${run[@]}"
says err "--no-such-option" "side A ended with code 2, without a document"
expect 3 "${ab[@]}" --documents new --rounds 5 -- true -- true
says err "side A ended with code 0, without a document"
expect 3 "${ab[@]}" --documents slow --block-limit 1s -- sh -c 'sleep 1000' sh -- "${run[@]}"
says err "side A: sh: did not end within 1 s"
expect 4 "$NESTMARK" ab exit.pio.out --documents none -q -- "$NESTMARK" run --kvm-device /dev/null -- \
    "$NESTMARK" run --kvm-device /dev/null
no_processes new

# Stopped in the middle: what was measured is in two valid documents.
for signal in INT TERM; do
    env --default-signal=INT "${ab[@]}" --rounds 1000 --documents "$work/$signal" -- "${run[@]}" -- "${run[@]}" >out 2>err &
    pid=$!
    for _ in $(seq 600); do
        [[ -e $signal-b.json.journal && $(wc -l <"$signal-b.json.journal") -ge 4 ]] && break
        sleep 0.05
    done
    kill "-$signal" "$pid"
    code=0
    wait "$pid" || code=$?
    [[ $signal == INT ]] && wanted=130 || wanted=143
    [[ $code -eq $wanted ]] || fail "SIG$signal ended it with $code"
    no_processes "$signal"
    valid "$signal-a.json" "$signal-b.json"
    [[ -z $(find . -name "$signal*.journal") ]] || fail "journals are left"
    says "$signal-a.json" '"state": "incomplete"'
done

# Killed: nothing runs on, and what was measured can be finished.
"${ab[@]}" --rounds 10 --documents "$work/killed" -- "${run[@]}" -- "${run[@]}" >out 2>err &
pid=$!
for _ in $(seq 600); do
    [[ -e killed-a.json.journal && $(wc -l <killed-a.json.journal) -ge 3 ]] && break
    sleep 0.05
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
no_processes killed
measures "$NESTMARK" run --resume killed-a.json -q
valid killed-a.json
done_testing
