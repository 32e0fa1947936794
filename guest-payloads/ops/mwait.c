/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/*
 * The store between the two makes MWAIT return at once, should nobody intercept it. result[0]: how many stores the line
 * has seen.
 */
static inline void monitor_and_wait(volatile uint64_t *line)
{
	uint64_t rax = (uint64_t)line;

	__asm__ volatile("monitor\n\tincq (%%rax)\n\txorl %%eax, %%eax\n\tmwait"
			 : "+a"(rax)
			 : "c"(0), "d"(0)
			 : "memory", "cc");
}

NM_GUEST_OP("exit.mwait", mwait)
{
	static volatile uint64_t line __attribute__((aligned(64)));

	NM_MEASURE(control, monitor_and_wait(&line));
	control->result[0] = line;
}
