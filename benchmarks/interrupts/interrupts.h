/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_INTERRUPTS_H
#define NM_BENCHMARKS_INTERRUPTS_H

#include "benchmarks/bench.h"

/* Shared by the families of this group, in interrupts.c. */

/** True when result[0], which handlers count in, is the number of operations. */
bool nm_interrupts_verify(const struct nm_guest_round *round, char *why, size_t size);

#endif
