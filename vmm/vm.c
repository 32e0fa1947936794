/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Three pages that KVM needs on Intel CPUs without unrestricted guest (api.rst, KVM_SET_TSS_ADDR). */
#define TSS_ADDRESS	     0xfffbd000u
#define IDENTITY_MAP_ADDRESS 0xfffbc000u

int nm_vm_create(struct nm_vm *vm, const struct nm_kvm *kvm)
{
	uint64_t identity = IDENTITY_MAP_ADDRESS;

	*vm = (struct nm_vm) {.kvm = kvm};
	vm->fd = nm_kvm_create_vm(kvm);
	if (vm->fd < 0)
		return vm->fd;
	if (ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) ||
	    ioctl(vm->fd, KVM_SET_TSS_ADDR, (unsigned long)TSS_ADDRESS)) {
		int r = nm_fail(errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));

		nm_vm_destroy(vm);
		return r;
	}
	return 0;
}

int nm_vm_forward_unknown_msrs(const struct nm_vm *vm)
{
	struct kvm_enable_cap request = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = {KVM_MSR_EXIT_REASON_UNKNOWN},
	};

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &request))
		return nm_fail(errno, "KVM_CAP_X86_USER_SPACE_MSR: %s", strerror(errno));
	return 0;
}

void nm_vm_destroy(struct nm_vm *vm)
{
	if (vm->fd >= 0)
		close(vm->fd);
	vm->fd = -1;
	for (unsigned int i = 0; i < vm->slot_count; i++)
		if (vm->slots[i].owned)
			munmap(vm->slots[i].host, vm->slots[i].bytes);
	vm->slot_count = 0;
}

int nm_vm_check_slot(const struct nm_vm *vm, uint64_t gpa, uint64_t bytes)
{
	if (!bytes || gpa % 4096 || bytes % 4096 || gpa + bytes < gpa)
		return nm_fail(EINVAL, "memory slot %#" PRIx64 "+%#" PRIx64 ": not whole pages",
			       gpa, bytes);
	if (vm->slot_count == NM_VM_MAX_SLOTS)
		return nm_fail(ENOSPC, "more than %d memory slots", NM_VM_MAX_SLOTS);
	for (unsigned int i = 0; i < vm->slot_count; i++) {
		const struct nm_memory_slot *slot = &vm->slots[i];

		if (gpa < slot->gpa + slot->bytes && slot->gpa < gpa + bytes)
			return nm_fail(EINVAL,
				       "memory slot %#" PRIx64 "+%#" PRIx64 " overlaps slot %u",
				       gpa, bytes, i);
	}
	return 0;
}

int nm_vm_add_mapped(struct nm_vm *vm, uint64_t gpa, uint64_t bytes, void *host, uint32_t flags)
{
	struct kvm_userspace_memory_region region = {
		.slot = vm->slot_count,
		.flags = flags,
		.guest_phys_addr = gpa,
		.memory_size = bytes,
		.userspace_addr = (uint64_t)(uintptr_t)host,
	};
	int r = nm_vm_check_slot(vm, gpa, bytes);

	if (r)
		return r;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return nm_fail(errno, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
	vm->slots[vm->slot_count++] =
		(struct nm_memory_slot) {.gpa = gpa, .bytes = bytes, .host = host};
	return 0;
}

int nm_vm_add_memory(struct nm_vm *vm, uint64_t gpa, uint64_t bytes)
{
	void *host = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (host == MAP_FAILED)
		return nm_fail(errno, "guest memory of %" PRIu64 " bytes: %s", bytes,
			       strerror(errno));
	r = nm_vm_add_mapped(vm, gpa, bytes, host, 0);
	if (r)
		munmap(host, bytes);
	else
		vm->slots[vm->slot_count - 1].owned = true;
	return r;
}

void *nm_vm_memory(const struct nm_vm *vm, uint64_t gpa, uint64_t bytes)
{
	for (unsigned int i = 0; i < vm->slot_count; i++) {
		const struct nm_memory_slot *slot = &vm->slots[i];

		if (gpa >= slot->gpa && gpa - slot->gpa <= slot->bytes &&
		    bytes <= slot->bytes - (gpa - slot->gpa))
			return slot->host + (gpa - slot->gpa);
	}
	return NULL;
}
