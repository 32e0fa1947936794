/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * RDRAND and RDSEED run on the CPU: VMX can make them exit, which KVM uses only to take them from a guest that is not
 * told of them (vmx_secondary_exec_control() in arch/x86/kvm/vmx/vmx.c). A CPU that has run out of numbers gives none and
 * clears CF (SDM vol. 1, 7.3.17), as RDSEED does two times in three when executed back to back. So an operation is one
 * number, with all tries that it took.
 */
#include "benchmarks/native.h"

#include <inttypes.h>
#include <stdio.h>

/* So many numbers have every bit set once. */
#define ENOUGH 100u

static bool is_random(uint64_t operations, uint64_t given, uint64_t bits, char *why, size_t size)
{
	if (given == operations && (given < ENOUGH || bits == UINT64_MAX))
		return true;
	snprintf(why, size,
		 "%" PRIu64 " numbers in %" PRIu64 " operations, all within bits %#" PRIx64, given,
		 operations, bits);
	return false;
}

static bool verify(const struct nm_guest_round *round, char *why, size_t size)
{
	const uint64_t *result = round->control->result;

	return is_random(round->operations, result[0], result[1], why, size);
}

/* The twin of MEASURE_RANDOM in guest-payloads/ops/random.c. */
#define NATIVE(function, instruction)                                                              \
	static bool function(struct nm_native_round *round, char *why, size_t size)                \
	{                                                                                          \
		uint64_t value;                                                                    \
		uint64_t given = 0;                                                                \
		uint64_t bits = 0;                                                                 \
                                                                                                   \
		NM_NATIVE(round, __asm__ volatile("1:\n\t" instruction                             \
						  " %0\n\tjnc 1b\n\tadcq $0, %1\n\torq %0, %2"     \
						  : "=&r"(value), "+r"(given), "+r"(bits)          \
						  :                                                \
						  : "cc"));                                        \
		return is_random(round->warmup + round->samples * round->batch, given, bits, why,  \
				 size);                                                            \
	}

NATIVE(native_rdrand, "rdrand")
NATIVE(native_rdseed, "rdseed")

const struct nm_bench nm_bench_exit_rdrand = {
	.name = "exit.rdrand",
	.group = "exits",
	.summary = "RDRAND: one number of 64 bits",
	.happens = "RDRAND gives a random number of the CPU, without an exit.",
	.matters = "Cryptographic libraries of guests seed themselves with it.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"cpu.flag.rdrand"},
	.native_requires = {"cpu.flag.rdrand"},
	.verify = verify,
	.native = native_rdrand,
};

const struct nm_bench nm_bench_exit_rdseed = {
	.name = "exit.rdseed",
	.group = "exits",
	.summary = "RDSEED: one number of 64 bits, with the tries that gave none",
	.happens = "RDSEED gives a number of the CPU's entropy source, or none when that is "
		   "exhausted; without an exit.",
	.matters = "Kernels fill their entropy pool with it; neighbours share the source.",
	.version = 1,
	.cpls = NM_CPL0 | NM_CPL3,
	.requires = {"cpu.flag.rdseed"},
	.native_requires = {"cpu.flag.rdseed"},
	.verify = verify,
	.native = native_rdseed,
};
