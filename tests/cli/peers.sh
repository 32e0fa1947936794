#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Where lscpu, cpuid, virt-what, systemd-detect-virt, kvm-ok and virt-host-validate speak of the same facts of this machine.
# Where they differ, docs/peers.md says who is right and why; only those differences are allowed.
source "$(dirname "$0")/lib.sh"

expect 0 "$NESTMARK" probe -J
mv out probe.json
expect 0 "$NESTMARK" capture --no-guest -o machine.tar.zst
mkdir folder
tar -xf machine.tar.zst -C folder
expect 0 /usr/bin/python3 "$SOURCE/tests/cli/peers.py" probe.json folder
cat out err
done_testing
