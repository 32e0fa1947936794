/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_VIRTIO_H
#define NM_VMM_LINUX_VIRTIO_H

#include "vmm/devices.h"
#include "vmm/vm.h"

#include <stdint.h>

/* Virtio devices of a Linux guest, by MMIO; its kernel is told of them by ACPI (acpi.c). */

struct nm_linux_virtio_config {
	int disk_fd; /* an image, the only disk; -1: none */
	uint64_t disk_bytes;
	int net_fd; /* each read or write is an Ethernet frame, and none waits; -1: no network */
};

struct nm_linux_virtio;

/** Connects the devices to a VM with an irqchip. *out goes to nm_linux_virtio_destroy(), also after an error. */
int nm_linux_virtio_create(struct nm_linux_virtio **out,
			   const struct nm_linux_virtio_config *config, struct nm_vm *vm,
			   struct nm_devices *devices);
void nm_linux_virtio_destroy(struct nm_linux_virtio *virtio);

#endif
