/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_SNAPSHOT_H
#define NM_VMM_SNAPSHOT_H

#include "vmm/guest.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

/* A guest that stands still, so that it can go on in another VM. */

#define NM_SNAPSHOT_MSRS  24
#define NM_XSAVE_BYTES	  4096 /* of KVM_GET_XSAVE: all but AMX, for which a process must ask */
#define NM_SNAPSHOT_CHIPS 3    /* 8259A, 8259A, IOAPIC */

struct nm_vcpu_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_xcrs xcrs;
	struct kvm_debugregs debugregs;
	struct kvm_vcpu_events events;
	struct kvm_mp_state mp_state;
	struct kvm_lapic_state lapic; /* with the in-kernel irqchip */
	unsigned char xsave[NM_XSAVE_BYTES];
	struct kvm_msr_entry msrs[NM_SNAPSHOT_MSRS];
	uint32_t msr_count;
};

struct nm_snapshot {
	struct nm_vcpu_state vcpu;
	bool irqchip;
	struct kvm_irqchip chips[NM_SNAPSHOT_CHIPS];
	struct nm_guest layout; /* of the guest; without VM and vCPU */
	uint64_t bytes;		/* of memory, from address 0 on, */
	int memory_fd;		/* in this memfd */
	unsigned char *memory;
};

/** How a restored guest gets its memory. */
enum nm_snapshot_memory {
	NM_SNAPSHOT_COPY,	   /* all of it copied before the guest runs */
	NM_SNAPSHOT_COPY_ON_WRITE, /* shared with the snapshot, page by page until it is written to */
};

/** Reads all that a vCPU needs to go on. What its last exit left undone is done before. */
int nm_vcpu_save(const struct nm_vcpu *vcpu, bool irqchip, struct nm_vcpu_state *state);
int nm_vcpu_restore(const struct nm_vcpu *vcpu, bool irqchip, const struct nm_vcpu_state *state);

/** Takes a snapshot of a guest of one vCPU and one piece of memory that is not running. -EINVAL for others. */
int nm_snapshot_take(struct nm_snapshot *snapshot, const struct nm_guest *guest, bool irqchip);
/** Harmless on one that could not be taken. */
void nm_snapshot_free(struct nm_snapshot *snapshot);

/** Makes a guest that goes on where the snapshot was taken. It has no devices in user space. */
int nm_snapshot_restore(const struct nm_snapshot *snapshot, const struct nm_kvm *kvm,
			enum nm_snapshot_memory how, struct nm_guest *guest);

#endif
