# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

# What virt-host-validate qemu asks. It runs no KVM ioctl and starts no guest; the guest is nestmark's addition.
[workload]
name = libvirt
title = libvirt with QEMU
as_of = 2026-09
source = https://github.com/libvirt/libvirt tools/virt-host-validate-qemu.c
unknown = cgroup controllers, IOMMU, secure guests: not looked for; virt-host-validate warns about them

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
remedy = load the module vhost_net: it makes the network of guests faster
source = libvirt tools/virt-host-validate-qemu.c

[requirement]
label = device /dev/net/tun
finding = device.tun
level = hard
remedy = load the module tun: guests have no network without it
source = libvirt tools/virt-host-validate-qemu.c
