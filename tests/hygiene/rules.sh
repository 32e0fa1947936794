#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# House rules that a compiler does not check.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
failures=0

# forbid DESCRIPTION PATTERN FILES…
forbid() {
    local description=$1 pattern=$2
    shift 2
    if git grep -nE -e "$pattern" -- "$@"; then
        echo "FAIL: $description"
        failures=$((failures + 1))
    fi
}

below_cli=('core/*.c' 'vmm/*.c' 'probes/*.c' 'benchmarks/*.c' 'analysis/*.c' 'reports/*.c')
forbid "only cli/ ends the process or prints" '\b(exit|abort|assert|printf|puts|perror)\(' \
    "${below_cli[@]}" ':!benchmarks/self'
forbid "code names come from no table of others" 'cpu_codename' '*.c' '*.h'
forbid "one file owns json-c" 'json-c/' '*.c' '*.h' ':!core/json.c'
forbid "one file owns hwloc" 'hwloc\.h' '*.c' '*.h' ':!core/topology.c'
forbid "one file owns libcpuid" 'libcpuid' '*.c' '*.h' ':!core/arch/x86_64/cpuid_live.c'
forbid "one file owns libcurl" '<curl/' '*.c' '*.h' ':!probes/imds_live.c'
forbid "one file owns libarchive" '<archive(_entry)?\.h>' '*.c' '*.h' ':!core/capture_file.c' ':!tests/unit/core_capture.c'
forbid "one file owns SQLite" 'sqlite3\.h' '*.c' '*.h' ':!analysis/history/database.c'
forbid "one file owns libmd" '<(sha2|md5|sha)\.h>' '*.c' '*.h' ':!analysis/history/digest.c'
forbid "one file owns the compression libraries" '(lzma|zstd)\.h' '*.c' '*.h' ':!vmm/linux/unpack.c' \
    ':!tests/unit/linux.c'
forbid "the machine is read through its root" '(open|fopen)\("/(sys|proc)' '*.c' ':!tests'
forbid "no conditional compilation" '^#\s*(if|ifdef|elif)\b' 'core/*.c' 'probes/*.c' 'benchmarks/*.c' 'reports/*.c' 'cli/*.c'
forbid "what only one architecture has stands in arch/" '__asm__|<asm/' 'core/*' 'probes/*' 'reports/*' 'cli/*' ':!*/arch/*'
forbid "payloads never serialise with CPUID in a time stamp" 'cpuid.*rdtsc|rdtsc.*cpuid' 'guest-payloads/*'
forbid "LC_NUMERIC stays C" 'setlocale\(LC_(ALL|NUMERIC)' '*.c' ':!tests'
forbid "no paths of one machine" '/(home|root|work)/[a-z]' ':!tests/hygiene/rules.sh'
forbid "nothing unfinished" '\b(TODO|FIXME|XXX)\b' ':!tests/hygiene/rules.sh'
[[ $failures -eq 0 ]]
