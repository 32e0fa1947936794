/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot sector of the lab's Bochs disk: loads what labkit/bochs.py laid out and enters the kernel by its PVH entry.
 *
 * labkit/bochs.py has done the thinking: sector 1 and those after it hold the handover page, which starts with the
 * start_info and names, in a table, what else to read from the disk and where to put it. What only the running machine
 * knows, its memory map, is added here.
 *
 * The disk is read through the ATA ports, not INT 13h: from protected mode the data go straight to their place above
 * 1 MB and one LBA48 command reads many megabytes, where INT 13h would bring small pieces to be copied up from below.
 *
 * Sources: Xen's public header arch-x86/hvm/start_info.h and docs/misc/pvh.pandoc (state at the entry), ACPI "System
 * Address Map Interfaces" (INT 15h E820h), ATA/ATAPI-6 (READ SECTOR(S) EXT, PIO data-in protocol).
 */

    /* Laid out by labkit/bochs.py, where the same numbers stand. */
    .set HANDOVER, 0x8000 /* start_info first */
    .set HANDOVER_SECTORS, 8
    .set ENTRY, HANDOVER + 0x100
    .set LOADS, HANDOVER + 0x104 /* up to one of no sectors */
    .set MEMORY_MAP, 0x9000

    .set MAP_ENTRIES, HANDOVER + 48 /* memmap_entries of start_info */
    .set MAP_ENTRY_BYTES, 24

    .set FIRST_SECTOR, 0
    .set SECTORS, 4
    .set ADDRESS, 8
    .set LOAD_BYTES, 12

    .set ATA_DATA, 0x1f0
    .set ATA_COUNT, 0x1f2
    .set ATA_DRIVE, 0x1f6
    .set ATA_COMMAND, 0x1f7 /* read: status */
    .set ATA_CONTROL, 0x3f6
    .set COM1_DATA, 0x3f8
    .set COM1_LINE_CONTROL, 0x3fb
    .set COM1_STATUS, 0x3fd
    .set PM1_CONTROL, 0xb004

    .set FLAT_CODE, 8
    .set FLAT_DATA, 16

    .code16
    .globl _start
_start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $_start, %sp

    /* An entry of start_info's memory map is one of E820's with four reserved bytes more. */
    movw $MEMORY_MAP, %di
    xorl %ebx, %ebx
next_range:
    movl $0xe820, %eax
    movl $0x534d4150, %edx /* "SMAP" */
    movl $20, %ecx
    movl $0, 20(%di)
    int $0x15
    jc ranges_done /* some BIOSes end the list like this, others with a zero ebx */
    incl map_entries
    addw $MAP_ENTRY_BYTES, %di
    testl %ebx, %ebx
    jnz next_range
ranges_done:

    /* Fast A20 gate; bit 0 would reset the machine. */
    inb $0x92, %al
    orb $2, %al
    andb $0xfe, %al
    outb %al, $0x92

    lgdt gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $FLAT_CODE, $protected

    .code32
protected:
    movl $FLAT_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss

    /* No interrupts from the drive: no one handles them. */
    movw $ATA_CONTROL, %dx
    movb $2, %al
    outb %al, %dx

    movl $first_load, %esi
    call load
    movl map_entries, %eax
    movl %eax, MAP_ENTRIES
    movl $LOADS, %esi
next_load:
    cmpl $0, SECTORS(%esi)
    je loaded
    call load
    jmp next_load

    /* PVH: flat 32-bit segments, paging and interrupts off, ebx points to start_info. */
loaded:
    movl $HANDOVER, %ebx
    jmp *ENTRY

/* Reads what the table entry at esi says; leaves esi at the next entry. */
load:
    movw $ATA_DRIVE, %dx
    movb $0x40, %al /* drive 0, LBA */
    outb %al, %dx

    /* Each register takes its high byte first, then its low byte. */
    movl SECTORS(%esi), %ebx
    movl FIRST_SECTOR(%esi), %ecx
    movw $ATA_COUNT, %dx
    movb %bh, %al
    outb %al, %dx
    movl %ecx, %eax
    shrl $24, %eax
    incl %edx
    outb %al, %dx
    xorl %eax, %eax
    incl %edx
    outb %al, %dx
    incl %edx
    outb %al, %dx
    movw $ATA_COUNT, %dx
    movb %bl, %al
    outb %al, %dx
    movl %ecx, %eax
    incl %edx
    outb %al, %dx
    shrl $8, %eax
    incl %edx
    outb %al, %dx
    shrl $8, %eax
    incl %edx
    outb %al, %dx
    movw $ATA_COMMAND, %dx
    movb $0x24, %al /* READ SECTOR(S) EXT */
    outb %al, %dx

    movl ADDRESS(%esi), %edi
next_sector:
    movw $ATA_COMMAND, %dx
busy:
    inb %dx, %al
    testb $0x80, %al
    jnz busy
    testb $0x08, %al /* no data although not busy: the drive refused */
    jz fail
    movw $ATA_DATA, %dx
    movl $256, %ecx
    rep insw
    decl %ebx
    jnz next_sector
    addl $LOAD_BYTES, %esi
    ret

/* Says so on the console, where labkit/bochs.py finds it, and powers off. */
fail:
    movw $COM1_LINE_CONTROL, %dx
    movb $3, %al /* eight data bits, no parity; at reset there are five */
    outb %al, %dx
    movl $message, %esi
drain: /* before each byte and before power-off, which would lose what is still on its way */
    movw $COM1_STATUS, %dx
    inb %dx, %al
    testb $0x40, %al
    jz drain
    lodsb
    testb %al, %al
    jz power_off
    movw $COM1_DATA, %dx
    outb %al, %dx
    jmp drain
power_off: /* sleep type S5 of Bochs' BIOS and SLP_EN; the BIOS has put the ACPI registers at this port */
    movw $PM1_CONTROL, %dx
    movw $0x2000, %ax
    outw %ax, %dx
    hlt

    .balign 4
map_entries:
    .long 0
first_load:
    .long 1, HANDOVER_SECTORS, HANDOVER
gdt:
    .quad 0
    .quad 0x00cf9a000000ffff /* FLAT_CODE */
    .quad 0x00cf92000000ffff /* FLAT_DATA */
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt
message:
    .asciz "boot.S: the disk could not be read\n"

    .org 510
    .word 0xaa55
