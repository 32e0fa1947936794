/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HLT without an in-kernel irqchip: KVM leaves to the VMM with KVM_EXIT_HLT, which enters again at once. What an idle
 * guest does many times a second, without the wait.
 */
#include "benchmarks/bench.h"

static int prepare(struct nm_guest_round *round)
{
	round->guest->resume_halt = true;
	return 0;
}

const struct nm_bench nm_bench_exit_hlt = {
	.name = "exit.hlt",
	.group = "exits",
	.summary = "HLT that leaves to the VMM",
	.happens = "HLT exits, and without an in-kernel APIC KVM leaves to the VMM, which enters "
		   "again at once.",
	.matters = "Each time a vCPU has nothing to do it halts: idle and latency-bound guests "
		   "live on this path.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1, .user_exits = 1},
	.prepare = prepare,
};
