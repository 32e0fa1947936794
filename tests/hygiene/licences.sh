#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Every file states its licence; the payloads and the ABI may be used under MIT as well.
set -euo pipefail
cd "$(dirname "$0")/../.."
reuse lint
for file in guest-payloads/*.[chS] guest-payloads/*.lds guest-payloads/ops/*.c; do
    grep -q 'License-Identifier: Apache-2.0 OR MIT' "$file" || {
        echo "$file: must be usable under MIT as well"
        exit 1
    }
done
