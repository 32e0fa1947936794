/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RDMSR and WRMSR of IA32_MISC_ENABLE: KVM keeps a copy of its own and never passes this one through (arch/x86/kvm/x86.c),
 * so both always exit. The fast-strings bit that the check toggles concerns that copy only.
 */
#include "benchmarks/bench.h"

#include <inttypes.h>
#include <stdio.h>

#define IA32_MISC_ENABLE 0x1a0u
#define FAST_STRINGS	 1u

static int prepare(struct nm_guest_round *round)
{
	round->control->argument[0] = IA32_MISC_ENABLE;
	round->control->argument[1] = FAST_STRINGS;
	return 0;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[0] == result[1])
		return true;
	snprintf(why, size, "IA32_MISC_ENABLE was %#" PRIx64 " and then %#" PRIx64, result[0],
		 result[1]);
	return false;
}

static bool verify_write(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	if (result[2] != (result[0] ^ FAST_STRINGS)) {
		snprintf(why, size, "IA32_MISC_ENABLE is %#" PRIx64 " and could not be changed",
			 result[2]);
		return false;
	}
	return verify(round, why, size);
}

const struct nm_bench nm_bench_exit_rdmsr = {
	.name = "exit.rdmsr",
	.group = "exits",
	.summary = "RDMSR of an MSR that KVM emulates",
	.happens = "RDMSR of IA32_MISC_ENABLE exits, because KVM keeps that register itself.",
	.matters = "Guests read MSRs for time, power and performance counters; those that KVM does "
		   "not pass through cost this.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify,
};

const struct nm_bench nm_bench_exit_wrmsr = {
	.name = "exit.wrmsr",
	.group = "exits",
	.summary = "WRMSR of an MSR that KVM emulates",
	.happens = "WRMSR of IA32_MISC_ENABLE exits, because KVM keeps that register itself.",
	.matters = "Timers are armed by WRMSR (TSC deadline), so a guest with many timers pays it "
		   "thousands of times a second.",
	.version = 1,
	.cpls = NM_CPL0,
	.expect = {.exits = 1},
	.prepare = prepare,
	.verify = verify_write,
};
