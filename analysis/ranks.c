/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ranks.h"

#include "analysis/ways.h"
#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A value in the joint order of both sides, and its doubled midrank, which is whole. */
struct ranked {
	double value;
	bool changed; /* of that side, or of a difference: whether it is positive */
	unsigned int rank;
};

static int compare_ranked(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value;
	double y = ((const struct ranked *)b)->value;

	return (x > y) - (x < y);
}

/* Gives ranks; returns the sum of t^3 - t over the groups of t tied values. */
static double rank_all(struct ranked *items, size_t count)
{
	double ties = 0;

	qsort(items, count, sizeof(*items), compare_ranked);
	for (size_t first = 0, end; first < count; first = end) {
		double t;

		for (end = first + 1; end < count && items[end].value == items[first].value;)
			end++;
		t = (double)(end - first);
		ties += t * t * t - t;
		for (size_t i = first; i < end; i++)
			items[i].rank = (unsigned int)(first + 1 + end);
	}
	return ties;
}

static unsigned int rank_sum(const struct ranked *items, size_t count, bool changed)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].changed == changed)
			sum += items[i].rank;
	return sum;
}

/* Both tails of a normal distribution, with the correction for continuity. */
static double normal_p(double distance, double variance)
{
	if (!(variance > 0))
		return 1;
	return fmin(1, erfc(fmax(fabs(distance) - 0.5, 0) / sqrt(2 * variance)));
}

/* The tail of choosing `chosen` of the ranks, from the end that `sum` is nearer to. */
static int tail_of(const struct ranked *items, size_t count, size_t chosen, unsigned int sum,
		   double *p)
{
	struct nm_arena arena = {0};
	unsigned int twice_mean = (unsigned int)(2 * chosen * (count + 1));
	bool upper = 2 * sum > twice_mean;
	unsigned int *ranks = nm_arena_alloc(&arena, count * sizeof(*ranks));
	double *cumulative;

	for (size_t i = 0; ranks && i < count; i++) {
		const struct ranked *item = &items[upper ? count - 1 - i : i];

		ranks[i] = upper ? (unsigned int)(2 * (count + 1)) - item->rank : item->rank;
	}
	sum = upper ? twice_mean - sum : sum;
	cumulative = ranks ? nm_ways_of(&arena, ranks, count, chosen, sum) : NULL;
	if (cumulative)
		*p = fmin(1, 2 * cumulative[sum]);
	nm_arena_free(&arena);
	return cumulative ? 0 : -ENOMEM;
}

static int test_independent(const struct nm_design *design, struct ranked *items,
			    struct nm_ranked *out)
{
	size_t m = design->base;
	size_t n = design->changed;
	size_t total = m + n;
	double ties = rank_all(items, total);
	unsigned int sum = rank_sum(items, total, true);
	double u = sum / 2.0 - (double)n * ((double)n + 1) / 2;
	double pairs = (double)m * (double)n;

	out->delta = 2 * u / pairs - 1;
	if (!design->cumulative) {
		double N = (double)total;

		out->p =
			normal_p(u - pairs / 2, pairs / 12 * (N + 1 - ties / (N * fmax(N - 1, 1))));
		return 0;
	}
	if (ties > 0)
		return tail_of(items, total, m < n ? m : n,
			       m < n ? rank_sum(items, total, false) : sum, &out->p);
	out->p = fmin(1, 2 * design->cumulative[(size_t)fmin(u, pairs - u)]);
	return 0;
}

static struct nm_masses as_masses(struct nm_mass *items, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i] = (struct nm_mass) {.value = values[i], .mass = 1};
	return (struct nm_masses) {.items = items, .count = count};
}

/* The k-th smallest difference, counted from 1. */
static double difference_at(const struct nm_masses *x, const struct nm_masses *y, size_t k)
{
	return nm_difference_quantile(x, y, (double)k - 0.5);
}

static void shift_of(const struct nm_design *design, const struct nm_masses *base,
		     const struct nm_masses *changed, struct nm_interval *out)
{
	size_t pairs = design->base * design->changed;
	size_t middle = (pairs + 1) / 2;

	out->value = difference_at(base, changed, middle);
	if (pairs % 2 == 0)
		out->value = (out->value + difference_at(base, changed, middle + 1)) / 2;
	out->lo = difference_at(base, changed, design->critical);
	out->hi = difference_at(base, changed, pairs + 1 - design->critical);
}

int nm_rank_independent(const struct nm_design *design, const double *base, const double *changed,
			struct nm_ranked *out)
{
	size_t m = design->base;
	size_t n = design->changed;
	struct ranked *items = malloc((m + n) * sizeof(*items));
	struct nm_mass *masses = malloc((m + n) * sizeof(*masses));
	int r = items && masses ? 0 : nm_fail(ENOMEM, "out of memory");

	for (size_t i = 0; !r && i < m; i++)
		items[i] = (struct ranked) {.value = base[i]};
	for (size_t i = 0; !r && i < n; i++)
		items[m + i] = (struct ranked) {.value = changed[i], .changed = true};
	if (!r)
		r = test_independent(design, items, out);
	if (!r) {
		struct nm_masses x = as_masses(masses, base, m);
		struct nm_masses y = as_masses(masses + m, changed, n);

		shift_of(design, &x, &y, &out->shift);
	}
	free(items);
	free(masses);
	return r;
}

/* The choice does not look at signs, which are all that the test takes to be chance, so that its p stays what it is. */
static void lower_far(struct ranked *items, size_t count)
{
	double limit;

	if (!count)
		return;
	qsort(items, count, sizeof(*items), compare_ranked);
	limit = NM_FAR_PAIRS * items[count / 2].value;
	for (size_t i = count; items[i - 1].value > limit; i--)
		items[i - 1].value = 0;
}

static int test_pairs(struct ranked *items, size_t count, struct nm_ranked *out)
{
	struct nm_arena arena = {0};
	double ties = rank_all(items, count);
	unsigned int up = rank_sum(items, count, true);
	unsigned int down = rank_sum(items, count, false);
	unsigned int lower = up < down ? up : down;
	double n = (double)count;
	unsigned int *ranks;
	double *cumulative;

	if (count > NM_EXACT_ROUNDS) {
		out->p = normal_p(up / 2.0 - n * (n + 1) / 4,
				  n * (n + 1) * (2 * n + 1) / 24 - ties / 48);
		return 0;
	}
	ranks = nm_arena_alloc(&arena, (count + 1) * sizeof(*ranks));
	for (size_t i = 0; ranks && i < count; i++)
		ranks[i] = items[i].rank;
	cumulative = ranks ? nm_ways_of_any(&arena, ranks, count, lower) : NULL;
	if (cumulative)
		out->p = fmin(1, 2 * cumulative[lower]);
	nm_arena_free(&arena);
	return cumulative ? 0 : -ENOMEM;
}

/* The means of all pairs of differences, each with itself included (Walsh). */
static int shift_of_pairs(const struct nm_design *design, const double *differences,
			  struct nm_interval *out)
{
	size_t n = design->base;
	size_t count = n * (n + 1) / 2;
	double *means = malloc(count * sizeof(*means));
	size_t used = 0;

	if (!means)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			means[used++] = (differences[i] + differences[j]) / 2;
	nm_sort_real(means, count);
	out->value = nm_median_sorted(means, count);
	out->lo = means[design->critical - 1];
	out->hi = means[count - design->critical];
	free(means);
	return 0;
}

int nm_rank_pairs(const struct nm_design *design, const double *differences, struct nm_ranked *out)
{
	size_t n = design->base;
	struct ranked *items = malloc(n * sizeof(*items));
	size_t used = 0;
	size_t up = 0;
	int r;

	if (!items)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		bool positive = differences[i] > 0;

		up += positive;
		if (positive || differences[i] < 0)
			items[used++] = (struct ranked) {.value = fabs(differences[i]),
							 .changed = positive};
	}
	out->delta = ((double)up - (double)(used - up)) / (double)n;
	lower_far(items, used);
	r = test_pairs(items, used, out);
	free(items);
	return r ? r : shift_of_pairs(design, differences, &out->shift);
}

const char *nm_effect_name(double delta)
{
	double size = fabs(delta);

	return size < 0.147   ? "negligible"
	       : size < 0.33  ? "small"
	       : size < 0.474 ? "medium"
			      : "large";
}
