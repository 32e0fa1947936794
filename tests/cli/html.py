#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""Holds a page of `nestmark report -o html:` to what it promises: html.py FILE fails with what is not so."""

import re
import sys
import xml.etree.ElementTree as tree

SPACE = "{http://www.w3.org/XML/1998/namespace}space"
SVG = "{http://www.w3.org/2000/svg}"
FLOW = set("html head meta title style body a header p h1 h2 h3 nav ul li main section dl div dt dd figure figcaption "
           "svg defs g path rect circle use polygon text desc table caption thead tbody tr th td span footer".split())
ATTRIBUTES = {
    "*": set("id class role tabindex aria-label aria-labelledby".split()),
    "html": {"lang"}, "meta": {"charset", "http-equiv", "content", "name"}, "a": {"href"}, "th": {"scope"},
    "section": set(), "svg": {"viewBox", "width", "height", "aria-hidden", "focusable"},
    "drawn": set("fill fill-opacity stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin color d x y "
                 "width height r cx cy points transform text-anchor href shape-rendering".split()) | {SPACE},
}
DRAWN = set("defs g path rect circle use polygon text".split())
SERIES = [f"c{n}" for n in (1, 16, 17, 18, 19, 20, 21)]


def check_element(element):
    name = element.tag.replace(SVG, "")
    assert name in FLOW, f"<{name}>"
    allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(name, set()) | (ATTRIBUTES["drawn"] if name in DRAWN else set())
    extra = set(element.attrib) - allowed
    assert not extra, f"<{name}> with {extra}"
    href = element.get("href")
    assert href is None or href.startswith("#"), f"a link to {href}"


def check_references(root):
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    for element in root.iter():
        for wanted in (element.get("aria-labelledby") or "").split() + [(element.get("href") or "#")[1:]]:
            assert not wanted or wanted in ids, f"nothing has the id {wanted}"


def check_headings(root):
    levels = [int(e.tag[1]) for e in root.iter() if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1 and levels.count(1) == 1, levels
    for before, after in zip(levels, levels[1:]):
        assert after <= before + 1, f"h{before} is followed by h{after}"


def check_tables(root):
    for table in root.iter("table"):
        assert table[0].tag == "caption" and (table[0].text or "").strip(), "a table without a caption"
        columns = len(table.find("thead/tr"))
        assert all(th.get("scope") == "col" for th in table.find("thead/tr"))
        for row in table.find("tbody"):
            assert len(row) == columns and row[0].tag == "th" and row[0].get("scope") == "row"
    boxes = [e for e in root.iter("div") if "scroll" in (e.get("class") or "").split()]
    assert all(b.get("tabindex") == "0" and b.get("role") == "region" and b.get("aria-label") for b in boxes)
    in_boxes = sum(box.find("table") is not None for box in boxes)
    assert in_boxes == len(list(root.iter("table"))), "a table that cannot scroll"


def check_charts(root):
    for svg in root.iter("svg"):
        if svg.get("aria-hidden"):
            continue
        assert svg.get("role") == "img" and len((svg.get("aria-labelledby") or "").split()) == 2
        assert svg[0].tag == "title" and svg[1].tag == "desc" and svg[1].text


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check_colours(style):
    """WCAG 2, level AA: 4.5 for text, 3 for what is drawn."""
    themes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{([^}]*)\}", style)]
    assert len(themes) == 3, f"{len(themes)} themes"
    for theme in themes:
        for ground in ("paper", "wash"):
            for text in ("ink", "soft", "link", "good", "bad", "warn"):
                ratio = contrast(theme[text], theme[ground])
                assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"
        for colour in SERIES:
            assert contrast(theme.get(colour, "#000000"), theme["paper"]) >= 3, colour


def check(text):
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">\n')
    assert not re.search(r"<!(?!DOCTYPE html>)|<\?|url\(|@import", text), "more than a page"
    root = tree.fromstring(text)
    for element in root.iter():
        check_element(element)
    policy = [e for e in root.iter("meta") if e.get("http-equiv") == "Content-Security-Policy"]
    assert policy and policy[0].get("content").startswith("default-src 'none'")
    check_references(root)
    check_headings(root)
    check_tables(root)
    check_charts(root)
    check_colours(root.find("head/style").text)


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        check(file.read())


if __name__ == "__main__":
    main()
