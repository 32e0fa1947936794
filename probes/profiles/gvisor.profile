# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = gvisor
title = gVisor, KVM platform
as_of = 2026-09
source = https://github.com/google/gvisor g3doc/user_guide/platforms.md
advice = gVisor recommends its KVM platform on bare metal only, and systrap inside a VM
unknown = virtual addresses of 48 bits on arm64: not looked for

[requirement]
label = device /dev/kvm opens for reading and writing (systrap, the default platform, needs none)
finding = kvm.device
level = hard
source = gvisor pkg/sentry/platform/kvm/kvm.go

[requirement]
label = KVM_CREATE_VM succeeds
finding = kvm.vm
level = hard
source = gvisor pkg/sentry/platform/kvm/kvm.go

[requirement]
label = KVM_GET_SUPPORTED_CPUID succeeds
when = cpu.architecture x86_64
finding = kvm.cpuid
at_least = 1
level = hard
source = gvisor pkg/sentry/platform/kvm/kvm_amd64_unsafe.go

[requirement]
label = numbers of memory slots and vCPUs
finding = kvm.cap.nr_memslots kvm.cap.max_vcpus
level = soft
remedy = gVisor falls back to 256 slots and 255 vCPUs
source = gvisor pkg/sentry/platform/kvm/machine.go

[requirement]
label = TSC scaling
when = cpu.architecture x86_64
finding = kvm.cap.tsc_control
level = soft
source = gvisor pkg/sentry/platform/kvm/machine.go

[requirement]
label = size of guest physical addresses
when = cpu.architecture aarch64
finding = kvm.cap.arm_vm_ipa_size
level = soft
source = gvisor pkg/sentry/platform/kvm/kvm_arm64.go

[requirement]
label = host pages of 4 KiB
finding = cpu.page_bytes
equals = 4096
level = hard
source = gvisor pkg/sentry/platform/kvm/kvm.go
