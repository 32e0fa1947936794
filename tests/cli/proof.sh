#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# The proof by guests: every class of exit is tried, a KVM that fails is described in words, and nothing takes long.
source "$(dirname "$0")/lib.sh"
need_kvm

basic="cpuid pio_out pio_in mmio_write mmio_read page_fault hlt"
classes="$basic cpuid_features msr exception_de exception_ud interrupt cpuid.cpl3 cpuid_features.cpl3 pio_out.cpl3
    pio_in.cpl3 mmio_read.cpl3 page_fault.cpl3 exception_ud.cpl3 pic self_ipi hlt_wake hypercall"

# check CODE: Python on the findings of ./out by id.
check() {
    /usr/bin/python3 - "$1" "$basic" "$classes" <<'P' || fail "$1"
import json, sys
f = {x["id"]: x for x in json.load(open("out"))["findings"]}
basic, classes = sys.argv[2].split(), sys.argv[3].split()
exec(sys.argv[1])
P
}

# KVM_RUN is AE80h, KVM_CREATE_VM is AE01h, KVM_CREATE_IRQCHIP is AE60h. The canary calls KVM_RUN once.
faulty() {
    KVM_FAULT_IOCTL=$1 KVM_FAULT_ERRNO=$2 KVM_FAULT_AFTER=${3:-0} preload "$NESTMARK" probe -J
}

# bounded COMMAND…: as expect 0, and it ends soon, unless a neighbour is in the way each time. Sanitizers take their time.
bounded() {
    local limit=1.5
    [[ ${SANITIZED:-OFF} == ON ]] && limit=10
    for _ in 1 2; do
        timeout "$limit" "$@" >out 2>err && return
    done
    expect 0 timeout "$limit" "$@"
}
export -f faulty preload
export KVM_FAULT NESTMARK SANITIZED

expect 0 "$NESTMARK" probe -J
check '
assert f["guest.canary"]["status"] == "pass"
assert [i[11:] for i in f if i.startswith("guest.exit.")] == classes, list(f)
for name in basic:
    assert f["guest.exit." + name]["status"] == "pass", f["guest.exit." + name]
failed = [c for c in classes if f["guest.exit." + c]["status"] == "fail"]
assert f["guest.exits"]["status"] == ("warn" if failed else "pass"), f["guest.exits"]
assert ("guest.report" in f) == bool(failed)
for c in classes:
    assert f["guest.exit." + c]["status"] != "unknown" or "no time" in f["guest.exit." + c]["evidence"], c
assert "proven by a guest" in f["verdict.nesting"]["value"]
report = f.get("guest.report", {}).get("evidence", "")
for c in failed:
    assert c + ": " + f["guest.exit." + c]["evidence"] in report, report
assert not failed or f["kernel.release"]["value"] in report'

expect 0 "$NESTMARK" probe --no-guest -J
check '
assert f["guest.canary"]["status"] == f["guest.exits"]["status"] == "unknown"
assert f["guest.canary"]["evidence"] == "not tried"
assert not [i for i in f if i.startswith("guest.exit.")]
assert "run without --no-guest" in f["verdict.nesting"]["value"]'

# What the guests did is part of a capture, and is said again without a guest; what was not tried is not captured.
expect 0 "$NESTMARK" capture -o guests.tar.zst
expect 0 "$NESTMARK" probe -J --root guests.tar.zst
check '
assert f["guest.canary"]["status"] == "pass"
assert [i[11:] for i in f if i.startswith("guest.exit.")] == classes, list(f)'
expect 0 "$NESTMARK" capture --no-guest -o none.tar.zst
expect 0 "$NESTMARK" probe -J --root none.tar.zst
check '
assert f["guest.canary"]["status"] == f["guest.exits"]["status"] == "unknown"
assert f["guest.canary"]["evidence"] == "not captured"'

# Every entry is refused: EINVAL.
bounded bash -c 'faulty 0xae80 22'
check '
assert f["guest.canary"]["status"] == "fail"
assert f["guest.canary"]["evidence"] == "KVM_RUN: Invalid argument"
assert f["verdict.virtualization"]["value"] == "broken"
assert f["verdict.nesting"]["value"] == "capable, but guests do not work: KVM_RUN: Invalid argument"
assert f["guest.report"]["value"] == "canary"
assert f["kernel.release"]["value"] in f["guest.report"]["evidence"]'

# The canary hangs: EINTR for ever.
bounded bash -c 'faulty 0xae80 4'
check '
assert f["guest.canary"]["status"] == "fail"
assert "did not end within 500 ms" in f["guest.canary"]["evidence"]
assert " at RIP 0x1" in f["guest.canary"]["evidence"] and "instruction bytes" in f["guest.canary"]["evidence"]
assert f["verdict.virtualization"]["value"] == "broken"'

# The canary works, then every class hangs: some are tried, the others are not, and it is over within the limit.
bounded bash -c 'faulty 0xae80 4 1'
check '
assert f["guest.canary"]["status"] == "pass"
tried = [c for c in classes if f["guest.exit." + c]["status"] == "fail"]
assert set(basic) <= set(tried) and len(tried) < len(classes), tried
assert "did not end within 50 ms" in f["guest.exit.cpuid"]["evidence"]
assert f["guest.exit.hypercall"]["status"] == "unknown"
assert f["guest.exit.hypercall"]["evidence"] == "not tried: no time was left"
assert f["guest.exits"]["status"] == "fail"
assert f["verdict.virtualization"]["value"] == "broken"
assert f["verdict.nesting"]["value"].startswith("capable, but guests do not work: "), f["verdict.nesting"]'

# What only one class needs is missed by that class alone: the guest without an irqchip goes on.
bounded bash -c 'faulty 0xae60 12'
check '
assert f["guest.canary"]["status"] == "pass"
for c in "pic", "self_ipi", "hlt_wake":
    assert f["guest.exit." + c]["status"] == "fail"
    assert f["guest.exit." + c]["evidence"] == "KVM_CREATE_IRQCHIP: Cannot allocate memory"
for c in basic:
    assert f["guest.exit." + c]["status"] == "pass"
assert f["guest.exits"]["status"] == "warn"
assert f["verdict.virtualization"]["value"] != "broken"'
done_testing
