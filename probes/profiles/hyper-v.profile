# SPDX-FileCopyrightText: 2026 The nestmark authors
# SPDX-License-Identifier: Apache-2.0

[workload]
name = hyper-v
title = Hyper-V and WSL2 as L1
as_of = 2026-09
source = https://learn.microsoft.com/virtualization/hyper-v-on-windows/user-guide/nested-virtualization
proof = none
unknown = which VMX controls the Windows hypervisor demands: not published
unknown = settings of the hypervisor beneath: not visible from inside, such as dynamic memory off

[requirement]
label = CPU virtualization: vmx or svm
finding = cpu.virtualization
equals = vmx svm
level = hard
source = Microsoft, nested virtualization

[requirement]
label = EPT
when = cpu.virtualization vmx
finding = nesting.ept
equals = true
level = hard
remedy = the hypervisor beneath this machine must offer EPT
source = Microsoft, nested virtualization

[requirement]
label = nested paging
when = cpu.virtualization svm
finding = nesting.npt
equals = true
level = hard
remedy = the hypervisor beneath this machine must offer nested paging
source = Microsoft, nested virtualization
