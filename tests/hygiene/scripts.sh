#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Shell scripts are sound and texts are spelt right.
set -euo pipefail
cd "$(dirname "$0")/../.."
git ls-files '*.sh' .ci/run | xargs shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR
git ls-files -z | xargs -0 codespell --ignore-words-list=nd
