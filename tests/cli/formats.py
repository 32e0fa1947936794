#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Strict readers of the formats of `nestmark report`.

formats.py FORMAT FILE… fails when another program would refuse one of the files."""

import csv
import importlib.util
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
NUMBER = r"-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def lines_of(text):
    assert not text or text.endswith("\n"), "the last line does not end"
    return text.split("\n")[:-1]


def check_csv(text):
    csv.field_size_limit(len(text) + 1)
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    assert rows, "no rows"
    for number, row in enumerate(rows):
        assert len(row) == len(rows[0]), f"row {number} has {len(row)} fields, the first {len(rows[0])}"
        for field in row:
            own = re.fullmatch(NUMBER, field)
            assert own or field.lstrip()[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20"), f"a formula: {field!r}"


def check_case(case):
    assert set(case.attrib) == {"classname", "name", "time"}, case.attrib
    assert float(case.get("time")) >= 0
    children = list(case)
    assert len(children) <= 1, "a test with two ends"
    for child in children:
        assert child.tag in ("failure", "error", "skipped"), child.tag
        assert child.get("type") and child.get("message"), f"{case.get('name')}: {child.attrib}"


def check_junit(text):
    """What Ant's and Jenkins' schemas demand."""
    root = tree.fromstring(text)
    assert root.tag == "testsuites" and not root.attrib
    needed = {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"}
    for index, suite in enumerate(root):
        assert suite.tag == "testsuite" and set(suite.attrib) == needed and suite.get("id") == str(index)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
        assert suite.get("hostname")
        cases = suite.findall("testcase")
        tags = [child.tag for child in suite]
        assert tags == ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"], tags
        assert all(set(p.attrib) == {"name", "value"} for p in suite.find("properties"))
        assert int(suite.get("tests")) == len(cases)
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(count)) == sum(case.find(tag) is not None for case in cases), count
        for case in cases:
            check_case(case)


def check_ktap(text):
    lines = lines_of(text)
    assert lines[0] == "KTAP version 1"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    counts = {"pass": 0, "fail": 0, "skip": 0, "error": 0}
    seen = 0
    for line in lines[2:]:
        if line.startswith("# "):
            continue
        match = re.fullmatch(r"(ok|not ok) (\d+) ([^#]*)(?: # (SKIP|ERROR|TIMEOUT) [^#]*)?", line)
        assert match, f"no result: {line!r}"
        seen += 1
        assert int(match[2]) == seen, line
        assert match[4] != "SKIP" or match[1] == "ok"
        assert match[4] not in ("ERROR", "TIMEOUT") or match[1] == "not ok"
        directives = {"SKIP": "skip", "ERROR": "error", "TIMEOUT": "error"}
        counts[directives.get(match[4], "pass" if match[1] == "ok" else "fail")] += 1
    assert seen == int(plan[1]), f"{seen} results of {plan[1]}"
    assert lines[-1] == (f"# Totals: pass:{counts['pass']} fail:{counts['fail']} xfail:0 xpass:0 "
                         f"skip:{counts['skip']} error:{counts['error']}"), lines[-1]


def check_github(text):
    counts = {}
    for line in lines_of(text):
        match = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        assert match, f"no command: {line!r}"
        assert "%" not in re.sub("%(25|0D|0A|3A|2C)", "", match[2] + match[3]), line
        counts[match[1]] = counts.get(match[1], 0) + 1
    assert counts and max(counts.values()) <= 10, counts


def check_prometheus(text):
    """The text format, as node_exporter takes it: no timestamps, no series twice, a metric in one place."""
    label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"([a-z_]+)(\{{{label}(?:,{label})*\}})? ({NUMBER})")
    typed, begun, series, metric = set(), None, set(), None
    for line in lines_of(text):
        comment = re.fullmatch(r"# (HELP|TYPE) ([a-z_]+) (.+)", line)
        if comment:
            assert comment[1] == "HELP" or comment[3] == "gauge", line
            begun = comment[2] if comment[1] == "HELP" else begun
            assert comment[2] == begun and (comment[1] == "HELP" or comment[2] not in typed), line
            if comment[1] == "TYPE":
                typed.add(comment[2])
                metric = comment[2]
            continue
        match = sample.fullmatch(line)
        assert match, f"no sample: {line!r}"
        assert match[1] == metric, f"{match[1]} stands among {metric}"
        assert match[1] + (match[2] or "") not in series, f"twice: {line!r}"
        series.add(match[1] + (match[2] or ""))
    assert "nestmark_build_info" in typed


def check_plain(text):
    for line in lines_of(text):
        assert re.fullmatch(rf"nestmark: \S+ \S+ \S+ (?:{NUMBER}|[a-z]+) \S+", line) or \
            re.fullmatch(r"nestmark: comparison verdict [a-z]+ -", line), line


def unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), "a key twice"
    return dict(pairs)


def check_bencher(text):
    for name, measures in json.loads(text, object_pairs_hook=unique).items():
        assert 0 < len(name) <= 1024
        for metric in measures.values():
            assert set(metric) <= {"value", "lower_value", "upper_value"} and "value" in metric
            assert all(isinstance(value, (int, float)) for value in metric.values())


def check_github_benchmark(text):
    for entry in json.loads(text, object_pairs_hook=unique):
        assert set(entry) <= {"name", "unit", "value", "range", "extra"}
        assert isinstance(entry["name"], str) and isinstance(entry["unit"], str)
        assert isinstance(entry["value"], (int, float))


def check_summary(text):
    assert len(text.encode()) <= 1000000, "GitHub would refuse it"
    lines_of(text)


CHECKS = {
    "csv": check_csv, "junit": check_junit, "ktap": check_ktap, "github": check_github, "prometheus": check_prometheus,
    "plain": check_plain, "bencher": check_bencher, "github-benchmark": check_github_benchmark,
    "github-benchmark-bigger": check_github_benchmark, "summary": check_summary,
}


def check_html(text):
    """By html.py beside this file, whose name is that of a module of Python's."""
    spec = importlib.util.spec_from_file_location("page", pathlib.Path(__file__).with_name("html.py"))
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    page.check(text)


CHECKS["html"] = check_html


def check(kind, path):
    text = read(path)
    if not kind.startswith(("github-benchmark", "bencher")):
        control = CONTROL.search(text)
        assert not control, f"{path}: a control character at {control.start()}"
    CHECKS[kind](text)


def main():
    failed = False
    for kind, path in zip(sys.argv[1::2], sys.argv[2::2]):
        try:
            check(kind, path)
        except (AssertionError, ValueError, csv.Error, tree.ParseError) as error:
            print(f"{path} as {kind}: {str(error)[:300]}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
