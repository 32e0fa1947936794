/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

static inline uint64_t rdpmc(uint32_t counter)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(counter) : "memory");
	return (uint64_t)high << 32 | low;
}

/* argument[0]: the MSR of counter 0, which stands still; argument[1]: a value. result[0]: what was read last. */
NM_GUEST_OP("exit.rdpmc", read_counter)
{
	uint64_t last = 0;

	nm_wrmsr((uint32_t)control->argument[0], control->argument[1]);
	NM_MEASURE(control, (last = rdpmc(0)));
	nm_wrmsr((uint32_t)control->argument[0], 0);
	control->result[0] = last;
}
