/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define IA32_TSC_AUX 0xc0000103u

static inline uint64_t rdtsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint64_t rdtscp(uint32_t *aux)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*aux));
	return (uint64_t)high << 32 | low;
}

/* result: readings before the loop, the last in it, and after it. */
NM_GUEST_OP("exit.rdtsc", op_rdtsc)
{
	uint64_t last = 0;

	control->result[0] = nm_tsc();
	NM_MEASURE(control, (last = rdtsc()));
	control->result[1] = last;
	control->result[2] = nm_tsc();
}

/* argument[0]: a number for IA32_TSC_AUX, which CPL0 may write. result[3]: the one that came with the last reading. */
NM_GUEST_OP("exit.rdtscp", op_rdtscp)
{
	uint64_t last = 0;
	uint32_t aux = 0;

	if (!control->cpl)
		nm_wrmsr(IA32_TSC_AUX, control->argument[0]);
	control->result[0] = nm_tsc();
	NM_MEASURE(control, (last = rdtscp(&aux)));
	control->result[1] = last;
	control->result[2] = nm_tsc();
	control->result[3] = aux;
}

NM_GUEST_OP("exit.pause", op_pause)
{
	NM_MEASURE(control, __asm__ volatile("pause" : : : "memory"));
}
