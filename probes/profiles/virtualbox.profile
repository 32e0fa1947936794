# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = virtualbox
title = VirtualBox as L1
as_of = 2026-09
source = https://github.com/hashicorp/vagrant/issues/11726, the changelog of VirtualBox 6.1 at second hand
proof = none
unknown = which VMX or SVM controls VirtualBox demands as L1: not published
unknown = VirtualBox 6.1 and --nested-hw-virt on: not visible from inside, where VirtualBox is beneath too

[requirement]
label = CPU virtualization: vmx or svm
finding = cpu.virtualization
equals = vmx svm
level = hard
source = VirtualBox changelog 6.1
