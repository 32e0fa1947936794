/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LIFECYCLE_NEIGHBOUR_H
#define NM_BENCHMARKS_LIFECYCLE_NEIGHBOUR_H

#include "benchmarks/memory/region.h"
#include "core/topology.h"
#include "vmm/guest.h"
#include "vmm/virtio/blk.h"

#include <pthread.h>

/* Another VM of one vCPU on a CPU of its own, which goes on with a load until it is stopped. */

enum nm_load {
	NM_LOAD_IDLE,	 /* it is there and does not run */
	NM_LOAD_COMPUTE, /* multiplies in registers at CPL3, without an exit */
	NM_LOAD_EXITS,	 /* CPUID in a loop */
	NM_LOAD_FAULTS,	 /* writes to memory that the VMM takes back each time */
	NM_LOAD_IO, /* reads by virtio-blk without a medium, each with a doorbell, HLT and an interrupt, */
	NM_LOAD_FILE, /* or of a file */
};

struct nm_neighbour {
	struct nm_guest guest;
	enum nm_load load;
	const struct nm_topology *topology;
	int cpu;     /* of its vCPU, and of the thread of its device */
	int file_fd; /* for NM_LOAD_FILE, of file_bytes */
	uint64_t file_bytes;
	pthread_t thread;
	bool runs, created;
	uint32_t ended;
	struct nm_guest_result result;
	int error;
	uint64_t before; /* how far it had counted when it was known to run */
	struct nm_region memory;
	struct nm_io io;
	struct nm_blk blk;
	struct nm_virtio device;
};

/** Creates it and starts its load; load, topology, cpu and file are set, the rest is zero. On failure the error is recorded. */
int nm_neighbour_start(struct nm_neighbour *neighbour, const struct nm_kvm *kvm);

/** Whether it has gone on all the time since, if it was to; otherwise says why not. */
bool nm_neighbour_went_on(const struct nm_neighbour *neighbour, char *why, size_t size);

/** Stops and destroys it. Harmless on one that could not be started. */
void nm_neighbour_end(struct nm_neighbour *neighbour);

#endif
