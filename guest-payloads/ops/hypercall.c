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

/* The same with arguments of 0: vCPU 0, which is also the number of its local APIC. */
NM_GUEST_OP("exit.hypercall.poll", hypercall_poll)
{
	uint64_t number = control->argument[1];
	uint64_t rax = 0;

	if (control->argument[0])
		NM_MEASURE(control, __asm__ volatile("vmmcall"
						     : "=a"(rax)
						     : "a"(number), "b"(0), "c"(0), "d"(0)
						     : "memory"));
	else
		NM_MEASURE(control, __asm__ volatile("vmcall"
						     : "=a"(rax)
						     : "a"(number), "b"(0), "c"(0), "d"(0)
						     : "memory"));
	control->result[0] = rax;
}

#define VMCALL_END  0xc1u /* 0F 01 C1 */
#define VMMCALL_END 0xd9u /* 0F 01 D9 */

/* result[1]: 1 when the instruction of this vendor stands where the other one's was. */
NM_GUEST_OP("exit.hypercall.foreign", hypercall_foreign)
{
	static volatile uint8_t code[4] __attribute__((aligned(64))) = {0x0f, 0x01, 0, 0xc3};
	const uint8_t foreign = control->argument[0] ? VMCALL_END : VMMCALL_END;
	const uint8_t own = control->argument[0] ? VMMCALL_END : VMCALL_END;
	uint64_t number = control->argument[1];
	uint64_t rax = 0;

	NM_MEASURE(control, {
		code[2] = foreign;
		__asm__ volatile("call *%[code]"
				 : "=a"(rax)
				 : "a"(number), "b"(0), "c"(0), "d"(0), [code] "r"(code)
				 : "memory", "cc");
	});
	control->result[0] = rax;
	control->result[1] = code[2] == own;
}
