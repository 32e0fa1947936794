# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""How the lab says what went wrong."""
import sys


class LabError(Exception):
    """What went wrong, in one line with the remedy."""


def note(text):
    """One line about what the lab does, beside what nestmark writes."""
    print(f"nestmark-lab: {text}", file=sys.stderr)
