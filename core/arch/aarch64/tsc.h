/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ARCH_TSC_H
#define NM_CORE_ARCH_TSC_H

#include <stdint.h>

/**
 * The virtual counter of the generic timer, which takes the place of x86's TSC, with ISB on both sides: reads of it may
 * otherwise be done early, and later instructions before it (Arm Architecture Reference Manual, CNTVCT_EL0).
 */
static inline uint64_t nm_tsc(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value) : : "memory");
	return value;
}

#endif
