/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LIFECYCLE_CROWD_H
#define NM_BENCHMARKS_LIFECYCLE_CROWD_H

#include "vmm/guest.h"

#include <stdint.h>

/* Many small guests beside each other: one vCPU and 2 MiB each, which have run to their first OUT and then stand still. */

#define NM_CROWD_GUEST_BYTES (2u << 20)

struct nm_crowd {
	struct nm_guest *guests;
	uint64_t count;
	uint64_t room;
};

/**
 * -EOPNOTSUPP with a remedy when so many are more than `most`, or would take more than 60 % of the memory that is
 * available.
 */
int nm_crowd_check(uint64_t count, uint64_t most);

/** Room for so many, of which none is there yet. */
int nm_crowd_create(struct nm_crowd *crowd, uint64_t room);
/** Starts one more. */
int nm_crowd_add(struct nm_crowd *crowd, const struct nm_kvm *kvm);
/** Ends the last one. */
void nm_crowd_drop(struct nm_crowd *crowd);
/** Ends all. Harmless on one that could not be created. */
void nm_crowd_destroy(struct nm_crowd *crowd);

#endif
