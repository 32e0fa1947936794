/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define PAGE 4096u

/* Writes to that many pages; the host does what it has to, and says how many ticks that took. */
static uint64_t dirty(const struct nm_abi_control *control, uint64_t pages)
{
	for (uint64_t page = 0; page < pages; page++)
		++*(volatile uint64_t *)(NM_ABI_MEMORY + page * PAGE);
	nm_out32(NM_ABI_PORT_HOST, 0);
	return nm_shared(control)->seen.value;
}

/* argument[0]: pages. */
NM_GUEST_OP("mem.dirty.round", dirty_round)
{
	const uint64_t pages = control->argument[0];

	NM_MEASURE_TICKS(control, dirty(control, pages));
}
