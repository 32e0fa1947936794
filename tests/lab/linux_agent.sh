#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# A Debian kernel in nestmark's own virtual machine on the real kvm_amd, with an agent that measures in it: one boot for its
# operations, and one for the stages of a boot. The machine has one CPU: what needs two says so.
source "$(dirname "$0")/../cli/lib.sh"

lab=("$SOURCE/lab/nestmark-lab" svm --nestmark "$NESTMARK")
kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}"/nestmark-lab/linux-image-*/boot/vmlinuz-* | tr ' ' '\n' | sort -V | tail -n 1)
[[ -s $kernel ]] || {
    expect 0 "${lab[@]}" -- probe --no-guest
    package=$(sed -n 's/.*booting \(linux-image-[^ ]*\) .*/\1/p' err | head -n 1)
    kernel=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}/nestmark-lab/$package"/boot/vmlinuz-*)
}

measures "${lab[@]}" --file "$kernel" -- run linux.syscall linux.fault.4k linux.clock.tsc linux.clock.acpi_pm linux.fork-exec \
    linux.timer linux.tlb 'linux.boot.*' --profile quick --rounds 1 --samples 20 --time-limit 5s -q \
    --kernel "/${kernel##*/}" -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "what the agent measured"
import json

run = json.load(open("run.json"))
named = {}
for m in run["measurements"]:
    named[m["operation"], m["context"], m["parameters"].get("vmm")] = m


def guest(operation):
    return named[operation, "guest", "nestmark"]


def reached(m):
    """One round is too few for a verdict, and this machine has no time of its own: nothing else may be said against it."""
    told = m["reason"] == "too few rounds: 1" or "TSC and CLOCK_MONOTONIC_RAW are" in m["reason"]
    assert m["state"] in ("noisy", "invalid") and told, (m["operation"], m["context"], m["state"], m["reason"])
    [r] = m["rounds"]
    assert r["state"] == "ok" and r["p50"] > 0, r
    return m


for operation in ("linux.syscall", "linux.fault.4k", "linux.clock.tsc", "linux.clock.acpi_pm", "linux.fork-exec", "linux.timer"):
    m = reached(guest(operation))
    assert m["evidence"]["counters_per_op"]["exits"] is not None, operation
for operation in ("linux.syscall", "linux.fault.4k", "linux.fork-exec", "linux.timer"):
    reached(named[operation, "native", None])
# The exits say what an application pays for: a system call none, a port of ACPI one to user space, a timer its arming.
exits = {m["operation"]: m["evidence"] for m in run["measurements"] if m["context"] == "guest"}
assert exits["linux.syscall"]["exits_per_op"] < 0.2, exits["linux.syscall"]
assert exits["linux.clock.tsc"]["exits_per_op"] < 0.2, exits["linux.clock.tsc"]
assert 0.9 < exits["linux.clock.acpi_pm"]["user_exits_per_op"] < 4, exits["linux.clock.acpi_pm"]
assert exits["linux.timer"]["exits_per_op"] > 1, exits["linux.timer"]
for m in (guest("linux.tlb"), named["linux.tlb", "native", None]):
    assert m["state"] == "unsupported" and "needs topology.threads of 2" in m["reason"], m
for stages in (("first-line", "init", "off"), ("quiet.init", "quiet.off")):
    times = [reached(guest(f"linux.boot.{stage}"))["rounds"][0]["p50"] for stage in stages]
    assert times[0] > 1e6 and times == sorted(set(times)), (stages, times)
proof = {f["id"]: f for f in run["findings"]}["guest.linux"]
assert proof["status"] == "pass", proof
P
done_testing
