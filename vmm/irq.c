/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

int nm_vm_create_irqchip(struct nm_vm *vm)
{
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return nm_fail(errno, "KVM_CREATE_IRQCHIP: %s", strerror(errno));
	return 0;
}

int nm_vm_create_pit(struct nm_vm *vm)
{
	struct kvm_pit_config config = {.flags = KVM_PIT_SPEAKER_DUMMY};

	if (ioctl(vm->fd, KVM_CREATE_PIT2, &config))
		return nm_fail(errno, "KVM_CREATE_PIT2: %s", strerror(errno));
	return 0;
}

static int add_ioeventfd(const struct nm_vm *vm, const struct kvm_ioeventfd *request)
{
	if (ioctl(vm->fd, KVM_IOEVENTFD, request))
		return nm_fail(errno, "KVM_IOEVENTFD at %#" PRIx64 ": %s", (uint64_t)request->addr,
			       strerror(errno));
	return 0;
}

int nm_vm_ioeventfd(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes,
		    int event_fd)
{
	const struct kvm_ioeventfd request = {
		.addr = address,
		.len = bytes,
		.fd = event_fd,
		.flags = bus == NM_BUS_PIO ? KVM_IOEVENTFD_FLAG_PIO : 0,
	};

	return add_ioeventfd(vm, &request);
}

int nm_vm_ioeventfd_match(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes,
			  uint64_t value, int event_fd)
{
	const struct kvm_ioeventfd request = {
		.datamatch = value,
		.addr = address,
		.len = bytes,
		.fd = event_fd,
		.flags = KVM_IOEVENTFD_FLAG_DATAMATCH |
			 (bus == NM_BUS_PIO ? KVM_IOEVENTFD_FLAG_PIO : 0),
	};

	return add_ioeventfd(vm, &request);
}

int nm_vm_coalesce(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes)
{
	struct kvm_coalesced_mmio_zone zone = {
		.addr = address,
		.size = bytes,
		.pio = bus == NM_BUS_PIO,
	};

	if (ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &zone))
		return nm_fail(errno, "KVM_REGISTER_COALESCED_MMIO at %#" PRIx64 ": %s", address,
			       strerror(errno));
	return 0;
}

int nm_vm_irqfd(const struct nm_vm *vm, int event_fd, uint32_t gsi)
{
	struct kvm_irqfd request = {.fd = (uint32_t)event_fd, .gsi = gsi};

	if (ioctl(vm->fd, KVM_IRQFD, &request))
		return nm_fail(errno, "KVM_IRQFD for line %" PRIu32 ": %s", gsi, strerror(errno));
	return 0;
}

int nm_vm_irq_line(const struct nm_vm *vm, uint32_t gsi, bool high)
{
	struct kvm_irq_level level = {.irq = gsi, .level = high};

	if (ioctl(vm->fd, KVM_IRQ_LINE, &level))
		return nm_fail(errno, "KVM_IRQ_LINE %" PRIu32 ": %s", gsi, strerror(errno));
	return 0;
}

int nm_vm_irqfd_resample(const struct nm_vm *vm, int event_fd, int resample_fd, uint32_t gsi)
{
	struct kvm_irqfd request = {
		.fd = (uint32_t)event_fd,
		.gsi = gsi,
		.flags = KVM_IRQFD_FLAG_RESAMPLE,
		.resamplefd = (uint32_t)resample_fd,
	};

	if (ioctl(vm->fd, KVM_IRQFD, &request))
		return nm_fail(errno, "KVM_IRQFD for the level of line %" PRIu32 ": %s", gsi,
			       strerror(errno));
	return 0;
}

int nm_vm_route_msi(const struct nm_vm *vm, uint32_t gsi, uint32_t address, uint32_t data)
{
	const struct kvm_irq_routing_entry entry = {
		.gsi = gsi,
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = {.address_lo = address, .data = data},
	};
	struct kvm_irq_routing *table = calloc(1, sizeof(*table) + sizeof(entry));
	int r = 0;

	if (!table)
		return nm_fail(ENOMEM, "out of memory");
	table->nr = 1;
	memcpy(table->entries, &entry, sizeof(entry));
	if (ioctl(vm->fd, KVM_SET_GSI_ROUTING, table))
		r = nm_fail(errno, "KVM_SET_GSI_ROUTING: %s", strerror(errno));
	free(table);
	return r;
}

int nm_vm_signal_msi(const struct nm_vm *vm, uint32_t address, uint32_t data)
{
	struct kvm_msi msi = {.address_lo = address, .data = data};
	int r = ioctl(vm->fd, KVM_SIGNAL_MSI, &msi);

	if (r < 0)
		return nm_fail(errno, "KVM_SIGNAL_MSI: %s", strerror(errno));
	return r ? 0 : nm_fail(EAGAIN, "KVM_SIGNAL_MSI: the guest does not take it");
}

int nm_vm_halt_poll(const struct nm_vm *vm, uint64_t ns)
{
	struct kvm_enable_cap request = {.cap = KVM_CAP_HALT_POLL, .args = {ns}};

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &request))
		return nm_fail(errno, "KVM_CAP_HALT_POLL of %" PRIu64 " ns: %s", ns,
			       strerror(errno));
	return 0;
}
