# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = crosvm
title = crosvm
as_of = 2026-09
source = https://github.com/google/crosvm hypervisor/src/kvm/mod.rs
unknown = a list of all capabilities that crosvm must have: not found in one place

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = crosvm hypervisor/src/kvm/mod.rs

[requirement]
label = KVM API version is 12
finding = kvm.api
equals = 12
level = hard
source = crosvm hypervisor/src/kvm/mod.rs

[requirement]
label = KVM_CAP_IMMEDIATE_EXIT
finding = kvm.cap.immediate_exit
level = hard
source = crosvm src/crosvm/sys/linux.rs

[requirement]
label = KVM capabilities that are used where they are
when = cpu.architecture x86_64
finding = kvm.cap.user_memory2 kvm.cap.readonly_mem kvm.cap.x86_bus_lock_exit kvm.cap.kvmclock_ctrl
finding = kvm.cap.tsc_deadline_timer kvm.cap.xcrs
level = info
source = crosvm hypervisor/src/kvm/mod.rs

[requirement]
label = its guests may run guests (nested mode auto or on)
when = cpu.architecture x86_64
finding = kvm.guest_virtualization
level = info
source = crosvm x86_64/src/cpuid.rs

[requirement]
label = its guests may run guests (KVM_CAP_ARM_EL2)
when = cpu.architecture aarch64
finding = kvm.cap.arm_el2
level = info
source = crosvm hypervisor/src/kvm/mod.rs
