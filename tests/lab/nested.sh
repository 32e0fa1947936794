#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Guests of a Linux guest: what one level more costs, and the exits that it makes below.
source "$(dirname "$0")/../cli/lib.sh"

lab=$SOURCE/lab/nestmark-lab
measures "$lab" compare --nestmark "$NESTMARK" --time-limit 300 --out documents -- --context guest exit.cpuid exit.pio.in.kernel
says out "exit.cpuid" "Turtles'10" "instructions per operation"
says documents/compare.md "| exit.cpuid | cpl0 |"
valid documents/host-svm.json documents/nested-svm.json
/usr/bin/python3 - <<'P' || fail "multipliers"
import json
host, nested = (json.load(open(f"documents/{level}-svm.json"))["measurements"] for level in ("host", "nested"))
assert len(host) == len(nested) == 4
for one, two in zip(host, nested):
    assert one["state"] == two["state"] == "ok", (one["operation"], one["state"], two["state"], two["reason"])
    ratio = two["summary"]["p50"]["value"] / one["summary"]["p50"]["value"]
    below = two["evidence"]["exits_below_per_op"]
    print(f"{one['operation']} {one['parameters']}: {ratio:.1f} times, {below:.2f} exits below")
    assert 4 < ratio < 60 and 2 < below < 40
P
cp out table
expect 0 "$lab" compare --documents documents
cmp -s out table || fail "the table of the same documents differs"
done_testing
