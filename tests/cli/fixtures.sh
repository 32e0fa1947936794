#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Captured machines, replayed: every finding as expected and as the machine was made, whatever this machine is.
source "$(dirname "$0")/lib.sh"

mkdir documents
/usr/bin/python3 "$SOURCE/tests/fixtures/compare.py" "$NESTMARK" documents || fail "fixtures"
/usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/probe.schema.json" documents/*.json || fail "schema"
# One line for each fixture that is there, and none for others.
diff <(basename -s .tar.zst "$SOURCE"/tests/fixtures/*.tar.zst | sort) \
    <(sed -n 's/^| \([a-z0-9-]*\) | .*/\1/p' "$SOURCE/tests/fixtures/README.md" | grep -vxE 'fixture|-+' | sort) ||
    fail "README.md lists other fixtures (tests/fixtures/make.py --expect writes it)"

done_testing
