/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* api.rst, KVM_PRE_FAULT_MEMORY, which older headers lack. */
#define PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct pre_fault_memory)

struct pre_fault_memory {
	uint64_t gpa;
	uint64_t size;
	uint64_t flags;
	uint64_t padding[5];
};

int nm_vcpu_pre_fault(const struct nm_vcpu *vcpu, uint64_t gpa, uint64_t bytes)
{
	struct pre_fault_memory range = {.gpa = gpa, .size = bytes};

	while (range.size)
		if (ioctl(vcpu->fd, PRE_FAULT_MEMORY, &range) && errno != EINTR && errno != EAGAIN)
			return nm_fail(errno, "KVM_PRE_FAULT_MEMORY: %s", strerror(errno));
	return 0;
}
