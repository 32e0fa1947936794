/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_HISTORY_SERIES_H
#define NM_ANALYSIS_HISTORY_SERIES_H

#include "analysis/history/database.h"
#include "core/trend.h"

/** A measurement with less usable rounds decides nothing. */
#define NM_SERIES_MIN_ROUNDS 5

/** What is taken from the history. */
struct nm_series_filter {
	const char *host;	    /* a glob; NULL: all */
	const char *machine;	    /* a glob of their keys; NULL: all */
	struct nm_strings patterns; /* globs of operations or measurements; none: all */
	const char *since, *until;  /* nights, both included; NULL: all */
};

bool nm_series_matches(const struct nm_series_filter *filter, const char *operation,
		       const char *measurement);

/**
 * Adds the series of all machines, by host, machine and measurement: of every current run the values that are ok. Counts
 * machines and runs too.
 */
int nm_series_load(struct nm_database *database, const struct nm_series_filter *filter,
		   struct nm_trend *trend);

#endif
