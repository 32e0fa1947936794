/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * VMCALL (Intel) or VMMCALL (AMD) with a number that KVM does not know: -KVM_ENOSYS at CPL0, -KVM_EPERM at CPL3
 * (kvm_emulate_hypercall() in arch/x86/kvm/x86.c). On software KVMs it may never return at CPL0.
 */
#include "benchmarks/bench.h"

#include "core/cpuid.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm_para.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN_HYPERCALL 0x6e6du

static int prepare(struct nm_guest_round *round)
{
	struct nm_cpuid leaf = nm_cpuid(0, 0);

	/* "Auth"enticAMD and "Hygo"nGenuine have SVM; all others that KVM supports have VMX. */
	round->control->argument[0] = leaf.ebx == 0x68747541u || leaf.ebx == 0x6f677948u;
	round->control->argument[1] = UNKNOWN_HYPERCALL;
	return 0;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	int64_t expected = round->cpl ? -KVM_EPERM : -KVM_ENOSYS;
	int64_t got = (int64_t)round->control->result[0];

	if (got == expected)
		return true;
	snprintf(why, size, "the hypercall returned %" PRId64 ", expected %" PRId64, got, expected);
	return false;
}

const struct nm_bench nm_bench_exit_hypercall = {
	.name = "exit.hypercall",
	.group = "exits",
	.summary = "VMCALL or VMMCALL, the exit that paravirtual guests make on purpose",
	.happens = "VMCALL or VMMCALL exits; KVM finds no such number and returns an error to the "
		   "guest.",
	.matters = "Paravirtual guests kick vCPUs, flush TLBs and send IPIs this way; every such "
		   "call costs at least this.",
	.vmexit = "vmcall: there it is number 0 in EAX, whatever the other registers hold",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
};
