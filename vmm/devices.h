/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_DEVICES_H
#define NM_VMM_DEVICES_H

#include "vmm/vm.h"

#include <stdbool.h>
#include <stdint.h>

struct kvm_run;

#define NM_MAX_DEVICES 16

/** One access of a guest that left to user space. */
struct nm_access {
	uint64_t address;
	uint32_t bytes; /* of one element: 1, 2, 4 or 8 */
	uint32_t count; /* string I/O moves several */
	bool write;
	void *data; /* count × bytes: what was written, or where to put what is read */
};

typedef void (*nm_access_fn)(void *context, const struct nm_access *access);

struct nm_device {
	enum nm_bus bus;
	uint64_t base;
	uint64_t bytes;
	nm_access_fn access;
	void *context;
};

/** The devices of a guest; the one that was added first is asked first. */
struct nm_devices {
	struct nm_device items[NM_MAX_DEVICES];
	unsigned int count;
};

int nm_devices_add(struct nm_devices *devices, struct nm_device device);

/** Serves an access to a port, to memory or to an MSR that left to user space; false when no device has that address. */
bool nm_devices_serve(const struct nm_devices *devices, struct kvm_run *run);

#endif
