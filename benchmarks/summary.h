/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_SUMMARY_H
#define NM_BENCHMARKS_SUMMARY_H

#include "benchmarks/bench.h"
#include "core/document.h"

/**
 * Summarises the rounds of a measurement: statistics with intervals, evidence, state and reason. Can be called again
 * when more rounds have come. unsupported measurements are left as they are.
 */
int nm_summarise(struct nm_measurement *measurement, const struct nm_bench *bench, uint64_t seed,
		 struct nm_arena *arena);

/**
 * Fills native_ratio of every guest measurement from the native measurement of the same operation, and against from the one that
 * its descriptor names.
 */
int nm_summarise_ratios(struct nm_document *document);

/** Half the width of the interval of the median of p50s, relative to it, in percent; NAN with fewer than two rounds. */
double nm_precision_percent(const struct nm_measurement *measurement, uint64_t seed);

/** How long an operation takes in the loop, whatever the TSC counts: the median of the usable rounds; NAN without one. */
double nm_operation_ns(const struct nm_measurement *measurement);

/** Fields that have no value yet. */
void nm_summary_clear(struct nm_measurement *measurement);

#endif
