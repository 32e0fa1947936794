#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes pages of a run on this machine, of its comparison with itself and of hostile documents, and opens them in Chromium.
# pages.sh NESTMARK [PICTURES]: screenshots go to that folder. Not part of ctest: Chromium is 270 MiB.
set -euo pipefail
nestmark=$(realpath "${1:?the program}")
pictures=()
[[ -z ${2:-} ]] || pictures=(--pictures "$(realpath "$2")")
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

run() {
    local code=0
    "$nestmark" run --profile quick --samples 200 'floor.*' 'exit.*' 'mem.touch*' noise.gaps -q -o "json:$1" >/dev/null || code=$?
    # 3: a neighbour made something noisy, or something is not possible here.
    [[ $code -eq 0 || $code -eq 3 ]]
}

run first.json
run second.json
"$nestmark" report first.json -o html:run.html
"$nestmark" compare first.json second.json -q -o html:comparison.html || [[ $? -eq 3 ]]
mkdir documents
python3 "$source/tests/cli/hostile.py" first.json documents
for name in html gnuplot lines bidi long; do
    "$nestmark" report "documents/$name.json" -o "html:hostile-$name.html"
done
python3 "$source/tests/browser/pages.py" "${pictures[@]}" ./*.html
