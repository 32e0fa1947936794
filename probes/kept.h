/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_KEPT_H
#define NM_PROBES_KEPT_H

#include "core/cgroup.h"
#include "probes/probe.h"

/** From here on files are kept, until the next call. */
int nm_kept_begin(struct nm_probe_context *context);

/**
 * The head of a file that several probes look at, as nm_root_head() gives it, but read once: /proc/cpuinfo takes
 * milliseconds and megabytes on machines with many CPUs. path must stay what it is.
 */
const char *nm_kept_text(const struct nm_probe_context *context, const char *path);

/** The control group of this process for a controller; 0, or -errno when it cannot be told. */
int nm_kept_group(const struct nm_probe_context *context, const char *controller,
		  struct nm_cgroup *out);

#endif
