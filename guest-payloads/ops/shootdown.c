/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "apic.h"

/* The second GiB, which start.S leaves unmapped: its first page is one of two, and every vCPU keeps looking at it. */
#define WINDOW	     0x40000000u
#define WINDOW_SLOT  1
#define ADDRESS_BITS 0xffffffffff000ull
#define USABLE	     7u
#define FIRST	     0x1111u
#define SECOND	     0x2222u

#define VECTOR	   0x40
#define ICR_OTHERS 0xc4000u /* SDM vol. 3, ICR: all excluding self, level assert, fixed */
#define MANY_LOOKS 1000000u

static uint64_t directory[512] __attribute__((aligned(4096)));
static volatile uint64_t table[512] __attribute__((aligned(4096)));
static volatile uint64_t page[2][512] __attribute__((aligned(4096)));

static volatile uint64_t acknowledged __attribute__((used, aligned(64)));

NM_HANDLER(on_shootdown, "	invlpg	0x40000000\n"
			 "	lock incq acknowledged\n" NM_HANDLER_X2APIC_EOI);

static void map(unsigned int which)
{
	table[0] = (uint64_t)page[which] | USABLE;
}

static void open_window(void)
{
	uint64_t root;
	volatile uint64_t *slot;

	__asm__ volatile("mov %%cr3, %0" : "=r"(root));
	slot = (volatile uint64_t *)(*(const uint64_t *)root & ADDRESS_BITS) + WINDOW_SLOT;
	page[0][0] = FIRST;
	page[1][0] = SECOND;
	map(0);
	directory[0] = (uint64_t)table | USABLE;
	*slot = (uint64_t)directory | USABLE;
	nm_set_gate(VECTOR, on_shootdown);
}

/* What each further vCPU sees in the window; 0 until it is there. */
static uint64_t count_seeing(const struct nm_abi_control *control, uint64_t value)
{
	uint64_t count = 0;

	for (uint32_t i = 1; i < control->vcpus; i++)
		count += nm_shared(control)->vcpu[i].value == value;
	return count;
}

static uint64_t wait_until_seen(const struct nm_abi_control *control, uint64_t value,
				uint64_t looks)
{
	while (looks-- && count_seeing(control, value) + 1 < control->vcpus)
		;
	return count_seeing(control, value) + 1;
}

static inline void shoot_down(unsigned int which, uint64_t others)
{
	uint64_t until = acknowledged + others;

	map(which);
	__asm__ volatile("invlpg (%0)" : : "r"((uint64_t)WINDOW) : "memory");
	nm_x2apic_write(APIC_ICR, ICR_OTHERS | VECTOR);
	while (acknowledged < until)
		;
}

/* result: vCPUs that saw the first page before the loop, acknowledgements, and vCPUs that saw the second page after it. */
NM_GUEST_OP("mem.shootdown", shootdown)
{
	const uint64_t others = control->vcpus - 1;
	unsigned int which = 0;

	open_window();
	nm_x2apic_enable();
	nm_shared(control)->go.value = 1;
	control->result[0] = wait_until_seen(control, FIRST, UINT64_MAX);
	NM_MEASURE(control, shoot_down(which ^= 1, others));
	control->result[1] = acknowledged;
	if (!which)
		shoot_down(1, others);
	control->result[2] = wait_until_seen(control, SECOND, MANY_LOOKS);
}

/* To CPL3, where threads of processes are when a shoot-down comes: from there on the window's value goes to *seen for ever. */
static void look_for_ever(const struct nm_abi_control *control, volatile uint64_t *seen)
{
	__asm__ volatile("pushq %[ss]\n\t"
			 "pushq %[stack]\n\t"
			 "pushq $0x3202\n\t"
			 "pushq %[cs]\n\t"
			 "pushq $1f\n\t"
			 "iretq\n"
			 "1:\tmovq (%[window]), %%rax\n\t"
			 "movq %%rax, (%[seen])\n\t"
			 "jmp 1b"
			 :
			 : [ss] "i"(NM_ABI_USER_DS), [cs] "i"(NM_ABI_USER_CS),
			   [stack] "r"((uint64_t)control + NM_ABI_CPU_STACK3_TOP),
			   [window] "r"((uint64_t)WINDOW), [seen] "r"(seen)
			 : "rax", "memory");
}

NM_GUEST_OP("mem.shootdown.target", shootdown_target)
{
	while (!nm_shared(control)->go.value)
		;
	nm_x2apic_enable();
	look_for_ever(control, &nm_shared(control)->vcpu[control->vcpu].value);
}
