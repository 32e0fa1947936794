#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of the command line: NESTMARK is the program, SOURCE the tree, work an empty folder.
set -uo pipefail
NESTMARK=${NESTMARK:?the program under test}
SOURCE=${SOURCE:?the source tree}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# A check that does not exist must not count as passed. It may be missed in a subshell, so a file keeps it. Commands of its own may be
# missing as well, and would be looked for here.
command_not_found_handle() {
    echo "$1: there is no such command" >>"$work/.missed"
    return 127
}

# A machine of the lab that had to be started again fails nothing, but what it said last is worth a look. By the shell alone: tests
# take PATH away.
tell_restart() {
    local text
    text=$(<err)
    [[ $text != *"nestmark-lab: after "* ]] || echo "$text"
}

# expect CODE COMMAND…: runs it, keeps stdout in ./out and stderr in ./err, compares the exit code.
expect() {
    local wanted=$1 code=0
    shift
    "$@" >out 2>err || code=$?
    tell_restart
    [[ $code -eq $wanted ]] || {
        fail "$* ended with $code, expected $wanted"
        sed 's/^/    /' out err | head -n 20
    }
}

# measures COMMAND…: as expect, for runs whose numbers a neighbour may make noisy (exit code 3).
measures() {
    local code=0
    "$@" >out 2>err || code=$?
    tell_restart
    [[ $code -eq 0 || $code -eq 3 ]] || {
        fail "$* ended with $code"
        sed 's/^/    /' out err | head -n 20
    }
}

# says FILE TEXT…: each text stands in the file.
says() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || {
            fail "$file does not say: $text"
            head -n 5 "$file" | sed 's/^/    /'
        }
    done
}

# one_line_error FILE: stderr has exactly one line that starts with the program's name.
one_line_error() {
    [[ $(grep -c '^nestmark: ' "$1") -eq 1 ]] || {
        fail "expected one line of error in $1"
        sed 's/^/    /' "$1" | head
    }
}

# preload COMMAND…: with the KVM of tests/kvm/kvm_fault.c, which KVM_FAULT_… describe.
preload() {
    # ASan must come first in the list of libraries; without it the order does not matter.
    local asan=""
    [[ ${SANITIZED:-OFF} == ON ]] && asan="$(gcc -print-file-name=libasan.so):"
    env "LD_PRELOAD=$asan$KVM_FAULT" "$@"
}

valid() {
    /usr/bin/python3 "$SOURCE/tests/validate.py" "$SOURCE/schema/run.schema.json" "$@" || fail "invalid: $*"
}

# holds FILE EXPRESSION: the expression is true of d, the JSON document in FILE.
holds() {
    /usr/bin/python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert eval(sys.argv[2]), sys.argv[2]' "$@" 2>&1 |
        tail -n 1 | grep . && fail "$1: $2"
}

need_kvm() {
    [[ -e /dev/kvm ]] || {
        echo "skipped: no /dev/kvm"
        exit 4
    }
}

done_testing() {
    [[ ! -e $work/.missed ]] || fail "$(<"$work/.missed")"
    echo "$failures failures"
    [[ $failures -eq 0 ]]
    exit
}
