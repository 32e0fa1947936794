/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "idt.h"

#define BP 3

/* Left alone, INT3 would reach the guest's own IDT; the VMM moves RIP on. */
NM_GUEST_OP("exit.debug.int3", debug_int3)
{
	nm_open_gate(BP);
	NM_MEASURE(control, __asm__ volatile("int3" : : : "memory"));
}

NM_GUEST_OP("exit.debug.step_over", debug_step_over)
{
	nm_open_gate(BP);
	NM_MEASURE(control, __asm__ volatile("int3\n\tnop" : : : "memory"));
}

/* result[0]: the word that the VMM watches, and how many stores it has seen. */
NM_GUEST_OP("exit.debug.watchpoint", debug_watchpoint)
{
	volatile uint64_t *watched = (volatile uint64_t *)control->argument[0];
	uint64_t stores = 0;

	NM_MEASURE(control, (*watched = ++stores));
}
