/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* Both instructions are two bytes long, which is what the handlers of start.S step over. */

NM_GUEST_OP("exception.de", exception_de)
{
	uint32_t low = 1;
	uint32_t high = 0;

	control->skip_fault = 1;
	NM_MEASURE(control, __asm__ volatile("divl %%ecx"
					     : "+a"(low), "+d"(high)
					     : "c"(0)
					     : "cc", "memory"));
	control->skip_fault = 0;
	control->result[0] = control->skipped;
}

NM_GUEST_OP("exception.ud", exception_ud)
{
	control->skip_fault = 1;
	NM_MEASURE(control, __asm__ volatile("ud2" : : : "memory"));
	control->skip_fault = 0;
	control->result[0] = control->skipped;
}
