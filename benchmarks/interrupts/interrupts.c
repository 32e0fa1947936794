/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/interrupts/interrupts.h"

#include <inttypes.h>
#include <stdio.h>

bool nm_interrupts_verify(const struct nm_guest_round *round, char *why, size_t size)
{
	uint64_t came = round->control->result[0];
	uint64_t early = round->control->result[1];

	if (came == round->operations && !early)
		return true;
	if (early) {
		snprintf(why, size,
			 "%" PRIu64 " of %" PRIu64 " interrupts came between STI and HLT, where "
			 "a CPU holds them back",
			 early, came);
		return false;
	}
	snprintf(why, size, "%" PRIu64 " interrupts came, expected %" PRIu64, came,
		 round->operations);
	return false;
}
