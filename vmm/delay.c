/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/delay.h"

#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <inttypes.h>

#define CALLS	     500u
#define REPETITIONS  20u
#define FEW_TURNS    16u
#define MANY_TURNS   1040u
#define CALIBRATE_NS (5 * NM_NS_PER_MS)

/* One call, of so many that the steps of the clock do not matter, in the quietest of some repetitions. */
static double cost_ns(uint64_t turns)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < REPETITIONS; i++) {
		uint64_t begin = nm_clock_raw_ns();
		uint64_t ns;

		for (unsigned int call = 0; call < CALLS; call++)
			nm_delay(turns);
		ns = nm_clock_raw_ns() - begin;
		if (ns < least)
			least = ns;
	}
	return (double)least / CALLS;
}

/* The CPU is at its working frequency by then. */
static void warm_up(void)
{
	uint64_t begin = nm_clock_raw_ns();

	while (nm_clock_raw_ns() - begin < CALIBRATE_NS)
		nm_delay(MANY_TURNS);
}

int nm_delay_turns(uint64_t ns, uint64_t *turns)
{
	double few;
	double turn;
	double wanted;

	warm_up();
	few = cost_ns(FEW_TURNS);
	turn = (cost_ns(MANY_TURNS) - few) / (MANY_TURNS - FEW_TURNS);
	wanted = FEW_TURNS + ((double)ns - few) / turn;
	if (!(wanted >= 1))
		return nm_fail(EINVAL, "a delay of %" PRIu64 " ns is too short to be made here",
			       ns);
	*turns = (uint64_t)(wanted + 0.5);
	return 0;
}
