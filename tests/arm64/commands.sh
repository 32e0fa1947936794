#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Which commands there are on arm64, and that a document or a machine of x86-64 reads the same there.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/machine.sh"
need_arm64

# What starts guests is unsupported, and says so in one line.
for command in run list boot; do
    expect 4 "${arm64[@]}" $command
    says err "$command: nestmark's guests are x86-64's"
    one_line_error err
done
expect 0 "${arm64[@]}" help
says out "on x86-64 only"
expect 0 "${arm64[@]}" help run
says out "works on x86-64 only"
expect 2 "${arm64[@]}" fly
expect 0 "${arm64[@]}" --version -J
says out '"name": "nestmark"'

same() {
    expect 0 "$NESTMARK" "$@"
    mv out wanted
    expect 0 "${arm64[@]}" "$@"
    cmp -s out wanted || fail "$*: not the same on arm64: $(diff wanted out | head -n 5)"
}

measures "$NESTMARK" run floor.loop --rounds 1 --samples 100 --quiet -o json:document.json
same report document.json
same report -o md:- document.json
done_testing
