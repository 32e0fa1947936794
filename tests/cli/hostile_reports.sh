#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Documents of strangers that are well formed, through every format: what comes out is what others can read, and
# nothing of it is obeyed.
source "$(dirname "$0")/lib.sh"

measures "$NESTMARK" run floor.loop floor.syscall noise.gaps --rounds 3 --samples 50 -q -o json:good.json
mkdir documents
/usr/bin/python3 "$SOURCE/tests/cli/hostile.py" good.json documents

formats=(html csv junit ktap github summary github-benchmark github-benchmark-bigger bencher prometheus plain)

count=0
for document in documents/*.json; do
    outputs=()
    pairs=()
    for format in "${formats[@]}"; do
        outputs+=(-o "$format:report.$format")
        pairs+=("$format" "report.$format")
    done
    expect 0 "$NESTMARK" report "$document" "${outputs[@]}"
    /usr/bin/python3 "$SOURCE/tests/cli/formats.py" "${pairs[@]}" 2>problems || fail "$document: $(cat problems)"
    rm -f report.*
    count=$((count + 1))
done
[[ $count -eq 17 ]] || fail "$count documents"
find . -name 'pwned*' | grep -q . && fail "something of a document was run"
done_testing
