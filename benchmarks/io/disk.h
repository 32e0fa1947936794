/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_DISK_H
#define NM_BENCHMARKS_IO_DISK_H

#include "benchmarks/bench.h"
#include "vmm/io/io.h"

/* A virtio block device of a guest round, and the same requests without a guest: what block operations share. */

struct nm_disk_kind {
	const struct nm_io_kind *backend;
	struct nm_abi_blk plan; /* depth is that of the axis, or 1 */
};

/** Connects the device, on the file of the run unless the backend needs none, and tells the payload what to do. */
int nm_disk_prepare(struct nm_guest_round *round, const struct nm_disk_kind *kind);

/** True when every request came back, with what was written or is to be read, and the device is sound. */
bool nm_disk_verify(const struct nm_guest_round *round, char *why, size_t size);
void nm_disk_release(struct nm_guest_round *round);

/** The same requests by the same backend from this thread. */
bool nm_disk_native(struct nm_native_round *round, const struct nm_disk_kind *kind, char *why,
		    size_t size);

#endif
