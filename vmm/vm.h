/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_VM_H
#define NM_VMM_VM_H

#include "vmm/kvm.h"

#include <stdbool.h>
#include <stdint.h>

#define NM_VM_MAX_SLOTS 32

/** Where a device of a guest lies: on NM_BUS_MSR addresses are numbers of MSRs. */
enum nm_bus { NM_BUS_PIO, NM_BUS_MMIO, NM_BUS_MSR };

/** One piece of guest-physical memory and where this process sees it. */
struct nm_memory_slot {
	uint64_t gpa;
	uint64_t bytes;
	unsigned char *host;
	bool owned; /* mapped by nm_vm_add_memory() */
};

struct nm_vm {
	const struct nm_kvm *kvm;
	int fd;
	struct nm_memory_slot slots[NM_VM_MAX_SLOTS];
	unsigned int slot_count;
};

int nm_vm_create(struct nm_vm *vm, const struct nm_kvm *kvm);

/** MSRs that KVM does not know leave to user space instead of raising #GP (KVM_CAP_X86_USER_SPACE_MSR). */
int nm_vm_forward_unknown_msrs(const struct nm_vm *vm);

/** Closes the VM and unmaps its memory; vCPUs must be gone. Harmless on one that failed to be created. */
void nm_vm_destroy(struct nm_vm *vm);

/** Adds bytes of anonymous memory at gpa. Both are multiples of 4096; -EINVAL when they overlap a slot. */
int nm_vm_add_memory(struct nm_vm *vm, uint64_t gpa, uint64_t bytes);

/** The same with memory that the caller owns and keeps mapped; flags as of KVM_SET_USER_MEMORY_REGION. */
int nm_vm_add_mapped(struct nm_vm *vm, uint64_t gpa, uint64_t bytes, void *host, uint32_t flags);

/* Guest memory that KVM itself keeps, in guest_memfd.c. */

/**
 * A guest_memfd that this process can map as well (KVM_CAP_GUEST_MEMFD_FLAGS, Linux 6.18): the fd, or -EOPNOTSUPP with a
 * remedy.
 */
int nm_vm_create_guest_memfd(const struct nm_vm *vm, uint64_t bytes);
/** Adds it at gpa; host is where the caller has mapped it. */
int nm_vm_add_guest_memfd(struct nm_vm *vm, uint64_t gpa, uint64_t bytes, void *host, int fd);

/** Room for a slot there: 0, -EINVAL or -ENOSPC. */
int nm_vm_check_slot(const struct nm_vm *vm, uint64_t gpa, uint64_t bytes);

/** Host address of [gpa, gpa + bytes), or NULL when it does not lie in one slot. */
void *nm_vm_memory(const struct nm_vm *vm, uint64_t gpa, uint64_t bytes);

/* Interrupts and notification, in irq.c. */

/** The in-kernel PIC, IOAPIC and local APICs; before any vCPU is created. */
int nm_vm_create_irqchip(struct nm_vm *vm);
/** The in-kernel 8254, with the control port 61h that calibration loops use; after the irqchip. */
int nm_vm_create_pit(struct nm_vm *vm);

/** Writes of `bytes` (0: any length) to address signal event_fd inside KVM. */
int nm_vm_ioeventfd(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes,
		    int event_fd);
/** The same for writes of that value only; others leave to user space. */
int nm_vm_ioeventfd_match(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes,
			  uint64_t value, int event_fd);
/** Writes to [address, address + bytes) go into the ring of each vCPU while there is room (KVM_REGISTER_COALESCED_MMIO). */
int nm_vm_coalesce(const struct nm_vm *vm, enum nm_bus bus, uint64_t address, uint32_t bytes);
/** Signals on event_fd raise the interrupt line gsi inside KVM. */
int nm_vm_irqfd(const struct nm_vm *vm, int event_fd, uint32_t gsi);
/**
 * The same for a line that is level-triggered in the IOAPIC: the guest's EOI lowers it and signals resample_fd
 * (KVM_IRQFD_FLAG_RESAMPLE).
 */
int nm_vm_irqfd_resample(const struct nm_vm *vm, int event_fd, int resample_fd, uint32_t gsi);
/** Makes the line gsi an MSI, and leaves no other line. */
int nm_vm_route_msi(const struct nm_vm *vm, uint32_t gsi, uint32_t address, uint32_t data);
/** Delivers an MSI (KVM_SIGNAL_MSI), from any thread. -EAGAIN when the guest does not take it. */
int nm_vm_signal_msi(const struct nm_vm *vm, uint32_t address, uint32_t data);
/** How long KVM may poll for a vCPU that halts before it puts it to sleep (KVM_CAP_HALT_POLL); 0: not at all. */
int nm_vm_halt_poll(const struct nm_vm *vm, uint64_t ns);
/** Sets an interrupt line of the in-kernel irqchip. */
int nm_vm_irq_line(const struct nm_vm *vm, uint32_t gsi, bool high);

#endif
