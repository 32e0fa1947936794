/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* The second GiB, which start.S leaves unmapped. */
#define WINDOW	       0x40000000u
#define WINDOW_SLOT    1
#define ADDRESS_BITS   0xffffffffff000ull
#define PRESENT_USABLE 7u
#define FIRST	       0x1111u
#define SECOND	       0x2222u

static uint64_t directory[512] __attribute__((aligned(4096)));
static volatile uint64_t table[512] __attribute__((aligned(4096)));
static volatile uint64_t page[2][512] __attribute__((aligned(4096)));

static inline uint64_t look(void)
{
	return *(const volatile uint64_t *)(uint64_t)WINDOW;
}

static volatile uint64_t *window_slot(void)
{
	uint64_t root;

	__asm__ volatile("mov %%cr3, %0" : "=r"(root));
	return (volatile uint64_t *)(*(const uint64_t *)root & ADDRESS_BITS) + WINDOW_SLOT;
}

static void map(unsigned int which)
{
	table[0] = (uint64_t)page[which] | PRESENT_USABLE;
}

/* One page of the window is the first of two pages. result[0]: what it shows. */
static void open_window(struct nm_abi_control *control)
{
	page[0][0] = FIRST;
	page[1][0] = SECOND;
	map(0);
	directory[0] = (uint64_t)table | PRESENT_USABLE;
	*window_slot() = (uint64_t)directory | PRESENT_USABLE;
	control->result[0] = look();
}

static inline void invlpg(void)
{
	__asm__ volatile("invlpg (%0)" : : "r"((uint64_t)WINDOW) : "memory");
}

/* Type 0, an address of a PCID (SDM vol. 2, INVPCID): the only PCID while CR4.PCIDE is clear is 0. */
static inline void invpcid(void)
{
	const uint64_t descriptor[2] = {0, WINDOW};

	__asm__ volatile("invpcid %0, %1" : : "m"(descriptor), "r"(0ull) : "memory");
}

/*
 * After the loop the window becomes the second page. Whoever looked before has the first in its TLB, until the
 * instruction is executed once more. result[1]: what the window shows then.
 */
NM_GUEST_OP("exit.invlpg", op_invlpg)
{
	open_window(control);
	NM_MEASURE(control, invlpg());
	look();
	map(1);
	invlpg();
	control->result[1] = look();
	*window_slot() = 0;
}

NM_GUEST_OP("exit.invpcid", op_invpcid)
{
	open_window(control);
	NM_MEASURE(control, invpcid());
	look();
	map(1);
	invpcid();
	control->result[1] = look();
	*window_slot() = 0;
}

NM_GUEST_OP("exit.wbinvd", wbinvd)
{
	NM_MEASURE(control, __asm__ volatile("wbinvd" : : : "memory"));
}
