/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"

/* Without an in-kernel irqchip HLT leaves to the VMM, which simply enters again. */
NM_GUEST_OP("exit.hlt", hlt)
{
	NM_MEASURE(control, __asm__ volatile("hlt" : : : "memory"));
}

/* Returns with interrupts off. */
NM_HANDLER(hlt_handler, NM_HANDLER_COUNT NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

#define TIMER_VECTOR 0x40

/*
 * The timer of the local APIC is set to one tick, which is over before HLT comes: the interrupt waits until then, because
 * STI takes effect behind HLT. result[0]: how many interrupts came.
 */
NM_GUEST_OP("exit.hlt.irqchip", hlt_irqchip)
{
	nm_set_gate(TIMER_VECTOR, hlt_handler);
	nm_apic_enable();
	nm_apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	nm_apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	NM_MEASURE(control, {
		nm_apic_write(APIC_INITIAL_COUNT, 1);
		__asm__ volatile("sti\n\thlt" : : : "memory", "cc");
		nm_apic_write(APIC_EOI, 0);
	});
	nm_apic_write(APIC_LVT_TIMER, LVT_MASKED);
}
