/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_FIRMWARE_H
#define NM_VMM_LINUX_FIRMWARE_H

#include "vmm/linux/identity.h"
#include "vmm/linux/virtio.h"

#include <stddef.h>
#include <stdint.h>

/* The tables that firmware would leave for the kernel. */

/**
 * ACPI tables (RSDP first) into memory[bytes], which the guest has at NM_LINUX_ACPI: fixed hardware for power-off and reset,
 * local APICs and the I/O APIC, and virtio devices unless that is NULL. -ENOSPC when they do not fit.
 */
int nm_acpi_write(unsigned char *memory, size_t bytes, unsigned int vcpus,
		  const struct nm_linux_virtio_config *virtio);

/** The byte that makes the sum of length bytes, itself among them as 0, a multiple of 256. */
uint8_t nm_firmware_checksum(const void *bytes, size_t length);

/** SMBIOS 2.8 (entry point first) into memory[bytes], which the guest has at NM_LINUX_SMBIOS. */
int nm_smbios_write(unsigned char *memory, size_t bytes, const struct nm_identity *identity);

#endif
