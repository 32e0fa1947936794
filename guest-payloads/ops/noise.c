/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* The longest time between two readings of the TSC in a window. */
static uint64_t longest_gap(uint64_t window)
{
	uint64_t start = nm_tsc();
	uint64_t last = start;
	uint64_t longest = 0;

	while (last - start < window) {
		uint64_t now = nm_tsc();

		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	return longest;
}

/* Interrupts are on, as in any program: Bochs takes none out of a guest that has them off. argument[0]: ticks of a window. */
NM_GUEST_OP("noise.gaps", noise_gaps)
{
	nm_interrupts_on();
	NM_MEASURE_TICKS(control, longest_gap(control->argument[0]));
}
