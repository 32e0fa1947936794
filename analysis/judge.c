/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/judge.h"

#include "analysis/intervals.h"
#include "analysis/ranks.h"
#include "core/statistics.h"

#include <errno.h>
#include <math.h>

/* Estimates of rounds that nobody will measure are not told. */
#define MOST_ROUNDS 1000

static const struct nm_statistic unknown = {.value = NAN, .lo = NAN, .hi = NAN};

static enum nm_estimate estimate_of(const struct nm_compared_statistic *statistic)
{
	return statistic->kind == NM_COMPARED_FLOOR ? NM_ESTIMATE_FLOOR : NM_ESTIMATE_MEDIAN;
}

static struct nm_statistic as_statistic(const struct nm_interval *interval)
{
	return (struct nm_statistic) {.value = interval->value,
				      .lo = interval->lo,
				      .hi = interval->hi};
}

static int measure_side(const struct nm_draws *draws, const double *sorted, size_t count,
			enum nm_estimate estimate, struct nm_statistic *out)
{
	struct nm_interval interval;
	int r = nm_interval_of(&draws[estimate], sorted, &interval);

	interval.value = estimate == NM_ESTIMATE_FLOOR ? nm_floor_sorted(sorted, count)
						       : nm_median_sorted(sorted, count);
	if (!r)
		*out = as_statistic(&interval);
	return r;
}

static int measure_ratio(const struct nm_design *design, const struct nm_rounds *rounds,
			 struct nm_compared_statistic *out)
{
	enum nm_estimate estimate = estimate_of(out);
	struct nm_interval interval = {.value = out->changed.value / out->base.value};
	int r = nm_interval_of_ratio(&design->base_draws[estimate], rounds->base,
				     &design->changed_draws[estimate], rounds->changed, &interval);

	if (!r)
		out->ratio = as_statistic(&interval);
	return r;
}

static int measure_independent(struct nm_designs *designs, const struct nm_rounds *rounds,
			       struct nm_compared_statistic *out)
{
	const struct nm_design *design =
		nm_design_get(designs, rounds->base_count, rounds->changed_count, false);
	enum nm_estimate estimate = estimate_of(out);
	struct nm_ranked ranked = {0};
	int r;

	if (!design)
		return -ENOMEM;
	r = measure_side(design->base_draws, rounds->base, rounds->base_count, estimate,
			 &out->base);
	if (!r)
		r = measure_side(design->changed_draws, rounds->changed, rounds->changed_count,
				 estimate, &out->changed);
	if (!r && rounds->base[0] > 0 && rounds->changed[0] > 0)
		r = measure_ratio(design, rounds, out);
	if (!r)
		r = nm_rank_independent(design, rounds->base, rounds->changed, &ranked);
	if (r)
		return r;
	out->p = ranked.p;
	out->shift = as_statistic(&ranked.shift);
	out->cliffs_delta = ranked.delta;
	out->effect = nm_effect_name(ranked.delta);
	return 0;
}

/* The median of the logarithms of the ratios within pairs, so that swapping the sides inverts it. */
static int measure_pair_ratio(const struct nm_design *design, const struct nm_rounds *rounds,
			      double *logs, struct nm_compared_statistic *out)
{
	struct nm_interval interval;
	int r;

	for (size_t i = 0; i < design->base; i++) {
		if (!(rounds->base[i] > 0) || !(rounds->changed[i] > 0))
			return 0;
		logs[i] = log(rounds->changed[i]) - log(rounds->base[i]);
	}
	nm_sort_real(logs, design->base);
	r = nm_interval_of(&design->base_draws[NM_ESTIMATE_MEDIAN], logs, &interval);
	if (!r)
		out->ratio =
			(struct nm_statistic) {.value = exp(nm_median_sorted(logs, design->base)),
					       .lo = exp(interval.lo),
					       .hi = exp(interval.hi)};
	return r;
}

static int measure_pairs(struct nm_designs *designs, struct nm_rounds *rounds,
			 struct nm_compared_statistic *out)
{
	size_t n = rounds->base_count;
	const struct nm_design *design = nm_design_get(designs, n, n, true);
	double *differences = nm_arena_alloc(designs->arena, n * sizeof(*differences));
	enum nm_estimate estimate = estimate_of(out);
	struct nm_ranked ranked = {0};
	int r;

	if (!design || !differences)
		return -ENOMEM;
	r = measure_pair_ratio(design, rounds, differences, out);
	for (size_t i = 0; i < n; i++)
		differences[i] = rounds->changed[i] - rounds->base[i];
	nm_sort_real(differences, n);
	nm_sort_real(rounds->base, n);
	nm_sort_real(rounds->changed, n);
	if (!r)
		r = nm_rank_pairs(design, differences, &ranked);
	if (!r)
		r = measure_side(design->base_draws, rounds->base, n, estimate, &out->base);
	if (!r)
		r = measure_side(design->changed_draws, rounds->changed, n, estimate,
				 &out->changed);
	if (r)
		return r;
	out->p = ranked.p;
	out->shift = as_statistic(&ranked.shift);
	out->cliffs_delta = ranked.delta;
	out->effect = nm_effect_name(ranked.delta);
	return 0;
}

int nm_judge_measure(struct nm_designs *designs, struct nm_rounds *rounds, bool paired,
		     struct nm_compared_statistic *out)
{
	out->base = out->changed = out->ratio = out->shift = unknown;
	out->p = out->p_adjusted = out->cliffs_delta = NAN;
	out->base_rounds = rounds->base_count;
	out->changed_rounds = rounds->changed_count;
	if (!rounds->base_count || !rounds->changed_count)
		return 0;
	return paired ? measure_pairs(designs, rounds, out)
		      : measure_independent(designs, rounds, out);
}

/* A shift that is surely smaller than what matters. */
static bool is_small(const struct nm_limits *limits, const struct nm_compared_statistic *s)
{
	return fmax(fabs(s->shift.lo), fabs(s->shift.hi)) <= limits->minimum_effect;
}

static bool is_equal(double limit, const struct nm_compared_statistic *s)
{
	return s->ratio.lo >= 1 / limit && s->ratio.hi <= limit;
}

/* What ratio and interval say alone. */
static int direction(const struct nm_limits *limits, double limit,
		     const struct nm_compared_statistic *s)
{
	if (is_small(limits, s) || (isfinite(s->ratio.value) && is_equal(limit, s)))
		return NM_VERDICT_EQUAL;
	if (fabs(s->shift.value) < limits->minimum_effect)
		return NM_VERDICT_INCONCLUSIVE;
	if (s->ratio.lo > 1 && s->ratio.value >= limit)
		return NM_VERDICT_REGRESSED;
	if (s->ratio.hi < 1 && s->ratio.value <= 1 / limit)
		return NM_VERDICT_IMPROVED;
	return NM_VERDICT_INCONCLUSIVE;
}

/* The half width of the interval falls with the square root of the rounds: how far it must fall to decide. */
static uint64_t rounds_for_width(const struct nm_court *court, double limit,
				 const struct nm_compared_statistic *s)
{
	double half = (log(s->ratio.hi) - log(s->ratio.lo)) / 2;
	double distance = fabs(log(s->ratio.value));
	double wanted = distance >= log(limit) ? distance : log(limit) - distance;
	double rounds = (double)court->design->base * pow(half / wanted, 2);

	return rounds < MOST_ROUNDS ? (uint64_t)ceil(rounds) : 0;
}

/* The smallest p of n rounds a side: 2 / C(2n, n), of pairs 2 / 2^n. */
static uint64_t rounds_for_family(const struct nm_court *court)
{
	double wanted = court->q / (double)court->family;
	double p = 2;
	uint64_t n = 0;

	while (p > wanted && n < MOST_ROUNDS) {
		n++;
		p *= court->design->paired ? 0.5 : (double)n / (double)(2 * (2 * n - 1));
	}
	return n;
}

static void estimate_rounds(const struct nm_court *court, double limit,
			    struct nm_compared_statistic *s)
{
	uint64_t least = court->design->base + 1;
	uint64_t width = rounds_for_width(court, limit, s);
	uint64_t family = court->counted ? 0 : rounds_for_family(court);

	if (!width)
		return;
	s->rounds_to_decide = width > family ? width : family;
	if (s->rounds_to_decide < least)
		s->rounds_to_decide = least;
	s->rounds_to_decide *= court->block;
}

/* Why what ratio and interval say is not believed; NULL when it is. */
static const char *doubt(struct nm_arena *arena, const struct nm_court *court,
			 const struct nm_compared_statistic *s)
{
	if (s->within_runs)
		return nm_arena_strdup(arena,
				       "runs of one side differ by as much among themselves");
	return nm_arena_printf(arena, "p is too large among %zu tests", court->family);
}

static int set_inconclusive(struct nm_arena *arena, const struct nm_court *court, double limit,
			    struct nm_compared_statistic *s)
{
	bool doubtful = s->verdict != NM_VERDICT_INCONCLUSIVE;

	s->verdict = NM_VERDICT_INCONCLUSIVE;
	if (!isfinite(s->ratio.value)) {
		s->reason = nm_arena_strdup(arena, "a round costs nothing, so there is no ratio");
		return s->reason ? 0 : -ENOMEM;
	}
	if (!s->within_runs)
		estimate_rounds(court, limit, s);
	s->reason = doubtful ? doubt(arena, court, s)
			     : nm_arena_printf(arena,
					       "the interval leaves open whether %g %% are reached",
					       s->threshold_percent);
	return s->reason ? 0 : -ENOMEM;
}

int nm_judge(struct nm_arena *arena, const struct nm_court *court,
	     struct nm_compared_statistic *statistic)
{
	double limit = 1 + statistic->threshold_percent / 100;
	bool weak = !court->counted && !(statistic->p_adjusted <= court->q);

	statistic->verdict = direction(court->limits, limit, statistic);
	if (statistic->verdict == NM_VERDICT_EQUAL)
		return 0;
	if (statistic->verdict != NM_VERDICT_INCONCLUSIVE && !weak && !statistic->within_runs)
		return 0;
	return set_inconclusive(arena, court, limit, statistic);
}

int nm_verdict_weight(int verdict)
{
	static const int weights[] = {
		[NM_VERDICT_UNSUPPORTED] = 0,  [NM_VERDICT_ADDED] = 1,
		[NM_VERDICT_EQUAL] = 2,	       [NM_VERDICT_IMPROVED] = 3,
		[NM_VERDICT_INCONCLUSIVE] = 4, [NM_VERDICT_INVALID] = 5,
		[NM_VERDICT_MISSING] = 6,      [NM_VERDICT_REGRESSED] = 7,
	};

	return weights[verdict];
}
