#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# What an ordinary machine cannot measure with is refused before anything is measured, and needs no KVM to be refused.
source "$(dirname "$0")/lib.sh"

refused() {
    expect 4 "$NESTMARK" run "$@"
    one_line_error err
    expect 9 "$NESTMARK" run "$@" --skip-exit-code 9
    [[ -z $(find . -type f ! -name out ! -name err ! -name '*.json') ]] || fail "$* left files: $(ls -A)"
}

refused floor.loop --clock instructions -o json:counted
says err "this machine's TSC measures time" "-icount"

# Root finds no meter; others, and kernels without /dev/port, do not get as far as that.
refused floor.loop --exits-below -o json:below
grep -qE "no exit meter|no access to the exit meter" err || fail "$(cat err)"

# Where the tracepoint may be used there is a native round; elsewhere a refusal that says what is missing.
code=0
"$NESTMARK" run floor.syscall --context native --rounds 3 --samples 50 --exit-reasons -q -o json:reasons.json >out 2>err || code=$?
case $code in
0 | 3) grep -q '"exit_reasons": true' reasons.json || fail "the plan does not say it" ;;
4) one_line_error err && says err "tracepoint kvm:kvm_exit" ;;
*) fail "--exit-reasons ended with $code: $(cat err)" ;;
esac

# The clock and the meter belong to the plan: a document keeps them, and a machine without them does not continue it.
measures "$NESTMARK" run floor.syscall --context native --rounds 3 --samples 50 --clock tsc -q -o json:time.json
grep -q '"clock": "tsc"' time.json && grep -q '"exits_below": false' time.json || fail "keys of the document"
unfinished='s/"state": "complete"/"state": "incomplete"/; s/"reason": null/"reason": "x"/'
sed "$unfinished; s/\"clock\": \"tsc\"/\"clock\": \"instructions\"/; s/\"unit\": \"ns\"/\"unit\": \"instructions\"/" time.json >counted.json
sed "$unfinished; s/\"clock\": \"tsc\"/\"clock\": \"instructions\"/" time.json >mixed.json
sed "$unfinished; s/\"exits_below\": false/\"exits_below\": true/" time.json >below.json
refused --resume counted.json
says err "this machine's TSC measures time"
refused --resume below.json
expect 2 "$NESTMARK" run --resume mixed.json
says err "mixed.json: floor.syscall: numbers that no plan has"
expect 2 "$NESTMARK" run --resume counted.json --clock tsc
says err "no options of a plan"
done_testing
