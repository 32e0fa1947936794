# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""The chart of a track: how each operation differs from the first kernel, in percent, kernel by kernel."""
import subprocess

from labkit.documents import keys_of
from labkit.errors import note

TERMINALS = {"svg": "svg size 1200,700 background rgb 'white' font 'sans,13'",
             "png": "pngcairo size 1200,700 font 'sans,11'"}

SCRIPT = """set terminal {terminal}
set output '{output}'
set datafile separator tab missing '?'
set key outside right noenhanced
set ylabel 'instructions per operation, difference in %'
set grid ytics
set lmargin 14
set xtics rotate by 25 right noenhanced
set offsets 0.2, 0.2, graph 0.05, graph 0.05
plot for [i=2:{last}] $data using i:xtic(1) with linespoints linewidth 2 \\
    dashtype 1 + (i - 2) / 8 pointtype i title columnheader(i)
"""


def measured(documents):
    """The documents whose guests could be measured: a machine may not serve every kernel."""
    return {title: document for title, document in documents.items()
            if any(cell.good for key, cell in document.cells.items() if key[1] != "native")}


def changes(documents):
    """{operation: percent by document} of what differs in guests at cpl0; None where it was not measured."""
    lines = {}
    for key in keys_of(documents.values()):
        first, *others = (document.cell(key) for document in documents.values())
        if key[1] == "native" or "cpl3" in key[1] or not (first.good and first.value):
            continue
        percents = [0, *(100 * (cell.value / first.value - 1) if cell.good else None for cell in others)]
        if any(percents):
            lines[key[0]] = percents
    return lines


def data_of(documents):
    """gnuplot's data: a column for each operation, a row for each kernel; and the number of the last column."""
    documents = measured(documents)
    lines = changes(documents) if documents else {}
    rows = ["\t".join(["kernel", *lines])]
    for i, title in enumerate(documents):
        rows.append("\t".join([title, *("?" if percents[i] is None else f"{percents[i]:.3f}"
                                        for percents in lines.values())]))
    return "$data << EOD\n" + "\n".join(rows) + "\nEOD\n", len(lines) + 1


def draw(documents, folder):
    """The names of the charts that were drawn: SVG, and PNG where gnuplot can."""
    data, last = data_of(documents)
    if last < 2:
        note("no operation differs: nothing to draw")
        return []
    drawn = []
    for kind, terminal in TERMINALS.items():
        name = f"track.{kind}"
        script = SCRIPT.format(terminal=terminal, output=name, last=last).replace("plot ", data + "plot ", 1)
        try:
            result = subprocess.run(["gnuplot", "-"], input=script, text=True, capture_output=True, cwd=folder,
                                    check=False)
        except FileNotFoundError:
            note("no chart: gnuplot is not installed (package gnuplot-nox)")
            return []
        if result.returncode == 0:
            drawn.append(name)
        else:
            note(f"no chart {name}: {(result.stderr.strip().splitlines() or ['no message'])[-1]}")
    return drawn
