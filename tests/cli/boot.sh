#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Guests that boot as Linux does: what they are handed, each way in which they end, and what cannot be booted. The kernel is
# tests/kvm/kernel.S, which says what it finds and ends as its command line asks.
source "$(dirname "$0")/lib.sh"
need_kvm
elf=${KERNEL:?the kernel without its suffix}.elf
bzimage=$KERNEL.bzimage

boot() {
    timeout -k 1 60 "$NESTMARK" boot "$@"
}

# One line of error, nothing on the console.
refused() {
    local code=$1
    shift
    expect "$code" boot "$@"
    one_line_error err
    [[ -s out ]] && fail "boot $*: something ran"
}

# What a kernel is handed, by either entry.
expect 0 boot "$elf"
says out "entered by PVH" "memory ends at 0000000010000000" "command line: console=ttyS0 panic=-1" \
    "initrd: 0000000000000000" "ACPI: FACP APIC" "SMBIOS: nestmark / nestmark guest" "hypervisor: KVMKVMKVM" \
    "processors: 0000000000000001 of a package: 0000000000000001" "the meter counts: yes" "the transmitter interrupts: +yes"
[[ -s err ]] && fail "a guest that ends well is no news: $(cat err)"
sed 1d out >found
expect 0 boot "$bzimage"
says out "entered in 64-bit mode"
sed 1d out | diff found - || fail "the 64-bit entry is handed something else"

printf 'initial contents and more' >initrd
for kernel in "$elf" "$bzimage"; do
    expect 0 boot "$kernel" --initrd initrd --append "some words" --memory 33M
    says out "command line: some words" "initrd: 0000000000000019 initial contents" "memory ends at 0000000002100000"
    expect 0 boot "$kernel" --append ""
    grep -qx "command line: " out || fail "an empty command line"
done
: >empty
expect 0 boot "$elf" --initrd empty
says out "initrd: 0000000000000000"

# Each end has its exit code; one that is no power-off has a line.
for ending in reset keyboard; do
    expect 1 boot "$elf" --append "$ending"
    one_line_error err
    says err "the guest asked for a reset instead of switching itself off"
    says out "the transmitter interrupts: +yes"
done
expect 1 boot "$elf" --append triple
one_line_error err
says err "triple fault, at RIP 0x1000" "instead of switching itself off"
for ending in hang flood; do
    expect 3 boot "$elf" --append "$ending" --time-limit 1s
    one_line_error err
    says err "the guest did not end within 1 s"
done

# Accesses that no driver would make.
expect 0 boot "$elf" --append wild
says out "a string at once" "nothing reads as ones: yes"

# Several vCPUs: they end together, whoever ends the guest, also when they never started.
for cpus in 2 7 64; do
    expect 0 boot "$elf" --cpus "$cpus"
    says out "$(printf 'processors: %016x of a package: %016x' "$cpus" "$cpus")"
    for _ in 1 2 3; do
        expect 1 boot "$elf" --cpus "$cpus" --append other --time-limit 30s
        says err "the guest asked for a reset"
    done
    expect 3 boot "$elf" --cpus "$cpus" --append hang --time-limit 1s
    one_line_error err
done

# A reader that sleeps does not outlast the time limit, and one that left does not matter.
SECONDS=0
timeout 30 "$NESTMARK" boot "$elf" --append flood --time-limit 1s 2>err | {
    sleep 8
    echo "$SECONDS" >slept
} &
reader=$!
for _ in $(seq 70); do
    [[ -s err ]] && break
    sleep 0.1
done
[[ -s err && ! -e slept ]] || fail "the time limit waited for the reader of the console"
wait "$reader"
boot "$elf" 2>err | head -n 1 >out
[[ ${PIPESTATUS[0]} -eq 0 ]] || fail "a console that nobody reads ended the guest with ${PIPESTATUS[0]}: $(cat err)"
boot "$elf" >&- 2>err || fail "a closed stdout ended the guest: $(cat err)"

# Memory above the hole; more than this machine has is no harm while nobody touches it.
if boot "$elf" --memory 5G >out 2>err; then
    says out "memory ends at 0000000170000000"
    expect 0 boot "$bzimage" --memory 5G
    says out "memory ends at 0000000170000000"
else
    one_line_error err
    echo "no guest of 5 GiB: $(cat err)"
fi

# What the guest writes is in the file, and nothing behind it.
/usr/bin/python3 -c 'open("pattern", "wb").write(bytes(range(256)) + bytes(8192 - 256))'
for kernel in "$elf" "$bzimage"; do
    truncate -s 0 share
    truncate -s 8K share
    expect 0 boot "$kernel" --share share --append share
    cmp share pattern || fail "the share of $kernel"
done
expect 0 boot "$elf" --append share
truncate -s 256M large
expect 0 boot "$elf" --share large
truncate -s 257M large
refused 2 "$elf" --share large
says err "large: larger than 256 MiB"
rm large

# Identities, by CPUID and SMBIOS.
identity() {
    local name=$1 signature=$2 strings=$3 entry=$4
    expect 0 boot "$elf" --as "$name"
    says out "$entry" "SMBIOS: $strings"
    grep -qx "hypervisor: $signature" out || fail "--as $name: $(grep hypervisor out)"
}
identity kvm KVMKVMKVM "nestmark / nestmark guest" "entered by PVH"
identity ec2 KVMKVMKVM "Amazon EC2 / " "entered by PVH"
identity gce KVMKVMKVM "Google / Google Compute Engine" "entered by PVH"
identity azure "Microsoft Hv" "Microsoft Corporation / Virtual Machine" "entered by PVH"
identity vmware VMwareVMware "VMware, Inc. / VMware" "entered by PVH"
identity xen XenVMMXenVMM "Xen / HVM domU" "entered in 64-bit mode"
says out "command line: console=ttyS0 panic=-1 nopv"
identity metal "" "nestmark / nestmark bare metal" "entered by PVH"

# Wrong usage.
for memory in 31M 0 -1G 256 256K 1025G 18446744073709551616M 1.5G " 256M" 256M2 ""; do
    refused 2 "$elf" --memory "$memory"
    says err "expected a size such as 256M or 2G" "Try 'nestmark boot --help'."
done
for cpus in 0 65 two; do
    refused 2 "$elf" --cpus "$cpus"
done
for limit in 0 25h soon; do
    refused 2 "$elf" --time-limit "$limit"
done
refused 2 "$elf" --as nobody
says err "--as nobody: expected one of kvm, ec2, gce, azure, vmware, xen, metal"
refused 2
says err "expected one kernel"
refused 2 "$elf" "$bzimage"

# Files that are none, or none that can be used.
refused 2 absent
says err "absent: No such file"
refused 2 .
refused 2 empty
says err "empty: too short for a kernel" "give a bzImage (vmlinuz) or an uncompressed vmlinux"
refused 2 "$NESTMARK" --memory 32M
head -c 100000 /dev/zero >zeroes
refused 2 zeroes
says err "zeroes: neither a bzImage nor an ELF file"
head -c 1024 "$bzimage" >short
refused 2 short
says err "short: cut off: it ends within its setup code"
head -c 5000 "$elf" >short
refused 2 short
says err "short: cut off: a segment lies outside of the file"
refused 2 "$elf" --initrd absent
says err "absent: No such file"
refused 2 "$elf" --share absent
says err "absent: No such file"
truncate -s 5000 share
refused 2 "$elf" --share share
says err "share: not a regular file of whole pages" "truncate --size"
refused 2 "$elf" --share empty
refused 2 "$elf" --share /dev/zero
if [[ $(id -u) -eq 0 ]]; then
    cp "$elf" kernel
    cp "$NESTMARK" nestmark
    chmod 711 "$work"
    chmod 600 kernel
    truncate -s 8K share
    chmod 444 share
    expect 2 setpriv --reuid 65534 --regid 65534 --clear-groups ./nestmark boot kernel
    says err "kernel: Permission denied"
    chmod 644 kernel
    expect 2 setpriv --reuid 65534 --regid 65534 --clear-groups ./nestmark boot kernel --share share
    says err "share: Permission denied"
fi

# What only shows when the guest is made.
refused 3 "$elf" --kvm-device /no/such/kvm
says err "/no/such/kvm: not there" "enable nested virtualization"
refused 3 "$elf" --kvm-device /dev/null
says err "/dev/null: is not a KVM device"
refused 3 "$elf" --append "$(head -c 2048 /dev/zero | tr '\0' x)"
says err "command line is longer than 2047 bytes"
expect 0 boot "$elf" --append "$(head -c 2047 /dev/zero | tr '\0' x)"
refused 3 "$elf" --as xen --append "$(head -c 2047 /dev/zero | tr '\0' x)"
truncate -s 33M large
refused 3 "$elf" --memory 32M --initrd large
says err "an initramfs of 34 MiB does not fit behind the kernel" "give the guest more memory"
/usr/bin/python3 - "$elf" <<'P'
import struct, sys
image = bytearray(open(sys.argv[1], "rb").read())
# The memory of the first segment ends at 64 MiB.
struct.pack_into("<Q", image, 64 + 40, 48 << 20)
open("greedy", "wb").write(image)
P
refused 3 greedy --memory 32M
says err "greedy: wants the memory up to 65 MiB" "give the guest more memory"
expect 0 boot greedy --memory 65M

# Every ioctl of the set-up fails once: one line, and all that was made before is released.
# VM, supported CPUID, vCPU, memory, identity map, TSS, irqchip, PIT, CPUID, special registers, registers, KVM_RUN.
for request in 0xae01 0xc008ae05 0xae41 0x4020ae46 0x4008ae48 0xae47 0xae60 0x4040ae77 0x4008ae90 0x4138ae84 \
    0x4090ae82 0xae80; do
    for cpus in 1 2; do
        KVM_FAULT_IOCTL=$request KVM_FAULT_ERRNO=12 expect 3 preload timeout 30 "$NESTMARK" boot "$elf" --cpus "$cpus"
        one_line_error err
        says err "Cannot allocate memory"
    done
done
# A KVM without statistics has a meter that stands.
KVM_FAULT_IOCTL=0xaece KVM_FAULT_ERRNO=25 expect 0 preload "$NESTMARK" boot "$elf"
says out "the meter counts: no"

# As proof of a machine: this kernel never shows user space.
expect 0 "$NESTMARK" probe
grep -q guest.linux out && fail "guest.linux unasked"
proof() {
    /usr/bin/python3 - "$@" <<'P' || fail "guest.linux: $*"
import json, sys
[finding] = [x for x in json.load(open("out"))["findings"] if x["id"] == "guest.linux"]
print(finding) if finding["status"] != sys.argv[1] else None
assert finding["status"] == sys.argv[1]
text = json.dumps(finding)
for part in sys.argv[2:]:
    assert part in text, (part, text)
P
}
for kernel in "$elf" "$bzimage"; do
    expect 0 "$NESTMARK" probe -J --prove-linux "$kernel"
    proof fail "it switched itself off without a sign of Linux user space" "the transmitter interrupts: +yes" \
        "use a machine with hardware virtualization"
done
expect 0 "$NESTMARK" probe -J "--prove-linux=$elf"
proof fail "the console ends"
expect 0 "$NESTMARK" probe -J --prove-linux zeroes
proof unknown "zeroes: neither a bzImage nor an ELF file" "give a bzImage"
expect 0 "$NESTMARK" probe -J --prove-linux absent
proof unknown "absent: No such file" "name a kernel"
expect 0 "$NESTMARK" probe -J --prove-linux "$elf" --kvm-device /no/such/kvm
proof unknown "no KVM device to run a guest on"
expect 2 "$NESTMARK" probe --prove-linux "$elf" extra
expect 2 "$NESTMARK" probe --prove-linux --time-limit 0

sleep 0.2
left=$(pgrep -f "boot $KERNEL" || true)
[[ -z $left ]] || fail "processes left behind: $left"
done_testing
