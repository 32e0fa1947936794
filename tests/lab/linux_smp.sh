#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A Linux guest with two vCPUs on the real kvm_amd: what its threads do to each other, what for it exits, by the reasons of the
# tracepoint, and what of its time these exits explain.
source "$(dirname "$0")/../cli/lib.sh"

lab=("$SOURCE/lab/nestmark-lab" svm --cpus 2 --parallel --nestmark "$NESTMARK")
kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}"/nestmark-lab/linux-image-*/boot/vmlinuz-* | tr ' ' '\n' | sort -V | tail -n 1)
[[ -s $kernel ]] || {
    expect 0 "${lab[@]}" -- probe --no-guest
    package=$(sed -n 's/.*booting \(linux-image-[^ ]*\) .*/\1/p' err | head -n 1)
    kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}/nestmark-lab/$package"/boot/vmlinuz-*)
}

measures "${lab[@]}" --file "$kernel" -- run linux.tlb linux.ipi linux.wake linux.wake.storm linux.timer linux.fork-exec exit.wrmsr \
    exit.hlt.irqchip --context guest --exit-reasons --rounds 1 --samples 60 --time-limit 5s -q --kernel "/${kernel##*/}" -o json:run.json
valid run.json
expect 0 "$NESTMARK" predict -J run.json
/usr/bin/python3 - out <<'P' || fail "what two vCPUs did"
import json
import sys

run = json.load(open("run.json"))
for m in run["measurements"]:
    [r] = m["rounds"]
    assert r["state"] == "ok" and r["p50"] > 0, (m["operation"], r["state"], r.get("reason"))
profiles = {p["measurement"].split("/")[0]: p for p in run["exit_profile"]}
assert len(profiles) == 6, profiles.keys()
for p in profiles.values():
    assert p["source"] == "tracepoint" and p["exits_per_s"] > 0, p
    kinds = p["kinds_per_op"]
    # What KVM counts and what its tracepoint says are the same exits, but for those of the lines around the loop.
    assert abs(sum(kinds.values()) - p["exits_per_op"]) < 0.2 * p["exits_per_op"] + 0.3, p
    assert kinds["other"] < 0.2 * p["exits_per_op"] + 0.3, p
# An interrupt to the other vCPU is written to the local APIC, a timer too; who waits for a wake-up halts.
assert profiles["linux.ipi"]["kinds_per_op"]["MSR_WRITE"] > 0.9, profiles["linux.ipi"]
assert profiles["linux.timer"]["kinds_per_op"]["MSR_WRITE"] > 0.9, profiles["linux.timer"]
assert profiles["linux.wake"]["kinds_per_op"]["HLT"] > 0.3, profiles["linux.wake"]
predicted = {p["measurement"].split("/")[0]: p for p in json.load(open(sys.argv[1]))["operations"]}
timer = predicted["linux.timer"]
assert timer["priced_exits_per_op"] > 0.9 and timer["cost"]["value"] > 0, timer
assert any(kind["reason"] == "no operation measures it" for kind in timer["kinds"]), timer
P
done_testing
