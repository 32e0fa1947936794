#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""states.py MACHINE DOCUMENT: every measurement is ok by its evidence, or not for a reason that expected.tsv has."""
import json
import os
import re
import sys

# A tick of the host's timer is an exit of its own: 250 a second, which shows in operations that take milliseconds.
EXITS_APART = 0.05
TICKS_PER_S = 250


def expectations(machine):
    with open(os.path.join(os.path.dirname(__file__), "expected.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return {(operation, context): (state, reason) for kind, operation, context, state, reason in rows
            if kind in ("*", machine)}


def exits_apart(measurement):
    rounds = [r for r in measurement["rounds"] if r["state"] == "ok"]
    seconds = max(r["duration_ns"] / 1e9 / r["samples"] / measurement["batch"] for r in rounds)
    return EXITS_APART + TICKS_PER_S * seconds


def wrong_evidence(measurement):
    evidence = measurement["evidence"]
    if measurement["context"] == "native":
        return None
    if evidence["emulated"]:
        return "it was emulated"
    if abs(evidence["exits_per_op"] - evidence["expected_exits_per_op"]) > exits_apart(measurement):
        return f"{evidence['exits_per_op']} exits per operation"
    if evidence["user_exits_per_op"] != evidence["expected_user_exits_per_op"]:
        return f"{evidence['user_exits_per_op']} exits to user space per operation"
    return None


def wrong(measurement, expected):
    """What is wrong with a measurement, or None."""
    state, reason = expected.get((measurement["operation"], measurement["context"]), ("ok", ""))
    if measurement["state"] != state:
        return f"{measurement['state']}, expected {state}: {measurement['reason']}"
    if measurement["state"] == "ok":
        return wrong_evidence(measurement)
    return None if re.search(reason, measurement["reason"]) else f"another reason: {measurement['reason']}"


def doubled(measurement):
    """QEMU's TCG delivers one interrupt in some ten thousand twice, and the round of that measurement says so."""
    found = re.match(r"1 of \d+ rounds invalid: (\d+) interrupts came, expected (\d+)$", measurement["reason"] or "")
    return bool(found) and int(found[1]) == int(found[2]) + 1


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        document = json.load(file)
    expected = expectations(sys.argv[1])
    found = {(m["operation"], m["context"]) for m in document["measurements"]}
    problems = [f"{' '.join(key)}: in expected.tsv, but not measured" for key in expected if key not in found]
    excused = 0
    for measurement in document["measurements"]:
        problem = wrong(measurement, expected)
        if problem and sys.argv[1] == "svm" and not excused and doubled(measurement):
            excused += 1
        elif problem:
            name = f"{measurement['operation']} {measurement['context']} {measurement['parameters']}"
            problems.append(f"{name}: {problem}")
    guests = sum(m["context"] == "guest" and m["state"] == "ok" for m in document["measurements"])
    print("\n".join([*problems, f"{len(document['measurements'])} measurements, {guests} of guests are ok"]))
    return bool(problems) or guests < 160


if __name__ == "__main__":
    sys.exit(main())
