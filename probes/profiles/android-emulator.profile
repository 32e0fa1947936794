# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = android-emulator
title = Android emulator
as_of = 2026-09
source = https://aospbooks.github.io/android-emulator-internal-book/05-cpu-acceleration/

[requirement]
label = CPU virtualization: vmx or svm
when = cpu.architecture x86_64
finding = cpu.virtualization
equals = vmx svm
level = info
source = the emulator looks at it only to explain that there is no /dev/kvm (NO_CPU_SUPPORT)

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = external/qemu android/emu/feature/src/android/emulation/CpuAccelerator.cpp

[requirement]
label = KVM API version is 12 or newer
finding = kvm.api
at_least = 12
level = hard
source = external/qemu android/emu/feature/src/android/emulation/CpuAccelerator.cpp

[requirement]
label = KVM capabilities of its QEMU
when = cpu.architecture x86_64
finding = kvm.cap.user_memory kvm.cap.destroy_memory_region_works kvm.cap.join_memory_regions_works
finding = kvm.cap.set_tss_addr kvm.cap.ext_cpuid kvm.cap.mp_state kvm.cap.signal_msi kvm.cap.irq_routing
finding = kvm.cap.debugregs kvm.cap.xsave kvm.cap.vcpu_events kvm.cap.x86_robust_singlestep kvm.cap.mce
finding = kvm.cap.adjust_clock kvm.cap.set_identity_map_addr
level = hard
source = qemu accel/kvm/kvm-all.c, target/i386/kvm/kvm.c

[requirement]
label = CPU flag ssse3, for x86 images
when = cpu.architecture x86_64
finding = cpu.flag.ssse3
level = soft
source = the emulator warns without it, at second hand
