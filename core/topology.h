/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_TOPOLOGY_H
#define NM_CORE_TOPOLOGY_H

#include "core/text.h"

#include <stddef.h>

/** The CPUs that this process may use, as hwloc sees them. */
struct nm_topology;

struct nm_topology_counts {
	unsigned int packages, numa_nodes, cores, threads;
};

int nm_topology_load(struct nm_topology **out);
void nm_topology_free(struct nm_topology *topology);

struct nm_topology_counts nm_topology_counts(const struct nm_topology *topology);

/**
 * What hwloc found, line by line: "packages N", "numa_nodes N", "cores N", "threads N", "threads_per_core N", "cpus LIST",
 * then for every kind of cache "cache L1d BYTES line BYTES count N" and for every node "node N memory BYTES cpus LIST".
 */
int nm_topology_describe(const struct nm_topology *topology, struct nm_text *out);

/** At most capacity of the CPUs that this process may use, ascending and spread evenly over all; says how many. */
size_t nm_topology_spread(const struct nm_topology *topology, int *cpus, size_t capacity);

/**
 * The order in which CPUs are given to vCPUs and helpers: one hardware thread of every core first, from
 * the last core down (the first ones serve most interrupts), then their SMT siblings. preferred, unless -1,
 * comes first; -EINVAL when this process may not use it. Writes at most capacity CPU numbers; *count says
 * how many.
 */
int nm_topology_order(const struct nm_topology *topology, int preferred, int *cpus, size_t capacity,
		      size_t *count);

/** Binds the calling thread to one CPU and checks that it is there. */
int nm_topology_bind(const struct nm_topology *topology, int cpu);

#endif
