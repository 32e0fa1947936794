#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the verdicts of nestmark ab can be trusted: how often it finds what is not there, and a delay that is.

    power.py build/release/nestmark [OPTION…]

Trials of three kinds in turn: the same program on both sides; a delay of 2 % of the operation on side B; one of 1 %.
Each trial is a line in the file of results, and a later call goes on from there. Without --operation it takes
exit.pio.out/guest/cpl0 where /dev/kvm is, else the native floor.syscall. With --lab each trial boots an emulated
machine and takes place there: taskset -c 1 before all of it keeps the emulator on one CPU. Ends with 0 when every
limit is kept, with 1 when one is not, and with 3 when there are too few trials to say; the time of a trial in the lab,
which an interpreter takes, is shown and not judged.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

KINDS = (0, 2, 1)
CALLED = ("regressed", "improved")
LIMIT_S = 10
LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lab/nestmark-lab")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nestmark")
    parser.add_argument("--lab", choices=("svm", "vmx"), help="on this machine of the lab")
    parser.add_argument("--operation", help="operation, or the name of a measurement")
    parser.add_argument("--context", choices=("guest", "native"))
    parser.add_argument("--trials", type=int, default=40, help="of each kind (default 40)")
    parser.add_argument("--minutes", type=float, default=30, help="begin no trial after this time (default 30)")
    parser.add_argument("--results", help="file of results (default: power-[LAB-]OPERATION.jsonl here)")
    parser.add_argument("ab", nargs="*", help="options of nestmark ab, behind --")
    options = parser.parse_intermixed_args()
    guests = bool(options.lab) or os.path.exists("/dev/kvm")
    options.context = options.context or ("guest" if guests else "native")
    options.nestmark = os.path.abspath(options.nestmark)
    options.program = "nestmark" if options.lab else options.nestmark
    options.operation = options.operation or ("exit.pio.out/guest/cpl0" if guests else "floor.syscall")
    place = f"{options.lab}-" if options.lab else ""
    options.results = options.results or f"power-{place}{options.operation.replace('/', '-')}.jsonl"
    return options


def read_results(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def keep(path, result):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")


def run(options, folder, arguments_of_nestmark, codes):
    """How nestmark ended and what it printed; the files it wrote are in the folder."""
    command = [options.program]
    if options.lab:
        command = [LAB, options.lab, "--nestmark", options.nestmark, "--out", folder, "--"]
    command += arguments_of_nestmark
    limit = None if options.lab else 600  # the lab has one of its own
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder) as child:
        try:
            output, _ = child.communicate(timeout=limit)
        except BaseException:
            child.terminate()  # it leaves nothing behind, which takes it a while
            raise
    if child.returncode not in codes or not os.listdir(folder):
        sys.exit(f"power: {' '.join(command)} ended with {child.returncode}")
    return child.returncode, output


def machine_and_cost(options, folder):
    """What it runs on, and what the operation costs: the delays are shares of that."""
    run(options, folder, ["run", options.operation, "--context", options.context, "-q", "-o", "json:cost.json",
                          "-o", "text:/dev/null"], (0, 3))
    with open(os.path.join(folder, "cost.json"), encoding="utf-8") as file:
        document = json.load(file)
    machine, environment = document["machine"], document["environment"]
    name = f"{machine['brand']}, {machine['threads']} threads, " + (
        f"a guest of {machine['hypervisor']}" if machine["hypervisor"] else "bare metal")
    cost = document["measurements"][0]["summary"]["floor"]["value"]
    return {"machine": f"{name}, Linux {environment['kernel_release']}", "cost_ns": cost}


def trial(options, folder, cost_ns, percent):
    side = [options.program, "run", "--context", options.context]
    delayed = side + (["--inject-delay-ns", str(max(1, round(cost_ns * percent / 100)))] if percent else [])
    load = os.getloadavg()[0]
    begin = time.monotonic()
    command = ["ab", options.operation, "--gate", "-q", "-J", "--documents", "trial", *options.ab,
               "--", *side, "--", *delayed]
    code, output = run(options, folder, command, (0, 1, 3))
    seconds = time.monotonic() - begin
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    line = json.loads(output)["lines"][0]
    floor = next(s for s in line["statistics"] if s["kind"] == "floor")
    return {"percent": percent, "verdict": line["verdict"], "reason": line["reason"], "ratio": floor["ratio"],
            "p": floor["p"], "rounds": line["base_rounds"], "gate": code, "seconds": round(seconds, 2),
            "load": load}


def measure(options, results):
    end = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        if not results:
            results.append(machine_and_cost(options, folder))
            keep(options.results, results[0])
        for number in range(options.trials):
            for percent in KINDS:
                done = sum(r.get("percent") == percent for r in results)
                if done > number or time.monotonic() > end:
                    continue
                results.append(trial(options, folder, results[0]["cost_ns"], percent))
                keep(options.results, results[-1])


def show(percent, trials):
    """A row of the table."""
    verdicts = [t["verdict"] for t in trials]
    ratios = sorted(t["ratio"]["value"] for t in trials if t["ratio"]["value"] is not None)
    counts = " ".join(f"{verdicts.count(v):>5}" for v in ("regressed", "improved", "equal", "inconclusive", "invalid"))
    median, least, most = (f"{(r - 1) * 100:+.2f}" for r in (statistics.median(ratios), ratios[0], ratios[-1]))
    seconds, loads = sorted(t["seconds"] for t in trials), [t["load"] for t in trials]
    print(f"{percent:>3} % {len(trials):>6} {counts}   {median:>6} ({least} to {most})"
          f"   {statistics.median(seconds):5.1f} ({seconds[-1]:.1f})   {min(loads):.1f} to {max(loads):.1f}")


def judge(by_kind, wanted, timed):
    """The limits, kept or not."""
    none, two, one = (by_kind[k] for k in KINDS)
    share = {k: sum(t["verdict"] == "regressed" for t in by_kind[k]) / max(1, len(by_kind[k])) for k in KINDS}
    false = sum(t["verdict"] in CALLED for t in none) / max(1, len(none))
    slow = sum(t["seconds"] > LIMIT_S for t in none + two + one)
    rows = [("no difference: regressed or improved", f"{false:.1%}", "at most 1 %", false <= 0.01),
            ("no difference: red gates", str(sum(t["gate"] == 1 for t in none)), "none",
             not any(t["gate"] == 1 for t in none)),
            ("2 %: regressed", f"{share[2]:.1%}", "at least 95 %", share[2] >= 0.95),
            ("1 %: regressed", f"{share[1]:.1%}", "at least 50 %", share[1] >= 0.5)]
    if timed:
        rows.append((f"trials longer than {LIMIT_S} s", str(slow), "none", not slow))
    for what, value, limit, kept in rows:
        print(f"{what:<38} {value:>7}  {limit:<14} {'kept' if kept else 'MISSED'}")
    if min(map(len, by_kind.values())) < wanted:
        print(f"fewer than {wanted} trials of a kind: call again to go on")
        return 3
    return 0 if all(row[3] for row in rows) else 1


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = read_results(options.results)
    measure(options, results)
    by_kind = {k: [r for r in results if r.get("percent") == k] for k in KINDS}
    print(f"{options.operation}, {options.context}, {results[0]['cost_ns']:.0f} ns; {results[0]['machine']}")
    print("delay trials  regr. impr. equal incon. inval.  found, median (range) %     seconds (most)   load")
    for percent, trials in by_kind.items():
        if trials:
            show(percent, trials)
    return judge(by_kind, options.trials, not options.lab)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("power: stopped; call again to go on", file=sys.stderr)
        sys.exit(130)
