# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# That guests of this machine can run guests of their own.
[workload]
name = nested-kvm
title = KVM in guests of this machine
as_of = 2026-09
source = https://docs.kernel.org/virt/kvm/x86/running-nested-guests.html
proof = none
unknown = whether a guest in a guest works: run nestmark inside a guest to see
unknown = migration of a guest that runs a guest: Intel needs Linux 5.3 and QEMU 4.2, on AMD the kernel leaves it undefined

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = linux Documentation/virt/kvm/api.rst

[requirement]
label = a guest runs, and its work is right
finding = guest.canary
level = hard
source = linux Documentation/virt/kvm/api.rst

[requirement]
label = the KVM module gives VMX or SVM to its guests
when = cpu.architecture x86_64
finding = kvm.nested
level = hard
remedy = load kvm_intel or kvm_amd with nested=1; inside a VM the hypervisor beneath must offer VMX or SVM
source = linux Documentation/virt/kvm/x86/running-nested-guests.rst

[requirement]
label = guests see VMX or SVM in their CPUID
when = cpu.architecture x86_64
finding = kvm.guest_virtualization
level = hard
remedy = load kvm_intel or kvm_amd with nested=1
source = linux Documentation/virt/kvm/api.rst, KVM_GET_SUPPORTED_CPUID

[requirement]
label = speed: shadow VMCS, APIC virtualization and EPT
when = kvm.backend kvm_intel
finding = kvm.parameter.kvm_intel.enable_shadow_vmcs kvm.parameter.kvm_intel.enable_apicv kvm.parameter.kvm_intel.ept
equals = Y
level = soft
source = linux Documentation/virt/kvm/x86/running-nested-guests.rst

[requirement]
label = state of nested guests can be saved
when = cpu.architecture x86_64
finding = kvm.cap.nested_state
level = soft
source = linux Documentation/virt/kvm/api.rst

[requirement]
label = arm64: KVM_CAP_ARM_EL2
when = cpu.architecture aarch64
finding = kvm.cap.arm_el2
level = hard
remedy = needs FEAT_NV2 and a host that was booted with kvm-arm.mode=nested
source = crosvm hypervisor/src/kvm/mod.rs
