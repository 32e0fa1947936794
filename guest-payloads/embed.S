/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */

/* Carries the payload images in the host binary; declared in guest-payloads/images.h. */
	.macro image name, file
	.balign	16
	.globl	\name
\name:
	.incbin	"\file"
	.globl	\name\()_end
\name\()_end:
	.endm

	.section .rodata
	image	nm_image_ops, "ops.bin"
	image	nm_image_canary, "canary.bin"
	image	nm_image_linux_init, "linux_init"
	image	nm_image_linux_agent, "linux_agent"

	.section .note.GNU-stack, "", @progbits
