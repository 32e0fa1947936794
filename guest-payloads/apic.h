/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_APIC_H
#define NM_GUEST_APIC_H

#include "lib.h"

/* SDM vol. 3, local APIC register address map, and the fields of ICR and of the timer's registers. */
#define APIC_ID		   0xfee00020u
#define APIC_EOI	   0xfee000b0u
#define APIC_SPURIOUS	   0xfee000f0u
#define APIC_ICR	   0xfee00300u
#define APIC_ICR_HIGH	   0xfee00310u
#define APIC_LVT_TIMER	   0xfee00320u
#define APIC_INITIAL_COUNT 0xfee00380u
#define APIC_CURRENT_COUNT 0xfee00390u
#define APIC_DIVIDE	   0xfee003e0u
#define APIC_SELF_IPI	   0xfee003f0u /* in x2APIC mode only */
#define SPURIOUS_ENABLED   0x1ffu
#define ICR_SELF	   0x44000u /* shorthand self, level assert, fixed */
#define ICR_FIXED	   0x4000u  /* to the destination field, level assert, fixed */
#define DIVIDE_BY_1	   0xbu
#define LVT_MASKED	   0x10000u
#define LVT_PERIODIC	   0x20000u
#define LVT_TSC_DEADLINE   0x40000u

/* SDM vol. 4. Register n of the page at FEE00000h is MSR 800h + n / 16 in x2APIC mode; ICR is one of 64 bits there. */
#define MSR_APIC_BASE	 0x1bu
#define APIC_BASE_X2APIC 0x400u
#define MSR_TSC_DEADLINE 0x6e0u
#define X2APIC_MSR(at)	 (0x800u + ((at)&0xfffu) / 16)

static inline void nm_apic_write(uint32_t address, uint32_t value)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(value), "r"((uint64_t)address) : "memory");
}

static inline uint32_t nm_apic_read(uint32_t address)
{
	uint32_t value;

	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"((uint64_t)address) : "memory");
	return value;
}

/** Writes the register that has this address in xAPIC mode. */
static inline void nm_x2apic_write(uint32_t address, uint64_t value)
{
	nm_wrmsr(X2APIC_MSR(address), value);
}

static inline void nm_apic_enable(void)
{
	nm_apic_write(APIC_SPURIOUS, SPURIOUS_ENABLED);
}

/** From xAPIC to x2APIC mode; raises #GP where CPUID does not offer it. */
static inline void nm_x2apic_enable(void)
{
	nm_wrmsr(MSR_APIC_BASE, nm_rdmsr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
	nm_x2apic_write(APIC_SPURIOUS, SPURIOUS_ENABLED);
}

/* 82093AA data sheet: a register's number goes to IOREGSEL, its value is in IOWIN; two for each redirection entry. */
#define IOAPIC_SELECT	 0xfec00000u
#define IOAPIC_WINDOW	 0xfec00010u
#define IOAPIC_ENTRY(of) (0x10u + 2 * (of))
#define IOAPIC_LEVEL	 0x8000u

static inline void nm_ioapic_write(uint32_t number, uint32_t value)
{
	nm_apic_write(IOAPIC_SELECT, number);
	nm_apic_write(IOAPIC_WINDOW, value);
}

/** Interrupts of a line go to APIC 0, fixed: the vector, and IOAPIC_LEVEL where the line is level-triggered. */
static inline void nm_ioapic_route(uint32_t line, uint32_t entry)
{
	nm_ioapic_write(IOAPIC_ENTRY(line) + 1, 0);
	nm_ioapic_write(IOAPIC_ENTRY(line), entry);
}

/* SDM vol. 3: interrupts of a class up to that of CR8 wait. */
static inline void nm_set_priority(uint64_t class)
{
	__asm__ volatile("mov %0, %%cr8" : : "r"(class) : "memory");
}

/**
 * An interrupt handler of a few instructions, for nm_set_gate(). Its stack: RIP, CS, RFLAGS, RSP, SS. It must restore every
 * register that it uses.
 */
#define NM_HANDLER(name, instructions)                                                             \
	__asm__(".pushsection .text\n" #name ":\n" instructions "	iretq\n.popsection\n");    \
	extern const char name[]

/* Counts in result[0], which lib.c asserts to lie there. */
#define NM_HANDLER_COUNT "	incq	%gs:112\n"
/* The interrupted code goes on with interrupts off. */
#define NM_HANDLER_CLI "	andl	$~0x200, 16(%rsp)\n"
/*
 * An interrupt that comes between STI and the HLT behind it, which no CPU lets in there, would leave the vCPU halted for
 * ever: it is counted in result[1], and that HLT skipped.
 */
#define NM_HANDLER_SKIP_HLT                                                                        \
	"	pushq	%rax\n"                                                                            \
	"	movq	8(%rsp), %rax\n"                                                                    \
	"	cmpb	$0xf4, (%rax)\n"                                                                    \
	"	jne	1f\n"                                                                                \
	"	incq	8(%rsp)\n"                                                                          \
	"	incq	%gs:120\n"                                                                          \
	"1:	popq	%rax\n"
/* Ends the interrupt. */
#define NM_HANDLER_EOI                                                                             \
	"	pushq	%rax\n"                                                                            \
	"	movl	$0xfee000b0, %eax\n"                                                                \
	"	movl	$0, (%rax)\n"                                                                       \
	"	popq	%rax\n"
#define NM_HANDLER_X2APIC_EOI                                                                      \
	"	pushq	%rax\n"                                                                            \
	"	pushq	%rcx\n"                                                                            \
	"	pushq	%rdx\n"                                                                            \
	"	movl	$0x80b, %ecx\n"                                                                     \
	"	xorl	%eax, %eax\n"                                                                       \
	"	xorl	%edx, %edx\n"                                                                       \
	"	wrmsr\n"                                                                                 \
	"	popq	%rdx\n"                                                                             \
	"	popq	%rcx\n"                                                                             \
	"	popq	%rax\n"

#endif
