/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* result: EBX, ECX and EDX of leaf 0, which spell the vendor. */
NM_GUEST_OP("exit.cpuid", cpuid)
{
	uint32_t a;
	uint32_t b;
	uint32_t c;
	uint32_t d;

	NM_MEASURE(control, __asm__ volatile("cpuid"
					     : "=a"(a), "=b"(b), "=c"(c), "=d"(d)
					     : "a"(0), "c"(0)));
	__asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
	control->result[0] = b;
	control->result[1] = c;
	control->result[2] = d;
}

/* result: EAX, EBX, ECX and EDX of the leaf, subleaf 0. */
#define MEASURE_LEAF(control, leaf)                                                                \
	do {                                                                                       \
		uint32_t a_;                                                                       \
		uint32_t b_;                                                                       \
		uint32_t c_;                                                                       \
		uint32_t d_;                                                                       \
		NM_MEASURE(control, __asm__ volatile("cpuid"                                       \
						     : "=a"(a_), "=b"(b_), "=c"(c_), "=d"(d_)      \
						     : "a"(leaf), "c"(0)));                        \
		__asm__ volatile("cpuid"                                                           \
				 : "=a"(a_), "=b"(b_), "=c"(c_), "=d"(d_)                          \
				 : "a"(leaf), "c"(0));                                             \
		(control)->result[0] = a_;                                                         \
		(control)->result[1] = b_;                                                         \
		(control)->result[2] = c_;                                                         \
		(control)->result[3] = d_;                                                         \
	} while (0)

NM_GUEST_OP("exit.cpuid.0d", cpuid_0d)
{
	MEASURE_LEAF(control, 0xdu);
}

NM_GUEST_OP("exit.cpuid.hypervisor", cpuid_hypervisor)
{
	MEASURE_LEAF(control, 0x40000000u);
}
