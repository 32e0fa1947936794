#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# What the lab does when a machine hangs, ends early or is interrupted. The emulator is a script that does that at once.
source "$(dirname "$0")/../cli/lib.sh"

mkdir -p bin tmp lib/9.9
export TMPDIR=$work/tmp XDG_CACHE_HOME=$work/cache PATH=$work/bin:$PATH
printf '\x7fELF Linux version 9.9 (me)' >kernel
printf '\0depends=\0' >lib/9.9/kvm-amd.ko
lab=("$SOURCE/lab/nestmark-lab" svm --kernel ./kernel --modules lib --nestmark "$NESTMARK" --time-limit 1)

emulator() {
    printf '#!/bin/bash\n%s\n' "$1" >bin/qemu-system-x86_64
    chmod +x bin/qemu-system-x86_64
}

nothing_left() {
    local left
    left=$(ls -A tmp)
    [[ -z $left ]] || fail "$1: left in the temporary folder: $left"
    pgrep -f "$work/tmp" >pids && fail "$1: left running: $(cat pids)"
}

# The console is the first -serial file of the command line.
console='for a in "$@"; do [[ $a == file:*console ]] && console=${a#file:}; done'

emulator "$console; echo 'it hangs here' >\"\$console\"; exec sleep 60"
expect 3 "${lab[@]}" probe
says err "attempt 2" "did not end within 1 s" "it hangs here" "failed 2 times"
nothing_left "after a hang"

emulator "$console; echo 'Kernel panic' >\"\$console\"; echo 'a message' >&2"
expect 3 "${lab[@]}" probe
says err "Kernel panic" "ended early" "a message"
nothing_left "after a panic"

emulator "$console; echo 'nestmark-lab: done' >\"\$console\""
expect 3 "${lab[@]}" probe
says err "what the machine left cannot be read"

for signal in INT TERM KILL; do
    emulator "echo \$\$ >started; exec sleep 60"
    rm -f started
    "${lab[@]}" --time-limit 60 probe >out 2>err &
    pid=$!
    for _ in {1..100}; do [[ -s started ]] && break; sleep 0.1; done
    kill "-$signal" "$pid"
    wait "$pid"
    code=$?
    [[ $code -eq $((128 + $(kill -l "$signal"))) ]] || fail "$signal ended it with $code"
    for _ in {1..20}; do kill -0 "$(cat started)" 2>/dev/null || break; sleep 0.1; done
    kill -0 "$(cat started)" 2>/dev/null && fail "$signal left the emulator running"
    # Whoever is killed cannot tidy up its files.
    [[ $signal == KILL ]] || nothing_left "after SIG$signal"
done
done_testing
