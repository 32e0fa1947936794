# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""What one level more costs: nested documents against those of the emulated bare metal."""
import json
import os

from labkit.documents import keys_of, read, same_clock, unit_of
from labkit.tables import as_markdown, as_text

PUBLISHED = os.path.join(os.path.dirname(__file__), "..", "..", "reports", "reference", "published.json")

LEGEND = """Unit: {unit} per operation, the median of each document.
Bare metal is the emulated machine itself: native is its kernel, cpl0 and cpl3 a guest of it. Nested is the same in a
Linux guest of that machine. Exits to L0: how often one nested operation enters the lowest KVM.
Published multipliers are times measured on hardware; {meaning}.
Multipliers are given only where both sides are ok; a state beside a number says why there is none.
"""
MEANINGS = {"instructions": "instructions are not time, so only their order can agree",
            "tsc": "times of an emulated machine mean nothing beside them"}


def published_multipliers():
    """By operation: the labelled multipliers on x86."""
    with open(PUBLISHED, encoding="utf-8") as file:
        entries = json.load(file)["entries"]
    found = {}
    for entry in entries:
        if entry["quantity"] == "multiplier" and entry["architecture"] == "x86":
            for operation in entry["operations"]:
                found.setdefault(operation, []).append(f"{entry['value']} {entry['label']}")
    return found


def multiplier(host, nested):
    return f"{nested.value / host.value:.1f}" if host.good and nested.good and host.value > 0 else "-"


def machine_cells(host, nested):
    below = "-" if nested.exits_below is None else f"{nested.exits_below:.2f}"
    return [host.text(), nested.text(), multiplier(host, nested), below]


def table_of(pairs):
    """Header and rows for {machine: (host document, nested document)}."""
    published = published_multipliers()
    header = ["operation", "where"]
    for machine in pairs:
        prefix = f"{machine}: " if len(pairs) > 1 else ""
        header += [prefix + "bare metal", "nested", "×", "exits to L0"]
    header.append("published ×")
    rows = []
    for key in keys_of([document for pair in pairs.values() for document in pair]):
        row = list(key)
        for host, nested in pairs.values():
            row += machine_cells(host.cell(key), nested.cell(key))
        row.append("-" if key[1] == "native" else "; ".join(published.get(key[0], ["-"])))
        rows.append(row)
    return header, rows


def compare(machines, folder):
    """The table of the documents in the folder as text; the same as Markdown in compare.md."""
    pairs = {machine: tuple(read(document_path(folder, level, machine)) for level in ("host", "nested"))
             for machine in machines}
    clock = same_clock([document for pair in pairs.values() for document in pair])
    legend = LEGEND.format(unit=unit_of(clock), meaning=MEANINGS[clock])
    header, rows = table_of(pairs)
    kernels = ", ".join(f"{machine}: Linux {pair[0].kernel}" for machine, pair in pairs.items())
    with open(os.path.join(folder, "compare.md"), "w", encoding="utf-8") as file:
        file.write(f"# Nested against bare metal\n\n{kernels}\n\n{as_markdown(header, rows)}\n{legend}")
    return f"{kernels}\n\n{as_text(header, rows)}\n{legend}"


def document_path(folder, level, machine):
    return os.path.join(folder, f"{level}-{machine}.json")
