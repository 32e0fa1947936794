/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * MONITOR and MWAIT, both of which KVM intercepts and turns into NOPs (kvm_emulate_monitor_mwait() in
 * arch/x86/kvm/x86.c): since Linux 5.19 unless the VMM has disabled KVM_X86_QUIRK_MWAIT_NEVER_UD_FAULTS, before it always. A VMM
 * that gives a CPU to one guest alone can let it wait by itself, with KVM_CAP_X86_DISABLE_EXITS before there are vCPUs; that is
 * not measured. A store to the monitored line comes between the two, so that a CPU that did execute them would not wait.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t stores = round->control->result[0];

	if (stores == round->operations)
		return true;
	snprintf(why, size, "the monitored line saw %" PRIu64 " stores, expected %" PRIu64, stores,
		 round->operations);
	return false;
}

const struct nm_bench nm_bench_exit_mwait = {
	.name = "exit.mwait",
	.group = "exits",
	.summary = "MONITOR and MWAIT, both of which KVM turns into NOPs",
	.happens =
		"MONITOR exits, a store hits the monitored line, and MWAIT exits; KVM skips both "
		"instructions and waits for nothing.",
	.matters = "A guest that idles by MWAIT spins through such exits, because KVM does not let "
		   "it sleep: kernels use HLT unless CPUID offers MWAIT.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"cpu.flag.monitor"},
	.expect = {.exits = 2},
	.verify = verify,
};
