#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""How often the test of pairs calls a difference where the speed of a machine has modes, in simulated trials.

Blocks of either side scatter, and take half as long again for a share of the time. Beside it Wilcoxon on all pairs.
"""
import argparse
import os
import subprocess

import numpy
import scipy.stats

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("program", help="build/release/tests/rank_values")
PARSER.add_argument("trials", type=int, nargs="?", default=2000, help="of each case (default 2000)")
OPTIONS = PARSER.parse_args()
if not os.access(OPTIONS.program, os.X_OK):
    PARSER.error(f"{OPTIONS.program}: not a program (it is built with the tests)")
RANDOM = numpy.random.default_rng(20261130)
SLOWER = 1.5
Q = 0.01
# Difference, scatter of blocks, share of the time that A and B are slow, pairs.
CASES = [(0, 0.5, 0, 0, 20), (0, 0.5, 20, 20, 20), (0, 3, 50, 50, 20), (2, 0.5, 0, 0, 20), (2, 0.5, 10, 10, 20),
         (2, 0.5, 20, 20, 20), (1, 0.5, 20, 20, 20), (2, 1.2, 0, 0, 20), (2, 1.2, 20, 20, 20), (2, 1.2, 20, 20, 40),
         (1, 1, 0, 25, 20)]


def side(factor, scatter, slow, pairs):
    modes = numpy.where(RANDOM.uniform(size=(OPTIONS.trials, pairs)) < slow / 100, SLOWER, 1)
    return factor * modes * RANDOM.normal(1, scatter / 100, (OPTIONS.trials, pairs))


def ours(differences):
    lines = "".join(f"pairs {len(d)} {' '.join(map(repr, map(float, d)))}\n" for d in differences)
    answer = subprocess.run([OPTIONS.program], input=lines, capture_output=True, text=True, check=True).stdout
    return numpy.array([float(line.split()[0]) for line in answer.splitlines()])


def share(p):
    return f"{100 * (p <= Q).mean():.1f} %"


print("difference  scatter  A slow  B slow  pairs  all pairs  far pairs lowest")
for difference, scatter, a, b, n in CASES:
    d = side(1 + difference / 100, scatter, b, n) - side(1, scatter, a, n)
    plain = numpy.array([scipy.stats.wilcoxon(x, mode="exact").pvalue for x in d])
    print(f"{difference:>8} %  {scatter:>5} %  {a:>4} %  {b:>4} %  {n:>5}  {share(plain):>9}  {share(ours(d)):>16}")
