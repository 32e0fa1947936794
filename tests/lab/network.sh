#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Taps, vhost-net and vhost-vsock on the real kvm_amd, on an emulated machine with three CPUs and the modules of these. That machine has
# no time of its own: what is decided here is that every packet comes back, by every way.
source "$(dirname "$0")/../cli/lib.sh"

measures "$SOURCE/lab/nestmark-lab" svm --cpus 3 --load tun --load vhost_net --load vhost_vsock --load vsock_loopback \
    --nestmark "$NESTMARK" -- \
    run 'io.net.tap.*' 'io.net.vhost.*' 'io.vsock.*' --rounds 3 --samples 20 --time-limit 10s -q -o json:run.json
valid run.json
/usr/bin/python3 - <<'P' || fail "states"
import json
import re

DISTURBED = re.compile(r"TSC and CLOCK_MONOTONIC_RAW|flagged|the median is known to")
measurements = json.load(open("run.json"))["measurements"]
for m in measurements:
    assert m["state"] == "ok" or DISTURBED.search(m["reason"]), (m["operation"], m["context"], m["state"], m["reason"])
    assert all(r["state"] == "ok" for r in m["rounds"]) and len(m["rounds"]) == 3, (m["operation"], m["context"])
guests = {m["operation"] for m in measurements if m["context"] == "guest"}
assert len(guests) == 6, guests
vhost = [m for m in measurements if m["operation"] == "io.net.vhost.echo" and m["context"] == "guest"]
assert vhost[0]["against"]["measurement"] == "io.net.tap.echo/guest/cpl3", vhost[0].get("against")
streams = [m for m in measurements if m["operation"].endswith(".stream")]
assert len(streams) >= 3, len(streams)
for m in streams:
    t = m["throughput"]
    assert t["bytes_per_op"] == m["parameters"]["bytes"] and t["operations_per_s"]["value"] > 0, (m["operation"], t)
for m in measurements:
    if m["context"] == "guest":
        assert m["evidence"]["user_exits_per_op"] < 0.01, f"{m['operation']} leaves to the VMM"
P
done_testing
