#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A soak counts every failure by its kind, goes on whatever fails, stays as small as it began, and survives an interruption.
source "$(dirname "$0")/lib.sh"
need_kvm

# soaked FILE: what holds for the document of any soak.
soaked() {
    valid "$1"
    /usr/bin/python3 - "$1" <<'P' || fail "$1: its counts disagree"
import json, sys
d = json.load(open(sys.argv[1]))
s, keep = d["soak"], d["run"]["plan"]["rounds"]
counts = [m["count"] for m in s["measurements"]]
assert len(counts) == len(d["measurements"])
for key in ("rounds", "failed", "state_changes"):
    assert s["all"][key] == sum(c[key] for c in counts) == sum(h[key] for h in s["hours"]), key
for count in counts + s["hours"] + [s["all"]]:
    assert count["failed"] == sum(count["failures"].values())
for m, count in zip(d["measurements"], counts):
    assert len(m["rounds"]) == min(keep, count["rounds"]), m["operation"]
    indices = [r["index"] for r in m["rounds"]]
    assert indices == sorted(set(indices)) and (not indices or 1 <= indices[0] and indices[-1] <= count["rounds"])
    # No failure goes unnoticed, whichever rounds are kept.
    assert m["state"] != "ok" or count["failed"] == 0, m["operation"]
assert len(s["failures"]) + s["failures_left_out"] == s["all"]["failed"]
assert len(s["state_changes"]) + s["state_changes_left_out"] == s["all"]["state_changes"]
P
}

drills=(drill.{spin,triple-fault,exception,internal-error,silent,crash,partner-dies,driver-fails})
expect 3 "$NESTMARK" run floor.loop "${drills[@]}" --soak 4s --samples 50 --time-limit 200ms -o json:drills.json -o md:drills.md
soaked drills.json
/usr/bin/python3 - <<'P' || fail "drills"
import json
d = json.load(open("drills.json"))
s = d["soak"]
assert d["run"]["state"] == "complete" and d["run"]["plan"]["soak_ns"] == 4 * 10**9 <= s["elapsed_ns"]
counts = {m["measurement"]: m["count"] for m in s["measurements"]}
drills = {
    "drill.spin/guest/cpl0": ("timeout", "did not end within 200 ms"),
    "drill.triple-fault/guest/cpl0": ("shutdown", "KVM_EXIT_SHUTDOWN: the guest shut down by a triple fault"),
    "drill.exception/guest/cpl0": ("exception", "unexpected #UD in the guest (vector 6"),
    "drill.internal-error/guest/cpl0": ("internal_error.1", "KVM_EXIT_INTERNAL_ERROR: suberror 1"),
    "drill.silent/guest/cpl0": ("other", "ended without having measured anything"),
    "drill.crash/native": ("process", "killed by signal 9"),
    # What is to blame is counted, and not vCPU 0, which waited for it and was ended.
    "drill.partner-dies/guest/cpl0": ("shutdown", "vCPU 1: KVM_EXIT_SHUTDOWN"),
    "drill.driver-fails/guest/cpl0": ("invalid", ""),
}
# A further vCPU and a driver need a CPU of their own.
absent = [m["operation"] + "/guest/cpl0" for m in d["measurements"] if m["state"] == "unsupported"]
assert not absent or absent == ["drill.partner-dies/guest/cpl0", "drill.driver-fails/guest/cpl0"], absent
for name in absent:
    assert counts.pop(name)["rounds"] == 0, name
passes = max(c["rounds"] for c in counts.values())
# Each pass runs everything once, and the last one may end early.
assert passes >= 3 and all(c["rounds"] in (passes, passes - 1) for c in counts.values()), counts
for name, count in counts.items():
    kind, reason = drills.get(name, (None, None))
    assert count["failures"] == ({kind: count["rounds"]} if kind else {}), (name, count)
    assert count["state_changes"] == 0, name
    events = [e for e in s["failures"] if e["measurement"] == name]
    assert [e["round"] for e in events] == list(range(1, count["failed"] + 1))[:100], name
    assert all(e["failure"] == kind and reason in e["reason"] for e in events), name
    if kind:
        assert abs(count["failures_per_hour"][kind] - count["failed"] * 3600e9 / s["elapsed_ns"]) < 1, name
for m in d["measurements"]:
    if m["state"] == "unsupported":
        continue
    if m["operation"].startswith("drill."):
        assert m["state"] in ("failed", "timeout", "invalid") and m["stopped_by"] == "soak", m["operation"]
        assert "rounds failed: " in m["reason"]
    else:
        assert m["summary"]["p50"]["value"] > 0, m["operation"]
P
says out "Soak:" "duration 0:00:0" "failed rounds: " "per hour" "shutdown: " "internal_error.1: " "first failures" "KVM_EXIT_SHUTDOWN"
says drills.md "## Soak"
cp out first
expect 0 "$NESTMARK" report drills.json
cmp -s out first || fail "report differs from what run printed"

# A soak without failures ends as any run does, and the document of another run says that it is none.
measures "$NESTMARK" run floor.syscall --soak 300ms --samples 50 -q -o json:quiet.json
soaked quiet.json
says quiet.json '"failures_left_out": 0'
says out "failed rounds: 0"
measures "$NESTMARK" run floor.syscall --rounds 3 --samples 50 -q -o json:none.json
says none.json '"soak": null' '"soak_ns": 0'
grep -q "Soak" out && fail "a section about no soak"

# Now and then a measuring process is killed, as by the kernel out of memory: each time is counted, and the rest measured.
env --default-signal=INT "$NESTMARK" run floor.syscall --soak 4s --samples 50000 -q -o json:killed.json >out 2>err &
pid=$!
kills=0
for _ in $(seq 40); do
    sleep 0.1
    child=$(pgrep -P "$pid" || true)
    [[ -e killed.json.journal && $(wc -l <killed.json.journal) -ge 3 && -n $child ]] || continue
    kill -KILL "$child" 2>/dev/null && kills=$((kills + 1))
    [[ $kills -lt 2 ]] || break
    sleep 1
done
code=0
wait "$pid" || code=$?
[[ $code -eq 3 ]] || fail "killed processes ended the soak with $code: $(cat err)"
soaked killed.json
/usr/bin/python3 - "$kills" <<'P' || fail "killed.json"
import json, sys
d = json.load(open("killed.json"))
s, m, kills = d["soak"], d["measurements"][0], int(sys.argv[1])
rounds, bad = s["all"]["rounds"], [e["round"] for e in s["failures"]]
# One that ended by itself a moment before was not killed.
assert kills == 2 and 1 <= len(bad) <= kills and s["all"]["failures"] == {"process": len(bad)}, s["all"]
assert s["all"]["state_changes"] == sum((n in bad) != (n - 1 in bad) for n in range(2, rounds + 1))
assert s["state_changes"][0]["before"] == "ok" and s["state_changes"][0]["state"] == "failed"
assert m["state"] in ("noisy", "failed") and m["reason"].startswith(f"{len(bad)} of {rounds} rounds failed: process"), m
assert m["summary"]["p50"]["value"] > 0
P

# Neither memory nor the document grows with the rounds: a look after some 50, another after many more.
start() {
    env --default-signal=INT "$NESTMARK" run floor.syscall --samples 10 "${@:2}" -q -o "json:$1" >out 2>err &
    pid=$!
}
await_lines() {
    for _ in $(seq 1000); do
        [[ -e $1.journal && $(wc -l <"$1.journal") -gt $2 ]] && return
        sleep 0.01
    done
    fail "no $2 rounds in $1.journal"
}
peak_kib() {
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$pid/status"
}
start flat.json --soak 120s --rounds 20
await_lines flat.json 50
early=$(peak_kib)
# The journal begins anew several times.
size=0 largest=0 renewed=0
for _ in $(seq 6000); do
    before=$size
    size=$(stat -c %s flat.json.journal 2>/dev/null || echo "$size")
    [[ $size -lt $before ]] && renewed=$((renewed + 1))
    [[ $size -gt $largest ]] && largest=$size
    [[ $renewed -ge 2 || ! -e flat.json.journal ]] && break
    sleep 0.01
done
late=$(peak_kib)
kill -INT "$pid"
code=0
wait "$pid" || code=$?
[[ $code -eq 130 ]] || fail "SIGINT ended a soak with $code: $(cat err)"
[[ $renewed -ge 2 ]] || fail "the journal grew to $size without an end"
[[ $largest -le 1500000 ]] || fail "the journal grew to $largest"
# The allocator of a sanitizer keeps what was freed.
[[ $SANITIZED == ON || $((late - early)) -le 1024 ]] || fail "memory grew from $early KiB to $late KiB"
soaked flat.json
/usr/bin/python3 - <<'P' || fail "flat.json"
import json, os
d = json.load(open("flat.json"))
assert d["soak"]["all"]["rounds"] > 500 and len(d["measurements"][0]["rounds"]) == 20, d["soak"]["all"]
assert d["run"]["state"] == "incomplete" and d["run"]["reason"].startswith("stopped by signal")
assert os.path.getsize("flat.json") < 1 << 20
P
[[ ! -e flat.json.journal ]] || fail "the journal is still there"

# rounds_of FILE
rounds_of() {
    /usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["soak"]["all"]["rounds"])' "$1"
}

# An interrupted soak goes on for the time that is left, after SIGINT from the document, after SIGKILL from the journal.
for signal in INT KILL; do
    file=$signal.json
    start "$file" drill.crash --soak 3s --rounds 20
    await_lines "$file" 60
    kill "-$signal" "$pid"
    wait "$pid" 2>/dev/null
    if [[ $signal == INT ]]; then
        soaked "$file"
        before=$(rounds_of "$file")
    else
        before=$(($(wc -l <"$file.journal") - 1))
    fi
    begin=$(date +%s%N)
    expect 3 "$NESTMARK" run --resume "$file" -q
    [[ $(($(date +%s%N) - begin)) -lt 10000000000 ]] || fail "--resume began from the beginning"
    soaked "$file"
    [[ $(rounds_of "$file") -gt $before ]] || fail "--resume of $file added nothing to $before rounds"
    /usr/bin/python3 - "$file" <<'P' || fail "resumed $file"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["run"]["state"] == "complete" and d["run"]["supersedes"]
assert d["soak"]["elapsed_ns"] >= 3 * 10**9
for m in d["soak"]["measurements"]:
    events = [e["round"] for e in d["soak"]["failures"] if e["measurement"] == m["measurement"]]
    assert events == list(range(1, len(events) + 1)), "a round is counted twice, or not at all"
P
done
expect 2 "$NESTMARK" run --resume KILL.json
says err "is complete, there is nothing to resume"
sed 's/"state": "complete"/"state": "incomplete"/; s/"reason": null/"reason": "x"/; s/"soak_ns": [0-9]*/"soak_ns": 0/' KILL.json >odd.json
expect 2 "$NESTMARK" run --resume odd.json
says err "soak: numbers that no plan has"

# A disk that fills up while it soaks.
mkdir -p disk
if unshare --mount --map-root-user true 2>/dev/null; then
    code=0
    unshare --mount --map-root-user sh -c "mount -t tmpfs -o size=4m none disk
        '$NESTMARK' run floor.syscall --soak 60s --rounds 20 --samples 10 -q -o json:disk/run.json &
        pid=\$!; for i in \$(seq 500); do [ -s disk/run.json.journal ] && break; sleep 0.01; done
        dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null; wait \$pid; code=\$?
        cp disk/run.json full.json; ls -A disk; exit \$code" >out 2>err || code=$?
    [[ $code -eq 3 ]] || fail "a disk that filled up ended with $code: $(cat err)"
    says err "No space left on device"
    [[ -s full.json ]] && soaked full.json || fail "no document on a disk that filled up: $(cat err)"
    says full.json '"state": "incomplete"'
    grep -q '^run.json.journal$' out && fail "a journal was left: $(cat out)"
else
    fail "no mount namespace to try a full disk in"
fi

expect 2 "$NESTMARK" run --soak never
says err "--soak never: expected a time"
expect 2 "$NESTMARK" run --soak 745h
expect 2 "$NESTMARK" run --soak 1m --budget 1m
says err "--soak goes on for its time"
expect 2 "$NESTMARK" run --soak 1m --target-ci 1%
[[ -z $(ls ./*.journal .*.tmp 2>/dev/null) ]] || fail "left behind: $(ls -A)"
done_testing
