# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = virtualbox
title = VirtualBox as L1
as_of = 2026-09
source = https://github.com/hashicorp/vagrant/issues/11726, the changelog of VirtualBox 6.1 at second hand
proof = none
unknown = which VMX or SVM controls VirtualBox demands as L1: not published
unknown = whether it gets VMX or SVM beside KVM: from Linux 6.12 on KVM holds them from load; before 7.2.10 VirtualBox needs kvm.enable_virt_at_load=0 or no KVM module (github.com/VirtualBox/virtualbox/issues/188), 7.2.10 needs 1 (issues/711)
unknown = VirtualBox 6.1 and --nested-hw-virt on: not visible from inside, where VirtualBox is beneath too

[requirement]
label = CPU virtualization: vmx or svm
finding = cpu.virtualization
equals = vmx svm
level = hard
source = VirtualBox changelog 6.1
