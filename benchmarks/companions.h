/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_COMPANIONS_H
#define NM_BENCHMARKS_COMPANIONS_H

#include "benchmarks/round.h"

#include <pthread.h>

/* The threads of a guest round besides the one that runs vCPU 0: one for each further vCPU, and the driver. */

struct nm_companion {
	pthread_t thread;
	struct nm_companions *all;
	unsigned int vcpu;
	int cpu;
	struct nm_guest_result result;
	int error;
	char text[512]; /* of the error */
	bool broke;	/* it is why vCPU 0 was ended */
	uint32_t ended;
};

struct nm_companions {
	const struct nm_round_host *host;
	const struct nm_round_order *order;
	struct nm_guest_round *round;
	struct nm_abi_shared *shared;
	pthread_t first; /* the thread that runs vCPU 0 */
	uint32_t over;	 /* vCPU 0 has ended */
	bool driving;
	bool drive_right;
	char why[512]; /* of a driver that saw a wrong result */
	char failure
		[32]; /* what kind, of a further vCPU that is to blame; empty where the state tells */
	uint64_t *overhead;
	struct nm_companion driver;
	struct nm_companion vcpus[NM_ABI_MAX_VCPUS];
	unsigned int vcpu_count; /* started, without the first */
};

/** Prepares the further vCPUs and starts their threads and the driver; on an error those that run are ended. */
int nm_companions_start(struct nm_companions *companions, const struct nm_round_host *host,
			const struct nm_round_order *order, struct nm_guest_round *round);

/**
 * Ends and joins them after vCPU 0 has ended; done says whether as it should. Returns a state other than OK, with its reason,
 * when one of them is why the round is worth nothing.
 */
enum nm_state nm_companions_stop(struct nm_companions *companions, bool done, char *reason,
				 size_t size);

#endif
