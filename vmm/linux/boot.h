/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_BOOT_H
#define NM_VMM_LINUX_BOOT_H

#include "vmm/linux/kernel.h"
#include "vmm/vcpu.h"

#include <stdbool.h>

/** What a boot loader hands over. */
struct nm_boot {
	const struct nm_kernel *kernel;
	const void *initrd; /* NULL: none */
	size_t initrd_bytes;
	const char *command_line;
	uint64_t memory_bytes;
	uint64_t share_bytes;
	bool pvh; /* enter by PVH, which the kernel must have; else by the 64-bit boot protocol */
};

/**
 * Loads kernel, initramfs, command line and memory map and sets the vCPU at the kernel's entry point
 * (Documentation/arch/x86/boot.rst; xen/include/public/arch-x86/hvm/start_info.h).
 */
int nm_boot_load(const struct nm_boot *boot, const struct nm_vm *vm, const struct nm_vcpu *vcpu);

#endif
