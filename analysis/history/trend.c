/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/history/trend.h"

#include "analysis/family.h"
#include "analysis/history/around.h"
#include "analysis/history/levels.h"
#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct nm_trend_rule nm_trend_rule_default = {
	.division = {.significance = 0.01, .permutations = 999, .seed = 1},
	.statistic = NM_COMPARED_FLOOR,
	.threshold_percent = 3,
	.false_discovery_rate = 0.05,
};

/* The changes that were found in a series, until they are judged over the family. */
struct found {
	struct nm_change *items; /* indices are of points */
	size_t count;
};

struct search {
	const struct nm_trend_rule *rule;
	struct nm_trend *trend;
	struct nm_arena scratch;
	struct found *found; /* of each series */
	double *values;
	size_t *points; /* of each value */
	struct nm_change *changes;
	size_t total;
};

static int open_search(struct search *search)
{
	size_t longest = 1;

	for (size_t i = 0; i < search->trend->series.count; i++)
		if (search->trend->series.items[i].points.count > longest)
			longest = search->trend->series.items[i].points.count;
	search->found = calloc(search->trend->series.count + 1, sizeof(*search->found));
	search->values = calloc(longest, sizeof(*search->values));
	search->points = calloc(longest, sizeof(*search->points));
	search->changes = calloc(longest, sizeof(*search->changes));
	if (search->found && search->values && search->points && search->changes)
		return 0;
	return nm_fail(ENOMEM, "out of memory");
}

static void close_search(struct search *search)
{
	free(search->found);
	free(search->values);
	free(search->points);
	free(search->changes);
	nm_arena_free(&search->scratch);
}

static int divide_series(struct search *search, size_t index)
{
	const struct nm_trend_series *series = &search->trend->series.items[index];
	struct found *found = &search->found[index];
	size_t count = 0;
	size_t tests = 0;
	int r;

	for (size_t i = 0; i < series->points.count; i++) {
		double value = nm_trend_value(&series->points.items[i], search->rule->statistic);

		if (!isfinite(value))
			continue;
		search->values[count] = value;
		search->points[count++] = i;
	}
	r = nm_change_points(search->values, count, &search->rule->division, search->changes,
			     &found->count, &tests);
	search->trend->family += tests;
	search->total += found->count;
	if (r || !found->count)
		return r;
	found->items = nm_arena_alloc(&search->scratch, found->count * sizeof(*found->items));
	if (!found->items)
		return -ENOMEM;
	for (size_t i = 0; i < found->count; i++) {
		found->items[i] = search->changes[i];
		found->items[i].index = search->points[found->items[i].index];
	}
	return 0;
}

/* Divisions that were tested and not found are part of the family, with a p of 1. */
static int adjust(struct search *search)
{
	size_t family = search->trend->family;
	double none;
	size_t used = 0;
	struct nm_test *tests = calloc(family + 1, sizeof(*tests));

	if (!tests)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < search->trend->series.count; i++)
		for (size_t j = 0; j < search->found[i].count; j++) {
			struct nm_change *change = &search->found[i].items[j];

			tests[used++] = (struct nm_test) {.p = change->p_step,
							  .adjusted = &change->adjusted};
		}
	while (used < family)
		tests[used++] = (struct nm_test) {.p = 1, .adjusted = &none};
	nm_family_adjust(tests, family);
	free(tests);
	return 0;
}

static bool matters(const struct nm_trend_rule *rule, const struct nm_trend_change *change)
{
	double factor = 1 + rule->threshold_percent / 100;
	const struct nm_statistic *step = &change->step;

	return (step->lo > 1 && step->value >= factor) ||
	       (step->hi < 1 && step->value > 0 && step->value <= 1 / factor);
}

/* A change lies between the levels that reach to the changes before and behind it. */
static int fill_changes(const struct nm_trend_rule *rule, struct nm_trend_series *series,
			const struct found *found, struct nm_trend_change *changes)
{
	int r = 0;

	for (size_t i = 0; !r && i < found->count; i++) {
		const struct nm_change *change = &found->items[i];
		size_t from = i ? found->items[i - 1].index : 0;
		size_t to = i + 1 < found->count ? found->items[i + 1].index : series->points.count;

		changes[i].p = change->p;
		changes[i].p_step = change->p_step;
		changes[i].p_adjusted = change->adjusted;
		r = nm_levels_fill(rule, series->points.items, from, change->index, to,
				   &changes[i]);
	}
	return r;
}

static void keep_significant(const struct nm_trend_rule *rule, struct found *found)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->count; i++)
		if (found->items[i].adjusted <= rule->false_discovery_rate)
			found->items[kept++] = found->items[i];
	found->count = kept;
}

static void keep_large(const struct nm_trend_rule *rule, struct found *found,
		       const struct nm_trend_change *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < found->count; i++)
		if (matters(rule, &changes[i]))
			found->items[kept++] = found->items[i];
	found->count = kept;
}

/* Without the small steps the levels between the others are longer: sizes are taken again, until all of them matter. */
static int judge_series(struct search *search, size_t index)
{
	struct nm_trend_series *series = &search->trend->series.items[index];
	struct found *found = &search->found[index];
	struct nm_trend_change *changes;
	size_t before;
	int r;

	keep_significant(search->rule, found);
	if (!found->count)
		return 0;
	changes = nm_arena_alloc(&search->trend->arena, found->count * sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	do {
		before = found->count;
		r = fill_changes(search->rule, series, found, changes);
		if (!r)
			keep_large(search->rule, found, changes);
	} while (!r && found->count != before);
	series->changes.items = changes;
	series->changes.count = found->count;
	search->trend->changes += found->count;
	return r;
}

static int find(struct search *search)
{
	size_t count = search->trend->series.count;
	int r = open_search(search);

	for (size_t i = 0; !r && i < count; i++)
		r = divide_series(search, i);
	if (!r)
		r = adjust(search);
	for (size_t i = 0; !r && i < count; i++)
		r = judge_series(search, i);
	return r;
}

int nm_trend_find(struct nm_database *database, const struct nm_trend_rule *rule,
		  struct nm_trend *trend)
{
	struct search search = {.rule = rule, .trend = trend};
	int r;

	trend->schema = NM_TREND_SCHEMA;
	trend->tool_version = NM_VERSION;
	trend->statistic = rule->statistic;
	trend->threshold_percent = rule->threshold_percent;
	trend->significance = rule->division.significance;
	trend->permutations = rule->division.permutations;
	trend->seed = rule->division.seed;
	trend->false_discovery_rate = rule->false_discovery_rate;
	trend->series_count = trend->series.count;
	r = find(&search);
	close_search(&search);
	return r ? r : nm_around_fill(database, trend);
}
