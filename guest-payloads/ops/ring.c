/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib.h"

/* shared->go is the token: the number of times that it was handed on, its holder is that modulo the vCPUs. */

static void once_round(struct nm_abi_shared *shared, uint64_t vcpus)
{
	uint64_t back = shared->go.value + vcpus;

	shared->go.value++;
	while (shared->go.value != back)
		__asm__ volatile("pause");
}

NM_GUEST_OP("irq.spin.ring", spin_ring)
{
	struct nm_abi_shared *shared = nm_shared(control);
	const uint64_t vcpus = control->vcpus;

	NM_MEASURE(control, once_round(shared, vcpus));
}

NM_GUEST_OP("partner.ring", partner_ring)
{
	struct nm_abi_shared *shared = nm_shared(control);
	uint64_t next = control->vcpu;

	while (!shared->stop.value) {
		if (shared->go.value == next) {
			shared->go.value = next + 1;
			next += control->vcpus;
		}
		__asm__ volatile("pause");
	}
}
