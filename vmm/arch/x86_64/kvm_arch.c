/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/kvm_arch.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MAX_CPUID_ENTRIES 256

const char nm_kvm_architecture[] = "x86_64";

int nm_kvm_read_cpuid(struct nm_kvm *kvm)
{
	kvm->cpuid =
		calloc(1, sizeof(*kvm->cpuid) + MAX_CPUID_ENTRIES * sizeof(kvm->cpuid->entries[0]));
	if (!kvm->cpuid)
		return nm_fail(ENOMEM, "out of memory");
	kvm->cpuid->nent = MAX_CPUID_ENTRIES;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, kvm->cpuid))
		return nm_fail(errno, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	return 0;
}
