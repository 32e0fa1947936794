#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""fleet.py TEMPLATE FOLDER: run documents of a simulated fleet, made from one that nestmark run has written.

Each host measures each operation every night. Values are log-normal around a level of the class of the host, with a
scatter between nights of NOISE percent for the floor, twice that for the p50 and five times for the p99. From night
STEP_NIGHT on the first operation is STEP percent slower on class 1, with a new kernel there."""
import argparse
import datetime
import hashlib
import json
import os
import random
import uuid


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("template")
    parser.add_argument("folder")
    parser.add_argument("--hosts", type=int, default=6)
    parser.add_argument("--classes", type=int, default=3)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--operations", type=int, default=3)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--step", type=float, default=5.0)
    parser.add_argument("--step-night", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=0, help="rounds that a document keeps")
    parser.add_argument("--findings", action="store_true", help="keep the template's findings")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def statistic(value):
    return {"value": value, "lo": value * 0.995, "hi": value * 1.005}


def measurement(pattern, index, rounds):
    """The pattern as text, with places for its three values."""
    one = json.loads(json.dumps(pattern))
    one.update(operation=f"fleet.op{index:02}", group="fleet", state="ok", reason=None, stopped_by="rounds")
    one["evidence"].update(rounds_ok=10, rounds_flagged=0, rounds_failed=0)
    one["rounds"] = (one["rounds"] * (1 + rounds))[:rounds]
    for name in ("floor", "p50", "p99"):
        one["summary"][name] = {part: f"@{name}_{part}@" for part in ("value", "lo", "hi")}
    text = json.dumps(one).replace("%", "%%")
    for name in ("floor", "p50", "p99"):
        for part in ("value", "lo", "hi"):
            text = text.replace(f'"@{name}_{part}@"', f"%({name}_{part}).9g")
    return text


def values(level, chance, noise):
    found = {}
    for name, factor, scatter in (("floor", 1, 1), ("p50", 1.04, 2), ("p99", 1.5, 5)):
        value = level * factor * chance.lognormvariate(0, scatter * noise / 100)
        found.update({f"{name}_value": value, f"{name}_lo": value * 0.995, f"{name}_hi": value * 1.005})
    return found


def identify(document, host, group, night, stepped):
    started = datetime.datetime(2026, 1, 1, 2) + datetime.timedelta(days=night, seconds=host * 7)
    digest = hashlib.md5(f"{host}/{night}".encode()).digest()
    document["run"].update(uuid=str(uuid.UUID(bytes=digest)), host=f"web{host:03}",
                           started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
                           ended=(started + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                           state="complete", reason=None, supersedes=None)
    document["machine"].update(brand=f"Class {group} CPU", model=group)
    document["environment"].update(kernel_release="6.1.0-2" if stepped else "6.1.0-1", load_before=host % 7 / 10)


def main():
    options = parse()
    with open(options.template, encoding="utf-8") as file:
        document = json.load(file)
    # Whatever its state: a busy machine makes it noisy, and all of its figures are replaced.
    pattern = next(one for one in document["measurements"] if one["rounds"] and one["context"] == "native")
    bodies = [measurement(pattern, index, options.rounds) for index in range(options.operations)]
    del document["measurements"]
    if not options.findings:
        document["findings"] = []
    os.makedirs(options.folder, exist_ok=True)
    for host in range(options.hosts):
        group = host % options.classes
        chance = random.Random(f"{options.seed}/{host}")
        levels = [1000 * (1 + group) * (1 + index / 10) * chance.uniform(0.98, 1.02)
                  for index in range(options.operations)]
        for night in range(options.nights):
            stepped = group == 1 and night >= options.step_night
            identify(document, host, group, night, stepped)
            texts = [bodies[i] % values(level * (1 + options.step / 100 if stepped and i == 0 else 1), chance,
                                        options.noise) for i, level in enumerate(levels)]
            run = document["run"]
            path = f"{options.folder}/{run['started'].replace('-', '').replace(':', '')}-{run['host']}.json"
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(document)[:-1] + ', "measurements": [' + ", ".join(texts) + "]}")


main()
