# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the lab: one run on one machine, or several and the table of what they found."""
import os
import sys
import tempfile

from labkit import compare as comparison
from labkit import track as tracking
from labkit.errors import LabError, UsageError, note
from labkit.machine import Machine, run
from labkit.packages import cache_folder, find_kernel

# Counted rounds agree with each other; three show it, and their median is safe from the tick of a timer.
BRIEF = ["--rounds", "3", "--samples", "300"]


def machine_of(options, kind, kernel, **changes):
    found = find_kernel(kernel, options.modules, cache_folder())
    return Machine(kind=kind, kernel=found, nestmark=options.nestmark, cpu=options.cpu, user=options.user,
                   time_limit=options.time_limit, identities=options.identities, parameters=options.parameters,
                   **{"append": options.append, **changes})


def one(kind, options):
    """Runs nestmark once and passes on what it said and its exit code."""
    if not options.arguments:
        raise UsageError("the arguments of nestmark are missing, such as: run -o json:run.json")
    machine = machine_of(options, kind, options.kernel, level=options.level, counted=options.counted)
    runs = run(machine, options.arguments, options.out)
    for done in runs:
        if len(runs) > 1:
            note(f"{done.name}: exit code {done.code}")
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
    return max(done.code for done in runs)


def measure(machine, arguments, path):
    """Runs nestmark's run on the machine; its document becomes the file at path. nestmark's exit code."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nestmark-lab-") as folder:
        done = run(machine, ["run", "-q", "-o", "json:run.json", *BRIEF, *arguments], folder)[0]
        document = os.path.join(folder, done.name, "run.json")
        if not os.path.exists(document):
            sys.stderr.write(done.stderr)
            raise LabError(f"{machine.title()}: nestmark wrote no document, its exit code was {done.code}")
        with open(document, "rb") as source, open(path + ".part", "wb") as file:
            file.write(source.read())
    os.replace(path + ".part", path)
    return done.code


def compare(options):
    """Host and nested level of each machine, and their table."""
    machines = list(dict.fromkeys(options.machines or ["svm"]))
    if options.documents:
        sys.stdout.write(comparison.compare(machines, options.documents))
        return 0
    codes = []
    for kind in machines:
        for level in ("host", "nested"):
            machine = machine_of(options, kind, options.kernel, level=level, counted=options.counted)
            codes.append(measure(machine, options.arguments, comparison.document_path(options.out, level, kind)))
    sys.stdout.write(comparison.compare(machines, options.out))
    return max(codes)


def track(options):
    """One counted document for each kernel and setting of the mitigations, and their table."""
    columns = {}
    codes = [0]
    for kernel in options.kernels:
        for mitigations in options.mitigations or ["off"]:
            path = tracking.document_path(options.out, kernel, mitigations)
            columns[os.path.basename(path)[:-len(".json")]] = path
            if os.path.exists(path) and not options.fresh:
                note(f"{path}: already there (--fresh measures it again)")
                continue
            append = " ".join(filter(None, [options.append, f"mitigations={mitigations}"]))
            machine = machine_of(options, options.kind, kernel, counted=True, append=append)
            codes.append(measure(machine, options.arguments, path))
    sys.stdout.write(tracking.track(columns, options.out))
    return max(codes)
