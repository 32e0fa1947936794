/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"
#include "lib.h"

/* What probes have a guest do once, with a result that can be checked. Nothing here is measured. */

/* argument: leaf and subleaf. result: EAX, EBX, ECX, EDX. */
NM_GUEST_OP("proof.cpuid", proof_cpuid)
{
	uint32_t a;
	uint32_t b;
	uint32_t c;
	uint32_t d;

	__asm__ volatile("cpuid"
			 : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
			 : "a"((uint32_t)control->argument[0]),
			   "c"((uint32_t)control->argument[1]));
	control->result[0] = a;
	control->result[1] = b;
	control->result[2] = c;
	control->result[3] = d;
}

/*
 * argument: the first of two pages and a number. Reads the first word of each (result[0] and [1]) and writes it back
 * with that number added.
 */
NM_GUEST_OP("proof.touch", proof_touch)
{
	for (uint64_t page = 0; page < 2; page++) {
		volatile uint64_t *word = (volatile uint64_t *)(control->argument[0] + page * 4096);

		control->result[page] = *word;
		*word = control->result[page] + control->argument[1];
	}
}

/* Counts itself in result[0], which lib.c asserts to lie there. Whoever waits for it ends it at its APIC. */
__asm__(".pushsection .text\n"
	"proof_handler:\n"
	"	incq	%gs:112\n"
	"	iretq\n"
	".popsection\n");
extern const char proof_handler[];

static void wait_for_interrupt(const struct nm_abi_control *control)
{
	const volatile uint64_t *count = &control->result[0];

	__asm__ volatile("sti" : : : "memory");
	while (!*count)
		__asm__ volatile("pause");
	__asm__ volatile("cli" : : : "memory");
}

/* argument[0]: the vector that the VMM raises when the test port is written. result[0]: how often it came. */
NM_GUEST_OP("proof.interrupt", proof_interrupt)
{
	nm_set_gate((uint8_t)control->argument[0], proof_handler);
	/* An interrupt is given to a vCPU only when it takes interrupts at that moment: the NOP ends the shadow of STI. */
	__asm__ volatile("sti\n\tnop" : : : "memory");
	nm_out8(NM_ABI_PORT_TEST, NM_ABI_TEST_BYTE);
	wait_for_interrupt(control);
}

/* argument[0]: the vector. An interrupt from the local APIC to itself. result[0]: how often it came. */
NM_GUEST_OP("proof.ipi", proof_ipi)
{
	nm_set_gate((uint8_t)control->argument[0], proof_handler);
	nm_apic_write(APIC_SPURIOUS, SPURIOUS_ENABLED);
	nm_apic_write(APIC_ICR, ICR_SELF | (uint32_t)control->argument[0]);
	wait_for_interrupt(control);
	nm_apic_write(APIC_EOI, 0);
}

/* argument: vector, and ticks of the local APIC's timer, which ends a HLT. result[0]: how often it came. */
NM_GUEST_OP("proof.wake", proof_wake)
{
	const volatile uint64_t *count = &control->result[0];

	nm_set_gate((uint8_t)control->argument[0], proof_handler);
	nm_apic_write(APIC_SPURIOUS, SPURIOUS_ENABLED);
	nm_apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	nm_apic_write(APIC_LVT_TIMER, (uint32_t)control->argument[0]);
	nm_apic_write(APIC_INITIAL_COUNT, (uint32_t)control->argument[1]);
	/* STI takes effect behind HLT, so that the interrupt cannot come between them. */
	while (!*count)
		__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
	nm_apic_write(APIC_LVT_TIMER, LVT_MASKED);
	nm_apic_write(APIC_EOI, 0);
}
