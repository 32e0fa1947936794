/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
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

/*
 * The data sheet of the 8259A: ICW1 (ICW4 follows, cascade), ICW2 (the first vector), ICW3 (the slave is at line 2), ICW4
 * (automatic end of interrupt, 8086), OCW1 (the mask). The line is level-triggered, by the edge/level register of PCs.
 */
#define PIC_COMMAND   0x20
#define PIC_ELCR      0x4d0
#define PIC_ICW1      0x11
#define PIC_ICW2      0x20
#define PIC_ICW3      0x04
#define PIC_ICW4_AEOI 0x03
#define PIC_LINE      (1u << NM_ABI_IRQ_HELD)

/*
 * The VMM holds an interrupt line high, and the 8259A needs no EOI: an interrupt always waits, which nobody has to raise
 * or end. STI takes effect behind HLT, so HLT comes first. result[0]: how many interrupts came.
 */
NM_GUEST_OP("exit.hlt.irqchip", hlt_irqchip)
{
	nm_set_gate(PIC_ICW2 + NM_ABI_IRQ_HELD, hlt_handler);
	nm_out8(PIC_ELCR, PIC_LINE);
	nm_out8(PIC_COMMAND, PIC_ICW1);
	nm_out8(NM_ABI_PORT_PIC, PIC_ICW2);
	nm_out8(NM_ABI_PORT_PIC, PIC_ICW3);
	nm_out8(NM_ABI_PORT_PIC, PIC_ICW4_AEOI);
	nm_out8(NM_ABI_PORT_PIC, (uint8_t)~PIC_LINE);
	NM_MEASURE(control, __asm__ volatile("sti\n\thlt" : : : "memory", "cc"));
}
