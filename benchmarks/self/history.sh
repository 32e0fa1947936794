#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
#
# history.sh NESTMARK FOLDER: how fast and how large nestmark history is, on this machine: 365 nights of 100 hosts with 60
# operations, made by tests/cli/fleet.py in FOLDER (2.7 GB, which stay for the next time). Prints documents a second of
# import, and time and memory of trend and check.
set -euo pipefail
nestmark=$(realpath "$1")
source=$(dirname "$(realpath "$0")")/../..
mkdir -p "$2"
cd "$2"

[[ -s template.json ]] || "$nestmark" run -q --profile quick --context native floor.loop -o json:template.json >/dev/null ||
    [[ $? -eq 3 ]] # a noisy one will do
[[ -d fleet ]] || /usr/bin/python3 "$source/tests/cli/fleet.py" template.json fleet --hosts 100 --nights 365 \
    --operations 60 --step-night 200
rm -f history.db*

# measure NAME COMMAND…
measure() {
    local name=$1
    shift
    /usr/bin/time -f "$name: %e s, CPU %U + %S s, %M KiB" "$@"
}

grep -m 1 'model name' /proc/cpuinfo || true
echo "$(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg)"
measure import "$nestmark" history import --database history.db fleet
measure trend "$nestmark" history trend --database history.db -o text:trend.txt -J >/dev/null
measure check "$nestmark" history check --database history.db -o text:check.txt -J >/dev/null || true
head -n 1 trend.txt
ls -l history.db
