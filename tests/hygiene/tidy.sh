#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# clang-tidy on all host sources, with the compile commands of the build tree that is the first argument.
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
git ls-files 'core/*.c' 'vmm/*.c' 'probes/*.c' 'benchmarks/*.c' ':!benchmarks/self' 'analysis/*.c' 'reports/*.c' 'cli/*.c' |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null
