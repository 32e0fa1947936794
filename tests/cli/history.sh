#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# nestmark history: import, its idempotence and its refusals, lists, trends, and the gate for the newest night.
source "$(dirname "$0")/lib.sh"

history() {
    local command=$1
    shift
    "$NESTMARK" history "$command" --database h.db "$@"
}

history_valid() {
    local schema=$1
    shift
    /usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/$schema.schema.json" "$@" || fail "invalid: $schema: $*"
}

# edit FROM TO EXPRESSION: a copy of the document FROM, changed by statements about d.
edit() {
    /usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[3])
json.dump(d, open(sys.argv[2], "w"))' "$@"
}

# answers FILE: all that queries say, to compare databases by.
answers() {
    history list -J >"$1"
    history trend -J --all >>"$1"
    history check -J --all >>"$1"
    [[ -s $1 ]] || fail "no answers in $1"
}

expect 2 history list
says err "there is no history yet" "nestmark history import"
[[ -e h.db ]] && fail "a query made a database"

# One real document, and a fleet made from it.
"$NESTMARK" run -q --profile quick --context native floor.loop exit.cpuid -o json:template.json >/dev/null
valid template.json
expect 0 history import template.json
says out "imported 1, already there 0, refused 0"
expect 0 history list -J
cp out list.json
history_valid history list.json
holds list.json 'd["runs"][0]["measurements"] == 2 and d["runs"][0]["path"] == "template.json"'
holds list.json "d['runs'][0]['sha256'] == '$(sha256sum template.json | cut -d' ' -f1)'"
uuid=$(/usr/bin/python3 -c 'import json; print(json.load(open("template.json"))["run"]["uuid"])')
expect 0 history show "${uuid:0:8}"
says out "$uuid" "floor.loop/native" "exit.cpuid/native" "quick"
expect 0 history show "$uuid" -J
cp out show.json
history_valid history show.json
/usr/bin/python3 - <<'PY' || fail "show has other values than the document"
import json
shown = {value["measurement"]: value for value in json.load(open("show.json"))["runs"][0]["values"]}
for one in json.load(open("template.json"))["measurements"]:
    value = shown[one["operation"] + "/native"]
    assert value["floor"] == {k: one["summary"]["floor"][k] for k in ("value", "lo", "hi")}
    assert value["p99"]["value"] == one["summary"]["p99"]["value"] and value["state"] == one["state"]
PY
expect 2 history show ffffffff-ffff
says err "no such run"
rm h.db*

/usr/bin/python3 "$SOURCE/tests/cli/fleet.py" template.json fleet --hosts 6 --nights 30 --operations 2 --noise 0.7
expect 0 history import fleet
says out "imported 180, already there 0, refused 0"
answers first
history trend -J >trend.json
history_valid trend trend.json
holds trend.json 'd["series_count"] == 12 and d["changes"] == 2 and d["runs"] == 180 and d["machines"] == 6'
holds trend.json '[s["host"] for s in d["series"]] == ["web001", "web004"]'
holds trend.json 'all(s["measurement"] == "fleet.op00/native" and len(s["points"]) == 30 for s in d["series"])'
holds trend.json 'all(s["changes"][0]["started"][:10] == "2026-01-21" for s in d["series"])'
holds trend.json 'all(1.03 < s["changes"][0]["step"]["lo"] < 1.05 < s["changes"][0]["step"]["hi"] + 0.01 for s in d["series"])'
holds trend.json '[x["what"] for x in d["series"][0]["changes"][0]["differences"]] == ["kernel_release"]'
history trend >trend.txt
says trend.txt "6 machines, 180 runs, 12 series, 2 changes" "web004" "2026-01-21" "kernel_release: 6.1.0-1 → 6.1.0-2"
expect 0 history trend --threshold 20
says out "0 changes"
expect 0 history trend --host web001 -o csv:- 'fleet.op00'
[[ $(head -n 1 out) == "time,commit,fleet.op00/native/floor,fleet.op00/native/p50,fleet.op00/native/p99" ]] || fail "csv: $(head -n 1 out)"
[[ $(wc -l <out) -eq 31 ]] || fail "csv has $(wc -l <out) lines"
expect 3 history trend -o csv:-
says err "6 machines" "--host"
mkdir moved
/usr/bin/python3 - <<'PY'
import glob, json
for night, path in enumerate(sorted(glob.glob("fleet/*-web001.json"))):
    run = json.load(open(path))
    if night >= 20:
        run["machine"]["brand"] = "Another CPU"
    json.dump(run, open(f"moved/{night}.json", "w"))
PY
expect 0 history import --database moved.db moved
expect 3 history trend --database moved.db --host web001 -o csv:-
says err "2 machines" "--machine"
expect 0 history trend --database moved.db --machine 'Another*' -o csv:- 'fleet.op00'
[[ $(wc -l <out) -eq 11 ]] || fail "csv of one machine has $(wc -l <out) lines"
expect 0 history trend --host web001 -o md:trend.md -o text:-
says trend.md "| web001 | fleet.op00/native | 2026-01-21 |" "## What else changed"
expect 0 history trend --host 'web00[14]' -o svg:trend.svg -o text:-
xmllint --noout trend.svg || fail "svg: not XML"
says trend.svg "web001 p99" "web004 p99" "fleet.op00/native" "change"
grep -qi '<script' trend.svg && fail "svg: a script"
expect 3 history trend --host web000 -o svg:-
says err "no series has a change"
expect 2 history trend 'no.such.*'

# Again; two at a time and in another order; killed; dropped and made again.
expect 0 history import fleet
says out "imported 0, already there 180, refused 0"
answers second
cmp -s first second || fail "a second import changed the answers"
rm h.db*
find fleet -name '*.json' | sort -R --random-source=<(yes) >order
xargs "$NESTMARK" history import --database h.db <order >one 2>&1 &
history import fleet >two 2>&1
wait "$!" || fail "the importer beside another: $(cat one)"
cat one two | grep -o 'imported [0-9]*' | awk '{sum += $2} END {exit sum != 180}' || fail "two importers: $(cat one two)"
answers second
cmp -s first second || fail "another order changed the answers"
# Four that make the file at once agree: in some of so many rounds one looks while another is at it.
for round in {1..100}; do
    rm -f made.db*
    importers=()
    for i in 1 2 3 4; do
        "$NESTMARK" history import --database made.db moved/0.json >"made.$i" 2>&1 &
        importers+=("$!")
    done
    for importer in "${importers[@]}"; do
        wait "$importer" || fail "one of four importers, round $round: $(cat made.[1-4])"
    done
done

# The importer itself, and in the middle of its work: one that was through before is tried again.
for _ in {1..20}; do
    rm h.db*
    "$NESTMARK" history import --database h.db fleet >/dev/null &
    importer=$!
    while [[ $(sqlite3 h.db 'SELECT count(*) > 5 FROM run' 2>/dev/null) != 1 ]] && kill -0 "$importer" 2>/dev/null; do sleep 0.01; done
    kill -9 "$importer" 2>/dev/null
    wait "$importer" 2>/dev/null
    there=$(sqlite3 h.db 'SELECT count(*) FROM run')
    ((there == 180)) || break
done
((there > 5 && there < 180)) || fail "no importer was killed in the middle: $there runs"
[[ $(sqlite3 h.db 'SELECT count(*) FROM run WHERE (SELECT count(*) FROM value WHERE run = id) <> 2') == 0 ]] ||
    fail "a killed importer left parts of documents"
expect 0 history import fleet
answers second
cmp -s first second || fail "after a killed importer the answers are others"

# What is refused, while the rest goes on.
mkdir bad
document=$(find fleet -name '*-web000.json' | sort | tail -n 1)
cp "$document" bad/good.json
edit "$document" bad/replay.json 'd["run"]["source"] = "replay"; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000001"'
edit "$document" bad/same-uuid.json 'd["run"]["host"] = "elsewhere"'
edit "$document" bad/twice.json 'd["measurements"] *= 2; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000002"'
edit "$document" bad/time.json 'd["run"]["started"] = "yesterday"; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000003"'
edit "$document" bad/unit.json 'd["measurements"][0]["unit"] = "furlongs"; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000004"'
edit "$document" bad/older.json 'd["schema"] = "nestmark/run/0"'
edit "$document" bad/no-host.json 'd["run"]["host"] = ""; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000005"'
edit "$document" bad/nan.json 'd["measurements"][0]["summary"]["min"] = float("nan")'
head -c 1000 "$document" >bad/cut.json
/usr/bin/python3 -c 'print("[" * 100000)' >bad/deep.json
mkfifo bad/pipe.json
mkdir bad/.hidden
echo "not looked at" | tee bad/.hidden/x.json >bad/.partial.json
expect 3 history import bad -J
cp out import.json
history_valid import import.json
holds import.json 'd["imported"] == 0 and d["already_there"] == 1 and len(d["refused"]) == 10'
says err "bad/replay.json: run: source: \"replay\"" "bad/same-uuid.json: run: uuid: " "is there with other bytes" \
    "bad/twice.json: measurements: fleet.op00/native stands there twice" "bad/time.json: run: started" \
    "bad/unit.json: measurements[0]: unit" "bad/older.json: schema" "bad/no-host.json: run: host: empty" \
    "bad/nan.json: line" "bad/cut.json: line" "bad/deep.json: line"
[[ $(grep -c '^nestmark: ' err) -eq 10 && $(wc -l <err) -eq 10 ]] || fail "not a line for each"
expect 3 history import no-such-folder fleet
says err "no-such-folder: No such file or directory"
says out "already there 180"
answers second
cmp -s first second || fail "refused documents changed the answers"

# Names that are markup, SQL and control characters for somebody.
# shellcheck disable=SC2016
edit "$document" nasty.json 'd["run"]["host"] = "x\u001b[31m\u0027); DROP TABLE run; --<b>|`=1+1"; d["run"]["uuid"] = "00000000-0000-4000-8000-000000000006"
d["measurements"][0]["operation"] = "=HYPERLINK(1)"; d["run"]["started"] = "2026-01-29T00:00:00Z"'
expect 0 history import nasty.json
expect 0 history list
grep -q $'\x1b' out && fail "control characters on the terminal"
says out "DROP TABLE run"
expect 0 history trend --host 'x*' -o csv:- -o md:nasty.md
grep -q "'=HYPERLINK" out || fail "csv: a formula: $(head -n 1 out)"
rm h.db*

# Counts are no times: another clock is another series.
edit "$document" counted.json 'd["run"].update(clock="instructions", uuid="00000000-0000-4000-8000-00000000000b")
for one in d["measurements"]: one["unit"] = "instructions"'
expect 0 history import "$document" counted.json
history trend -J --all >counted.json
holds counted.json '[(s["measurement"], s["unit"], len(s["points"])) for s in d["series"][:2]] == [("fleet.op00/native", "instructions", 1), ("fleet.op00/native", "ns", 1)]'
rm h.db*

# A document that finishes another takes its place, whichever comes first.
edit "$document" part.json 'd["run"].update(state="incomplete", reason="interrupted", uuid="00000000-0000-4000-8000-000000000007")'
edit "$document" whole.json 'd["run"].update(supersedes="00000000-0000-4000-8000-000000000007", uuid="00000000-0000-4000-8000-000000000008")'
edit "$document" other.json 'd["run"].update(supersedes="00000000-0000-4000-8000-000000000008", uuid="00000000-0000-4000-8000-000000000009", host="thief")'
for order in "part.json whole.json other.json" "other.json whole.json part.json"; do
    # shellcheck disable=SC2086
    expect 0 history import $order
    history list -J --host web000 >superseded.json
    holds superseded.json '[r["superseded_by"] for r in d["runs"]] == ["00000000-0000-4000-8000-000000000008", None]'
    history trend -J --all --host web000 >superseded.json
    holds superseded.json 'd["runs"] == 1 and [len(s["points"]) for s in d["series"]] == [1, 1]'
    expect 0 history check --host web000
    rm h.db*
done
expect 0 history import part.json
expect 3 history check
says out "UNDECIDED web000: run 00000000-0000-4000-8000-000000000007 is incomplete: interrupted"
rm h.db*

# The gate: one night is a suspicion, two are a regression, and who is not there is missed.
expect 0 history import fleet
expect 0 history check --night 2026-01-20
says out "night 2026-01-20: 6 hosts" "passed"
expect 0 history check --night 2026-01-21
says out "SUSPECT web001 fleet.op00/native: +" "SUSPECT web004"
expect 1 history check --night 2026-01-22
says out "REGRESSED web001 fleet.op00/native: +" "since 2026-01-21, 2 nights" "regressed"
expect 1 history check
expect 0 history check fleet.op01
expect 0 history check --host 'web00[0235]'
echo "2026-01-21 web* fleet.op00 kernel 6.1.0-2 has new mitigations" >accepted
expect 0 history check --accept accepted
echo "2026-01-21 web* fleet.op00" >accepted
expect 2 history check --accept accepted
says err "accepted: line 1: expected NIGHT HOST MEASUREMENT REASON"
printf '%s # comment\n' web00{0..5} >hosts
expect 1 history check --expect hosts
says out "complete (6 of 6 hosts expected)"
echo web007 >>hosts
expect 3 history check --expect hosts --night 2026-01-15
says out "partial (6 of 7 hosts expected)" "MISS web007" "undecided"
expect 1 history check --expect hosts
rm -f fleet/20260130*-web005.json h.db*
sed -i '/web007/d; /web000/d' hosts
edit "$(find fleet -name '20260130*-web002.json')" late.json 'd["measurements"][0].update(state="noisy", reason="neighbours"); del d["measurements"][1]'
mv late.json "$(find fleet -name '20260130*-web002.json')"
expect 0 history import fleet
expect 3 history check --expect hosts --host 'web00[0235]' -J
cp out check.json
history_valid trend check.json
holds check.json 'd["night"]["missing"] == ["web005"] and d["night"]["unexpected"] == ["web000"] and not d["night"]["complete"]'
holds check.json 'd["night"]["undecided"] == ["web002 fleet.op00/native: noisy: neighbours", "web002 fleet.op01/native: not measured, and was on 2026-01-29"]'
expect 2 history check --expect /dev/null
edit "$(find fleet -name '20260130*-web003.json')" moved.json 'd["machine"]["threads"] = 64; d["run"].update(started="2026-01-31T02:00:00Z", uuid="00000000-0000-4000-8000-00000000000a")'
expect 0 history import moved.json
expect 3 history check
says out "UNDECIDED web003: another machine than before"

# What is no history.
echo "not a database, but as long as the head of one would have to be, which is a hundred bytes or a little more" >other.db
expect 2 "$NESTMARK" history list --database other.db
says err "other.db: file is not a database"
sqlite3 foreign.db 'CREATE TABLE t (x)'
expect 2 "$NESTMARK" history import --database foreign.db fleet
says err "a database of something else"
sqlite3 h.db 'PRAGMA user_version = 99'
expect 2 history list
says err "of another version of nestmark"
expect 0 env XDG_STATE_HOME="$work/state" "$NESTMARK" history import moved.json
[[ -s state/nestmark/history.db ]] || fail "not where XDG_STATE_HOME says"
expect 2 history import
expect 2 history dance
expect 2 history list --threshold 3
says err "does not take that option"
expect 2 history trend --since yesterday
expect 2 history trend --threshold -1
expect 2 history trend --statistic mean
expect 0 history --help
says out "Usage: nestmark history import"

done_testing
