/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/*
 * Start-up: header, page tables, GDT, IDT and exception stubs, all built by the assembler so that no vCPU spends
 * time on them. The VMM sets the descriptor-table registers, TR and CR3 and enters nm_start in 64-bit mode.
 */

/* Offsets of abi.h, which the assembler cannot include; lib.c asserts them. */
#define CONTROL_CPL	   12
#define CONTROL_FUNCTION   16
#define CONTROL_FAULT	   176
#define CONTROL_SKIP_FAULT 232
#define CONTROL_SKIPPED	   240
#define CALL_RAX	   2
#define CPU_STACK3_TOP	   0x8000
#define PORT_FAULT	   0x6e2
#define IMAGE_MAGIC	   0x64616f6c79617031
#define ABI_VERSION	   2

	.section .nm_header, "a"
	.quad	IMAGE_MAGIC
	.long	ABI_VERSION
	.long	nm_op_count
	.quad	nm_file_bytes
	.quad	nm_memory_bytes
	.quad	nm_start
	.quad	nm_pml4
	.quad	nm_gdt
	.quad	nm_gdt_end - nm_gdt
	.quad	nm_idt
	.quad	nm_idt_end - nm_idt
	.quad	nm_ops_begin

	.section .text
	.globl	nm_start
/* RDI: struct nm_abi_control, which is also the base of this vCPU's block; RSP: its CPL0 stack. */
nm_start:
	/* Every page of the image is used once, so that no nested page fault falls into what is measured. */
	movl	$nm_image_begin, %eax
1:	movb	(%rax), %cl
	addl	$4096, %eax
	cmpl	$nm_memory_end, %eax
	jb	1b
	movq	CONTROL_FUNCTION(%rdi), %rax
	cmpl	$3, CONTROL_CPL(%rdi)
	jne	1f
	/* To CPL3 with IOPL 3; the TSS grants every port as well, for hypervisors that drop IOPL here. */
	leaq	CPU_STACK3_TOP(%rdi), %rcx
	pushq	$0x2b
	pushq	%rcx
	pushq	$0x3002
	pushq	$0x33
	leaq	1f(%rip), %rcx
	pushq	%rcx
	iretq
1:	call	*%rax
	movl	$0, %eax
	movw	$0x6e1, %dx
	outb	%al, %dx
2:	jmp	2b

/* Sixteen bytes per vector; exceptions that push no error code get a zero. */
	.section .nm_isr, "ax"
	.balign	16
isr_stubs:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	!(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq	$0
	.endif
	pushq	$vector
	jmp	isr_common
	.set	vector, vector + 1
	.endr

/* Stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. */
	.balign	16
isr_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rdx
	movq	24(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT
	movq	32(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT + 8
	movq	40(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT + 16
	movq	48(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT + 24
	movq	56(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT + 32
	movq	64(%rsp), %rax
	movq	%rax, %gs:CONTROL_FAULT + 40
	movq	%cr2, %rax
	movq	%rax, %gs:CONTROL_FAULT + 48
	movw	$PORT_FAULT, %dx
	outb	%al, %dx
1:	jmp	1b

/* #DE and #UD, the exceptions that operations cause on purpose: step over the two-byte instruction. */
	.balign	16
isr_skip_de:
	cmpq	$1, %gs:CONTROL_SKIP_FAULT
	jne	isr_stubs + 16 * 0
	incq	%gs:CONTROL_SKIPPED
	addq	$2, (%rsp)
	iretq
	.balign	16
isr_skip_ud:
	cmpq	$1, %gs:CONTROL_SKIP_FAULT
	jne	1f
	incq	%gs:CONTROL_SKIPPED
	addq	$2, (%rsp)
	iretq
1:	cmpq	$CALL_RAX, %gs:CONTROL_SKIP_FAULT
	jne	isr_stubs + 16 * 6
	call	*%rax
	orq	%rax, 16(%rsp)
	addq	$2, (%rsp)
	iretq

/* For #UD too: the code behind the UD2 goes on with interrupts on. */
	.balign	16
	.globl	nm_isr_interrupts_on
nm_isr_interrupts_on:
	addq	$2, (%rsp)
	orl	$0x200, 16(%rsp)
	iretq

	.section .nm_tables, "aw"
	.balign	4096
/* The first and the fourth GiB, in pages of 2 MiB, each mapped to itself: memory and MMIO, and the APICs. */
nm_pml4:
	.quad	nm_pdpt + 0x7
	.fill	511, 8, 0
nm_pdpt:
	.quad	nm_pd_low + 0x7
	.quad	0, 0
	.quad	nm_pd_high + 0x7
	.fill	508, 8, 0
nm_pd_low:
	.set	page, 0
	.rept	512
	.quad	page + 0xe7
	.set	page, page + 0x200000
	.endr
nm_pd_high:
	.set	page, 0xc0000000
	.rept	512
	.quad	page + 0xff
	.set	page, page + 0x200000
	.endr

	.balign	16
nm_gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff	/* 10h: CPL0 code, 64-bit */
	.quad	0x00cf93000000ffff	/* 18h: CPL0 data */
	.quad	0
	.quad	0x00cff3000000ffff	/* 28h: CPL3 data */
	.quad	0x00affb000000ffff	/* 30h: CPL3 code, 64-bit */
	.quad	0, 0			/* 38h: TSS, set by the VMM through KVM_SET_SREGS */
nm_gdt_end:

	.macro	gate handler
	.word	\handler - 0x10000	/* all stubs lie at 1xxxxh */
	.word	0x10
	.byte	0
	.byte	0x8e			/* present, DPL 0, interrupt gate */
	.word	1
	.long	0
	.long	0
	.endm

	.balign	16
nm_idt:
	.set	vector, 0
	.rept	256
	.if	vector == 0
	gate	isr_skip_de
	.elseif	vector == 6
	gate	isr_skip_ud
	.else
	gate	"(isr_stubs + 16 * vector)"
	.endif
	.set	vector, vector + 1
	.endr
nm_idt_end:

	.section .note.GNU-stack, "", @progbits
