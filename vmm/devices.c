/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/devices.h"

#include "core/error.h"

#include <errno.h>
#include <linux/kvm.h>

int nm_devices_add(struct nm_devices *devices, struct nm_device device)
{
	if (devices->count == NM_MAX_DEVICES)
		return nm_fail(ENOSPC, "more than %d devices in a guest", NM_MAX_DEVICES);
	devices->items[devices->count++] = device;
	return 0;
}

static bool serve(const struct nm_devices *devices, enum nm_bus bus, const struct nm_access *access)
{
	for (unsigned int i = 0; i < devices->count; i++) {
		const struct nm_device *device = &devices->items[i];

		if (device->bus != bus || access->address - device->base >= device->bytes)
			continue;
		device->access(device->context, access);
		return true;
	}
	return false;
}

bool nm_devices_serve(const struct nm_devices *devices, struct kvm_run *run)
{
	if (run->exit_reason == KVM_EXIT_IO) {
		const struct nm_access access = {
			.address = run->io.port,
			.bytes = run->io.size,
			.count = run->io.count,
			.write = run->io.direction == KVM_EXIT_IO_OUT,
			.data = (unsigned char *)run + run->io.data_offset,
		};

		return serve(devices, NM_BUS_PIO, &access);
	}
	if (run->exit_reason == KVM_EXIT_MMIO) {
		const struct nm_access access = {
			.address = run->mmio.phys_addr,
			.bytes = run->mmio.len,
			.count = 1,
			.write = run->mmio.is_write,
			.data = run->mmio.data,
		};

		return serve(devices, NM_BUS_MMIO, &access);
	}
	if (run->exit_reason == KVM_EXIT_X86_RDMSR || run->exit_reason == KVM_EXIT_X86_WRMSR) {
		const struct nm_access access = {
			.address = run->msr.index,
			.bytes = sizeof(run->msr.data),
			.count = 1,
			.write = run->exit_reason == KVM_EXIT_X86_WRMSR,
			.data = &run->msr.data,
		};

		run->msr.error = 0;
		return serve(devices, NM_BUS_MSR, &access);
	}
	return false;
}
