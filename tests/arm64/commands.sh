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

# A machine of x86-64, captured whole and as a few files in a folder.
expect 0 "$NESTMARK" capture --no-guest -o machine.tar.zst
same probe --root machine.tar.zst --all
same probe --root machine.tar.zst -J
mkdir -p machine/nestmark machine/proc/sys/kernel
printf '   0x0000000%d 0x00: eax=0x%s ebx=0x%s ecx=0x%s edx=0x%s\n' 0 00000001 756e6547 6c65746e 49656e69 \
    1 000806f8 00000000 80200020 00000000 >machine/nestmark/cpuid
echo "machine: x86_64" >machine/nestmark/uname
echo 6.12.0 >machine/proc/sys/kernel/osrelease
same probe --root machine --all
says out "vmx" "6.12.0"

# And one of arm64 on x86-64.
expect 0 "${arm64[@]}" capture --no-guest -o machine64.tar.zst
same probe --root machine64.tar.zst -J
says out '"aarch64"'
mkdir -p graviton/nestmark graviton/proc
echo "machine: aarch64" >graviton/nestmark/uname
printf '%s\n' "processor	: 0" "Features	: fp asimd sve" "CPU implementer	: 0x41" "CPU variant	: 0x1" \
    "CPU part	: 0xd40" "CPU revision	: 1" >graviton/proc/cpuinfo
same probe --root graviton --all
says out "Arm Neoverse-V1" "r1p1"
done_testing
