# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""How the lab says what went wrong, and what it is doing."""
import sys


class LabError(Exception):
    """What went wrong, in one line with the remedy."""


class MachineFailed(LabError):
    """The machine did not do its work; a second attempt may."""


def note(text):
    print(f"nestmark-lab: {text}", file=sys.stderr, flush=True)
