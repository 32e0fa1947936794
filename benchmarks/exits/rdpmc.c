/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RDPMC exits on both vendors, and KVM answers from the guest's virtual PMU; without one it raises #GP (kvm_pmu_rdpmc() in
 * arch/x86/kvm/pmu.c). The PMU is there when the kvm module's enable_pmu is set and this machine has counters, and then
 * KVM_CAP_PMU_CAPABILITY is not 0 (Linux 5.18). The counter stands still, so that no event of the host is scheduled.
 */
#include "benchmarks/bench.h"

#include "core/cpuid.h"

#include <inttypes.h>
#include <stdio.h>

/* SDM vol. 4, IA32_PMC0; APM vol. 2, PERF_LEGACY_CTL registers, and PerfCtr0 at C001_0004h. */
#define IA32_PMC0 0xc1u
#define PERF_CTR0 0xc0010004u
#define COUNT	  0x123450u

static int prepare(struct nm_guest_round *round)
{
	struct nm_cpuid leaf = nm_cpuid(0, 0);

	/* "Auth"enticAMD and "Hygo"nGenuine. */
	round->control->argument[0] =
		leaf.ebx == 0x68747541u || leaf.ebx == 0x6f677948u ? PERF_CTR0 : IA32_PMC0;
	round->control->argument[1] = COUNT;
	return 0;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	if (round->control->result[0] == COUNT)
		return true;
	snprintf(why, size, "RDPMC gave %#" PRIx64 ", expected %#x", round->control->result[0],
		 COUNT);
	return false;
}

const struct nm_bench nm_bench_exit_rdpmc = {
	.name = "exit.rdpmc",
	.group = "exits",
	.summary = "RDPMC of a counter of KVM's virtual PMU",
	.happens = "RDPMC exits, and KVM answers with the value that it keeps for counter 0 of the "
		   "guest's PMU, which stands still here.",
	.matters = "Profilers inside guests, and programs that count their own cycles or misses, "
		   "read counters this way.",
	.version = 1,
	.cpls = NM_CPL0,
	.requires = {"kvm.cap.pmu_capability"},
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
};
