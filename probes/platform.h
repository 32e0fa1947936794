/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_PLATFORM_H
#define NM_PROBES_PLATFORM_H

#include "probes/clouds.h"
#include "probes/hypervisors.h"
#include "probes/probe.h"
#include "probes/signs.h"

#include <stdbool.h>

/* What the files of the platform probe tell each other. */

struct nm_platform {
	struct nm_signs signs;
	struct nm_cpu_identity cpu;
	bool has_cpuid;
	const struct nm_hypervisor *hypervisor; /* NULL: none, or one that is not in the table */
	bool hyperv_root;			/* the root partition of Hyper-V */
	const struct nm_cloud *cloud;		/* NULL: none is recognised */
	const char *instance;			/* its type; NULL: not visible */
};

/** platform.nesting and platform.limits.*: needs machine->level. */
int nm_platform_nesting(struct nm_probe_context *context, const struct nm_platform *platform);

/** platform.container */
int nm_platform_container(struct nm_probe_context *context);

/** platform.hyperv.*: what Hyper-V's own leaves say, where they are. */
int nm_platform_hyperv(struct nm_probe_context *context, struct nm_platform *platform);

#endif
