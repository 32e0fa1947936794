/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* SDM vol. 3, control registers. */
#define CR0_TS	    (1u << 3)
#define CR0_WP	    (1u << 16)
#define CR4_PGE	    (1u << 7)
#define CR4_OSXSAVE (1u << 18)
#define XCR0_X87    1u
#define XCR0_SSE    2u

#define APIC_SPURIOUS	 0xfee000f0u
#define SPURIOUS_ENABLED 0x1ffu

#define CONTROL_REGISTER(cr)                                                                       \
	static inline uint64_t read_##cr(void)                                                     \
	{                                                                                          \
		uint64_t value;                                                                    \
                                                                                                   \
		__asm__ volatile("mov %%" #cr ", %0" : "=r"(value) : : "memory");                  \
		return value;                                                                      \
	}                                                                                          \
	static inline void write_##cr(uint64_t value)                                              \
	{                                                                                          \
		__asm__ volatile("mov %0, %%" #cr : : "r"(value) : "memory");                      \
	}

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
CONTROL_REGISTER(cr8)

static inline uint64_t read_xcr0(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0) : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void write_xcr0(uint64_t value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(0)
			 : "memory");
}

/* Nothing in here uses the FPU. result: CR0 with TS set, and after the loop. */
NM_GUEST_OP("exit.cr0.ts", cr0_ts)
{
	uint64_t set = read_cr0() | CR0_TS;

	write_cr0(set);
	control->result[0] = read_cr0();
	NM_MEASURE(control, __asm__ volatile("mov %0, %%cr0\n\tclts" : : "r"(set) : "memory"));
	control->result[1] = read_cr0();
}

/* Each operation is one MOV that changes the bit. result: the register before and after; of CR4 as well. */
NM_GUEST_OP("exit.cr0.wp", cr0_wp)
{
	uint64_t value = read_cr0();

	control->result[0] = value;
	NM_MEASURE(control, write_cr0(value ^= CR0_WP));
	control->result[1] = read_cr0();
	write_cr0(control->result[0]);
}

NM_GUEST_OP("exit.cr4.pge", cr4_pge)
{
	uint64_t value = read_cr4();

	control->result[0] = value;
	NM_MEASURE(control, write_cr4(value ^= CR4_PGE));
	control->result[1] = read_cr4();
	write_cr4(control->result[0]);
}

/* A second root of the same tree. */
static uint64_t other_root[512] __attribute__((aligned(4096)));

static uint64_t make_other_root(uint64_t root)
{
	other_root[0] = *(const uint64_t *)root;
	return (uint64_t)other_root;
}

/* The loop must bring back the root that was there. result: CR3 before, on the other root, and after. */
NM_GUEST_OP("exit.cr3.write", cr3_write)
{
	uint64_t root = read_cr3();

	control->result[0] = root;
	write_cr3(make_other_root(root));
	control->result[2] = read_cr3();
	NM_MEASURE(control, write_cr3(root));
	control->result[1] = read_cr3();
}

/* result: CR3 before, after, and what the two roots differ by. */
NM_GUEST_OP("exit.cr3.switch", cr3_switch)
{
	uint64_t root = read_cr3();
	uint64_t change = root ^ make_other_root(root);

	control->result[0] = root;
	control->result[2] = change;
	NM_MEASURE(control, write_cr3(root ^= change));
	control->result[1] = read_cr3();
	write_cr3(control->result[0]);
}

/* KVM on SVM gives CR8 to guests whose local APIC is enabled by software. */
static void enable_apic(void)
{
	__asm__ volatile("movl %0, (%1)"
			 :
			 : "r"(SPURIOUS_ENABLED), "r"((uint64_t)APIC_SPURIOUS)
			 : "memory");
}

/* argument[0]: a priority. result[0]: the one that was read last. */
NM_GUEST_OP("exit.cr8.read", cr8_read)
{
	uint64_t last = 0;

	enable_apic();
	write_cr8(control->argument[0]);
	NM_MEASURE(control, (last = read_cr8()));
	control->result[0] = last;
	write_cr8(0);
}

/* Each operation changes the priority by the bits of argument[0]. result: CR8 before and after. */
NM_GUEST_OP("exit.cr8.write", cr8_write)
{
	const uint64_t change = control->argument[0];
	uint64_t value = 0;

	enable_apic();
	write_cr8(0);
	control->result[0] = read_cr8();
	NM_MEASURE(control, write_cr8(value ^= change));
	control->result[1] = read_cr8();
	write_cr8(0);
}

/* The loop must bring back x87 alone. result: XCR0 with x87 and SSE, and after. */
NM_GUEST_OP("exit.xsetbv", xsetbv)
{
	uint64_t cr4 = read_cr4();

	write_cr4(cr4 | CR4_OSXSAVE);
	write_xcr0(XCR0_X87 | XCR0_SSE);
	control->result[0] = read_xcr0();
	NM_MEASURE(control, write_xcr0(XCR0_X87));
	control->result[1] = read_xcr0();
	write_cr4(cr4);
}
