#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# linux.*: what the command line takes, the agent natively, and what a document says of guests that cannot be had.
source "$(dirname "$0")/lib.sh"

refuse() {
    expect 2 "$NESTMARK" run linux.syscall "${@:2}"
    one_line_error err
    says err "$1"
}
refuse "expected one of qemu-q35, qemu-microvm, firecracker, cloud-hypervisor" --vmm qemu-q3
refuse "expected one of qemu-q35" --vmm nestmark
refuse "--vmm qemu-q35: is named twice" --vmm qemu --vmm qemu-q35=/opt/qemu

# The same program as in a guest, in processes of this machine.
measures "$NESTMARK" run linux.syscall linux.thread linux.switch linux.clock.current linux.clock.acpi_pm linux.mmap \
    --context native --rounds 3 --samples 50 --time-limit 10s -q -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "the agent natively"
import json

source = open("/sys/devices/system/clocksource/clocksource0/current_clocksource").read().strip()
for m in json.load(open("run.json"))["measurements"]:
    if m["operation"] == "linux.clock.acpi_pm" and source != "acpi_pm":
        assert m["state"] == "unsupported" and "it is not the current one" in m["reason"], m
        continue
    assert m["context"] == "native" and len(m["rounds"]) == 3 and m["group"] == "linux", m
    assert m["batch"] == (64 if m["operation"] in ("linux.syscall", "linux.clock.current") else 1), m
    for r in m["rounds"]:
        assert r["state"] == "ok" and r["samples"] == 50 and 0 < r["p5"] <= r["p50"] <= r["max"], (m["operation"], r)
P

# A run that is killed leaves no agent.
"$NESTMARK" run linux.compile --context native --rounds 50 -q -o json:killed.json >/dev/null 2>&1 &
for _ in {1..200}; do
    pgrep -P "$(pgrep -P $! | head -n 1)" >agent 2>/dev/null && break
    sleep 0.02
done
kill -9 $!
wait $! 2>/dev/null
agent=$(head -n 1 agent)
[[ -n $agent ]] || fail "no agent was seen"
for _ in {1..100}; do
    [[ -d /proc/$agent ]] || break
    sleep 0.05
done
[[ -d /proc/$agent ]] && fail "the agent goes on: $(cat "/proc/$agent/cmdline")"

# Without a KVM that boots Linux its guests are unsupported, and the document says what would have been measured.
expect 4 "$NESTMARK" run linux.syscall linux.boot.off --context guest --kvm-device /no/such --kernel /no/kernel \
    --append "a b" --vmm qemu-q35=/opt/qemu --vmm firecracker --profile quick -q -o json:none.json
valid none.json
/usr/bin/python3 - <<'P' || fail "guests that cannot be had"
import json

run = json.load(open("none.json"))
plan = run["run"]["plan"]
assert plan["linux_kernel"] == "/no/kernel" and plan["linux_arguments"] == "a b" and plan["vmms"] == ["qemu-q35=/opt/qemu", "firecracker"]
assert [m["parameters"]["vmm"] for m in run["measurements"][:3]] == ["nestmark", "qemu-q35", "firecracker"]
for m in run["measurements"]:
    assert m["state"] == "unsupported" and "kvm.device: /no/such" in m["reason"], m
findings = {f["id"]: f for f in run["findings"]}
assert findings["guest.linux"]["status"] == "unknown"
assert findings["linux.vmm.qemu_q35"]["evidence"].startswith("/opt/qemu -machine q35,accel=kvm -cpu host ")
assert findings["linux.vmm.firecracker"]["evidence"].startswith("firecracker --no-api ")
P
expect 0 "$NESTMARK" report none.json
says out "p50 by VMM:" "  qemu-q35: /opt/qemu -machine q35,accel=kvm"
done_testing
