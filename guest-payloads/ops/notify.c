/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "target.h"
#include "virtio.h"

#define DEVICE_ID	  2
#define FEATURE_VERSION_1 (1ull << 32)

static uint64_t kick_ticks(const struct nm_abi_control *control, uint64_t *kicks)
{
	const struct nm_abi_shared *shared = nm_shared(control);
	uint64_t start;
	uint64_t ticks;

	nm_virtio_rest(control->argument[0]);
	start = nm_tsc();
	nm_virtio_kick(NM_ABI_VIRTIO_BASE, 0);
	nm_spin_until(&shared->seen.value, ++*kicks);
	ticks = nm_tsc() - start;
	return ticks;
}

/* argument[0]: TSC ticks in which the thread of the device falls asleep again. It counts in shared->seen how often it was woken. */
NM_GUEST_OP("io.virtio.kick", kick)
{
	uint64_t kicks = 0;

	if (!nm_virtio_begin(NM_ABI_VIRTIO_BASE, DEVICE_ID, FEATURE_VERSION_1))
		return;
	nm_virtio_end(NM_ABI_VIRTIO_BASE);
	nm_spin_until(&nm_shared(control)->ready.value, 1);
	NM_MEASURE_TICKS(control, kick_ticks(control, &kicks));
}
