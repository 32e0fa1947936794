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
