/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_LINUX_LINUX_H
#define NM_VMM_LINUX_LINUX_H

#include "vmm/linux/identity.h"
#include "vmm/linux/kernel.h"
#include "vmm/linux/uart.h"
#include "vmm/linux/virtio.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A machine that boots Linux: in-kernel irqchip and PIT, ACPI and SMBIOS tables, a serial console, an exit meter. */

#define NM_LINUX_MAX_VCPUS  64u
#define NM_LINUX_MIN_MEMORY (32ull << 20)
#define NM_LINUX_MAX_MEMORY (1ull << 40)

/** A machine that is made and does not run yet. */
struct nm_linux_ready {
	int vm_fd;
	const int *vcpu_fds;
	unsigned int vcpus;
	uint64_t tsc_khz; /* of its guest; 0: KVM does not say */
};

struct nm_linux_config {
	const struct nm_kernel *kernel;
	const void *initrd; /* NULL: none */
	size_t initrd_bytes;
	const char *command_line;
	uint64_t memory_bytes; /* whole pages */
	unsigned int vcpus;
	const struct nm_identity *identity;
	void *share; /* mapped at NM_LINUX_SHARE; NULL: none */
	uint64_t share_bytes;
	const struct nm_linux_virtio_config *virtio; /* NULL: no such devices */
	nm_uart_output_fn console;
	void *console_context;
	/** NULL or not; -errno ends it before it began. */
	int (*ready)(void *context, const struct nm_linux_ready *ready);
	/** NULL or not; in the thread of each vCPU, before it runs. */
	void (*on_vcpu)(void *context, unsigned int vcpu);
	void *hook_context;
};

enum nm_linux_end {
	NM_LINUX_POWER_OFF, /* by itself, as it should be */
	NM_LINUX_RESET,	    /* asked for a reboot, as a kernel that panics does */
	NM_LINUX_TIMEOUT,
	NM_LINUX_TRIPLE_FAULT,
	NM_LINUX_KVM_ERROR,  /* KVM gave up: the text names the instruction where KVM tells */
	NM_LINUX_UNEXPECTED, /* an exit that nothing serves */
};

struct nm_linux_result {
	enum nm_linux_end end;
	uint64_t elapsed_ns;
	uint64_t user_exits; /* returns of KVM_RUN */
	char text[320];	     /* one line for everything but a power-off */
};

/**
 * Boots a kernel and runs it until it ends in one of the ways above, at most limit_ns. 0 when it ran, however it ended; -errno
 * when it could not be set up.
 */
int nm_linux_run(const struct nm_kvm *kvm, const struct nm_linux_config *config, uint64_t limit_ns,
		 struct nm_linux_result *result);

#endif
