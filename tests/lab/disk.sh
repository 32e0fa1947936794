#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# With 32 requests under way a guest gets from a medium what the same requests get natively, as long as the medium is the limit: here
# the kernel's null_blk, which keeps what is written and answers no request before 100 ms are over.
source "$(dirname "$0")/../cli/lib.sh"

medium=(--load null_blk)
for setting in nr_devices=1 gb=1 memory_backed=1 irqmode=2 completion_nsec=100000000; do
    medium+=(--parameter "null_blk.$setting")
done
measures "$SOURCE/lab/nestmark-lab" svm --cpus 2 "${medium[@]}" --nestmark "$NESTMARK" -- \
    run 'io.blk.null/*/depth32' 'io.blk.read.4k/*/depth32' 'io.blk.write.4k/*/depth32' --rounds 10 --samples 160 --time-limit 20s -q \
    --io-device /dev/nullb0 --i-know-it-will-be-overwritten --io-size 16M -o json:run.json
valid run.json
holds run.json 'd["run"]["io"]["device"] == "nullb0" and d["run"]["io"]["direct"]'
/usr/bin/python3 "$SOURCE/benchmarks/self/notify.py" run.json >judged
for operation in io.blk.read.4k io.blk.write.4k; do
    grep -q "^$operation/guest/cpl3/depth32: .* the limit is the medium, at least 0.85: reached" judged || fail "$(cat judged)"
done
# As many requests a second as are under way on average, divided by the time that each takes (Little's law).
holds run.json 'len(d["measurements"]) == 5 and all(
    m["operation"] == "io.blk.null" or 16 < m["throughput"]["operations_per_s"]["value"] * 0.1 <= 32 for m in d["measurements"])'
done_testing
