#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Guests and processes that go wrong cost only their rounds and are reported as what they were.
source "$(dirname "$0")/lib.sh"
need_kvm

expect 3 "$NESTMARK" run 'drill.*' floor.syscall exit.hlt --rounds 3 --samples 100 --time-limit 300ms -o json:drills.json
valid drills.json
/usr/bin/python3 - <<'P' || fail "drills"
import json, os
d = json.load(open("drills.json"))
assert d["run"]["state"] == "complete"
m = {m["operation"]: m for m in d["measurements"]}
for name, state, reason in [
    ("drill.spin", "timeout", "did not end within 300 ms"),
    ("drill.triple-fault", "failed", "KVM_EXIT_SHUTDOWN: the guest shut down by a triple fault"),
    ("drill.exception", "failed", "unexpected #UD in the guest (vector 6"),
    ("drill.internal-error", "failed", "KVM_EXIT_INTERNAL_ERROR: suberror 1"),
    ("drill.silent", "failed", "ended without having measured anything"),
    ("drill.crash", "failed", "killed by signal 9"),
]:
    assert m[name]["state"] == state, (name, m[name]["state"])
    assert reason in m[name]["reason"], (name, m[name]["reason"])
    assert m[name]["stopped_by"] == "failures" and len(m[name]["rounds"]) == 2, name
    assert m[name]["summary"]["p50"]["value"] is None

# Further vCPUs and drivers: whoever goes wrong is named, and nobody waits longer than the time limit for it.
for name, state, reason in [
    ("drill.partner-dies", "failed", "vCPU 1: KVM_EXIT_SHUTDOWN: the guest shut down by a triple fault"),
    ("drill.partner-leaves", "failed", "vCPU 1: it ended before vCPU 0"),
    ("drill.partner-halts", "timeout", "the guest did not end within 300 ms"),
    ("drill.driver-fails", "invalid", "the driver saw what it did not expect"),
    ("drill.driver-waits", "timeout", "the guest did not end within 300 ms"),
    ("drill.driven-dies", "failed", "unexpected #UD in the guest (vector 6"),
    ("drill.driven-leaves", "failed", "the guest ended before its driver had taken the samples"),
]:
    if len(os.sched_getaffinity(0)) < 2:
        state, reason = "unsupported", "needs topology.threads of 2"
    assert m[name]["state"] == state, (name, m[name]["state"], m[name]["reason"])
    assert reason in m[name]["reason"], (name, m[name]["reason"])
    # Two more seconds, and the measuring process would have been killed instead.
    assert all(r["elapsed_ns"] < 2.3e9 for r in m[name]["rounds"]), name
for name in ("floor.syscall", "exit.hlt"):
    assert len(m[name]["rounds"]) == 3 and all(r["state"] == "ok" for r in m[name]["rounds"]), name
P

# KVM_GET_TSC_KHZ is AEA3h. Who does not know how long a guest must wait until another is halted does not measure that.
KVM_FAULT_IOCTL=0xaea3 KVM_FAULT_ERRNO=22 expect 4 preload "$NESTMARK" run irq.ipi.halted timer.deadline.hlt --context guest \
    --rounds 3 --samples 20 -o json:untold.json
valid untold.json
if [[ $(nproc) -gt 1 ]]; then
    [[ $(grep -c "KVM_GET_TSC_KHZ gives nothing" untold.json) -eq 2 ]] || fail "measured without the guest's frequency"
fi
done_testing
