/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The whole round trip as the VMM sees it: KVM_RUN, whose guest executes an OUT and leaves. Nothing is done with what it
 * wrote but, at the end, a look at the last one.
 */
#include "benchmarks/native.h"

#include "core/error.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define OPERATION "floor.kvm-exit"

static unsigned int last_value(const struct kvm_run *run)
{
	return *((const unsigned char *)run + run->io.data_offset);
}

/* The first KVM_RUN is start-up, and the guest's first OUT. */
static bool measure(struct nm_native_round *round, const struct nm_vcpu *vcpu, char *why,
		    size_t size)
{
	const struct kvm_run *run = vcpu->run;
	unsigned int expected = (unsigned char)(1 + round->warmup + round->samples * round->batch);
	int failed = ioctl(vcpu->fd, KVM_RUN, 0);

	NM_NATIVE(round, (failed |= ioctl(vcpu->fd, KVM_RUN, 0)));
	if (failed || run->exit_reason != KVM_EXIT_IO || run->io.port != NM_ABI_PORT_TEST) {
		nm_exit_describe(vcpu, why, size);
		return false;
	}
	if (last_value(run) == expected)
		return true;
	snprintf(why, size, "the guest wrote %u at last, expected %u", last_value(run), expected);
	return false;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	struct nm_payload payload;
	struct nm_guest guest;
	const struct nm_guest_config config = {.payload = &payload, .vcpus = 1};
	bool right = false;

	if (nm_payload_ops(&payload) || nm_guest_create(&guest, round->kvm, &config)) {
		snprintf(why, size, "%s", nm_error_last()->text);
		return false;
	}
	if (nm_guest_prepare(&guest, 0, OPERATION, 0))
		snprintf(why, size, "%s", nm_error_last()->text);
	else
		right = measure(round, &guest.vcpus[0], why, size);
	nm_guest_destroy(&guest);
	return right;
}

const struct nm_bench nm_bench_floor_kvm_exit = {
	.name = OPERATION,
	.group = "floors",
	.summary = "KVM_RUN whose guest leaves at once by OUT: the round trip, seen from the VMM",
	.happens = "KVM_RUN enters the guest, which executes one OUT and a jump and exits; KVM "
		   "leaves to user space. Less floor.kvm-run it is entry, exit and KVM's handling "
		   "of the OUT; exit.pio.out less this is what the VMM does with it.",
	.matters = "It tells whether exits to user space are slow by the CPU and KVM, or by what "
		   "surrounds them.",
	.version = 1,
	.native_requires = {"kvm.device", "guest.canary"},
	.native = native,
};
