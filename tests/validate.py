#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA DOCUMENT…: every document must be JSON without extensions and valid against the schema."""
import json
import sys

import jsonschema


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def refuse_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"duplicate keys in {keys}")
    return dict(pairs)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)


def main():
    schema = load(sys.argv[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = 0
    for path in sys.argv[2:]:
        for error in validator.iter_errors(load(path)):
            print(f"{path}: {error.json_path}: {error.message[:200]}")
            bad += 1
    if not sys.argv[2:]:
        print("no document given")
        bad = 1
    sys.exit(1 if bad else 0)


main()
