# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = kata
title = Kata Containers
as_of = 2026-09
source = https://github.com/kata-containers/kata-containers src/runtime/cmd/kata-runtime/kata-check_amd64.go
unknown = what the VMM beneath Kata needs: check qemu, cloud-hypervisor or firecracker too

[requirement]
label = CPU virtualization: vmx or svm
when = cpu.architecture x86_64
finding = cpu.virtualization
equals = vmx svm
level = hard
source = kata src/runtime/cmd/kata-runtime/kata-check_amd64.go

[requirement]
label = module kvm_intel or kvm_amd
when = cpu.architecture x86_64
finding = kvm.backend
equals = kvm_intel kvm_amd
level = hard
remedy = load kvm_intel or kvm_amd; inside a VM the outer hypervisor must offer VMX or SVM
source = kata src/runtime/cmd/kata-runtime/kata-check_amd64.go

[requirement]
label = device /dev/kvm opens for reading and writing
finding = kvm.device
level = hard
source = kata docs/installation.md

[requirement]
label = KVM_CREATE_VM succeeds
finding = kvm.vm
level = hard
source = kata src/runtime/cmd/kata-runtime/kata-check.go

[requirement]
label = network: vhost_net
finding = device.vhost_net
level = hard
source = kata docs/installation.md, kata-check_amd64.go

# Required by the installation page, optional for the checker: some VMMs bring their own vsock.
[requirement]
label = channel to the agent: vhost_vsock
finding = device.vhost_vsock
level = soft
source = kata docs/installation.md, kata-check_amd64.go

[requirement]
label = unrestricted guest mode
when = kvm.backend kvm_intel
finding = kvm.parameter.kvm_intel.unrestricted_guest
equals = Y
level = soft
source = kata src/tools/kata-ctl/src/arch/x86_64/mod.rs

[requirement]
label = periodic kvmclock synchronisation
when = cpu.architecture x86_64
finding = kvm.parameter.kvm.kvmclock_periodic_sync
equals = Y
level = soft
source = kata src/tools/kata-ctl/src/arch/x86_64/mod.rs

[requirement]
label = CPU flags lm and sse4_1
when = cpu.architecture x86_64
finding = cpu.flag.lm cpu.flag.sse4_1
level = hard
source = kata src/runtime/cmd/kata-runtime/kata-check_amd64.go
