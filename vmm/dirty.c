/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dirty.h"

#include "core/error.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int find_slot(const struct nm_vm *vm, uint64_t gpa, uint32_t *number)
{
	for (*number = 0; *number < vm->slot_count; (*number)++)
		if (vm->slots[*number].gpa == gpa)
			return 0;
	return nm_fail(ENOENT, "no memory slot at %#" PRIx64, gpa);
}

static int set_slot(const struct nm_vm *vm, uint64_t gpa, uint32_t flags, bool present)
{
	struct kvm_userspace_memory_region region = {.flags = flags, .guest_phys_addr = gpa};
	int r = find_slot(vm, gpa, &region.slot);

	if (r)
		return r;
	region.memory_size = present ? vm->slots[region.slot].bytes : 0;
	region.userspace_addr = (uint64_t)(uintptr_t)vm->slots[region.slot].host;
	if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region))
		return nm_fail(errno, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
	return 0;
}

int nm_vm_renew_slot(const struct nm_vm *vm, uint64_t gpa)
{
	int r = set_slot(vm, gpa, 0, false);

	return r ? r : set_slot(vm, gpa, 0, true);
}

int nm_vm_log_dirty(const struct nm_vm *vm, uint64_t gpa, bool on)
{
	return set_slot(vm, gpa, on ? KVM_MEM_LOG_DIRTY_PAGES : 0, true);
}

int nm_vm_get_dirty_log(const struct nm_vm *vm, uint64_t gpa, uint64_t *bitmap)
{
	struct kvm_dirty_log request = {.dirty_bitmap = bitmap};
	int r = find_slot(vm, gpa, &request.slot);

	if (r)
		return r;
	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &request))
		return nm_fail(errno, "KVM_GET_DIRTY_LOG: %s", strerror(errno));
	return 0;
}

static int enable(const struct nm_vm *vm, uint32_t capability, uint64_t argument, const char *name)
{
	struct kvm_enable_cap request = {.cap = capability, .args = {argument}};

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &request))
		return nm_fail(errno, "%s: %s", name, strerror(errno));
	return 0;
}

int nm_vm_clear_dirty_log_by_hand(const struct nm_vm *vm)
{
	return enable(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE,
		      "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
}

int nm_vm_clear_dirty_log(const struct nm_vm *vm, uint64_t gpa, uint64_t pages, uint64_t *bitmap)
{
	struct kvm_clear_dirty_log request = {.num_pages = (uint32_t)pages, .dirty_bitmap = bitmap};
	int r = find_slot(vm, gpa, &request.slot);

	if (r)
		return r;
	if (ioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, &request))
		return nm_fail(errno, "KVM_CLEAR_DIRTY_LOG: %s", strerror(errno));
	return 0;
}

int nm_vm_use_dirty_rings(const struct nm_vm *vm, uint32_t entries)
{
	return enable(vm, KVM_CAP_DIRTY_LOG_RING, entries * sizeof(struct kvm_dirty_gfn),
		      "KVM_CAP_DIRTY_LOG_RING");
}

int nm_dirty_ring_map(struct nm_dirty_ring *ring, const struct nm_vcpu *vcpu, uint32_t entries)
{
	const long page = sysconf(_SC_PAGESIZE);
	void *at = mmap(NULL, entries * sizeof(struct kvm_dirty_gfn), PROT_READ | PROT_WRITE,
			MAP_SHARED, vcpu->fd, KVM_DIRTY_LOG_PAGE_OFFSET * page);

	if (at == MAP_FAILED)
		return nm_fail(errno, "mmap of the dirty ring: %s", strerror(errno));
	*ring = (struct nm_dirty_ring) {.entries = at, .count = entries};
	return 0;
}

void nm_dirty_ring_unmap(struct nm_dirty_ring *ring)
{
	if (ring->entries)
		munmap(ring->entries, ring->count * sizeof(struct kvm_dirty_gfn));
	ring->entries = NULL;
}

/* api.rst, KVM_CAP_DIRTY_LOG_RING: flags are read with acquire, and written with release, semantics. */
uint32_t nm_dirty_ring_harvest(struct nm_dirty_ring *ring)
{
	uint32_t taken = 0;

	while (taken < ring->count) {
		struct kvm_dirty_gfn *entry = &ring->entries[ring->next % ring->count];

		if (!(__atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_DIRTY))
			break;
		__atomic_store_n(&entry->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
		ring->next++;
		taken++;
	}
	return taken;
}

int nm_vm_reset_dirty_rings(const struct nm_vm *vm)
{
	int count = ioctl(vm->fd, KVM_RESET_DIRTY_RINGS, 0);

	return count < 0 ? nm_fail(errno, "KVM_RESET_DIRTY_RINGS: %s", strerror(errno)) : count;
}
