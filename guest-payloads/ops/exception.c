/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "idt.h"

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

/*
 * Handlers that count themselves in result[0], which lib.c asserts to lie there, and return. That of #PF keeps the error
 * code in result[1] and steps over the two-byte instruction; that of #DB clears TF.
 */
__asm__(".pushsection .text\n"
	"bp_handler:\n"
	"	incq	%gs:112\n"
	"	iretq\n"
	"pf_handler:\n"
	"	incq	%gs:112\n"
	"	popq	%gs:120\n"
	"	addq	$2, (%rsp)\n"
	"	iretq\n"
	"db_handler:\n"
	"	incq	%gs:112\n"
	"	andl	$~0x100, 16(%rsp)\n"
	"	iretq\n"
	".popsection\n");
extern const char bp_handler[];
extern const char pf_handler[];
extern const char db_handler[];

/* SDM vol. 3, exceptions. */
#define DB 1
#define BP 3
#define PF 14

#define UNMAPPED 0x40000000ull /* the second GiB, which the page tables of start.S leave out */

NM_GUEST_OP("exception.pf", exception_pf)
{
	nm_set_open_gate(PF, pf_handler);
	NM_MEASURE(control, __asm__ volatile("movb (%%rdx), %%al"
					     :
					     : "d"(UNMAPPED)
					     : "rax", "memory"));
}

NM_GUEST_OP("exception.bp", exception_bp)
{
	nm_set_open_gate(BP, bp_handler);
	NM_MEASURE(control, __asm__ volatile("int3" : : : "memory"));
}

/* SDM vol. 3, single-step exception condition: it comes behind the instruction that follows POPF. */
NM_GUEST_OP("exception.db", exception_db)
{
	nm_set_open_gate(DB, db_handler);
	NM_MEASURE(control, __asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop"
					     :
					     :
					     : "memory", "cc"));
}
