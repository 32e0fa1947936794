/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_DIRTY_H
#define NM_VMM_DIRTY_H

#include "vmm/vcpu.h"
#include "vmm/vm.h"

#include <stdbool.h>
#include <stdint.h>

/* Which pages of a slot a guest has written to, and slots that change while a VM lives. A slot is named by its gpa. */

/** Takes a slot away and gives it back: KVM forgets what it had mapped there, the host's memory stays. */
int nm_vm_renew_slot(const struct nm_vm *vm, uint64_t gpa);

/** Starts or stops recording writes to a slot (KVM_MEM_LOG_DIRTY_PAGES). */
int nm_vm_log_dirty(const struct nm_vm *vm, uint64_t gpa, bool on);
/** Its bitmap, a bit for each page, in whole words of 64. Unless the log is cleared by hand it is clear again. */
int nm_vm_get_dirty_log(const struct nm_vm *vm, uint64_t gpa, uint64_t *bitmap);
/** The bitmap is cleared by hand, before any slot is recorded (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2). */
int nm_vm_clear_dirty_log_by_hand(const struct nm_vm *vm);
/** Clears those pages of it; both are multiples of 64, but for the end of the slot. */
int nm_vm_clear_dirty_log(const struct nm_vm *vm, uint64_t gpa, uint64_t pages, uint64_t *bitmap);

/** Writes go to a ring of each vCPU instead, of that many entries, before there are vCPUs (KVM_CAP_DIRTY_LOG_RING). */
int nm_vm_use_dirty_rings(const struct nm_vm *vm, uint32_t entries);

struct nm_dirty_ring {
	struct kvm_dirty_gfn *entries;
	uint32_t count;
	uint32_t next; /* number of the entry that KVM fills next */
};

int nm_dirty_ring_map(struct nm_dirty_ring *ring, const struct nm_vcpu *vcpu, uint32_t entries);
void nm_dirty_ring_unmap(struct nm_dirty_ring *ring);
/** Takes all entries out of a ring; how many there were. */
uint32_t nm_dirty_ring_harvest(struct nm_dirty_ring *ring);
/** Hands entries that were taken out back to KVM, which protects their pages again: how many, or -errno. */
int nm_vm_reset_dirty_rings(const struct nm_vm *vm);

#endif
