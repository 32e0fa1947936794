#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Operations with several vCPUs, drivers or threads on the real kvm_amd, on an emulated machine with two CPUs. That machine is not
# counted and has no time of its own: what is decided here is that the guests do what they should, and what they exit for.
source "$(dirname "$0")/../cli/lib.sh"

measures "$SOURCE/lab/nestmark-lab" svm --cpus 2 --nestmark "$NESTMARK" -- \
    run 'irq.ipi.*' 'irq.irqfd.*' 'irq.[mns]*.spinning' irq.spin.ring irq.nmi.ioctl irq.ioctl 'native.*' 'io.virtio.*' 'io.blk.null*' io.blk.read.4k io.blk.flush 'io.blk.verify*' 'drill.p*' 'drill.dri*' \
    --rounds 6 --samples 40 --time-limit 2s -q -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "states"
import json
import re

# This machine delivers one interrupt of some ten thousand twice: such a round says so, and there may be one.
DISTURBED = re.compile(r"TSC and CLOCK_MONOTONIC_RAW|flagged|the median is known to|1 of 6 rounds invalid: .* interrupts (came|had come)")
DRILLS = {
    "drill.partner-dies": ("failed", "vCPU 1: KVM_EXIT_SHUTDOWN"),
    "drill.partner-leaves": ("failed", "vCPU 1: it ended before vCPU 0"),
    "drill.partner-halts": ("timeout", "the guest did not end within"),
    "drill.driver-fails": ("invalid", "the driver saw what it did not expect"),
    "drill.driver-waits": ("timeout", "the guest did not end within"),
    "drill.driven-dies": ("failed", "unexpected #UD in the guest"),
    "drill.driven-leaves": ("failed", "the guest ended before its driver"),
}


def problem(m):
    if m["operation"] in DRILLS:
        state, reason = DRILLS[m["operation"]]
        return None if m["state"] == state and reason in m["reason"] else "another end"
    # A busy host takes the time that the rate wants.
    if m["operation"].endswith(".open") and "it kept up with" in (m["reason"] or ""):
        return None
    if m["parameters"].get("vcpus", 2) > 2:
        return None if m["state"] == "unsupported" else "supported"
    if m["state"] != "ok" and not DISTURBED.search(m["reason"]):
        return "not what it should be"
    if len(m["rounds"]) != 6 or sum(r["state"] != "ok" for r in m["rounds"]) > 1:
        return "rounds failed"
    e = m["evidence"]
    if m["context"] == "native":
        return None
    if e["emulated"] or e["user_exits_per_op"] != e["expected_user_exits_per_op"]:
        return f"{e['user_exits_per_op']} exits to user space"
    # A tick of a timer is an exit of its own, and operations here take long.
    return f"{e['exits_per_op']} exits" if abs(e["exits_per_op"] - e["expected_exits_per_op"]) > 0.2 else None


measurements = json.load(open("run.json"))["measurements"]
problems = [(m["operation"], m["context"], m["parameters"], m["state"], m["reason"], problem(m))
            for m in measurements if problem(m)]
assert not problems, "\n".join(map(str, problems))
assert sum(m["context"] == "guest" and m["operation"].startswith("irq.") and len(m["rounds"]) == 6
           for m in measurements) >= 13, "operations are missing"
assert sum(m["context"] == "guest" and m["operation"].startswith("io.") and len(m["rounds"]) == 6
           for m in measurements if not m["operation"].endswith(".open")) == 16, "I/O is missing"
P
done_testing
