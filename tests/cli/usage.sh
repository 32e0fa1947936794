#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Help, version, wrong usage, and a standard output that does not take what is written.
source "$(dirname "$0")/lib.sh"

expect 0 "$NESTMARK" --help
says out "Usage: nestmark" "probe" "list" "run" "report" "boot" "Exit codes"
expect 0 "$NESTMARK" help
expect 0 "$NESTMARK" --version
[[ $(cat out) =~ ^nestmark\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "version: $(cat out)"
expect 0 "$NESTMARK" --version -J
/usr/bin/python3 -c 'import json; d = json.load(open("out")); assert d["compiler"] and d["build_type"]' || fail "version -J"

for command in probe list run report predict history boot; do
    expect 0 "$NESTMARK" "$command" --help
    says out "Usage: nestmark $command" "--help"
    expect 0 "$NESTMARK" help "$command"
    expect 2 "$NESTMARK" "$command" --no-such-option
    says err "--no-such-option: unknown option" "Try 'nestmark $command --help'."
    [[ -s out ]] && fail "$command: wrong usage wrote to stdout"
done

expect 2 "$NESTMARK"
expect 2 "$NESTMARK" dance
says err "unknown command: dance" "Try 'nestmark --help'."
expect 2 "$NESTMARK" run --profile sluggish
expect 2 "$NESTMARK" run --rounds 0
expect 2 "$NESTMARK" run --rounds 6x
expect 2 "$NESTMARK" run --rounds -1
expect 2 "$NESTMARK" run --budget soon
expect 2 "$NESTMARK" run --target-ci 0
expect 2 "$NESTMARK" run --context host
expect 2 "$NESTMARK" run --clock sundial
says err "--clock sundial: expected tsc or instructions"
expect 2 "$NESTMARK" run --density-max 0
expect 2 "$NESTMARK" run --density-max 201
expect 2 "$NESTMARK" run --density-factor 0.5
expect 2 "$NESTMARK" run --density-factor 2x
expect 2 "$NESTMARK" run -o report.md
says err "expected FORMAT:PATH"
expect 2 "$NESTMARK" run -o poem:x
says err "unknown format"
expect 2 "$NESTMARK" run -o text:- -J
expect 2 "$NESTMARK" run 'no.such.*'
says err "no.such.*: matches no operation"
expect 2 "$NESTMARK" run --group no-such-group
expect 2 "$NESTMARK" run --cpu 1023
says err "CPU 1023"
expect 2 "$NESTMARK" list 'no.such.*'
expect 2 "$NESTMARK" probe extra
expect 2 "$NESTMARK" report
[[ -z $(find . -type f ! -name out ! -name err) ]] || fail "wrong usage left files: $(ls -A)"

for command in "list" "probe --no-guest" "--help" "--version" "run --help" "boot --help"; do
    # shellcheck disable=SC2086
    "$NESTMARK" $command >/dev/full 2>err && fail "$command: a full stdout went unnoticed"
    says err "standard output: No space left on device"
    # shellcheck disable=SC2086
    "$NESTMARK" $command >&- 2>err && fail "$command: a closed stdout went unnoticed"
    says err "standard output: Bad file descriptor"
done
"$NESTMARK" list 2>err | true
[[ ${PIPESTATUS[0]} -le 3 ]] || fail "a closed pipe ended list with ${PIPESTATUS[0]}"

done_testing
