/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* argument[0]: 1 for VMMCALL, else VMCALL; argument[1]: the number. result[0]: RAX of the last call. */
NM_GUEST_OP("exit.hypercall", hypercall)
{
	uint64_t number = control->argument[1];
	uint64_t rax = 0;

	if (control->argument[0])
		NM_MEASURE(control, __asm__ volatile("vmmcall"
						     : "=a"(rax)
						     : "a"(number), "b"(0)
						     : "memory"));
	else
		NM_MEASURE(control, __asm__ volatile("vmcall"
						     : "=a"(rax)
						     : "a"(number), "b"(0)
						     : "memory"));
	control->result[0] = rax;
}
