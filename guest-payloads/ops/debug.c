/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* SDM vol. 3, debug registers: DR0 holds an address and does nothing while DR7 does not enable it. */
static inline uint64_t read_dr0(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr0, %0" : "=r"(value) : : "memory");
	return value;
}

static inline void write_dr0(uint64_t value)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(value) : "memory");
}

static inline uint64_t read_dr7(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr7, %0" : "=r"(value) : : "memory");
	return value;
}

/* argument[0]: an address. result[0]: DR0 after the loop. */
NM_GUEST_OP("exit.dr.write", dr_write)
{
	const uint64_t address = control->argument[0];

	write_dr0(0);
	NM_MEASURE(control, write_dr0(address));
	control->result[0] = read_dr0();
	write_dr0(0);
}

/* result[0]: DR7 as it was read last. */
NM_GUEST_OP("exit.dr.read", dr_read)
{
	uint64_t last = 0;

	NM_MEASURE(control, (last = read_dr7()));
	control->result[0] = last;
}

static inline void cpuid_and_write(uint64_t address)
{
	uint32_t a = 0;
	uint32_t b;
	uint32_t c = 0;
	uint32_t d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
	write_dr0(address);
}

NM_GUEST_OP("exit.dr.first", dr_first)
{
	const uint64_t address = control->argument[0];

	write_dr0(0);
	NM_MEASURE(control, cpuid_and_write(address));
	control->result[0] = read_dr0();
	write_dr0(0);
}
