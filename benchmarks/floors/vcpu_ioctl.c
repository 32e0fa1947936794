/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The way into KVM_RUN by parts, all on the vCPU's file (kvm_vcpu_ioctl() in virt/kvm/kvm_main.c): an ioctl that is refused before
 * KVM looks at the vCPU, then one that takes its mutex, loads it onto this CPU, reads one word and puts it again.
 * KVM_RUN with immediate_exit is floor.kvm-run, and with a guest that leaves at once floor.kvm-exit.
 */
#include "benchmarks/native.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define NOT_KVMIO _IO('n', 0) /* no file and no file system knows it either */

static bool measure_refused(struct nm_native_round *round, const struct nm_vcpu *vcpu, char *why,
			    size_t size)
{
	int result = 0;
	int error = 0;

	NM_NATIVE(round, (result = ioctl(vcpu->fd, NOT_KVMIO, 0)));
	error = errno;
	if (result == -1 && error == EINVAL)
		return true;
	snprintf(why, size, "the ioctl gave %d (%s), expected EINVAL", result, strerror(error));
	return false;
}

static bool measure_load(struct nm_native_round *round, const struct nm_vcpu *vcpu, char *why,
			 size_t size)
{
	struct kvm_mp_state state = {.mp_state = UINT32_MAX};
	int result = 0;

	NM_NATIVE(round, (result = ioctl(vcpu->fd, KVM_GET_MP_STATE, &state)));
	if (!result && state.mp_state == KVM_MP_STATE_RUNNABLE)
		return true;
	snprintf(why, size, "KVM_GET_MP_STATE gave %d and state %u", result, state.mp_state);
	return false;
}

typedef bool (*measure_fn)(struct nm_native_round *round, const struct nm_vcpu *vcpu, char *why,
			   size_t size);

static bool with_vcpu(struct nm_native_round *round, measure_fn measure, char *why, size_t size)
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

static bool native_refused(struct nm_native_round *round, char *why, size_t size)
{
	return with_vcpu(round, measure_refused, why, size);
}

static bool native_load(struct nm_native_round *round, char *why, size_t size)
{
	return with_vcpu(round, measure_load, why, size);
}

const struct nm_bench nm_bench_floor_vcpu_ioctl = {
	.name = "floor.vcpu-ioctl",
	.group = "floors",
	.summary = "an ioctl on a vCPU that KVM refuses at once",
	.happens = "A system call and the dispatch of an ioctl as far as KVM's code for vCPUs, "
		   "which refuses it: the way in and out that every KVM_RUN contains.",
	.matters = "floor.vcpu-load less this is what a vCPU's mutex, loading it and putting it "
		   "cost.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.native = native_refused,
};

const struct nm_bench nm_bench_floor_vcpu_load = {
	.name = "floor.vcpu-load",
	.group = "floors",
	.summary = "KVM_GET_MP_STATE: a vCPU is loaded and put, and nothing else is done",
	.happens = "As floor.vcpu-ioctl, and KVM takes the vCPU's mutex, loads the vCPU onto this "
		   "CPU, reads one word and puts it again.",
	.matters = "floor.kvm-run less this is what KVM_RUN does around an entry; each register "
		   "that a VMM reads or writes by ioctl costs at least this.",
	.version = 1,
	.native_requires = {"kvm.device", "kvm.cap.mp_state"},
	.native = native_load,
};
