/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_LEVELS_H
#define NM_ANALYSIS_HISTORY_LEVELS_H

#include "analysis/history/trend.h"

/** Points nearest to a step, on either side, of which its size is the ratio of medians. */
#define NM_STEP_POINTS 30

/** Fills step, before and after of the change between points[from..at) and points[at..to). */
int nm_levels_fill(const struct nm_trend_rule *rule, const struct nm_trend_point *points,
		   size_t from, size_t at, size_t to, struct nm_trend_change *change);

#endif
