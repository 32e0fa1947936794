/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"

#define VECTOR	 0xb0
#define ALL_WAIT 15

NM_HANDLER(handler, NM_HANDLER_COUNT);
NM_HANDLER(handler_nop, NM_HANDLER_COUNT NM_HANDLER_CLI);
NM_HANDLER(handler_hlt, NM_HANDLER_COUNT NM_HANDLER_SKIP_HLT NM_HANDLER_CLI);

static inline void send_x2apic(void)
{
	nm_x2apic_write(APIC_SELF_IPI, VECTOR);
}

static inline void send_xapic(void)
{
	nm_apic_write(APIC_ICR, ICR_SELF | VECTOR);
}

static inline void end_x2apic(void)
{
	nm_x2apic_write(APIC_EOI, 0);
}

static inline void end_xapic(void)
{
	nm_apic_write(APIC_EOI, 0);
}

static inline void enable_x2apic(void)
{
	nm_x2apic_enable();
}

static inline void enable_xapic(void)
{
	nm_apic_enable();
}

/* Interrupts go on. STI takes effect behind the instruction that follows it: the interrupt comes then. */
static inline void nop(void)
{
	__asm__ volatile("sti\n\tnop" : : : "memory", "cc");
}

static inline void hlt(void)
{
	__asm__ volatile("sti\n\thlt" : : : "memory", "cc");
}

static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory", "cc");
}

/* Interrupts are off when it is sent, and off again when the handler has returned. result[0]: how many came. */
#define SELF_IPI(mode, what, name, deliver)                                                        \
	NM_GUEST_OP(name, self_ipi_##mode##_##what)                                                \
	{                                                                                          \
		nm_set_gate(VECTOR, handler_##deliver);                                            \
		enable_##mode();                                                                   \
		NM_MEASURE(control, {                                                              \
			send_##mode();                                                             \
			deliver();                                                                 \
			end_##mode();                                                              \
		});                                                                                \
	}

/* The same with a task priority that lets nothing through while it is sent. */
#define SELF_IPI_TPR(mode, what, name, deliver)                                                    \
	NM_GUEST_OP(name, self_ipi_##mode##_##what)                                                \
	{                                                                                          \
		nm_set_gate(VECTOR, handler_##deliver);                                            \
		enable_##mode();                                                                   \
		NM_MEASURE(control, {                                                              \
			nm_set_priority(ALL_WAIT);                                                 \
			send_##mode();                                                             \
			nm_set_priority(0);                                                        \
			deliver();                                                                 \
			end_##mode();                                                              \
		});                                                                                \
	}

/* Interrupts are on all the time: the task priority alone decides. */
#define SELF_IPI_TPR_ONLY(mode, name)                                                              \
	NM_GUEST_OP(name, self_ipi_##mode##_tpr)                                                   \
	{                                                                                          \
		nm_set_gate(VECTOR, handler);                                                      \
		enable_##mode();                                                                   \
		nop();                                                                             \
		NM_MEASURE(control, {                                                              \
			nm_set_priority(ALL_WAIT);                                                 \
			send_##mode();                                                             \
			nm_set_priority(0);                                                        \
			__asm__ volatile("nop" : : : "memory");                                    \
			end_##mode();                                                              \
		});                                                                                \
		cli();                                                                             \
	}

/* One interrupt in service, sent and taken before the clock is read. */
#define EOI(mode, name)                                                                            \
	static inline uint64_t eoi_ticks_##mode(void)                                              \
	{                                                                                          \
		uint64_t start;                                                                    \
                                                                                                   \
		send_##mode();                                                                     \
		nop();                                                                             \
		start = nm_tsc();                                                                  \
		end_##mode();                                                                      \
		return nm_tsc() - start;                                                           \
	}                                                                                          \
	NM_GUEST_OP(name, eoi_##mode)                                                              \
	{                                                                                          \
		nm_set_gate(VECTOR, handler_nop);                                                  \
		enable_##mode();                                                                   \
		NM_MEASURE_TICKS(control, eoi_ticks_##mode());                                     \
	}

SELF_IPI(x2apic, sti, "irq.self_ipi.x2apic.sti", nop)
SELF_IPI(x2apic, hlt, "irq.self_ipi.x2apic.hlt", hlt)
SELF_IPI_TPR_ONLY(x2apic, "irq.self_ipi.x2apic.tpr")
SELF_IPI_TPR(x2apic, tpr_sti, "irq.self_ipi.x2apic.tpr_sti", nop)
SELF_IPI_TPR(x2apic, tpr_hlt, "irq.self_ipi.x2apic.tpr_hlt", hlt)
SELF_IPI(xapic, sti, "irq.self_ipi.xapic.sti", nop)
SELF_IPI(xapic, hlt, "irq.self_ipi.xapic.hlt", hlt)
SELF_IPI_TPR_ONLY(xapic, "irq.self_ipi.xapic.tpr")
SELF_IPI_TPR(xapic, tpr_sti, "irq.self_ipi.xapic.tpr_sti", nop)
SELF_IPI_TPR(xapic, tpr_hlt, "irq.self_ipi.xapic.tpr_hlt", hlt)
EOI(x2apic, "irq.eoi.x2apic")
EOI(xapic, "irq.eoi.xapic")
