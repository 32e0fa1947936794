/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_ENVIRONMENT_H
#define NM_CORE_ENVIRONMENT_H

#include "core/document.h"
#include "core/root.h"

/** Takes the state of the machine before a run. */
int nm_environment_read(const struct nm_root *root, struct nm_arena *arena,
			struct nm_environment *out);

/**
 * Completes `before` with load and pressure after the run, and with every fact that differs from a fresh
 * reading.
 */
int nm_environment_finish(const struct nm_root *root, struct nm_arena *arena,
			  struct nm_environment *before);

/** Jiffies that this CPU lost to other guests of its hypervisor, in nanoseconds; 0 when unknown. */
uint64_t nm_steal_ns(const struct nm_root *root, int cpu);

#endif
