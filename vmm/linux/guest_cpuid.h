/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_GUEST_CPUID_H
#define NM_VMM_LINUX_GUEST_CPUID_H

#include "vmm/linux/identity.h"
#include "vmm/vcpu.h"

/** Gives vCPU `id` of `count` what KVM supports, its own place in the topology, and the hypervisor leaves of identity. */
int nm_linux_set_cpuid(const struct nm_vcpu *vcpu, const struct nm_kvm *kvm, unsigned int id,
		       unsigned int count, const struct nm_identity *identity);

#endif
