/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_PROBES_READINESS_H
#define NM_PROBES_READINESS_H

#include "core/check.h"
#include "core/document.h"
#include "probes/profile.h"

/** Holds a profile against what was found on a machine. out must be zeroed; its strings are those of both and of the arena. */
int nm_readiness(struct nm_arena *arena, const struct nm_workload *profile,
		 const struct nm_findings *findings, struct nm_check_workload *out);

#endif
