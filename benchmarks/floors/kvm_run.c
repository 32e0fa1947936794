/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * KVM_RUN with immediate_exit: the ioctl, the vCPU loaded and put, no entry into the guest (api.rst, KVM_RUN). No
 * exit to user space can be cheaper.
 */
#include "benchmarks/native.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static bool measure(struct nm_native_round *round, const struct nm_vcpu *vcpu, char *why,
		    size_t size)
{
	int result = 0;
	int error = 0;

	vcpu->run->immediate_exit = 1;
	NM_NATIVE(round, (result = ioctl(vcpu->fd, KVM_RUN, 0)));
	error = errno;
	if (result == -1 && error == EINTR)
		return true;
	snprintf(why, size, "KVM_RUN gave %d (%s), expected EINTR", result, strerror(error));
	return false;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_vcpu vcpu;
	struct nm_vm vm;
	bool right = false;

	if (nm_vm_create(&vm, round->kvm)) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	if (nm_vcpu_create(&vcpu, &vm, 0)) {
		snprintf(why, size, "%s", nm_error_last()->text);
	} else {
		right = measure(round, &vcpu, why, size);
		nm_vcpu_destroy(&vcpu);
	}
	nm_vm_destroy(&vm);
	return right;
}

const struct nm_bench nm_bench_floor_kvm_run = {
	.name = "floor.kvm-run",
	.group = "floors",
	.summary = "KVM_RUN with immediate_exit: the floor of every exit to user space",
	.happens = "KVM_RUN with immediate_exit: the vCPU is loaded and put, and the guest is not "
		   "entered.",
	.matters = "No exit to user space can be cheaper, whatever the VMM does with it.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.native = native,
};
