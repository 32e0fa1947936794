/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_TREND_VIEW_H
#define NM_REPORTS_TREND_VIEW_H

#include "core/trend.h"

/* What the formats for people show of a trend. */

enum nm_trend_column {
	NM_TREND_HOST,
	NM_TREND_MEASUREMENT,
	NM_TREND_SINCE,
	NM_TREND_RUN,
	NM_TREND_STEP,
	NM_TREND_FLOOR,
	NM_TREND_P50,
	NM_TREND_P99,
	NM_TREND_NIGHTS,
	NM_TREND_P,
	NM_TREND_COLUMNS,
};

extern const char *const nm_trend_column_titles[NM_TREND_COLUMNS];

struct nm_trend_row {
	const char *cells[NM_TREND_COLUMNS];
	bool worse;
};

struct nm_trend_view {
	struct nm_strings title;
	struct {
		struct nm_trend_row *items;
		size_t count;
	} rows;			  /* one for each change */
	struct nm_strings around; /* what else changed, once for each pair of runs */
	struct nm_strings night;  /* what the gate says; empty without */
	const char *verdict;	  /* of the gate; NULL without */
};

/** Everything in the view lives in the arena or the trend. */
int nm_trend_view_build(struct nm_trend_view *view, struct nm_arena *arena,
			const struct nm_trend *trend);

#endif
