/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Guests that go wrong on purpose: they prove that nestmark ends them and says what they were. */

NM_GUEST_OP("drill.spin", spin)
{
	(void)control;
	for (;;)
		__asm__ volatile("");
}

NM_GUEST_OP("drill.triple-fault", triple_fault)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} none = {0};

	(void)control;
	__asm__ volatile("lidt %0\n\tud2" : : "m"(none) : "memory");
}

NM_GUEST_OP("drill.exception", exception)
{
	(void)control;
	__asm__ volatile("ud2");
}

/* Execution where there is no memory: KVM cannot fetch the instruction and gives up. */
NM_GUEST_OP("drill.internal-error", internal_error)
{
	(void)control;
	__asm__ volatile("jmp *%0" : : "r"((uint64_t)NM_ABI_MMIO_ABSENT));
}

/* Ends without having measured anything. */
NM_GUEST_OP("drill.silent", silent)
{
	(void)control;
}

/* Tells the driver to begin, and waits for what nobody sends. */
NM_GUEST_OP("drill.awaiting", awaiting)
{
	nm_shared(control)->ready.value = 1;
	for (;;)
		__asm__ volatile("pause");
}

NM_GUEST_OP("drill.halting", halting)
{
	(void)control;
	__asm__ volatile("cli");
	for (;;)
		__asm__ volatile("hlt");
}

NM_GUEST_OP("drill.ready-and-dead", ready_and_dead)
{
	nm_shared(control)->ready.value = 1;
	__asm__ volatile("ud2");
}

NM_GUEST_OP("drill.ready-and-gone", ready_and_gone)
{
	nm_shared(control)->ready.value = 1;
	nm_begin(control);
	nm_end(control);
}
