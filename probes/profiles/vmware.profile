# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = vmware
title = VMware as L1
as_of = 2026-09
source = https://communities.vmware.com DOC-8970
proof = none
unknown = which VMX or SVM controls VMware demands as L1: not published
unknown = virtual hardware version 9 or newer: not visible from inside, where VMware is beneath too
unknown = support: no type-1 hypervisor is a supported guest

[requirement]
label = CPU virtualization: vmx or svm
finding = cpu.virtualization
equals = vmx svm
level = hard
source = VMware DOC-8970

[requirement]
label = EPT
when = cpu.virtualization vmx
finding = nesting.ept
equals = true
level = hard
source = VMware DOC-8970

[requirement]
label = RVI (nested paging)
when = cpu.virtualization svm
finding = nesting.npt
equals = true
level = hard
source = VMware DOC-8970
