# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""How the lab says what went wrong, and what it is doing."""
import sys


class LabError(Exception):
    """What went wrong, in one line with the remedy."""
    exit_code = 3


class UsageError(LabError):
    """What was asked for cannot be; nothing was run."""
    exit_code = 2


class MachineFailed(LabError):
    """The machine did not do its work; a second attempt may."""


def note(text):
    print(f"nestmark-lab: {text}", file=sys.stderr, flush=True)
