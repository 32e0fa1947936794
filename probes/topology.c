/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/probes.h"

#include "core/clock.h"

int nm_probe_topology(struct nm_probe_context *context)
{
	struct nm_topology_counts counts = nm_topology_counts(context->topology);
	int r;

	context->machine->cores = counts.cores;
	context->machine->threads = counts.threads;
	context->machine->tsc_khz = nm_tsc_khz();
	r = nm_finding_add(context, "topology.threads",
			   counts.threads > 1 ? NM_STATUS_INFO : NM_STATUS_WARN,
			   NM_INT(counts.threads),
			   counts.threads > 1 ? NULL : "give this process a second CPU",
			   "hwloc: %u packages, %u NUMA nodes, %u cores, %u hardware threads",
			   counts.packages, counts.numa_nodes, counts.cores, counts.threads);
	if (!r)
		r = nm_finding_add(context, "tsc.khz", NM_STATUS_INFO,
				   NM_INT((int64_t)context->machine->tsc_khz), NULL,
				   "TSC against CLOCK_MONOTONIC_RAW for 20 ms");
	return r;
}
