/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A kernel that looks at what a boot loader hands over, says it on COM1, and ends as its command line asks. It is enough
 * like Linux to be booted as one, by PVH and by the 64-bit protocol, and uses nothing that an emulator of KVM lacks:
 * integer instructions without interrupts.
 */
#define START_MAGIC  0x336ec578
#define HEADER_MAGIC 0x53726448

#define COM1	   0x3f8
#define RESET	   0x608
#define PM1	   0x604
#define KEYBOARD   0x64
#define METER	   0x4e40
#define SHARE	   0xd0000000
#define NOTHING	   0xe0000000
#define LOCAL_APIC 0xfee00000
#define TRAMPOLINE 0x8000
#define SMBIOS	   0xf0000

#define SETUP_SECTORS 1
#define MEMORY	      0x100000

	/* A note is where a loader looks for the entry of PVH. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 4, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	pvh_entry

	/* The sectors before the kernel in a bzImage; no part of the ELF file is loaded from here. */
	.section .setup, ""
	.org	0x1f1
	.byte	SETUP_SECTORS
	.org	0x1fe
	.word	0xaa55
	.org	0x202
	.long	HEADER_MAGIC
	.word	0x20f
	.org	0x22c
	.long	0x7fffffff /* initrd_addr_max */
	.long	0x200000   /* kernel_alignment */
	.org	0x236
	.word	1 /* xloadflags: XLF_KERNEL_64 */
	.long	2047
	.org	0x258
	.quad	start /* pref_address */
	.long	MEMORY
	.org	(SETUP_SECTORS + 1) * 512

	.section .kernel, "awx"
	.globl	start, entry_64, pvh_entry
start:
	.code32
pvh_entry:
	cld
	movl	$stack, %esp
	/* The first 4 GiB where they are, in large pages. */
	movl	$(pdpt + 3), pml4
	movl	$(directories + 3), %eax
	movl	$pdpt, %edi
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	1b
	movl	$0x83, %eax
	movl	$directories, %edi
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	decl	%ecx
	jnz	1b
	movl	%cr4, %eax
	orl	$0x20, %eax /* PAE */
	movl	%eax, %cr4
	movl	$pml4, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx /* EFER.LME */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $from_pvh

	.code64
	.org	0x200
entry_64:
	movl	$stack, %esp
	movq	%rsi, %rbx
	movl	$by_64, %esi
	call	say
	cmpl	$HEADER_MAGIC, 0x202(%rbx)
	jne	no_magic
	movq	0x70(%rbx), %rax
	movq	%rax, rsdp
	movl	0x228(%rbx), %eax
	movq	%rax, command_line
	movl	0x218(%rbx), %eax
	movq	%rax, initrd
	movl	0x21c(%rbx), %eax
	movq	%rax, initrd_bytes
	leaq	0x2d0(%rbx), %rdi
	movzbl	0x1e8(%rbx), %ecx
	movl	$20, %edx
	jmp	look

from_pvh:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$stack, %esp
	movl	%ebx, %ebx
	movl	$by_pvh, %esi
	call	say
	cmpl	$START_MAGIC, (%rbx)
	jne	no_magic
	movq	32(%rbx), %rax
	movq	%rax, rsdp
	movq	24(%rbx), %rax
	movq	%rax, command_line
	cmpl	$0, 12(%rbx)
	je	1f
	movq	16(%rbx), %rsi
	movq	(%rsi), %rax
	movq	%rax, initrd
	movq	8(%rsi), %rax
	movq	%rax, initrd_bytes
1:	movq	40(%rbx), %rdi
	movl	48(%rbx), %ecx
	movl	$24, %edx

	/* RDI: memory map of ECX entries of EDX bytes. */
look:
	xorl	%eax, %eax
1:	testl	%ecx, %ecx
	jz	2f
	cmpl	$1, 16(%rdi)
	jne	3f
	movq	(%rdi), %rax
	addq	8(%rdi), %rax
3:	addq	%rdx, %rdi
	decl	%ecx
	jmp	1b
2:	movl	$memory_is, %esi
	call	say
	call	say_hex
	call	say_line

	movl	$command_line_is, %esi
	call	say
	movq	command_line, %rsi
	call	say
	call	say_line
	call	look_at_initrd
	call	look_at_acpi
	call	look_at_smbios
	call	look_at_cpuid
	call	look_at_meter
	call	look_at_uart

	movl	$word_share, %edi
	call	asked
	jne	1f
	call	write_share
1:	movl	$word_wild, %edi
	call	asked
	jne	1f
	call	wild_accesses
1:	movl	$word_reset, %edi
	call	asked
	je	do_reset
	movl	$word_keyboard, %edi
	call	asked
	je	do_keyboard
	movl	$word_triple, %edi
	call	asked
	je	do_triple
	movl	$word_hang, %edi
	call	asked
	je	do_hang
	movl	$word_flood, %edi
	call	asked
	je	do_flood
	movl	$word_other, %edi
	call	asked
	je	do_other

	/* As Linux does: the state first, then with the enable bit. */
	movw	$(5 << 10), %ax
	movl	$PM1, %edx
	outw	%ax, %dx
	movw	$(5 << 10 | 1 << 13), %ax
	outw	%ax, %dx
	jmp	do_hang

no_magic:
	movl	$magic_is_not, %esi
	call	say
do_hang:
	jmp	do_hang

do_reset:
	movb	$1, %al
	movl	$RESET, %edx
	outb	%al, %dx
	jmp	do_hang

do_keyboard:
	movb	$0xfe, %al
	outb	%al, $KEYBOARD
	jmp	do_hang

do_triple:
	lidt	no_idt
	ud2

do_flood:
	movl	$flood, %esi
	call	say
	jmp	do_flood

	/* Switches the local APIC on and starts the second processor, which asks for a reset; this one waits without an exit. */
do_other:
	movl	$trampoline, %esi
	movl	$TRAMPOLINE, %edi
	movl	$(trampoline_end - trampoline), %ecx
	rep movsb
	movl	$(LOCAL_APIC + 0xf0), %edi
	movl	$0x1ff, (%rdi)
movl	$(LOCAL_APIC + 0x300), %edi
	movl	$0x01000000, 0x10(%rdi)
	movl	$0x4500, (%rdi) /* INIT */
	movl	$0x01000000, 0x10(%rdi)
	movl	$(0x4600 + (TRAMPOLINE >> 12)), (%rdi)
	jmp	do_hang

	.code16
trampoline:
	movb	$0xfe, %al
	outb	%al, $KEYBOARD
1:	jmp	1b
trampoline_end:
	.code64

/* Its size and first bytes. */
look_at_initrd:
	movl	$initrd_is, %esi
	call	say
	movq	initrd_bytes, %rax
	call	say_hex
	movb	$' ', %al
	call	say_byte
	movq	initrd, %rsi
	movq	initrd_bytes, %rcx
	cmpq	$16, %rcx
	jbe	1f
	movl	$16, %ecx
1:	testl	%ecx, %ecx
	jz	say_line
	movb	(%rsi), %al
	call	say_byte
	incq	%rsi
	decl	%ecx
	jmp	1b

look_at_acpi:
	movl	$rsdp_is, %esi
	call	say
	movq	rsdp, %rdi
	movq	signature_rsdp, %rax
	cmpq	(%rdi), %rax
	jne	say_no
	movl	$36, %ecx
	call	sum_is_0
	jne	say_no
	/* Each table that the XSDT names, by its signature. */
	movq	24(%rdi), %rdi
	movl	4(%rdi), %ecx
	call	sum_is_0
	jne	say_no
	movl	4(%rdi), %ebx
	subl	$36, %ebx
	shrl	$3, %ebx
	addq	$36, %rdi
1:	testl	%ebx, %ebx
	jz	say_line
	movq	(%rdi), %rsi
	movl	$4, %ecx
	call	say_bytes
	movb	$' ', %al
	call	say_byte
	addq	$8, %rdi
	decl	%ebx
	jmp	1b

/* The first two strings of the system structure. */
look_at_smbios:
	movl	$smbios_is, %esi
	call	say
	movl	$SMBIOS, %edi
	cmpl	$0x5f4d535f, (%rdi)
	jne	say_no
	movl	$31, %ecx
	call	sum_is_0
	jne	say_no
	movl	24(%rdi), %edi
1:	cmpb	$127, (%rdi)
	je	say_no
	movzbl	1(%rdi), %esi
	addq	%rdi, %rsi
	cmpb	$1, (%rdi)
	je	3f
2:	incq	%rsi
	cmpw	$0, -1(%rsi)
	jne	2b
	leaq	1(%rsi), %rdi
	jmp	1b
3:	call	say
	incq	%rsi
	pushq	%rsi
	movl	$separator, %esi
	call	say
	popq	%rsi
	call	say
	jmp	say_line

look_at_cpuid:
	movl	$signature_is, %esi
	call	say
	movl	$1, %eax
	xorl	%ecx, %ecx
	cpuid
	movl	%ebx, leaf_1
	testl	%ecx, %ecx
	jns	1f
	movl	$0x40000000, %eax
	xorl	%ecx, %ecx
	cpuid
	movl	%ebx, signature
	movl	%ecx, signature + 4
	movl	%edx, signature + 8
	movl	$signature, %esi
	call	say
1:	call	say_line
	movl	$processors_are, %esi
	call	say
	movzbl	leaf_1 + 2, %eax
	call	say_hex
	movl	$levels_are, %esi
	call	say
	movl	$0xb, %eax
	movl	$1, %ecx
	cpuid
	movl	%ebx, %eax
	call	say_hex
	jmp	say_line

look_at_meter:
	movl	$meter_is, %esi
	call	say
	movl	$METER, %edx
	inl	%dx, %eax
	cmpl	$0x4d4e584d, %eax
	jne	say_no
	movl	$(METER + 4), %edx
	inl	%dx, %eax
	movl	%eax, %ebx
	inl	%dx, %eax
	cmpl	%ebx, %eax
	ja	say_yes
	jmp	say_no

/* An empty transmitter is a cause once, and again after each byte. */
look_at_uart:
	movl	$uart_is, %esi
	call	say
	movl	$(COM1 + 2), %edx
	inb	%dx, %al
	testb	$1, %al
	jz	say_no
	decl	%edx
	movb	$2, %al
	outb	%al, %dx
	call	cause
	cmpb	$2, %al
	jne	say_no
	call	cause
	cmpb	$1, %al
	jne	say_no
	movb	$'+', %al
	call	say_byte
	call	cause
	cmpb	$2, %al
	jne	say_no
	call	cause
	cmpb	$1, %al
	jne	say_no
	movl	$(COM1 + 1), %edx
	xorl	%eax, %eax
	outb	%al, %dx
	call	cause
	cmpb	$1, %al
	jne	say_no
	jmp	say_yes

cause:
	movl	$(COM1 + 2), %edx
	inb	%dx, %al
	andb	$0xf, %al
	ret

write_share:
	movl	$pattern, %esi
	movl	$SHARE, %edi
	movl	$(pattern_end - pattern), %ecx
	rep movsb
	ret

/* Strings of I/O, accesses wider than their device or across its end, and addresses where nothing is. */
wild_accesses:
	movl	$wild, %esi
	movl	$(wild_end - wild), %ecx
	movl	$COM1, %edx
	rep outsb
	movl	$scratch, %edi
	movl	$1024, %ecx
	rep insl
	movl	$(COM1 + 7), %edx
	inl	%dx, %eax
	outl	%eax, %dx
	movl	$(METER + 4), %edx
	movl	$scratch, %edi
	movl	$64, %ecx
	rep insl
	movl	$(METER + 7), %edx
	inl	%dx, %eax
	outl	%eax, %dx
	movl	$PM1, %edx
	inb	%dx, %al
	inw	%dx, %ax
	inl	%dx, %eax
	movl	$0xffff, %edx
	inl	%dx, %eax
	movl	$nothing_is, %esi
	call	say
	movl	$0x80, %edx
	inl	%dx, %eax
	incl	%eax
	jnz	say_no
	movl	$NOTHING, %edi
	movq	(%rdi), %rax
	movq	%rax, 8(%rdi)
	movb	%al, 0xfff(%rdi)
	incq	%rax
	jnz	say_no
	movzwl	0xffd(%rdi), %eax
	incw	%ax
	jnz	say_no
	jmp	say_yes

/* ZF: RDI[ECX] sums up to 0. Changes AL, RSI, RCX. */
sum_is_0:
	movq	%rdi, %rsi
	xorl	%eax, %eax
1:	addb	(%rsi), %al
	incq	%rsi
	decl	%ecx
	jnz	1b
	testb	%al, %al
	ret

/* ZF: the command line holds the word at RDI. */
asked:
	movq	command_line, %rsi
1:	xorl	%ecx, %ecx
2:	movb	(%rdi,%rcx), %al
	testb	%al, %al
	jz	3f
	cmpb	(%rsi,%rcx), %al
	jne	4f
	incl	%ecx
	jmp	2b
4:	cmpb	$0, (%rsi)
	je	5f
	incq	%rsi
	jmp	1b
5:	incl	%ecx /* not 0 */
3:	ret

/* These keep all registers but RAX; say() moves RSI to the end of its text. */
say_byte:
	pushq	%rdx
	pushq	%rax
	movl	$(COM1 + 5), %edx
1:	inb	%dx, %al
	testb	$0x20, %al
	jz	1b
	popq	%rax
	movl	$COM1, %edx
	outb	%al, %dx
	popq	%rdx
	ret

say:
	pushq	%rax
1:	movb	(%rsi), %al
	testb	%al, %al
	jz	2f
	call	say_byte
	incq	%rsi
	jmp	1b
2:	popq	%rax
	ret

say_bytes:
	movb	(%rsi), %al
	call	say_byte
	incq	%rsi
	decl	%ecx
	jnz	say_bytes
	ret

say_hex:
	pushq	%rcx
	pushq	%rbx
	movq	%rax, %rbx
	movl	$16, %ecx
1:	rolq	$4, %rbx
	movl	%ebx, %eax
	andl	$15, %eax
	movb	digits(%rax), %al
	call	say_byte
	decl	%ecx
	jnz	1b
	popq	%rbx
	popq	%rcx
	ret

say_yes:
	movl	$yes, %esi
	jmp	say
say_no:
	movl	$no, %esi
	jmp	say
say_line:
	movb	$'\n', %al
	jmp	say_byte

by_pvh:		 .asciz "entered by PVH\n"
by_64:		 .asciz "entered in 64-bit mode\n"
magic_is_not:	 .asciz "the magic number is missing\n"
memory_is:	 .asciz "memory ends at "
command_line_is: .asciz "command line: "
initrd_is:	 .asciz "initrd: "
rsdp_is:	 .asciz "ACPI: "
smbios_is:	 .asciz "SMBIOS: "
separator:	 .asciz " / "
signature_is:	 .asciz "hypervisor: "
processors_are:	 .asciz "processors: "
levels_are:	 .asciz " of a package: "
meter_is:	 .asciz "the meter counts: "
uart_is:	 .asciz "the transmitter interrupts: "
nothing_is:	 .asciz "nothing reads as ones: "
flood:		 .asciz "the same line again and again and again\n"
yes:		 .asciz "yes\n"
no:		 .asciz "no\n"
digits:		 .ascii "0123456789abcdef"
signature_rsdp:	 .ascii "RSD PTR "
wild:		 .ascii "a string at once\n"
wild_end:
word_share:	 .asciz "share"
word_wild:	 .asciz "wild"
word_reset:	 .asciz "reset"
word_keyboard:	 .asciz "keyboard"
word_triple:	 .asciz "triple"
word_hang:	 .asciz "hang"
word_flood:	 .asciz "flood"
word_other:	 .asciz "other"

	.balign	256
pattern:
	.set	byte, 0
	.rept	256
	.byte	byte
	.set	byte, byte + 1
	.endr
pattern_end:

	.balign	8
gdt:
	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
no_idt:
	.word	0
	.quad	0

	.bss
	.balign	4096
pml4:		.skip	4096
pdpt:		.skip	4096
directories:	.skip	4 * 4096
scratch:	.skip	4096
stack_end:	.skip	4096
stack:
rsdp:		.skip	8
command_line:	.skip	8
initrd:		.skip	8
initrd_bytes:	.skip	8
signature:	.skip	16
leaf_1:		.skip	4

	.section .note.GNU-stack, "", @progbits
