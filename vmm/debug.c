/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* SDM vol. 3, DR7: breakpoint 0 enabled, on data writes, of 8 bytes; bit 10 is always set. */
#define DR7_WATCH_8 (1u << 0 | 1u << 16 | 2u << 18 | 1u << 10)

int nm_vcpu_debug(const struct nm_vcpu *vcpu, uint32_t events, uint64_t watched)
{
	struct kvm_guest_debug debug = {.control = events ? events | KVM_GUESTDBG_ENABLE : 0};

	if (events & KVM_GUESTDBG_USE_HW_BP) {
		debug.arch.debugreg[0] = watched;
		debug.arch.debugreg[7] = DR7_WATCH_8;
	}
	if (ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, &debug))
		return nm_fail(errno, "KVM_SET_GUEST_DEBUG %#x: %s", events, strerror(errno));
	return 0;
}

int nm_vcpu_skip(const struct nm_vcpu *vcpu, unsigned int bytes)
{
	struct kvm_regs regs;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &regs))
		return nm_fail(errno, "KVM_GET_REGS: %s", strerror(errno));
	regs.rip += bytes;
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return nm_fail(errno, "KVM_SET_REGS: %s", strerror(errno));
	return 0;
}
