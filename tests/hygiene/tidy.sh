#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on all host sources, with the compile commands of the build tree that is the first argument. loops.c is built by its script
# only, in two ways.
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
git ls-files 'core/*.c' 'vmm/*.c' 'probes/*.c' 'benchmarks/*.c' ':!benchmarks/self/loops.c' 'analysis/*.c' 'reports/*.c' 'cli/*.c' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null
for calls in raw libc; do
    clang-tidy --quiet benchmarks/self/loops.c -- -std=c11 -D_GNU_SOURCE "-DLOOPS_CALLS=\"loops_$calls.h\"" 2>/dev/null
done
