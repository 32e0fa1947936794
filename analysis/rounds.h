/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_ROUNDS_H
#define NM_ANALYSIS_ROUNDS_H

#include "analysis/pairing.h"

/** The values of one statistic on both sides. Of pairs the n-th ones belong together, else they are sorted. */
struct nm_rounds {
	double *base, *changed;
	size_t base_count, changed_count;
};

/** What a measurement says of rounds: those that are ok count. */
int nm_rounds_collect(struct nm_arena *arena, const struct nm_pairing *pairing,
		      enum nm_compared_kind kind, const struct nm_compare_request *request,
		      struct nm_rounds *out);

/**
 * Whether the estimate of one side lies among those of the other side's measurements, each taken alone: rounds of one run do
 * not show how much runs differ. False where both sides have one measurement.
 */
int nm_rounds_within(struct nm_arena *arena, const struct nm_pairing *pairing,
		     enum nm_compared_kind kind, const struct nm_rounds *rounds, bool *within);

/** How many rounds of measurements are ok. */
size_t nm_rounds_count(const struct nm_found *found);

#endif
