#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0
# Linux guests that look like clouds and hypervisors: what probe finds in each, and that guests work there.
source "$(dirname "$0")/../cli/lib.sh"

identities=(kvm ec2 gce azure vmware xen metal)
expect 0 "$SOURCE/lab/nestmark-lab" svm --level nested "${identities[@]/#/--as=}" --nestmark "$NESTMARK" --out out.d -- probe
says out "nestmark nestmark guest" "Amazon EC2 m8i.xlarge" "Google Google Compute Engine" \
    "Microsoft Corporation Virtual Machine" "VMware, Inc. VMware Virtual Platform" "Xen HVM domU" "nestmark nestmark bare metal"
says out 'a guest of "KVMKVMKVM"' 'a guest of "Microsoft Hv"' 'a guest of "VMwareVMware"' 'a guest of "XenVMMXenVMM"' \
    "CPUID 1h ECX[31] is clear: bare metal"
working=$(grep -c "^guest.canary  *PASS" out)
[[ $working -eq ${#identities[@]} ]] || fail "guests work in $working of ${#identities[@]}: $(grep guest.canary out)"
[[ $(grep -c "^verdict.virtualization .*emulated" out) -eq ${#identities[@]} ]] || fail "an emulator is taken for hardware"
done_testing
