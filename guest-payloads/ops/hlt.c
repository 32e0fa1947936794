/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "lib.h"

/* Without an in-kernel irqchip HLT leaves to the VMM, which simply enters again. */
NM_GUEST_OP("exit.hlt", hlt)
{
	NM_MEASURE(control, __asm__ volatile("hlt" : : : "memory"));
}

/* Counts itself in result[0], which lib.c asserts to lie there, and returns with interrupts off. */
__asm__(".pushsection .text\n"
	"hlt_handler:\n"
	"	incq	%gs:112\n"
	"	andl	$~0x200, 16(%rsp)\n"
	"	iretq\n"
	".popsection\n");
extern const char hlt_handler[];

#define TIMER_VECTOR 0x40

/*
 * The timer of the local APIC is set to one tick, which is over before HLT comes: the interrupt waits until then, because
 * STI takes effect behind HLT. result[0]: how many interrupts came.
 */
NM_GUEST_OP("exit.hlt.irqchip", hlt_irqchip)
{
	nm_set_gate(TIMER_VECTOR, hlt_handler);
	nm_apic_write(APIC_SPURIOUS, SPURIOUS_ENABLED);
	nm_apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	nm_apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
	NM_MEASURE(control, {
		nm_apic_write(APIC_INITIAL_COUNT, 1);
		__asm__ volatile("sti\n\thlt" : : : "memory", "cc");
		nm_apic_write(APIC_EOI, 0);
	});
	nm_apic_write(APIC_LVT_TIMER, LVT_MASKED);
}
