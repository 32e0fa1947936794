# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Run documents, as the tables need them."""
import json
import os
from dataclasses import dataclass

from labkit.errors import LabError, UsageError


@dataclass
class Cell:
    """One measurement: its median, or why there is none."""
    value: float
    state: str
    exits_below: float

    @property
    def good(self):
        return self.state == "ok" and self.value is not None

    def text(self):
        if self.value is None:
            return self.state
        return number(self.value) + ("" if self.good else f" {self.state}")


MISSING = Cell(None, "not measured", None)


@dataclass
class Document:
    """A run document: where it is, what it says of its machine, and its cells by (operation, place)."""
    path: str
    clock: str
    kernel: str
    cmdline: str
    cells: dict

    def cell(self, key):
        return self.cells.get(key, MISSING)


def number(value):
    """A count or a time without digits that nobody reads; whole counts are shown whole."""
    return f"{value:,.0f}" if value >= 1000 or value == round(value) else f"{value:,.{1 if value >= 10 else 2}f}"


def place_of(measurement):
    """native, or the guest's parameters: cpl0."""
    if measurement["context"] == "native":
        return "native"
    return " ".join(f"{name}{value}" for name, value in measurement["parameters"].items()) or measurement["context"]


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        cells = {}
        for measurement in document["measurements"]:
            key = (measurement["operation"], place_of(measurement))
            cells[key] = Cell(measurement["summary"]["p50"]["value"], measurement["state"],
                              measurement["evidence"].get("exits_below_per_op"))
        return Document(path, document["run"]["clock"], document["environment"]["kernel_release"],
                        document["environment"]["kernel_cmdline"], cells)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such document (run the machine that writes it)") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: is not a run document ({type(error).__name__}: {error})") from error


def same_clock(documents):
    """The clock that all of them have."""
    first = documents[0]
    for other in documents[1:]:
        if other.clock != first.clock:
            raise LabError(f"{other.path}: its clock is {other.clock}, that of {os.path.basename(first.path)} is "
                           f"{first.clock} (measure both counted, or both not)")
    return first.clock


def unit_of(clock):
    return "instructions" if clock == "instructions" else "ns"


def keys_of(documents):
    """Every (operation, place) that any of them has, in the order of the first that has it."""
    return list(dict.fromkeys(key for document in documents for key in document.cells))
