/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define LINE 64u
#define PAGE 4096u

static void touch(uint64_t bytes, uint64_t step)
{
	for (uint64_t at = 0; at < bytes; at += step)
		*(const volatile uint64_t *)(NM_ABI_MEMORY + at);
}

/* argument[0]: bytes at NM_ABI_MEMORY, with a pointer to another line in each line. result[0]: the last one. */
NM_GUEST_OP("mem.chase", chase)
{
	uint64_t at = NM_ABI_MEMORY;

	/* The first pass takes the faults, the second one fills the caches. */
	touch(control->argument[0], PAGE);
	touch(control->argument[0], LINE);
	NM_MEASURE(control, (at = *(const volatile uint64_t *)at));
	control->result[0] = at;
}
