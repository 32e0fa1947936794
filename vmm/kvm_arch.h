/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_KVM_ARCH_H
#define NM_VMM_KVM_ARCH_H

#include "vmm/kvm.h"

/* Where KVM differs between architectures: one file for each in vmm/arch/. */

/** The architecture of this build, as uname() names it. */
extern const char nm_kvm_architecture[];

/** Fills kvm->cpuid with what KVM_GET_SUPPORTED_CPUID offers; nothing on CPUs without CPUID. */
int nm_kvm_read_cpuid(struct nm_kvm *kvm);

#endif
