/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_LAYOUT_H
#define NM_VMM_LINUX_LAYOUT_H

/* Where things are in the guest-physical memory and the I/O ports of a Linux guest. */

#define NM_LINUX_GDT	      0x500u
#define NM_LINUX_START_INFO   0x6000u
#define NM_LINUX_BOOT_PARAMS  0x7000u
#define NM_LINUX_PAGE_TABLES  0x9000u /* PML4, PDPT and four page directories */
#define NM_LINUX_COMMAND_LINE 0x20000u
#define NM_LINUX_LOW_END      0xa0000u
#define NM_LINUX_ACPI	      0xe0000u /* the RSDP is looked for from here on (ACPI 6.4, 5.2.5.1) */
#define NM_LINUX_ACPI_BYTES   0x2000u
#define NM_LINUX_SMBIOS	      0xf0000u /* and the SMBIOS entry point from here on (SMBIOS 3.6, 5.2.1) */
#define NM_LINUX_SMBIOS_BYTES 0x1000u
#define NM_LINUX_HIGH	      0x100000u
#define NM_LINUX_SHARE	      0xd0000000u /* memory that the host shares: /dev/mem at this offset */
#define NM_LINUX_SHARE_MAX    0x10000000u
#define NM_LINUX_RAM_END      NM_LINUX_SHARE /* memory beyond it continues at 4 GiB */
#define NM_LINUX_DISK	      0xe0000000u    /* registers of virtio devices */
#define NM_LINUX_VIRTIO_BYTES 0x200u
#define NM_LINUX_NET	      0xe0001000u
#define NM_LINUX_ABOVE	      0x100000000u
#define NM_LINUX_IOAPIC	      0xfec00000u
#define NM_LINUX_LAPIC	      0xfee00000u

#define NM_LINUX_COMMAND_LINE_BYTES 2048u

/* ACPI fixed hardware: PM1a event and control blocks, reset register, power management timer (ACPI 6.4, 4.8.3). */
#define NM_LINUX_PM1_EVENT   0x600u
#define NM_LINUX_PM1_CONTROL 0x604u
#define NM_LINUX_RESET_PORT  0x608u
#define NM_LINUX_RESET_VALUE 1u
#define NM_LINUX_PM_TIMER    0x60cu
#define NM_LINUX_SCI	     9u
#define NM_LINUX_S5_TYPE     5u

#define NM_LINUX_COM1	  0x3f8u
#define NM_LINUX_COM1_IRQ 4u
#define NM_LINUX_NET_IRQ  10u
#define NM_LINUX_DISK_IRQ 11u

#endif
