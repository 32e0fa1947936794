#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The tree builds for arm64 without a warning, and what comes out is a program for it.
source "$(dirname "$0")/../cli/lib.sh"
source "$(dirname "$0")/machine.sh"
need_tools aarch64-linux-gnu-gcc qemu-aarch64 cmake ninja

tree=$BUILD/arm64/tree
mkdir -p "$BUILD/arm64"
rm -f "$tree/nestmark"
code=0
"$SOURCE/ci/sysroot.sh" arm64 "$sysroot" || code=$?
[[ $code -ne 3 ]] || {
    echo "skipped: no packages of arm64"
    exit 4
}
[[ $code -eq 0 ]] || fail "sysroot.sh ended with $code"
# Unpacked already: nothing is fetched, not even looked for.
expect 0 env PATH=/usr/bin:/bin http_proxy=http://127.0.0.1:9 "$SOURCE/ci/sysroot.sh" arm64 "$sysroot"
[[ ! -s err ]] || fail "sysroot.sh did something the second time: $(cat err)"
expect 2 "$SOURCE/ci/sysroot.sh" arm64 "$SOURCE"
says err "no sysroot of this script"
expect 2 "$SOURCE/ci/sysroot.sh" arm64

cd "$SOURCE" || exit 1
cmake --preset arm64 -B "$tree" -DNM_SYSROOT="$sysroot" >"$work/log" 2>&1 &&
    cmake --build "$tree" >>"$work/log" 2>&1 || {
    fail "the cross build"
    tail -n 30 "$work/log"
}
cd "$work" || exit 1
# ELF's e_machine: EM_AARCH64 is 183.
[[ $(od -An -j18 -N2 -tu2 "$tree/nestmark") -eq 183 ]] || fail "not a program for arm64"
done_testing
