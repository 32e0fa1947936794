# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# What virt-host-validate qemu asks. It runs no KVM ioctl and starts no guest; the guest is nestmark's addition.
[workload]
name = libvirt
title = libvirt with QEMU
as_of = 2026-09
source = https://github.com/libvirt/libvirt tools/virt-host-validate-qemu.c
unknown = cgroup controllers, secure guests: not looked for; virt-host-validate warns about them

[requirement]
label = hardware virtualization
when = cpu.architecture x86_64
finding = cpu.virtualization
equals = vmx svm
level = hard
source = libvirt tools/virt-host-validate-qemu.c

[requirement]
label = device /dev/kvm is accessible
finding = kvm.device
level = hard
source = libvirt tools/virt-host-validate-qemu.c

[requirement]
label = device /dev/vhost-net
finding = device.vhost_net
level = soft
source = libvirt tools/virt-host-validate-qemu.c

[requirement]
label = device /dev/net/tun
finding = device.tun
level = hard
source = libvirt tools/virt-host-validate-qemu.c

# Inside a cloud VM there is none as a rule.
[requirement]
label = IOMMU, to assign devices to guests
finding = device.iommu_groups
level = soft
source = libvirt tools/virt-host-validate-common.c
