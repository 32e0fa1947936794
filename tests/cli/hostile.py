#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Makes documents that a stranger might send: hostile.py GOOD FOLDER writes FOLDER/NAME.json for each."""

import copy
import json
import sys

STRINGS = {
    "html": "</td></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&#x41;<!--]]>",
    "formula": "=cmd|' /C touch pwned'!A0",
    "fullwidth": "\uff1dHYPERLINK(\"x\")",
    "terminal": "\u001b[2J\u001b]0;title\u0007\u009b31m\u007f\u0000"[:-1],
    "gnuplot": "`touch pwned` @macro system('touch pwned') \"; system('touch pwned') #\n!touch pwned\n",
    "shell": "$(touch pwned); touch pwned | touch pwned & '",
    "lines": "a\r\nok 99 forged\n::error::forged\n# TYPE forged gauge\nforged 1\n"
             "nestmark: forged native p50 1 ns\u2028b",
    "bidi": "\u202eabc\u2066def\u200f\u061c",
    "ktap": "x # SKIP never # TIMEOUT",
    "markdown": "|x|[a](javascript:b)![c](d)`e`<f>**g**",
    "xml": "]]>&amp;&lol;<!DOCTYPE x [<!ENTITY lol 'x'>]>\ufffe\uffff",
    "prometheus": "\"} 1\nx{y=\"\\",
    "empty": "",
}
# What must be one of some words or have a form, or names what is measured in.
KEPT = {"schema", "uuid", "supersedes", "started", "ended", "state", "source", "clock", "context", "status", "profile",
        "unit", "generator", "failure", "contexts", "time", "last_state", "before", "stopped_by"}


def replace(value, text, key=None):
    if isinstance(value, dict):
        return {k: v if k == "histogram" else replace(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return value if key in KEPT else [replace(v, text, key) for v in value]
    return text if isinstance(value, str) and key not in KEPT else value


def numbers(document):
    """Every number that may be anything is."""
    out = copy.deepcopy(document)
    values = [1e308, -1e308, 5e-324, -0.0, 0, -1, None, 1e-300]
    for index, measurement in enumerate(out["measurements"]):
        for statistic in measurement["summary"].values():
            if isinstance(statistic, dict):
                statistic.update(value=values[index % 8], lo=values[(index + 1) % 8], hi=values[(index + 3) % 8])
        ratio = measurement["native_ratio"]
        ratio.update(value=values[(index + 2) % 8], lo=values[(index + 5) % 8], hi=values[(index + 4) % 8])
        measurement["evidence"].update(exits_per_op=values[(index + 1) % 8], quiet_share=values[(index + 6) % 8])
        measurement["state"] = "ok"
        measurement["reason"] = None
    return out


def many(document, count):
    out = copy.deepcopy(document)
    first = dict(out["measurements"][0], rounds=[], histogram={})
    out["measurements"] = [dict(first, operation=f"exit.{i}", group=f"g{i % 1000}") for i in range(count)]
    return out


def main():
    good, folder = sys.argv[1:]
    with open(good, encoding="utf-8") as file:
        document = json.load(file)

    def write(name, value):
        with open(f"{folder}/{name}.json", "w", encoding="utf-8") as file:
            json.dump(value, file, separators=(",", ":"))

    for name, text in STRINGS.items():
        write(name, replace(document, text))
    write("numbers", numbers(document))
    write("none", dict(document, measurements=[], findings=[]))
    measurements = document["measurements"]
    write("long", dict(document, run=dict(document["run"], host="<h" * (1 << 20)),
                       measurements=[dict(measurements[0], operation="=o#" * (1 << 18)), *measurements[1:]]))
    write("many", many(document, 5000))


if __name__ == "__main__":
    main()
