/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* One MOV each: the register operand keeps compilers from choosing a form that KVM's emulator lacks. */
static inline void write32(uint64_t address, uint32_t value)
{
	__asm__ volatile("movl %0, (%1)" : : "r"(value), "r"(address) : "memory");
}

static inline uint32_t read32(uint64_t address)
{
	uint32_t value;

	__asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
	return value;
}

NM_GUEST_OP("exit.mmio.write", mmio_write)
{
	NM_MEASURE(control, write32(NM_ABI_MMIO_TEST, NM_ABI_TEST_BYTE * 0x01010101u));
}

/* result[0]: the last value read. */
NM_GUEST_OP("exit.mmio.read", mmio_read)
{
	uint32_t last = 0;

	NM_MEASURE(control, (last = read32(NM_ABI_MMIO_TEST)));
	control->result[0] = last;
}

NM_GUEST_OP("exit.ioeventfd.mmio", ioeventfd_mmio)
{
	NM_MEASURE(control, write32(NM_ABI_MMIO_EVENT, 1));
}

NM_GUEST_OP("exit.ioeventfd.mmio.any_length", ioeventfd_mmio_any_length)
{
	NM_MEASURE(control, write32(NM_ABI_MMIO_EVENT, 1));
}

/* Another value first, which must not signal. */
NM_GUEST_OP("exit.ioeventfd.mmio.datamatch", ioeventfd_mmio_datamatch)
{
	write32(NM_ABI_MMIO_EVENT, 1);
	NM_MEASURE(control, write32(NM_ABI_MMIO_EVENT, NM_ABI_TEST_BYTE));
}
