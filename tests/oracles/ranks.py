#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""ranks.py PROGRAM: the rank statistics of analysis/ against scipy, R and ministat, on random data of a fixed seed."""
import itertools
import os
import re
import subprocess
import sys
import tempfile

import numpy
import scipy.stats

PROGRAM = sys.argv[1]
RANDOM = numpy.random.default_rng(20260105)
failures = 0


def near(what, got, expected, relative=1e-9):
    global failures
    if not abs(got - expected) <= relative * max(abs(expected), 1e-300):
        print(f"{what}: {got!r}, expected {expected!r}")
        failures += 1


def ask(lines):
    """Lines of numbers for lines of input."""
    text = "\n".join(lines) + "\n"
    answer = subprocess.run([PROGRAM], input=text, capture_output=True, text=True, check=True).stdout
    return [[float(word) for word in line.split()] for line in answer.splitlines()]


def words(values):
    return " ".join(repr(float(value)) for value in values)


def independent(sides):
    return ask([f"independent {len(x)} {len(y)} {words(x)} {words(y)}" for x, y in sides])


def pairs(samples):
    return ask([f"pairs {len(d)} {words(d)}" for d in samples])


def in_r(script):
    """Numbers that R prints, a line for each print()."""
    answer = subprocess.run(["Rscript", "--vanilla", "-"], input="options(digits=17)\n" + script,
                            capture_output=True, text=True, check=True).stdout
    return [[float(word) for word in line.split()] for line in answer.splitlines()]


def vector(values):
    return "c(" + ",".join(repr(float(value)) for value in values) + ")"


def rounds(count, effect=1.0):
    return effect * 1000 * numpy.exp(RANDOM.normal(0, 0.02, count))


def check_mann_whitney():
    """Without ties: exact, p, shift and interval as in R; p as in scipy."""
    sizes = [(3, 3), (5, 5), (5, 8), (10, 10), (20, 20), (12, 30), (25, 35)]
    sides = [(rounds(m), rounds(n, effect)) for m, n in sizes for effect in (1, 1.01, 1.05)]
    script = "".join(
        f"w <- wilcox.test({vector(y)}, {vector(x)}, exact=TRUE, conf.int=TRUE)\n"
        "cat(w$p.value, w$estimate, w$conf.int, '\\n')\n" for x, y in sides)
    for (x, y), got, expected in zip(sides, independent(sides), in_r(script), strict=True):
        for name, a, b in zip(("p", "shift", "lo", "hi"), got, expected):
            near(f"R {len(x)}/{len(y)} {name}", a, b)
        exact = scipy.stats.mannwhitneyu(y, x, alternative="two-sided", method="exact")
        near(f"scipy {len(x)}/{len(y)} p", got[0], exact.pvalue)
        near(f"scipy {len(x)}/{len(y)} delta", got[4], 2 * exact.statistic / len(x) / len(y) - 1)


def check_normal():
    """With many rounds and ties: the corrected normal approximation of scipy and R."""
    sides = [(numpy.round(rounds(m), -1), numpy.round(rounds(n, 1.005), -1))
             for m, n in ((40, 40), (100, 31), (200, 300))]
    script = "".join(f"cat(wilcox.test({vector(y)}, {vector(x)}, exact=FALSE, correct=TRUE)$p.value, '\\n')\n"
                     for x, y in sides)
    for (x, y), got, expected in zip(sides, independent(sides), in_r(script), strict=True):
        near("scipy, normal", got[0], scipy.stats.mannwhitneyu(y, x, method="asymptotic").pvalue)
        near("R, normal", got[0], expected[0])


def enumerate_ties(x, y):
    ranks = scipy.stats.rankdata(numpy.concatenate([x, y]))
    sums = [sum(ranks[list(chosen)]) for chosen in itertools.combinations(range(len(ranks)), len(y))]
    observed = sum(ranks[len(x):])
    tail = min(sum(s <= observed for s in sums), sum(s >= observed for s in sums))
    return min(1, 2 * tail / len(sums))


def check_ties():
    """Few rounds with ties: all ways to deal the values, one by one."""
    sides = [(RANDOM.integers(0, 5, m), RANDOM.integers(1, 6, n))
             for m, n in ((5, 5), (6, 7), (4, 8)) for _ in range(5)]
    for (x, y), got in zip(sides, independent(sides), strict=True):
        near(f"ties {list(x)} {list(y)}", got[0], enumerate_ties(x, y))


def as_ranked(d):
    """What the test of pairs ranks: no zeros, and beyond four times the median distance as if it were nearest."""
    d = d[d != 0]
    far = abs(d) > 4 * sorted(abs(d))[len(d) // 2]
    return numpy.where(far, numpy.sign(d) * min(abs(d)) / 2, d)


def enumerate_signs(d):
    ranks = scipy.stats.rankdata(abs(d))
    sums = numpy.zeros(1)
    for rank in ranks:
        sums = numpy.concatenate([sums, sums + rank])
    up = ranks[d > 0].sum()
    return min(1, 2 * min((sums <= up).mean(), (sums >= up).mean()))


def check_signed_rank():
    """Without pairs that are far apart."""
    samples = [RANDOM.uniform(shift - 1, shift + 1, n) for n in (5, 8, 10, 20, 45) for shift in (0, 0.3, 1)]
    script = "".join(f"w <- wilcox.test({vector(d)}, exact=TRUE, conf.int=TRUE)\n"
                     "cat(w$p.value, w$estimate, w$conf.int, '\\n')\n" for d in samples)
    for d, got, expected in zip(samples, pairs(samples), in_r(script), strict=True):
        for name, a, b in zip(("p", "shift", "lo", "hi"), got, expected):
            near(f"R pairs {len(d)} {name}", a, b)
        near(f"scipy pairs {len(d)}", got[0], scipy.stats.wilcoxon(d, mode="exact").pvalue)


def check_modes():
    """Some pairs met a machine in two modes: all ways to deal the signs, one by one."""
    samples = [RANDOM.normal(shift, 1, n) + 50 * RANDOM.choice([-1, 0, 0, 0, 0, 1], n)
               for n in (8, 10, 20) for shift in (0, 0.3, 1)]
    for d, got in zip(samples, pairs(samples), strict=True):
        near(f"modes {len(d)}", got[0], enumerate_signs(as_ranked(d)))


def check_signed_rank_many():
    samples = [numpy.round(RANDOM.normal(0.1, 1, n), 1) for n in (70, 150)]
    script = "".join(f"d <- {vector(as_ranked(d))}\n"
                     "cat(suppressWarnings(wilcox.test(d, exact=FALSE, correct=TRUE))$p.value, '\\n')\n"
                     for d in samples)
    for d, got, expected in zip(samples, pairs(samples), in_r(script), strict=True):
        near("R pairs, normal", got[0], expected[0])
        near("scipy pairs, normal", got[0],
             scipy.stats.wilcoxon(as_ranked(d), mode="approx", correction=True).pvalue)


def check_bootstrap():
    """Intervals over all resamples against scipy's 20,000, within what those vary."""
    def ratio(x, y, axis):
        return numpy.median(y, axis=axis) / numpy.median(x, axis=axis)

    for m, n in ((10, 10), (15, 12)):
        x, y = rounds(m), rounds(n, 1.03)
        got = independent([(x, y)])[0]
        sampled = scipy.stats.bootstrap((x, y), ratio, n_resamples=20000, method="percentile", random_state=7,
                                        vectorized=True).confidence_interval
        near("bootstrap lo", got[5], sampled.low, 2e-3)
        near("bootstrap hi", got[6], sampled.high, 2e-3)


def check_family():
    p = RANDOM.uniform(0, 1, 200) ** 2
    for got, expected in zip(ask([f"family {len(p)} {words(p)}"])[0],
                             in_r(f"cat(p.adjust({vector(p)}, 'BH'), '\\n')\n")[0], strict=True):
        near("family", got, expected)


def ministat_says(x, y):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("base", "new")]
        for path, values in zip(paths, (x, y)):
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(map(str, values)) + "\n")
        text = subprocess.run(["ministat", "-A", "-c", "95", *paths], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^\s*(-?[0-9.]+) \+/-", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def check_ministat():
    """Plain sanity on kind data: the same side is slower, by about as much; and no difference where there is none."""
    x, y = rounds(12), rounds(12, 1.1)
    got = independent([(x, y)])[0]
    near("ministat's difference of means", got[1], ministat_says(x, y), 0.2)
    near("p of it", 1, 1 + got[0], 0.001)
    same = rounds(12)
    if ministat_says(same, same[::-1]) is not None or independent([(same, same)])[0][0] < 0.9:
        print("a difference where there is none")
        sys.exit(1)


check_mann_whitney()
check_normal()
check_ties()
check_signed_rank()
check_modes()
check_signed_rank_many()
check_bootstrap()
check_family()
check_ministat()
print(f"{failures} failures")
sys.exit(1 if failures else 0)
