#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""changepoint.py [FILE]: the energy statistic and Student's t-test by numpy and scipy, written from their definitions.
Prints the table that tests/unit/changepoint.c holds against analysis/, or makes sure that FILE has each line of it.
Series are of integers from a generator that both sides have."""
import sys

import numpy
from scipy import stats


def series(seed, count, step_at, step):
    """A linear congruential generator (Knuth's MMIX): the sum of three draws of 0 to 99, and a step."""
    values = []
    for place in range(count):
        total = 0
        for _ in range(3):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
            total += (seed >> 33) % 100
        values.append(10000 + total + (step if place >= step_at else 0))
    return numpy.array(values, dtype=float)


def energy(left, right):
    n, m = len(left), len(right)
    across = numpy.abs(left[:, None] - right[None, :]).sum()
    within_left = numpy.abs(left[:, None] - left[None, :]).sum() / 2
    within_right = numpy.abs(right[:, None] - right[None, :]).sum() / 2
    return n * m / (n + m) * (2 * across / (n * m) - within_left / (n * (n - 1) / 2) - within_right / (m * (m - 1) / 2))


def best(values):
    return max(((energy(values[:i], values[i:]), i) for i in range(2, len(values) - 1)), key=lambda found: found[0])


def main():
    known = open(sys.argv[1], encoding="utf-8").read() if sys.argv[1:] else None
    missing = 0
    for seed, count, step_at, step in ((1, 4, 2, 0), (2, 10, 5, 500), (3, 30, 28, 400), (4, 30, 10, 100),
                                       (5, 60, 41, 60), (6, 365, 200, 25), (7, 365, 365, 0), (8, 12, 6, -300)):
        values = series(seed, count, step_at, step)
        statistic, index = best(values)
        p = stats.ttest_ind(values[:index], values[index:]).pvalue
        line = f"\t{{{seed}, {count}, {step_at}, {step}, {index}, {statistic:.12g}, {p:.12g}}},\n"
        if known is None or line not in known:
            print(line, end="")
            missing += known is not None
    sys.exit(1 if missing else 0)


main()
