#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# flake8 agrees with every Python file.
set -euo pipefail
cd "$(dirname "$0")/../.."
{
    git ls-files '*.py'
    git grep -lI '^#!/usr/bin/python3'
} | sort -u | xargs flake8 --max-line-length 120
