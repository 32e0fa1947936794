/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_TREND_H
#define NM_CORE_TREND_H

#include "core/arena.h"
#include "core/comparison.h"
#include "core/document.h"
#include "core/record.h"

#include <stdbool.h>

/* What the history of measurements shows, as it stands in schema/trend.schema.json. Latencies are in the unit of the series. */

#define NM_TREND_SCHEMA "nestmark/trend/1"

/** Runs between two changes: their number, and the medians over them. */
struct nm_trend_level {
	uint64_t runs;
	uint64_t nights;
	double floor, p50, p99; /* NAN where a run has none */
};

/** A step between two runs that follow each other. */
struct nm_trend_change {
	const char *started; /* of the first run after it */
	const char *run;
	const char *last_before; /* of the run before that one */
	const char *run_before;
	struct nm_statistic
		step; /* after / before, of the statistic that decides, with its 95 % interval */
	struct nm_trend_level before, after;
	double p;      /* of the permutation test that found it */
	double p_step; /* Student's t-test of the levels, times the places where the step could be */
	double p_adjusted; /* Benjamini-Hochberg over all series */
	struct {
		struct nm_difference *items;
		size_t count;
	} differences; /* between those two runs, besides the measurements */
};

struct nm_trend_point {
	const char *started;
	const char *run;
	double floor, p50, p99;
};

/** One measurement of one machine. */
struct nm_trend_series {
	const char *host;
	const char *machine; /* its key */
	const char *measurement;
	const char *operation;
	uint64_t version;
	const char *unit;
	struct {
		struct nm_trend_point *items;
		size_t count;
	} points; /* by time */
	struct {
		struct nm_trend_change *items;
		size_t count;
	} changes; /* by time */
};

/** What the gate makes of the newest night. */
struct nm_trend_night {
	const char *night;
	const char *verdict; /* "passed", "regressed" or "undecided" */
	bool complete;	     /* all expected hosts have reported */
	uint64_t expected;   /* hosts; 0 without a list */
	uint64_t reported;
	struct nm_strings missing;     /* hosts that are expected and did not report */
	struct nm_strings unexpected;  /* hosts that reported and are not expected */
	struct nm_strings regressions; /* a line each: confirmed by two nights */
	struct nm_strings suspects;    /* a line each: the newest night alone */
	struct nm_strings
		undecided; /* a line each: measured and not ok, or not measured any more */
	uint64_t series;   /* with a value of this night */
	uint64_t young;	   /* of those, too short for a decision */
};

struct nm_trend {
	struct nm_arena arena;
	const char *schema;
	const char *tool_version;
	int statistic; /* enum nm_compared_kind: what decides */
	double threshold_percent;
	double significance; /* of a division, by permutation */
	uint64_t permutations, seed;
	double false_discovery_rate;
	uint64_t family; /* divisions that were tested, and corrected together */
	uint64_t machines, runs, series_count, changes;
	bool all; /* series without a change are shown too */
	struct {
		struct nm_trend_series *items;
		size_t count;
	} series;
	struct nm_trend_night *night; /* NULL without a gate */
};

/** Of the series, those that are shown. */
int nm_trend_write(struct nm_text *out, const struct nm_trend *trend);

void nm_trend_free(struct nm_trend *trend);

#endif
