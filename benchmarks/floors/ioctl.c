/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The cheapest ioctl on the KVM device: system call and file dispatch, no virtualization. */
#include "benchmarks/native.h"

#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	int version = 0;

	NM_NATIVE(round, (version = ioctl(round->kvm->fd, KVM_GET_API_VERSION, 0)));
	if (version == KVM_API_VERSION)
		return true;
	snprintf(why, size, "KVM_GET_API_VERSION gave %d", version);
	return false;
}

const struct nm_bench nm_bench_floor_ioctl = {
	.name = "floor.ioctl",
	.group = "floors",
	.summary = "KVM_GET_API_VERSION: an ioctl that does nothing",
	.happens = "A system call, the lookup of the file and the dispatch of an ioctl on the KVM "
		   "device.",
	.matters = "KVM_RUN is such an ioctl: what this costs, each exit to user space costs too.",
	.version = 1,
	.native_requires = {"kvm.device"},
	.native = native,
};
