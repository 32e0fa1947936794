/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_MACHINE_KEY_H
#define NM_ANALYSIS_HISTORY_MACHINE_KEY_H

#include "core/document.h"

/**
 * What a machine must keep for its runs to be one series: vendor, family, model, stepping, brand, hypervisor, product,
 * level, cores and threads, and memory rounded up to an eighth of its highest power of two, because kernels keep more or less for themselves.
 * Microcode and kernel are not in it: a step that they cause is what a history is for.
 */
const char *nm_machine_key(struct nm_arena *arena, const struct nm_machine *machine);

#endif
