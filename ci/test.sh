#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, builds with gcc and clang, warnings as errors, and runs all tests: with clang, under ASan and
# UBSan, and last with gcc, so that ctest's summary of the full set is the end; a cross build for arm64 is among them.
# Where /dev/kvm exists a skipped test is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/setup.sh test

log=$(mktemp)
trap 'rm -f "$log"' EXIT

run_preset() {
    local preset=$1
    shift
    cmake --preset "$preset" >"$log" || {
        cat "$log"
        exit 1
    }
    cmake --build --preset "$preset" >"$log" 2>&1 || {
        tail -n 60 "$log"
        exit 1
    }
    ctest --preset "$preset" -j "$(nproc)" "$@" | tee "$log"
    if [[ -e /dev/kvm ]] && grep -q -e '\*\*\*Skipped' -e '\*\*\*Not Run' "$log"; then
        echo "test.sh: tests were skipped although /dev/kvm is there" >&2
        exit 1
    fi
}

run_preset clang -LE 'hygiene|oracle|slow|lab|arm64'
run_preset asan-ubsan -LE 'hygiene|oracle|slow|lab|arm64'
run_preset dev
