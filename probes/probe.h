/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_PROBE_H
#define NM_PROBES_PROBE_H

#include "core/document.h"
#include "core/root.h"
#include "core/topology.h"
#include "vmm/kvm.h"

#include <stdbool.h>

/** What all probes look at and where they put what they found. */
struct nm_probe_context {
	const struct nm_root *root;
	const struct nm_topology *topology;
	const char *kvm_device;
	bool run_guest; /* whether the canary may be started */
	bool prove_linux;
	const char *linux_kernel; /* that is to be booted; NULL: this machine's own */
	uint64_t linux_limit_ns;
	struct nm_arena *arena;
	struct nm_findings *findings;
	struct nm_machine *machine;
	struct nm_kvm kvm; /* fd is -1 until the device was opened; the caller closes it */
};

/** A probe is one file and one line in registry.c. It returns 0, or -errno when it could not record what it saw. */
struct nm_probe {
	const char *name;
	int (*run)(struct nm_probe_context *context);
};

/** Runs all probes in order. Facts that cannot be had are findings with status unknown, not errors. */
int nm_probe_all(struct nm_probe_context *context);

/** Adds a finding; its strings are copied. */
int nm_finding_add(struct nm_probe_context *context, const char *id, enum nm_status status,
		   struct nm_value value, const char *remedy, const char *evidence, ...)
	__attribute__((format(printf, 6, 7)));

#endif
