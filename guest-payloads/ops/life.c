/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define PAGE	  4096u
#define MULTIPLES 1000u

/* Leaves for ever, and counts twice: in a register, the upper half of what it writes, and in memory, the lower half. */
NM_GUEST_OP("life.count", count)
{
	for (uint32_t value = 1;; value++) {
		control->result[0]++;
		nm_out32(NM_ABI_PORT_TEST, value << 16 | (uint16_t)control->result[0]);
	}
}

/* What neighbours do until they are told to stop; they count in shared->go. */
NM_GUEST_OP("life.neighbour.compute", compute)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t value = 1;

	while (!shared->stop.value) {
		for (unsigned int i = 0; i < MULTIPLES; i++)
			__asm__ volatile("imulq %0, %0" : "+r"(value) : : "cc");
		shared->go.value++;
	}
	control->result[0] = value;
}

NM_GUEST_OP("life.neighbour.exits", exits)
{
	struct nm_abi_shared *shared = nm_shared(control);

	while (!shared->stop.value) {
		uint32_t a = 0;
		uint32_t c = 0;

		__asm__ volatile("cpuid" : "+a"(a), "+c"(c) : : "ebx", "edx");
		shared->go.value++;
	}
}

/* argument[0]: bytes at NM_ABI_MEMORY, which the host takes back when all of them have been written to. */
NM_GUEST_OP("life.neighbour.faults", faults)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t at = 0;

	while (!shared->stop.value) {
		*(volatile uint64_t *)(NM_ABI_MEMORY + at) = at;
		shared->go.value++;
		at += PAGE;
		if (at < control->argument[0])
			continue;
		nm_out32(NM_ABI_PORT_HOST, 0);
		at = 0;
	}
}
