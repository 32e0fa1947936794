#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C, SIGTERM and SIGKILL: nothing measured is lost, nothing stays behind, and --resume finishes.
source "$(dirname "$0")/lib.sh"
need_kvm

rounds=100
plan=(exit.rdmsr floor.syscall --rounds "$rounds" --samples 1000 -q)

start() {
    # The shell lets jobs in the background ignore SIGINT.
    env --default-signal=INT "$NESTMARK" run "${plan[@]}" -o "json:$1" >out 2>err &
    pid=$!
}

# Until some rounds are in the journal.
await_rounds() {
    for _ in $(seq 400); do
        [[ -e $1.journal && $(wc -l <"$1.journal") -ge 12 ]] && return
        sleep 0.02
    done
    fail "no rounds in $1.journal"
}

no_children() {
    local left
    left=$(pgrep -f "json:$1" || true)
    [[ -z $left ]] || fail "processes left behind: $left"
}

rounds_in() {
    /usr/bin/python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(sum(len(m["rounds"]) for m in d["measurements"]))' "$1"
}

finish() {
    local file=$1 before=$2
    code=0
    "$NESTMARK" run --resume "$file" -q >out 2>err || code=$?
    [[ $code -eq 0 || $code -eq 3 ]] || fail "--resume ended with $code: $(cat err)"
    valid "$file"
    /usr/bin/python3 - "$file" "$before" "$rounds" <<'P' || fail "resumed $file"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["run"]["state"] == "complete" and d["run"]["supersedes"]
assert d["run"]["uuid"] != d["run"]["supersedes"]
for m in d["measurements"]:
    assert sorted(r["index"] for r in m["rounds"]) == list(range(1, int(sys.argv[3]) + 1)), m["operation"]
assert int(sys.argv[2]) < int(sys.argv[3]) * len(d["measurements"])
P
    [[ ! -e $file.journal ]] || fail "the journal of $file is still there"
}

for signal in INT TERM; do
    file=$signal.json
    start "$file"
    await_rounds "$file"
    kill "-$signal" "$pid"
    code=0
    wait "$pid" || code=$?
    [[ $signal == INT ]] && wanted=130 || wanted=143
    [[ $code -eq $wanted ]] || fail "SIG$signal ended the run with $code"
    no_children "$file"
    valid "$file"
    says "$file" '"state": "incomplete"' '"reason": "stopped by signal'
    expect 0 "$NESTMARK" report "$file"
    says out "incomplete: stopped by signal"
    finish "$file" "$(rounds_in "$file")"
done

# SIGKILL at many moments, the start and the middle of writes among them.
for delay in 0.05 0.2 0.35 0.5 0.65 0.8; do
    file=kill$delay.json
    start "$file"
    sleep "$delay"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    sleep 0.1
    no_children "$file"
    [[ -e $file ]] && fail "a killed run left a document"
    [[ -z $(find . -name '*.tmp') ]] || fail "temporary files: $(ls -A)"
    if [[ -s $file.journal && $(wc -l <"$file.journal") -ge 1 ]]; then
        lines=$(wc -l <"$file.journal")
        finish "$file" "$((lines - 1))"
    fi
done

# Series go on at all of their points, and what only a pilot finds this machine to lack stays unsupported, without rounds.
plan=('mem.stream.read.*' mem.process.shootdown --context native --rounds 10 --samples 50 -q)
for signal in INT KILL; do
    file=series$signal.json
    start "$file"
    await_rounds "$file"
    kill "-$signal" "$pid"
    wait "$pid" 2>/dev/null
    [[ $signal == KILL ]] || cp "$file" stopped.json
    code=0
    "$NESTMARK" run --resume "$file" -q >out 2>err || code=$?
    [[ $code -eq 0 || $code -eq 3 ]] || fail "--resume of series ended with $code: $(cat err)"
    valid "$file"
    /usr/bin/python3 - "$file" <<'P' || fail "resumed $file"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["run"]["state"] == "complete" and d["run"]["supersedes"]
points = {}
for m in d["measurements"]:
    points.setdefault(m["operation"], []).append(m["parameters"][m["series"]])
    if m["state"] == "unsupported":
        assert not m["rounds"] and m["reason"] and not m["batch"] and not m["stopped_by"], m
    elif m["stopped_by"] == "rounds":
        assert sorted(r["index"] for r in m["rounds"]) == list(range(1, 11)) and m["batch"] >= 1, m["operation"]
    else:
        assert m["stopped_by"] == "failures", m
sizes = [1 << 20, 64 << 20]
assert points == {"mem.stream.read.4k": sizes, "mem.stream.read.2m": sizes, "mem.process.shootdown": [2, 4, 8]}, points
P
done
sed 's/"threads": 8/"threads": 800/' stopped.json >odd.json
expect 2 "$NESTMARK" run --resume odd.json
says err "odd.json: mem.process.shootdown: numbers that no plan has"
plan=(exit.rdmsr floor.syscall --rounds "$rounds" --samples 1000 -q)

# A resume that is killed, or has no room, loses nothing either; and one at a time.
start twice.json
await_rounds twice.json
expect 2 "$NESTMARK" run --resume twice.json
says err "another run is still writing it"
expect 2 "$NESTMARK" run floor.syscall -o json:twice.json
says err "another run is still writing it"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
before=$(wc -l <twice.json.journal)
for delay in 0.02 0.04 0.06 0.1 0.3; do
    "$NESTMARK" run --resume twice.json -q >out 2>err &
    pid=$!
    sleep "$delay"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
done
[[ -s twice.json.journal ]] || fail "a killed resume lost the journal"
cp twice.json.journal kept.journal
mkdir -p disk
unshare --mount --map-root-user sh -c "mount -t tmpfs -o size=100k none disk && cp twice.json.journal disk/ &&
    '$NESTMARK' run --resume disk/twice.json; cp disk/twice.json.journal after.journal" >out 2>err
says err "cannot reserve"
cmp -s kept.journal after.journal || fail "a resume without room changed the journal"
finish twice.json "$((before - 1))"

# A second run into the place of an unfinished one is refused, and so are resumes that make no sense.
start again.json
await_rounds again.json
kill -KILL "$pid"
wait "$pid" 2>/dev/null
expect 2 "$NESTMARK" run floor.syscall -o json:again.json
says err "again.json.journal: an earlier run into again.json did not end" "--resume"
printf '{"measurement": 0, "bat' >>again.json.journal
finish again.json 1
expect 2 "$NESTMARK" run --resume again.json
says err "is complete, there is nothing to resume"
expect 2 "$NESTMARK" run --resume none.json
says err "none.json: No such file"
expect 2 "$NESTMARK" run --resume again.json exit.cpuid
says err "give no operations"

sed 's/"state": "complete"/"state": "incomplete"/; s/"reason": null/"reason": "x"/; s/"brand": "[^"]*"/"brand": "Another CPU"/' \
    again.json >moved.json
expect 2 "$NESTMARK" run --resume moved.json
says err "the CPU was \"Another CPU\"" "start a new run"
done_testing
