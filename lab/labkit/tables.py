# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Tables as text and as Markdown. The first two columns are words, the others numbers."""

WORDS = 2


def joined(rows):
    """Rows with one for each operation whose numbers are the same in several places."""
    out = []
    for row in rows:
        last = out[-1] if out else [None]
        if last[0] == row[0] and last[WORDS:] == row[WORDS:]:
            last[1] += f", {row[1]}"
        else:
            out.append(list(row))
    return out


def as_text(header, rows):
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]
    lines = []
    for line in [header, *rows]:
        cells = [cell.ljust(width) if i < WORDS else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(header, rows):
    rule = ["---" if i < WORDS else "--:" for i in range(len(header))]
    return "".join("| " + " | ".join(line) + " |\n" for line in [header, rule, *rows])
