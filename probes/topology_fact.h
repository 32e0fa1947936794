/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_TOPOLOGY_FACT_H
#define NM_PROBES_TOPOLOGY_FACT_H

#include "core/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** No machine has more CPUs, caches or nodes: a larger number is refused. */
#define NM_TOPOLOGY_MOST (1u << 20)
#define NM_MAX_CACHES	 64

struct nm_cache {
	char level;
	char type; /* 'd', 'i' or, unified, '\0' */
	uint64_t size, line, count;
};

struct nm_node {
	uint64_t index, memory;
	const char *cpus;
};

/** The fact "topology", as nm_topology_describe() writes it. */
struct nm_machine_topology {
	uint64_t packages, numa_nodes, cores, threads, threads_per_core;
	const char *cpus;
	struct nm_cache caches[NM_MAX_CACHES];
	size_t cache_count;
	struct nm_node *nodes;
	size_t node_count;
};

/** out must be zeroed; false for what is not as it is written. */
bool nm_topology_parse(struct nm_arena *arena, const char *text, struct nm_machine_topology *out);

#endif
