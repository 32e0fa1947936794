# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Other programs: those that answer at once, and emulators."""
import os
import shutil
import subprocess
import sys
import time

from labkit.errors import LabError, MachineFailed

CONSOLE_TAIL = 12


def last_line(said):
    return (said.strip().splitlines() or ["no message"])[-1]


def run(command, **kwargs):
    """A program's output; its failure is an error of one line."""
    try:
        return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, **kwargs).stdout
    except FileNotFoundError as error:
        raise LabError(f"{command[0]}: not installed (ci/setup.sh test installs it)") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr if isinstance(error.stderr, str) else error.stderr.decode(errors="replace")
        raise LabError(f"{' '.join(command[:3])}: {last_line(said)}") from error


def printed_on(console):
    """The lines that a machine printed, without what a terminal would not show."""
    if not os.path.exists(console):
        return []
    with open(console, encoding="utf-8", errors="replace") as file:
        lines = ["".join(c for c in line if c.isprintable()).rstrip() for line in file.read().splitlines()]
    return [line for line in lines if line]


def tail_of(console):
    return "\n".join(printed_on(console)[-CONSOLE_TAIL:])


def emulate(command, console, time_limit, done, reason=last_line):
    """Runs an emulator until it ends by itself, after its machine printed the line done on the console.

    The function reason finds in what the emulator itself said why it ended.
    """
    if not shutil.which(command[0]):
        raise LabError(f"{command[0]}: not installed (ci/setup.sh test installs it)")
    # It ends with the lab, even where that is killed and can end nothing any more.
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        try:
            said = said_until_end(process, time_limit)
        finally:
            process.kill()
    if done not in printed_on(console):
        raise MachineFailed(f"the machine ended early ({command[0]}: {reason(said)})")


def said_until_end(process, time_limit):
    """What a program said until it ended by itself. On a terminal the seconds are shown."""
    started = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=1)[0]
        except subprocess.TimeoutExpired as error:
            elapsed = time.monotonic() - started
            if elapsed >= time_limit:
                raise MachineFailed(f"the machine did not end within {time_limit} s "
                                    "(--time-limit allows more)") from error
            if sys.stderr.isatty():
                print(f"{elapsed:.0f} s", end="\r", file=sys.stderr, flush=True)
