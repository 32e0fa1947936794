#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# With 32 requests under way a guest gets from a medium what the same requests get natively, as long as the medium is the limit: here
# the kernel's null_blk, which keeps what is written and answers each request after 20 ms, so that only who has many under way gets many.
source "$(dirname "$0")/../cli/lib.sh"

medium=(--load null_blk)
for setting in nr_devices=1 gb=1 memory_backed=1 irqmode=2 completion_nsec=20000000; do
    medium+=(--parameter "null_blk.$setting")
done
measures "$SOURCE/lab/nestmark-lab" svm --cpus 2 "${medium[@]}" --nestmark "$NESTMARK" -- \
    run io.blk.null io.blk.read.4k io.blk.write.4k --rounds 5 --samples 96 --time-limit 8s -q \
    --io-device /dev/nullb0 --i-know-it-will-be-overwritten --io-size 16M -o json:run.json
valid run.json
holds run.json 'd["run"]["io"]["device"] == "nullb0" and d["run"]["io"]["direct"]'
/usr/bin/python3 "$SOURCE/benchmarks/self/notify.py" run.json >judged
for operation in io.blk.read.4k io.blk.write.4k; do
    grep -q "^$operation/guest/cpl3/depth32: .* the limit is the medium, at least 0.85: reached" judged || fail "$(cat judged)"
done
/usr/bin/python3 - <<'P' || fail "what depth is worth"
import json

per_s = {}
for m in json.load(open("run.json"))["measurements"]:
    if m["operation"] != "io.blk.null":
        per_s[m["operation"], m["context"], m["parameters"]["depth"]] = m["throughput"]["operations_per_s"]["value"]
for operation, context, depth in per_s:
    assert per_s[operation, context, depth] > depth / 2 * per_s[operation, context, 1], per_s
P
done_testing
