# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = cloud-hypervisor
title = Cloud Hypervisor
as_of = 2026-09
source = https://github.com/cloud-hypervisor/cloud-hypervisor hypervisor/src/kvm

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = cloud-hypervisor hypervisor/src/kvm/mod.rs

[requirement]
label = KVM API version is 12
finding = kvm.api
equals = 12
level = hard
source = cloud-hypervisor hypervisor/src/kvm/mod.rs

[requirement]
label = KVM capabilities
when = cpu.architecture x86_64
finding = kvm.cap.adjust_clock kvm.cap.ext_cpuid kvm.cap.get_tsc_khz kvm.cap.immediate_exit kvm.cap.ioeventfd
finding = kvm.cap.irqchip kvm.cap.irqfd kvm.cap.irq_routing kvm.cap.mp_state kvm.cap.set_identity_map_addr
finding = kvm.cap.set_tss_addr kvm.cap.split_irqchip kvm.cap.tsc_deadline_timer kvm.cap.user_memory
finding = kvm.cap.user_nmi kvm.cap.vcpu_events kvm.cap.xsave
level = hard
source = cloud-hypervisor hypervisor/src/kvm/x86_64/mod.rs

# Needed too, but some kernels have the feature without the flag: a missing flag is no proof.
[requirement]
label = KVM capabilities that are used and not checked
when = cpu.architecture x86_64
finding = kvm.cap.device_ctrl kvm.cap.enable_cap kvm.cap.set_guest_debug
level = soft
source = cloud-hypervisor hypervisor/src/kvm/x86_64/mod.rs

[requirement]
label = KVM capabilities
when = cpu.architecture aarch64
finding = kvm.cap.immediate_exit kvm.cap.ioeventfd kvm.cap.irqchip kvm.cap.irqfd kvm.cap.irq_routing
finding = kvm.cap.mp_state kvm.cap.one_reg kvm.cap.user_memory
level = hard
source = cloud-hypervisor hypervisor/src/kvm/aarch64/mod.rs

[requirement]
label = host kernel is 5.13 or newer
finding = kernel.release
at_least = 5.13
level = soft
source = cloud-hypervisor README.md
