#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# The main job: installs what is missing, builds, measures with the quick profile and leaves a report in
# reports-out/<utc>-<host>/. Arguments are passed on to nestmark run; the exit code is its own.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/setup.sh build
cmake --preset release -DBUILD_TESTING=OFF >&2
cmake --build --preset release >&2

out="reports-out/$(date -u +%Y%m%dT%H%M%SZ)-$(uname -n)"
mkdir -p "$out"
code=0
build/release/nestmark run --profile quick -o "json:$out/run.json" -o "html:$out/report.html" -o "md:$out/report.md" \
    -o "text:$out/report.txt" -o text:- "$@" || code=$?
ls "$out"/* 2>/dev/null || {
    rmdir "$out"
    exit "$code"
}
case $code in
0) echo "exit code 0: everything that can run here was measured" ;;
3) echo "exit code 3: some measurements are not ok; the table says why" ;;
4) echo "exit code 4: nothing that was selected can run here; the table says what would enable it" ;;
*) echo "exit code $code" ;;
esac
exit "$code"
