# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""What kernels change: instructions per operation by kernel."""
import os

from labkit import chart
from labkit.documents import keys_of, number, read, same_clock, unit_of
from labkit.errors import LabError
from labkit.tables import as_markdown, as_text, joined

LEGEND = """Unit: {unit} per operation, the median of each document. Differences are against the first column; =
means none. Counts need no statistics: each difference is one of the code that ran. Instructions are not time.
"""


def title_of(kernel, mitigations):
    """What a column is called, and its document: linux-image-6.1.0-56-amd64 is 6.1.0-56-amd64."""
    name = os.path.basename(kernel).removeprefix("linux-image-")
    return name + ("" if mitigations == "off" else f"-mitigations-{mitigations}")


def difference(first, other):
    """Another cell, and how it differs from the first, absolute and in percent."""
    if not first.good or not other.good:
        return other.text()
    change = other.value - first.value
    if change == 0:
        return f"{other.text()} ="
    percent = f" ({100 * change / first.value:+.1f} %)" if first.value else ""
    return f"{other.text()} {'+' if change > 0 else '-'}{number(abs(change))}{percent}"


def table_of(columns):
    """Header and rows for {title: document}."""
    titles = list(columns)
    rows = []
    for key in keys_of(columns.values()):
        first, *others = (columns[title].cell(key) for title in titles)
        rows.append([*key, first.text(), *(difference(first, other) for other in others)])
    return ["operation", "where", *titles], joined(rows)


def track(columns, folder):
    """The table of {title: path of document} as text; the same as Markdown and a chart in the folder."""
    documents = {title: read(path) for title, path in columns.items()}
    clock = same_clock(list(documents.values()))
    if clock != "instructions":
        raise LabError(f"{documents.popitem()[1].path}: was not counted (remove it, or measure it again with --fresh)")
    header, rows = table_of(documents)
    legend = LEGEND.format(unit=unit_of(clock))
    charts = chart.draw(documents, folder)
    with open(os.path.join(folder, "track.md"), "w", encoding="utf-8") as file:
        file.write(f"# Instructions per operation by kernel\n\n{as_markdown(header, rows)}\n{legend}")
        file.writelines(f"\n![Difference by kernel]({name})\n" for name in charts[:1])
    return f"{as_text(header, rows)}\n{legend}"
