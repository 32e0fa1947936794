/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ARCH_TSC_H
#define NM_CORE_ARCH_TSC_H

#include <stdint.h>

/**
 * The time-stamp counter with LFENCE on both sides, so that neither earlier nor later instructions overlap
 * the reading (SDM vol. 2, RDTSC). Never serialised by CPUID, which is itself a VM exit in a guest.
 */
static inline uint64_t nm_tsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
