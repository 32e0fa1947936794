/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/levels.h"

#include "core/error.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double nm_trend_value(const struct nm_trend_point *point, int statistic)
{
	if (statistic == NM_COMPARED_P50)
		return point->p50;
	return statistic == NM_COMPARED_P99 ? point->p99 : point->floor;
}

uint64_t nm_trend_nights(const struct nm_trend_point *points, size_t count)
{
	uint64_t nights = count > 0;

	for (size_t i = 1; i < count; i++)
		nights += strncmp(points[i - 1].started, points[i].started, 10) != 0;
	return nights;
}

static size_t collect(const struct nm_trend_point *points, size_t count, int statistic, double *out)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++)
		if (isfinite(nm_trend_value(&points[i], statistic)))
			out[used++] = nm_trend_value(&points[i], statistic);
	return used;
}

static double median(const struct nm_trend_point *points, size_t count, int statistic,
		     double *scratch)
{
	size_t used = collect(points, count, statistic, scratch);

	nm_sort_real(scratch, used);
	return used ? nm_median_sorted(scratch, used) : NAN;
}

static struct nm_trend_level level_of(const struct nm_trend_point *points, size_t count,
				      double *scratch)
{
	return (struct nm_trend_level) {
		.runs = count,
		.nights = nm_trend_nights(points, count),
		.floor = median(points, count, NM_COMPARED_FLOOR, scratch),
		.p50 = median(points, count, NM_COMPARED_P50, scratch),
		.p99 = median(points, count, NM_COMPARED_P99, scratch),
	};
}

static int step_of(const struct nm_trend_rule *rule, const struct nm_trend_point *points,
		   size_t before, size_t after, struct nm_statistic *out)
{
	double base[NM_STEP_POINTS];
	double changed[NM_STEP_POINTS];
	struct nm_interval step = {0};
	size_t left = before < NM_STEP_POINTS ? before : NM_STEP_POINTS;
	size_t right = after < NM_STEP_POINTS ? after : NM_STEP_POINTS;
	size_t base_count = collect(points - left, left, rule->statistic, base);
	size_t changed_count = collect(points, right, rule->statistic, changed);
	int r = nm_bootstrap_ratio(base, base_count, changed, changed_count, rule->division.seed,
				   &step);

	*out = (struct nm_statistic) {.value = step.value, .lo = step.lo, .hi = step.hi};
	return r;
}

int nm_levels_fill(const struct nm_trend_rule *rule, const struct nm_trend_point *points,
		   size_t from, size_t at, size_t to, struct nm_trend_change *change)
{
	double *scratch = calloc(to - from, sizeof(*scratch));
	int r;

	if (!scratch)
		return nm_fail(ENOMEM, "out of memory");
	change->before = level_of(points + from, at - from, scratch);
	change->after = level_of(points + at, to - at, scratch);
	free(scratch);
	r = step_of(rule, points + at, at - from, to - at, &change->step);
	change->started = points[at].started;
	change->run = points[at].run;
	change->last_before = points[at - 1].started;
	change->run_before = points[at - 1].run;
	return r;
}
