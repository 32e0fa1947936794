/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_EXITS_MSR_H
#define NM_BENCHMARKS_EXITS_MSR_H

#include "benchmarks/bench.h"

/* What operations on MSRs (guest-payloads/ops/msr.c) have in common, in msr.c. */

/** The MSR, and bits of it that may be toggled; 0. */
int nm_msr_arguments(struct nm_guest_round *round, uint32_t msr, uint64_t toggle);
/** True when the value that was read last is the toggled one. */
bool nm_msr_verify_read(const struct nm_guest_round *round, char *why, size_t size);
/** True when it could be toggled, and the measured writes brought back what was there. */
bool nm_msr_verify_write(const struct nm_guest_round *round, char *why, size_t size);

#endif
