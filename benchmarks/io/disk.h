/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_DISK_H
#define NM_BENCHMARKS_IO_DISK_H

#include "benchmarks/bench.h"
#include "vmm/io/io.h"

/* A virtio block device of a guest round, and the same requests without a guest: what block operations share. */

struct nm_disk_kind {
	const struct nm_io_kind *backend;
	struct nm_abi_blk plan; /* depth is the point of the axis or else, where it is 0, 1 */
	bool open; /* requests begin at a rate, the point of the axis, whatever became of those before */
	bool memory; /* the medium is a file in memory that is the round's own */
	bool sleeps; /* the thread of the device never looks for requests before it is told of them */
};

/** Connects the device, on the file of the run unless it needs none, and tells the payload what to do. */
int nm_disk_prepare(struct nm_guest_round *round, const struct nm_disk_kind *kind);

/** True when every request came back, with what was written or is to be read, and the device is sound. */
bool nm_disk_verify(const struct nm_guest_round *round, char *why, size_t size);
void nm_disk_release(struct nm_guest_round *round);

/** The same requests by the same backend from this thread. */
bool nm_disk_native(struct nm_native_round *round, const struct nm_disk_kind *kind, char *why,
		    size_t size);

/* Of both sides. */

/** Of the medium; 0 where it is the file of the run and there is none. */
uint64_t nm_disk_bytes(const struct nm_disk_kind *kind, const struct nm_io_place *place);
/** What is to be done at a point of the axis; of a TSC of that frequency. */
struct nm_abi_blk nm_disk_plan(const struct nm_disk_kind *kind, uint64_t bytes, uint64_t point,
			       uint64_t tsc_khz);
/** Whether `count` requests that took `ticks` began at their rate; otherwise says how far they fell behind. */
bool nm_disk_kept_up(const struct nm_abi_blk *plan, uint64_t rate, uint64_t count, uint64_t ticks,
		     char *why, size_t size);

#endif
