/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/design.h"

#include "analysis/ways.h"
#include "core/statistics.h"

#include <math.h>

/* Outcomes rarer than this change no digit of a quantile. */
#define NEGLIGIBLE 1e-18

static double log_choose(size_t n, size_t k)
{
	int sign;

	return lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
	       lgamma_r((double)(n - k) + 1, &sign);
}

/* P(at least k of n draws are among the first i of n rounds). */
static double at_least(size_t n, size_t i, size_t k)
{
	double q = (double)i / (double)n;
	double sum = 0;

	if (i == 0 || i == n)
		return i == n;
	for (size_t s = k; s <= n; s++)
		sum += exp(log_choose(n, s) + (double)s * log(q) + (double)(n - s) * log1p(-q));
	return fmin(sum, 1);
}

static int add_draw(struct nm_arena *arena, struct nm_draws *draws, size_t low, size_t high,
		    double mass)
{
	struct nm_draw *draw;

	if (mass < NEGLIGIBLE)
		return 0;
	draw = nm_arena_append(arena, &draws->items, &draws->count, sizeof(*draw));
	if (draw)
		*draw = (struct nm_draw) {.low = low, .high = high, .mass = mass};
	return draw ? 0 : -1;
}

/* P(exactly k draws among the first i rounds, one of them at i) as a logarithm, without the choice of the draws. */
static double log_reached(size_t n, size_t i, size_t k)
{
	double below = (double)(i - 1) / (double)i;

	return (double)k * log((double)i / (double)n) + log1p(-pow(below, (double)k));
}

/* The k-th and the next of a resample: k draws up to round i, the others from round j on. */
static int add_neighbours(struct nm_arena *arena, struct nm_draws *draws, size_t n, size_t i,
			  size_t k)
{
	double same = at_least(n, i, k) - at_least(n, i - 1, k);
	double left = log_choose(n, k) + log_reached(n, i, k);
	int r = 0;

	for (size_t j = i + 1; !r && j <= n; j++) {
		double mass = exp(left + log_reached(n, n - j + 1, n - k));

		same -= mass;
		r = add_draw(arena, draws, i - 1, j - 1, mass);
	}
	return r ? r : add_draw(arena, draws, i - 1, i - 1, same);
}

struct nm_draws nm_draws_make(struct nm_arena *arena, size_t n, enum nm_estimate estimate)
{
	bool two = estimate == NM_ESTIMATE_MEDIAN && n % 2 == 0;
	size_t k = estimate == NM_ESTIMATE_FLOOR ? nm_rank(n, 250) + 1 : (n + 1) / 2;
	struct nm_draws draws = {0};
	int r = 0;

	for (size_t i = 1; !r && i <= n; i++) {
		if (two)
			r = add_neighbours(arena, &draws, n, i, k);
		else
			r = add_draw(arena, &draws, i - 1, i - 1,
				     at_least(n, i, k) - at_least(n, i - 1, k));
	}
	return r ? (struct nm_draws) {0} : draws;
}

static int make_draws(struct nm_arena *arena, struct nm_draws *draws, size_t n)
{
	for (int estimate = 0; estimate < NM_ESTIMATES; estimate++) {
		draws[estimate] = nm_draws_make(arena, n, (enum nm_estimate)estimate);
		if (!draws[estimate].items)
			return -1;
	}
	return 0;
}

/* Ranks without ties: 1, 2, 3 … */
static unsigned int *plain_ranks(struct nm_arena *arena, size_t count)
{
	unsigned int *ranks = nm_arena_alloc(arena, count * sizeof(*ranks));

	for (size_t i = 0; ranks && i < count; i++)
		ranks[i] = (unsigned int)i + 1;
	return ranks;
}

/* P(U <= u): the sum of the ranks of m of them, less the smallest that it can be. */
static int make_unpaired(struct nm_arena *arena, struct nm_design *design)
{
	size_t m = design->base < design->changed ? design->base : design->changed;
	size_t total = design->base + design->changed;
	size_t least = m * (m + 1) / 2;
	unsigned int *ranks = plain_ranks(arena, total);
	double *ways =
		ranks ? nm_ways_of(arena, ranks, total, m, least + design->outcomes - 1) : NULL;

	design->cumulative = ways ? ways + least : NULL;
	return ways ? 0 : -1;
}

/* P(W <= w): the sum of the ranks of any of them. */
static int make_paired(struct nm_arena *arena, struct nm_design *design)
{
	unsigned int *ranks = plain_ranks(arena, design->base);

	design->cumulative =
		ranks ? nm_ways_of_any(arena, ranks, design->base, design->outcomes - 1) : NULL;
	return design->cumulative ? 0 : -1;
}

/* Hollander and Wolfe, "Nonparametric statistical methods": the quantile of the statistic is the rank of the difference. */
static size_t critical_rank(const struct nm_design *design)
{
	size_t rank = 0;

	if (design->cumulative) {
		while (design->cumulative[rank] < 0.025)
			rank++;
	} else {
		double m = (double)design->base;
		double n = (double)design->changed;
		double mean = design->paired ? m * (m + 1) / 4 : m * n / 2;
		double variance =
			design->paired ? m * (m + 1) * (2 * m + 1) / 24 : m * n * (m + n + 1) / 12;

		rank = (size_t)(mean - 1.959963984540054 * sqrt(variance));
	}
	return rank ? rank : 1;
}

static int fill(struct nm_arena *arena, struct nm_design *design)
{
	size_t total = design->paired ? design->base : design->base + design->changed;
	bool exact = total <= NM_EXACT_ROUNDS;
	int r = make_draws(arena, design->base_draws, design->base);

	design->outcomes = design->paired ? design->base * (design->base + 1) / 2 + 1
					  : design->base * design->changed + 1;
	if (!r)
		r = make_draws(arena, design->changed_draws, design->changed);
	if (!r && exact)
		r = design->paired ? make_paired(arena, design) : make_unpaired(arena, design);
	if (r)
		return r;
	design->critical = critical_rank(design);
	design->smallest_p = exact ? fmin(2 * design->cumulative[0], 1) : 0;
	return 0;
}

const struct nm_design *nm_design_get(struct nm_designs *designs, size_t base, size_t changed,
				      bool paired)
{
	struct nm_design **slot;
	struct nm_design *design;

	for (size_t i = 0; i < designs->count; i++) {
		design = designs->items[i];
		if (design->base == base && design->changed == changed && design->paired == paired)
			return design;
	}
	design = nm_arena_alloc(designs->arena, sizeof(*design));
	if (!design)
		return NULL;
	*design = (struct nm_design) {.base = base, .changed = changed, .paired = paired};
	if (fill(designs->arena, design))
		return NULL;
	slot = nm_arena_append(designs->arena, &designs->items, &designs->count, sizeof(void *));
	if (!slot)
		return NULL;
	*slot = design;
	return design;
}
