#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a run repeats: two runs back to back, what share of the intervals overlaps, and which states differ.

    repeat.py build/release/nestmark [OPTION OF RUN…]     runs twice, keeps both documents in the current directory
    repeat.py ONE.json OTHER.json                         compares two documents

The share is over measurements that are ok in both. Ends with 1 when fewer than 95 % of the intervals of the
p50 overlap, or a state differs.
"""
import json
import subprocess
import sys
import time

SHARE = 0.95


def read(path):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    return {name(m): m for m in document["measurements"]}


def name(measurement):
    parameters = "".join(f"/{key}{value}" for key, value in sorted(measurement["parameters"].items()))
    return f"{measurement['operation']}/{measurement['context']}{parameters}"


def overlap(one, other):
    return one["lo"] <= other["hi"] and other["lo"] <= one["hi"]


def apart(one, other):
    """How far the nearer ends of two intervals that do not overlap are apart, of the smaller value."""
    gap = max(one["lo"] - other["hi"], other["lo"] - one["hi"])
    return gap / min(one["value"], other["value"]) if min(one["value"], other["value"]) > 0 else float("inf")


def measure(nestmark, options, path):
    begin = time.monotonic()
    code = subprocess.run([nestmark, "run", "-q", "-o", f"json:{path}", *options], check=False).returncode
    print(f"{path}: {time.monotonic() - begin:.1f} s, exit code {code}")
    if code not in (0, 3):
        sys.exit(f"repeat: {nestmark} run ended with {code}")


def compare(statistic, one, other):
    both = [key for key in one if one[key]["state"] == other[key]["state"] == "ok"]
    pairs = {key: (one[key]["summary"][statistic], other[key]["summary"][statistic]) for key in both}
    differ = {key: apart(*pair) for key, pair in pairs.items() if not overlap(*pair)}
    share = 1 - len(differ) / len(pairs) if pairs else 0
    print(f"{statistic}: the intervals of {len(pairs) - len(differ)} of {len(pairs)} measurements overlap, {share:.1%}")
    for key, gap in sorted(differ.items(), key=lambda item: -item[1]):
        print(f"  {key}: {gap:.1%} apart")
    return share


def main(arguments):
    if len(arguments) == 2 and all(path.endswith(".json") for path in arguments):
        paths = arguments
    elif arguments:
        paths = ["repeat-1.json", "repeat-2.json"]
        for path in paths:
            measure(arguments[0], arguments[1:], path)
    else:
        sys.exit(__doc__)
    one, other = (read(path) for path in paths)
    if one.keys() != other.keys():
        sys.exit("repeat: the documents hold different measurements")
    flips = {key: (one[key]["state"], other[key]["state"]) for key in one if one[key]["state"] != other[key]["state"]}
    share = compare("p50", one, other)
    compare("floor", one, other)
    print(f"states: {len(flips)} of {len(one)} measurements differ")
    for key, (before, after) in sorted(flips.items()):
        print(f"  {key}: {before}, then {after}")
    return 0 if share >= SHARE and not flips else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
