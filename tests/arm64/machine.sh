#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests for arm64: the cross build of arm64.build as the command "${arm64[@]}".
BUILD=${BUILD:?the build tree}
sysroot=$BUILD/arm64/sysroot
# shellcheck disable=SC2034 # for those that source this
# Not by qemu's -L, under which / itself would be the sysroot.
arm64=(qemu-aarch64 "$sysroot/lib/ld-linux-aarch64.so.1"
    --library-path "$sysroot/lib/aarch64-linux-gnu:$sysroot/usr/lib/aarch64-linux-gnu" "$BUILD/arm64/tree/nestmark")

# need_tools TOOL…: skips the test where one is missing.
need_tools() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || {
            echo "skipped: no $tool (ci/setup.sh test installs it)"
            exit 4
        }
    done
}

need_arm64() {
    need_tools qemu-aarch64
    [[ -x $BUILD/arm64/tree/nestmark ]] || {
        echo "skipped: there is no cross build (ctest -R arm64.build)"
        exit 4
    }
}
