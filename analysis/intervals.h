/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_INTERVALS_H
#define NM_ANALYSIS_INTERVALS_H

#include "analysis/design.h"
#include "core/statistics.h"

/* 95 % percentile bootstrap intervals over rounds, of all resamples instead of some thousand of them. */

/** An estimate of one side; draws are those of its number of rounds. */
int nm_interval_of(const struct nm_draws *draws, const double *sorted, struct nm_interval *out);

/** The ratio of both sides' estimates, changed / base, the sides being resampled independently. All values must be positive. */
int nm_interval_of_ratio(const struct nm_draws *base_draws, const double *base_sorted,
			 const struct nm_draws *changed_draws, const double *changed_sorted,
			 struct nm_interval *out);

#endif
