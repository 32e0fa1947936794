/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_APIC_H
#define NM_GUEST_APIC_H

#include <stdint.h>

/* SDM vol. 3, local APIC register address map, and the fields of ICR and of the timer's registers. */
#define APIC_EOI	   0xfee000b0u
#define APIC_SPURIOUS	   0xfee000f0u
#define APIC_ICR	   0xfee00300u
#define APIC_LVT_TIMER	   0xfee00320u
#define APIC_INITIAL_COUNT 0xfee00380u
#define APIC_DIVIDE	   0xfee003e0u
#define SPURIOUS_ENABLED   0x1ffu
#define ICR_SELF	   0x44000u /* shorthand self, level assert, fixed */
#define DIVIDE_BY_1	   0xbu
#define LVT_MASKED	   0x10000u

static inline void nm_apic_write(uint32_t address, uint32_t value)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(value), "r"((uint64_t)address) : "memory");
}

#endif
