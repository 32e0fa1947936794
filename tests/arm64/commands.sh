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

# Captured machines. A folder is no root under qemu-user before 8.0, which lacks openat2(2).
expect 0 "$NESTMARK" capture --no-guest -o x86_64.tar.zst
same probe --root x86_64.tar.zst --all
same probe --root x86_64.tar.zst -J
says out '"x86_64"'
expect 0 "${arm64[@]}" capture --no-guest --kvm-device "$work/none" -o arm64.tar.zst
same probe --root arm64.tar.zst -J
says out '"aarch64"' "boot at EL2"

# An arm64 machine of a few files, on x86-64.
mkdir -p graviton/nestmark graviton/proc
echo "machine: aarch64" >graviton/nestmark/uname
printf '%s\n' "Features : fp sve" "CPU implementer : 0x41" "CPU variant : 0x1" "CPU part : 0xd40" "CPU revision : 1" \
    >graviton/proc/cpuinfo
expect 0 "$NESTMARK" probe --root graviton --all
says out "Arm Neoverse-V1" "r1p1" arm.el2 arm.nested
done_testing
