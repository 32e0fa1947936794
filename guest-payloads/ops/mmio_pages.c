/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

#define PAGE 4096u

/* One MOV: the register operand keeps compilers from choosing a form that KVM's emulator lacks. */
static inline uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
	return value;
}

/* Each page from NM_ABI_MEMORY on once. result[0]: the last value read. */
NM_GUEST_OP("mem.mmio.first", mmio_first)
{
	uint64_t at = NM_ABI_MEMORY;
	uint32_t last = 0;

	NM_MEASURE(control, (last = read32(at), at += PAGE));
	control->result[0] = last;
}

/* argument[0]: how many pages, a power of two; each of them in turn, after all of them once. result[0] as above. */
NM_GUEST_OP("mem.mmio.again", mmio_again)
{
	const uint64_t bytes = control->argument[0] * PAGE;
	uint64_t offset = 0;
	uint32_t last = 0;

	for (uint64_t at = 0; at < bytes; at += PAGE)
		read32(NM_ABI_MEMORY + at);
	NM_MEASURE(control,
		   (last = read32(NM_ABI_MEMORY + offset), offset = (offset + PAGE) & (bytes - 1)));
	control->result[0] = last;
}
