#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""What the agent of linux.* adds to what it measures, natively: the same loops elsewhere, on one CPU, in turns.

    agent.py build/release/nestmark [CPU [TURNS]]

In a turn the agent, perf bench, and loops.c in both of its builds each run loops of some milliseconds; the least of
each is its value of the turn. The floor is the value at a quarter of the turns, the 95 % interval of a ratio of floors
that of a bootstrap over turns. perf bench runs loops of two lengths, so that what surrounds them, such as the start of
a process, falls out.

  loop     the agent's whole loop, with all of its readings of the clock
  sample   the mean of its samples, less what a reading costs
  raw      loops.c with system calls of its own, in one piece, as the agent's: nothing but the operation
  libc     loops.c by the C library
  perf     perf bench

Ends with 1 when the agent takes over 2 % more than any other, by either of its figures, beyond its interval, and with 3
when an interval does not decide that.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile

LIMIT = 0.02
TURNS = 24
LOOPS = 8
RESAMPLES = 4000
HERE = os.path.dirname(os.path.abspath(__file__))

# Operation, samples of a round, its name in loops.c and how many of it, perf's benchmark, its option and two numbers.
PAIRS = (
    ("linux.syscall", 80, "syscall", 5000, ("syscall", "basic"), "--loop", (1000, 6000)),
    ("linux.switch", 400, "switch", 400, ("sched", "pipe"), "-l", (200, 800)),
)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def build(folder):
    """Both builds of loops.c."""
    programs = {}
    for name, options in (("raw", ["-static"]), ("libc", [])):
        programs[name] = os.path.join(folder, name)
        output("cc", "-O2", f'-DLOOPS_CALLS="loops_{name}.h"', *options, "-o", programs[name],
               os.path.join(HERE, "loops.c"))
    return programs


def perf_turn(cpu, benchmark, option, counts):
    least = []
    for count in counts:
        said = [output("taskset", "-c", cpu, "perf", "bench", *benchmark, option, str(count)) for _ in range(LOOPS)]
        least.append(min(1000 * count * float(re.search(r"([\d.]+) usecs/op", text).group(1)) for text in said))
    return (least[1] - least[0]) / (counts[1] - counts[0])


def agent_turn(nestmark, cpu, operation, samples, folder):
    """The loop and the sample."""
    path = os.path.join(folder, "run.json")
    subprocess.run([nestmark, "run", operation, "--context", "native", "--cpu", cpu, "--rounds", str(LOOPS),
                    "--samples", str(samples), "-q", "-o", f"json:{path}"], stdout=subprocess.DEVNULL, check=False)
    with open(path, encoding="utf-8") as file:
        measurement = json.load(file)["measurements"][0]
    os.remove(path)
    rounds = [r for r in measurement["rounds"] if r["state"] == "ok"]
    return min(r["duration_ns"] / r["samples"] / measurement["batch"] for r in rounds), min(r["mean"] for r in rounds)


def turns_of(nestmark, cpu, turns, pair, folder, programs):
    """The values of all turns, by column."""
    operation, samples, name, count, benchmark, option, counts = pair
    values = {"loop": [], "sample": [], "raw": [], "libc": [], "perf": []}
    for _ in range(turns):
        for key, value in zip(("loop", "sample"), agent_turn(nestmark, cpu, operation, samples, folder)):
            values[key].append(value)
        for key, program in programs.items():
            loops = [output("taskset", "-c", cpu, program, name, str(count)) for _ in range(LOOPS)]
            values[key].append(min(map(float, loops)))
        values["perf"].append(perf_turn(cpu, benchmark, option, counts))
    return values


def floor(values):
    return sorted(values)[len(values) // 4]


def apart(values, reference):
    """By how much one floor is above the other, with its interval over turns."""
    ratios = []
    chance = random.Random(1)
    count = len(values)
    for _ in range(RESAMPLES):
        turns = [chance.randrange(count) for _ in range(count)]
        ratios.append(floor([values[i] for i in turns]) / floor([reference[i] for i in turns]) - 1)
    ratios.sort()
    return floor(values) / floor(reference) - 1, ratios[RESAMPLES // 40], ratios[-RESAMPLES // 40 - 1]


def compare(operation, values):
    print(f"{operation}: " + ", ".join(f"{key} {floor(column):.1f} ns" for key, column in values.items()))
    verdicts = set()
    for mine in ("loop", "sample"):
        for other in ("raw", "libc", "perf"):
            middle, least, most = apart(values[mine], values[other])
            verdict = "reached" if most <= LIMIT else "missed" if least > LIMIT else "undecided"
            verdicts.add(verdict)
            print(f"  {mine:6} against {other:5} {middle:+7.2%} [{least:+.2%}, {most:+.2%}], at most {LIMIT:+.0%}: "
                  f"{verdict}")
    return verdicts


def main(arguments):
    if len(arguments) not in (1, 2, 3):
        sys.exit(__doc__)
    cpu = arguments[1] if len(arguments) > 1 else str(max(os.sched_getaffinity(0)))
    turns = int(arguments[2]) if len(arguments) > 2 else TURNS
    with tempfile.TemporaryDirectory() as folder:
        programs = build(folder)
        verdicts = set()
        for pair in PAIRS:
            verdicts |= compare(pair[0], turns_of(arguments[0], cpu, turns, pair, folder, programs))
    sys.exit(1 if "missed" in verdicts else 3 if "undecided" in verdicts else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
