#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Guests that come and go, and what they do to each other, on the real kvm_amd: a hundred of them leave nothing behind; neighbours of
# every kind do what they should, and each is put beside the idle one; and it is said how many guests fit.
source "$(dirname "$0")/../cli/lib.sh"

expect 0 "$SOURCE/lab/nestmark-lab" svm --nestmark "$BUILD/tests/test_life" -- all
says out passed

measures "$SOURCE/lab/nestmark-lab" svm --cpus 3 --nestmark "$NESTMARK" -- \
    run 'life.neighbour.*' life.density.exit --density-max 10 \
    --rounds 3 --samples 40 --time-limit 10s -q -o json:run.json
valid run.json
says out "beside another of this run:" "of life.neighbour.read.idle/guest/cpl3" "how many guests fit:" "no p99 with 1: needs 1000 samples"
/usr/bin/python3 - <<'P' || fail "states"
import json
import re

# This machine has no time of its own, and delivers an interrupt twice, or between STI and HLT, from time to time.
DISTURBED = re.compile(r"TSC and CLOCK_MONOTONIC_RAW|flagged|the median is known to|interrupts (came|had come)")


def waited_for_window(m):
    """A timer that is due before a slow guest takes interrupts costs one exit more, when it does; KVM counts these, and nothing else is more."""
    e = m["evidence"]
    window = e["counters_per_op"].get("irq_window_exits", 0)
    return (m["operation"].startswith("life.neighbour.timer.") and "exits per operation, expected" in m["reason"]
            and window <= 1.01 and abs(e["exits_per_op"] - window - e["expected_exits_per_op"]) < 0.1)


document = json.load(open("run.json"))
guests = {}
for m in document["measurements"]:
    if m["parameters"].get("guests", 1) > 10:
        assert m["state"] == "unsupported" and "--density-max" in m["remedy"], m["reason"]
        continue
    assert m["state"] == "ok" or waited_for_window(m) or DISTURBED.search(m["reason"]), (m["operation"], m["reason"])
    if m["operation"].startswith("life.neighbour."):
        _, _, probe, load = m["operation"].split(".")
        guests[probe, load] = m
assert len(guests) == 20, sorted(guests)
for (probe, load), m in guests.items():
    assert bool(m.get("against")) == (load != "idle"), (probe, load)
    if load != "idle":
        assert m["against"]["measurement"].startswith(f"life.neighbour.{probe}.idle/"), m["against"]
    usable = sum(r["state"] == "ok" for r in m["rounds"])
    assert usable or probe == "timer", (probe, load, m["reason"])
assert [p["guests"] for p in document["density"]["points"]][:2] == [1, 10]
P
done_testing
