#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# With 32 requests under way a guest gets from a medium what the same requests get natively, as long as the medium is the limit: here a
# disk of 500 requests a second, which is less than an emulated guest can ask for. QEMU lets the first 50 through at once.
source "$(dirname "$0")/../cli/lib.sh"

measures "$SOURCE/lab/nestmark-lab" svm --cpus 2 --disk 500 --nestmark "$NESTMARK" -- \
    run io.blk.null io.blk.read.4k io.blk.write.4k --rounds 5 --samples 200 --time-limit 6s -q \
    --io-device /dev/vda --i-know-it-will-be-overwritten --io-size 16M -o json:run.json
valid run.json
holds run.json 'd["run"]["io"]["device"] == "vda" and d["run"]["io"]["direct"]'
/usr/bin/python3 "$SOURCE/benchmarks/self/notify.py" run.json >judged
for operation in io.blk.read.4k io.blk.write.4k; do
    grep -q "^$operation/guest/cpl3/depth32: .* the limit is the medium, at least 0.85: reached" judged || fail "$(cat judged)"
done
done_testing
