/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/instructions.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>

/* Few, so that also where an instruction takes a microsecond no interrupt falls into most repetitions. */
#define ITERATIONS  100u
#define REPETITIONS 15u

/* Both are of one shape, so that what surrounds the loop cancels in the difference between two numbers of iterations. */
#define TICKS_OF(iterations, body)                                                                 \
	do {                                                                                       \
		uint64_t left_ = (iterations);                                                     \
		uint64_t start_ = nm_tsc();                                                        \
		__asm__ volatile("1:\n\t" body "dec %0\n\tjnz 1b" : "+r"(left_) : : "rax", "cc");  \
		return (int64_t)(nm_tsc() - start_);                                               \
	} while (0)

#define SIMPLE_INSTRUCTIONS 2u /* an iteration */
#define CHAIN_INSTRUCTIONS  5u

static int64_t simple(uint64_t iterations)
{
	TICKS_OF(iterations, "");
}

/* Multiplications that wait for each other: on a CPU whose TSC is a clock they take longer than others. */
static int64_t chain(uint64_t iterations)
{
	TICKS_OF(iterations, "imul %%rax, %%rax\n\timul %%rax, %%rax\n\timul %%rax, %%rax\n\t");
}

uint64_t nm_agreed_ticks(int64_t *values, size_t count, uint64_t instructions)
{
	size_t agreed = 0;
	int64_t most;

	nm_sort_int64(values, count);
	/* What most of them are is in the middle. */
	most = values[count / 2];
	for (size_t i = 0; i < count; i++)
		agreed += values[i] == most;
	if (agreed <= count / 2 || most <= 0 || (uint64_t)most % instructions)
		return 0;
	return (uint64_t)most / instructions;
}

static uint64_t ticks_of(int64_t (*loop)(uint64_t iterations), uint64_t instructions)
{
	int64_t more[REPETITIONS];

	for (size_t i = 0; i < REPETITIONS; i++) {
		int64_t once = loop(ITERATIONS);

		more[i] = loop(2 * (uint64_t)ITERATIONS) - once;
	}
	return nm_agreed_ticks(more, REPETITIONS, ITERATIONS * instructions);
}

int nm_instruction_ticks(uint64_t *out)
{
	uint64_t ticks = ticks_of(simple, SIMPLE_INSTRUCTIONS);

	if (!ticks || ticks != ticks_of(chain, CHAIN_INSTRUCTIONS))
		return nm_fail_remedy(
			EOPNOTSUPP,
			"run in an emulator that counts, such as QEMU TCG with -icount "
			"shift=0,sleep=off",
			"this machine's TSC measures time and does not count instructions");
	*out = ticks;
	return 0;
}
