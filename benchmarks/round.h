/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_ROUND_H
#define NM_BENCHMARKS_ROUND_H

#include "benchmarks/bench.h"
#include "core/document.h"
#include "core/root.h"
#include "core/topology.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A round: one operation in one context, in a child process of its own. */

#define NM_MAX_SAMPLES 1000000u

struct nm_linux;

struct nm_round_order {
	const struct nm_bench *bench;
	enum nm_context context;
	unsigned int cpl;
	uint64_t point;	 /* of the axis; 0 without one */
	const char *vmm; /* of a Linux guest; "": it is none */
	size_t number;	 /* of the measurement */
	uint64_t pass;
	uint64_t samples;
	uint64_t warmup;
	uint64_t batch;
	uint64_t ticks_per_instruction; /* 0: samples are times */
	uint64_t limit_ns;
	const int *cpus; /* where the child runs, then its further threads */
	size_t cpu_count;
};

/** What rounds share: opened once by the session, inherited by every child. */
struct nm_round_host {
	const struct nm_kvm *kvm; /* NULL without a KVM device */
	const struct nm_root *root;
	const struct nm_topology *topology;
	uint64_t tsc_khz;
	uint64_t ticks_per_instruction;	   /* 0: the TSC measures time */
	bool exits_below;		   /* the exit meter is open, */
	int meter_fd;			   /* here */
	uint64_t exit_tracepoint;	   /* exits of Linux guests by reason; 0: not asked for */
	uint64_t density_max;		   /* guests that may be there at a time */
	uint64_t delay;			   /* injected: turns of nm_delay(); 0: none */
	const volatile sig_atomic_t *stop; /* a signal number once the user wants the run to end */
	const struct nm_io_place *io;
	struct nm_linux *linux_side; /* NULL: no Linux guests */
	struct nm_round_area *area;  /* shared with the children */
	uint64_t max_samples;
};

int nm_round_host_init(struct nm_round_host *host, uint64_t max_samples);
void nm_round_host_free(struct nm_round_host *host);

/**
 * Runs one round and fills `out` with its summary and state; strings go to the arena. Whatever the guest or the child
 * does is a state, not an error: errors mean that no child could be started. -EINTR when the user asked to stop; the
 * child is gone then.
 */
int nm_round_run(const struct nm_round_host *host, const struct nm_round_order *order,
		 struct nm_arena *arena, struct nm_round *out);

#endif
