#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""What the agent of linux.* adds to what it measures: the same loops in perf bench, on the same CPU, in turns.

    agent.py build/release/nestmark [CPU]

Both run loops of some milliseconds many times; the least time of each is that of a loop which nobody has disturbed.
perf bench does so in two lengths, so that what surrounds its loop, such as the start of a process, falls out. It is
the larger program: where each system call flushes TLBs it is slower, so that it bounds the agent from above only.
Ends with 1 when the agent takes over 2 % more than perf bench, or reading its clock over 2 % of what it measures.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

LIMIT = 0.02
TURNS = 12
LOOPS = 12

# Operation, samples of a round, perf's benchmark, the option of its number of operations and two such numbers.
PAIRS = (
    ("linux.syscall", 80, ("syscall", "basic"), "--loop", (1000, 6000)),
    ("linux.switch", 400, ("sched", "pipe"), "-l", (200, 800)),
)


def perf_loop(cpu, benchmark, option, count):
    """Nanoseconds of all operations of a loop."""
    command = ["taskset", "-c", cpu, "perf", "bench", *benchmark, option, str(count)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return 1000 * count * float(re.search(r"([\d.]+) usecs/op", said).group(1))


def agent_run(nestmark, cpu, operation, samples, folder):
    """The measurement of a native run."""
    path = os.path.join(folder, "run.json")
    subprocess.run([nestmark, "run", operation, "--context", "native", "--cpu", cpu, "--rounds", str(LOOPS),
                    "--samples", str(samples), "-q", "-o", f"json:{path}"], stdout=subprocess.DEVNULL, check=False)
    with open(path, encoding="utf-8") as file:
        measurement = json.load(file)["measurements"][0]
    os.remove(path)
    return measurement


def agent_loops(measurement):
    """Nanoseconds per operation of each of its loops by the second clock, the readings of the TSC included."""
    return [r["duration_ns"] / r["samples"] / measurement["batch"] for r in measurement["rounds"] if r["state"] == "ok"]


def compare(nestmark, cpu, pair, folder):
    operation, samples, benchmark, option, counts = pair
    agent, perf = [], ([], [])
    for _ in range(TURNS):
        for loops, count in zip(perf, counts):
            loops += [perf_loop(cpu, benchmark, option, count) for _ in range(LOOPS)]
        measurement = agent_run(nestmark, cpu, operation, samples, folder)
        agent += agent_loops(measurement)
    reference = (min(perf[1]) - min(perf[0])) / (counts[1] - counts[0])
    reading = measurement["evidence"]["overhead"] / measurement["batch"] / min(agent)
    apart = min(agent) / reference - 1
    print(f"{operation}: {min(agent):.0f} ns, of it the clock {reading:.2%}; perf bench {' '.join(benchmark)}: "
          f"{reference:.0f} ns, {apart:+.1%}")
    return apart <= LIMIT and reading <= LIMIT


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    cpu = arguments[1] if len(arguments) == 2 else str(max(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as folder:
        near = [compare(arguments[0], cpu, pair, folder) for pair in PAIRS]
    sys.exit(0 if all(near) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
