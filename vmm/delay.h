/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_DELAY_H
#define NM_VMM_DELAY_H

#include <stdint.h>

/*
 * A delay that is injected on purpose, to see whether a comparison finds it. The TSC itself is too coarse to end a
 * delay of a few nanoseconds, so a loop is measured by it once and then counted.
 */

#define NM_MAX_DELAY_NS 1000000u

/** So many turns of a loop. LFENCE before it: what was before is over, so that the delay overlaps nothing. */
static inline void nm_delay(uint64_t turns)
{
	__asm__ volatile("lfence\n1:\tdec %0\n\tjnz 1b" : "+r"(turns) : : "cc", "memory");
}

/** The turns of nm_delay() that take this long, at least 1; -EINVAL when LFENCE alone takes longer. */
int nm_delay_turns(uint64_t ns, uint64_t *turns);

#endif
