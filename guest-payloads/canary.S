/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/*
 * The smallest guest: it stores one number and leaves by one OUT. When this fails no operation can succeed, and
 * the fault lies with the platform; when only an operation fails, the fault lies there.
 */
	.section .nm_ops, "a"
	.ascii	"canary"
	.fill	34, 1, 0
	.quad	canary

	.section .text
/* RDI: struct nm_abi_control */
canary:
	movl	$0x6e6d, %eax
	movq	%rax, 112(%rdi)		/* result[0] */
	ret

	.section .note.GNU-stack, "", @progbits
