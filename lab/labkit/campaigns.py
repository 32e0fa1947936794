# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the lab: one run on one machine, or several and the table of what they found."""
import hashlib
import json
import os
import sys
import tempfile

from labkit import compare as comparison
from labkit import track as tracking
from labkit.errors import LabError, UsageError, note
from labkit.machine import Machine, run
from labkit.packages import cache_folder, concrete, find_kernel, is_file

# Counted rounds agree with each other; three show it, and their median is safe from the tick of a timer.
BRIEF = ["--rounds", "3", "--samples", "300"]


def machine_of(options, kind, kernel, **changes):
    common = {name: getattr(options, name)
              for name in ("nestmark", "emulator", "cpu", "cpus", "parallel", "memory", "smbios", "user",
                           "time_limit", "identities", "parameters", "files", "bring", "load", "append")}
    if options.modules and not any(is_file(name) for name in getattr(options, "kernels", [kernel or ""])):
        raise UsageError(f"--modules {options.modules}: belongs to a kernel that --kernel names as a file")
    return Machine(kind=kind, kernel=find_kernel(kernel, options.modules, cache_folder()), **{**common, **changes})


def one(kind, options):
    """Runs nestmark once and passes on what it said and its exit code."""
    if not options.arguments:
        raise UsageError("the arguments of nestmark are missing, such as: run -o json:run.json")
    machine = machine_of(options, kind, options.kernel, level=options.level, counted=options.counted)
    runs = run(machine, options.arguments, options.out)
    for done in runs:
        if len(runs) > 1:
            print(f"== {done.name}: exit code {done.code}", flush=True)
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
    if len(options.identities) > 1:
        raise UsageError("--as: compare takes one identity, that of the nested machine")
    codes = []
    for kind in machines:
        for level, identities in (("host", []), ("nested", options.identities)):
            machine = machine_of(options, kind, options.kernel, level=level, counted=options.counted,
                                 identities=identities)
            codes.append(measure(machine, options.arguments, comparison.document_path(options.out, level, kind)))
    sys.stdout.write(comparison.compare(machines, options.out))
    return max(codes)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def track_one(options, kernel, mitigations, path):
    """The document of one kernel; nestmark's exit code. One of the same call and programs is not made again."""
    append = " ".join(filter(None, [options.append, f"mitigations={mitigations}"]))
    try:
        machine = machine_of(options, options.kind, kernel, counted=True, append=append)
        key = json.dumps([machine.kind, machine.emulator, machine.cpu, machine.parameters, machine.append,
                          options.arguments, digest(machine.kernel.image), digest(machine.nestmark)])
        if not options.fresh and os.path.exists(path) and text_of(path + ".key") == key:
            note(f"{path}: already there (--fresh measures it again)")
            return 0
        if os.path.exists(path + ".key"):
            os.remove(path + ".key")
        code = measure(machine, options.arguments, path)
    except UsageError:
        raise
    except LabError as error:
        note(error)
        return error.exit_code
    # What did not come out well is measured again by the next call.
    if code == 0:
        with open(path + ".key", "w", encoding="utf-8") as file:
            file.write(key)
    return code


def track(options):
    """One counted document for each kernel and setting of the mitigations, and their table."""
    columns = {}
    kernels = [name if is_file(name) else concrete(name) for name in options.kernels]
    for mitigations in options.mitigations or ["off"]:
        for kernel in kernels:
            title = tracking.title_of(kernel, mitigations)
            if title in columns:
                raise UsageError(f"--kernel {kernel}: there are two of this name (give one file another name)")
            columns[title] = (kernel, mitigations, os.path.join(options.out, f"{title}.json"))
    codes = [track_one(options, *column) for column in columns.values()]
    there = {title: path for title, (_, _, path) in columns.items() if os.path.exists(path)}
    if there:
        sys.stdout.write(tracking.track(there, options.out))
    return max(codes)
