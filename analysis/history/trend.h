/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_TREND_H
#define NM_ANALYSIS_HISTORY_TREND_H

#include "analysis/changepoint.h"
#include "analysis/history/database.h"
#include "core/trend.h"

/** What makes a step a change. */
struct nm_trend_rule {
	struct nm_change_rule division;
	int statistic;		     /* enum nm_compared_kind */
	double threshold_percent;    /* smaller steps do not matter */
	double false_discovery_rate; /* Benjamini and Hochberg's q over all series */
};

/** 1 %, the quiet floor, 3 %, q = 0.05. */
extern const struct nm_trend_rule nm_trend_rule_default;

/**
 * Finds the changes of all series of the trend: significant by permutation, significant over the family, at least the
 * threshold in size, with an interval that excludes 1. What changed around them comes from the database.
 */
int nm_trend_find(struct nm_database *database, const struct nm_trend_rule *rule,
		  struct nm_trend *trend);

double nm_trend_value(const struct nm_trend_point *point, int statistic);

/** Different nights of points[0..count), which are in order of time. */
uint64_t nm_trend_nights(const struct nm_trend_point *points, size_t count);

#endif
