/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The cheapest system call, never cached by libc: entry into the host's kernel and back. */
#include "benchmarks/native.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	long parent = 0;

	NM_NATIVE(round, (parent = syscall(SYS_getppid)));
	if (parent == getppid())
		return true;
	snprintf(why, size, "getppid gave %ld, expected %ld", parent, (long)getppid());
	return false;
}

const struct nm_bench nm_bench_floor_syscall = {
	.name = "floor.syscall",
	.group = "floors",
	.summary = "getppid: into this machine's kernel and back",
	.happens = "SYSCALL into the kernel of this machine and SYSRET back, with nothing done in "
		   "between.",
	.matters = "Every exit to user space contains at least one such round trip; mitigations "
		   "make it slow before any virtualization does.",
	.version = 1,
	.native = native,
};
