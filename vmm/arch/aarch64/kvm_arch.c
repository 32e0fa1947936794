/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm_arch.h"

const char nm_kvm_architecture[] = "aarch64";

int nm_kvm_read_cpuid(struct nm_kvm *kvm)
{
	(void)kvm;
	return 0;
}
