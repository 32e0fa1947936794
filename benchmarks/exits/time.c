/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RDTSC and RDTSCP run on the CPU: KVM sets an offset and, where the CPU can, a ratio (vmx_exec_control(), init_vmcb()).
 * PAUSE exits only where a guest spins for long: on VMX after a window of 4096 cycles and more, on SVM after 3000 times
 * (ple_window and pause_filter_count of the modules), far below one exit in ten; it has no result to check.
 */
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

#define AUX 0x5au

static bool is_between(uint64_t before, uint64_t last, uint64_t after, char *why, size_t size)
{
	if (before < last && last < after)
		return true;
	snprintf(why, size, "the TSC gave %" PRIu64 " between %" PRIu64 " and %" PRIu64, last,
		 before, after);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	return is_between(result[0], result[1], result[2], why, size);
}

static int prepare_aux(struct nm_guest_round *round)
{
	round->control->argument[0] = AUX;
	return 0;
}

/* CPL3 cannot write IA32_TSC_AUX. */
static bool verify_aux(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t aux = round->control->result[3];

	if (round->cpl == 0 && aux != AUX) {
		snprintf(why, size, "RDTSCP gave IA32_TSC_AUX %#" PRIx64 ", expected %#x", aux,
			 AUX);
		return false;
	}
	return verify(round, why, size);
}

/* The twins of those in guest-payloads/ops/time.c. */
static inline uint64_t rdtsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t rdtscp(void)
{
	uint32_t low;
	uint32_t high;
	uint32_t aux;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(aux));
	return (uint64_t)high << 32 | low;
}

static bool native(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t before = nm_tsc();
	uint64_t last = 0;

	NM_NATIVE(round, (last = rdtsc()));
	return is_between(before, last, nm_tsc(), why, size);
}

static bool native_rdtscp(struct nm_native_round *round, char *why, size_t size)
{
	uint64_t before = nm_tsc();
	uint64_t last = 0;

	NM_NATIVE(round, (last = rdtscp()));
	return is_between(before, last, nm_tsc(), why, size);
}

static bool native_pause(struct nm_native_round *round, char *why, size_t size)
{
	(void)why;
	(void)size;
	NM_NATIVE(round, __asm__ volatile("pause" : : : "memory"));
	return true;
}

const struct nm_bench nm_bench_exit_rdtsc = {
	.name = "exit.rdtsc",
	.group = "exits",
	.summary = "RDTSC",
	.happens = "RDTSC reads the TSC with the offset and scale of the guest, without an exit.",
	.matters =
		"Clocks of guests are built on it: where it exits, each time stamp costs an exit.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.verify = verify,
	.native = native,
};

const struct nm_bench nm_bench_exit_rdtscp = {
	.name = "exit.rdtscp",
	.group = "exits",
	.summary = "RDTSCP",
	.happens = "RDTSCP reads the TSC and IA32_TSC_AUX, without an exit.",
	.matters = "clock_gettime() and getcpu() of many guests execute it.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"cpu.flag.rdtscp"},
	.native_requires = {"cpu.flag.rdtscp"},
	.prepare = prepare_aux,
	.verify = verify_aux,
	.native = native_rdtscp,
};

const struct nm_bench nm_bench_exit_pause = {
	.name = "exit.pause",
	.group = "exits",
	.summary = "PAUSE: exits once in a long spin",
	.happens = "PAUSE exits only when a guest spins for longer than the PAUSE-loop window or "
		   "its count allows.",
	.matters = "Spin locks of guests with more vCPUs than CPUs depend on that window.",
	.vmexit = "ple-round-robin: there vCPUs wait for each other, which is another thing",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.native = native_pause,
};
