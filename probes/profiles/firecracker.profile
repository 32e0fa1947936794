# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = firecracker
title = Firecracker
as_of = 2026-09
source = https://github.com/firecracker-microvm/firecracker docs/getting-started.md
advice = Firecracker says that it is not tested under nested virtualization (src/vmm/src/arch/x86_64/msr.rs)
unknown = permission for AMX tile data, where the CPU has AMX: not looked for

[requirement]
label = architecture is x86_64 or aarch64
finding = cpu.architecture
equals = x86_64 aarch64
level = hard
source = firecracker docs/getting-started.md

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = firecracker tools/devtool

[requirement]
label = KVM API version is 12
finding = kvm.api
equals = 12
level = hard
source = firecracker src/vmm/src/vstate/kvm.rs

[requirement]
label = KVM capabilities
when = cpu.architecture x86_64
finding = kvm.cap.irqchip kvm.cap.ioeventfd kvm.cap.irqfd kvm.cap.user_memory kvm.cap.set_tss_addr
finding = kvm.cap.pit2 kvm.cap.pit_state2 kvm.cap.adjust_clock kvm.cap.debugregs kvm.cap.mp_state
finding = kvm.cap.vcpu_events kvm.cap.xcrs kvm.cap.xsave kvm.cap.ext_cpuid
level = hard
source = firecracker src/vmm/src/arch/x86_64/kvm.rs

[requirement]
label = KVM_GET_SUPPORTED_CPUID succeeds
when = cpu.architecture x86_64
finding = kvm.cpuid
at_least = 1
level = hard
source = firecracker src/vmm/src/arch/x86_64/kvm.rs

[requirement]
label = KVM capabilities
when = cpu.architecture aarch64
finding = kvm.cap.ioeventfd kvm.cap.irqfd kvm.cap.user_memory kvm.cap.arm_psci_0_2 kvm.cap.device_ctrl
finding = kvm.cap.mp_state kvm.cap.one_reg
level = hard
source = firecracker src/vmm/src/arch/aarch64/kvm.rs

[requirement]
label = offset of the guest's counter
when = cpu.architecture aarch64
finding = kvm.cap.counter_offset
level = soft
source = firecracker src/vmm/src/arch/aarch64/kvm.rs

[requirement]
label = host kernel is 5.10 or newer
finding = kernel.release
at_least = 5.10
level = soft
remedy = its makers support 5.10, 6.1 and 6.18
source = firecracker docs/kernel-policy.md

[requirement]
label = this machine is not itself a guest
finding = platform.level
equals = 0
level = soft
remedy = use a bare-metal instance
source = firecracker tools/devtool

[requirement]
label = KSM is off
finding = memory.ksm
equals = false
level = soft
remedy = echo 0 | sudo tee /sys/kernel/mm/ksm/run
source = firecracker tools/devtool

[requirement]
label = swap is off
finding = memory.swap
equals = 0
level = soft
remedy = sudo swapoff -a
source = firecracker tools/devtool

[requirement]
label = KVM uses EPT
when = kvm.backend kvm_intel
finding = kvm.parameter.kvm_intel.ept
equals = Y
level = soft
remedy = load kvm_intel with ept=1; inside a VM the outer hypervisor must offer EPT
source = firecracker tools/devtool

[requirement]
label = CPU vulnerabilities are mitigated
finding = isolation.vulnerability.*
lacks = Vulnerable
level = soft
source = firecracker tools/devtool

[requirement]
label = host pages of 4 KiB
finding = cpu.page_bytes
equals = 4096
level = soft
source = firecracker docs/kernel-policy.md
