/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_GUEST_ROUND_H
#define NM_PROBES_GUEST_ROUND_H

#include "probes/guest_fact.h"
#include "vmm/guest.h"

/* How each class of exit is caused and checked. */

/** Memory behind the payload: a page of samples, then the pages that KVM has to find. */
#define NM_ROUND_TOUCH_OFFSET 4096u
#define NM_ROUND_TOUCH_BYTES  8192u
#define NM_ROUND_HEAP_BYTES   (NM_ROUND_TOUCH_OFFSET + NM_ROUND_TOUCH_BYTES)

/** A guest that does one thing once. */
struct nm_guest_once {
	struct nm_guest *guest;
	struct nm_abi_control *control;
	const struct kvm_cpuid2 *cpuid; /* what KVM was told that CPUID gives */
	uint64_t marks;			/* OUTs that are not part of it */
	uint64_t user_exits;
	uint64_t accesses; /* to the test device */
	uint64_t value;	   /* that it got or gave last */
	int error;	   /* of what the device did for the guest */
};

struct nm_guest_step {
	const char *operation;
	unsigned int cpl;
	bool irqchip;
	int (*prepare)(struct nm_guest_once *once);
	/** Checks the result; on a wrong one says why and returns false. */
	bool (*verify)(const struct nm_guest_once *once, char *why, size_t size);
};

/** By class. */
extern const struct nm_guest_step nm_guest_steps[NM_GUEST_CLASSES];

#endif
