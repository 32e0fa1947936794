#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# nestmark predict on a real document: what is priced and what is not, JSON, what is refused, and texts of strangers.
source "$(dirname "$0")/lib.sh"

exits=$SOURCE/tests/documents/exits.json
valid "$exits"

expect 0 "$NESTMARK" predict "$exits"
says out "linux.timer/guest/nestmark" "2.40 MSR_WRITE at 41.5" "exit.wrmsr/guest/cpl0" "0.70 INTR: no price: no operation measures it" \
    "VMMCALL: no price: exit.hypercall.irqchip is not measured there" "no share: not measured on both sides"
expect 0 "$NESTMARK" report "$exits" -o md:report.md -o html:report.html
says report.md "What Linux guests exit for" "4.45 exits per operation" "2.40 MSR"
says report.html 'id="exits"' "2.40 MSR_WRITE"

expect 0 "$NESTMARK" predict -J "$exits"
mv out prediction.json
/usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/prediction.schema.json" prediction.json || fail "schema"
/usr/bin/python3 - <<'P' || fail "what the prediction adds up to"
import json
import math

lines = {line["measurement"]: line for line in json.load(open("prediction.json"))["operations"]}
timer = lines["linux.timer/guest/nestmark"]
priced = [kind for kind in timer["kinds"] if kind["priced_by"]]
assert priced and math.isclose(sum(kind["cost"]["value"] for kind in priced), timer["cost"]["value"], rel_tol=1e-6), timer
assert math.isclose(timer["guest"]["value"] - timer["native"]["value"], timer["difference"], rel_tol=1e-6), timer
assert math.isclose(timer["cost"]["value"] / timer["difference"], timer["share"], rel_tol=1e-6), timer
assert lines["linux.syscall/guest/nestmark"]["share"] is None
P

# Costs of another machine: no share, and the same exits.
sed 's/"uuid": "......../"uuid": "00000000/; s/"value": 41/"value": 82/' "$exits" >other.json
expect 0 "$NESTMARK" predict "$exits" other.json
says out "no share: the costs are those of another run" "2.40 MSR_WRITE at"
sed 's/"clock": "tsc"/"clock": "instructions"/' other.json >counted.json
expect 2 "$NESTMARK" predict "$exits" counted.json
one_line_error err
says err "exits.json: one run counts instructions, the other time"

expect 2 "$NESTMARK" predict "$SOURCE/tests/documents/native-1.json"
one_line_error err
says err "native-1.json: it has no exit profile" "nestmark run --group linux"
expect 2 "$NESTMARK" predict
expect 2 "$NESTMARK" predict "$exits" "$exits" "$exits"
expect 2 "$NESTMARK" predict absent.json
one_line_error err
echo '{"schema": "nestmark/run/1"}' >short.json
expect 2 "$NESTMARK" predict "$exits" short.json
one_line_error err

# Names of kinds and measurements are texts of whoever wrote the document.
sed 's/"INTR":/"\\u001b[2J<script>":/; s/"measurement": "linux.timer/"measurement": "\\u001b]0;x\\u0007linux.timer/' "$exits" >hostile.json
expect 0 "$NESTMARK" predict hostile.json
grep -q $'\033' out && fail "an escape sequence comes through"
expect 0 "$NESTMARK" report hostile.json -o html:hostile.html -o text:hostile.txt -o md:hostile.md
grep -q '<script>' hostile.html && fail "an element comes through"
grep -q $'\033' hostile.txt hostile.md && fail "an escape sequence comes through a report"
done_testing
