# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = qemu
title = QEMU with KVM
as_of = 2026-09
source = https://github.com/qemu/qemu accel/kvm/kvm-all.c, target/i386/kvm/kvm.c
unknown = what each CPU model of QEMU's needs at least: not published

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = qemu accel/kvm/kvm-all.c

[requirement]
label = KVM capabilities
finding = kvm.cap.user_memory kvm.cap.destroy_memory_region_works kvm.cap.join_memory_regions_works
level = hard
source = qemu accel/kvm/kvm-all.c

[requirement]
label = KVM capabilities that QEMU 8.2 and newer need
finding = kvm.cap.internal_error_data kvm.cap.ioeventfd kvm.cap.ioeventfd_any_length
level = hard
source = qemu accel/kvm/kvm-all.c

[requirement]
label = KVM capabilities on x86
when = cpu.architecture x86_64
finding = kvm.cap.set_tss_addr kvm.cap.ext_cpuid kvm.cap.mp_state kvm.cap.signal_msi kvm.cap.irq_routing
finding = kvm.cap.debugregs kvm.cap.xsave kvm.cap.vcpu_events kvm.cap.x86_robust_singlestep kvm.cap.mce
finding = kvm.cap.adjust_clock kvm.cap.set_identity_map_addr
level = hard
source = qemu target/i386/kvm/kvm.c

[requirement]
label = host kernel is 4.5 or newer
when = cpu.architecture x86_64
finding = kernel.release
at_least = 4.5
level = soft
source = qemu docs/system/target-i386.rst

[requirement]
label = TSC deadline timer for guests
when = cpu.architecture x86_64
finding = kvm.cap.tsc_deadline_timer kvm.cap.irqchip
level = soft
source = qemu target/i386/kvm/kvm.c

[requirement]
label = read-only memory (ROMs, pflash)
finding = kvm.cap.readonly_mem
level = soft
source = qemu accel/kvm/kvm-all.c

[requirement]
label = guests that run guests can be saved and migrated
when = cpu.architecture x86_64
finding = kvm.cap.nested_state
level = soft
source = linux Documentation/virt/kvm/api.rst
