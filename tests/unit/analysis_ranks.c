/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/family.h"
#include "analysis/intervals.h"
#include "analysis/ranks.h"
#include "core/statistics.h"
#include "helpers.h"

#include <math.h>

static struct nm_arena arena;
static struct nm_designs designs = {.arena = &arena};

static void free_arena(void)
{
	nm_arena_free(&arena);
}

static void assert_near(double got, double expected)
{
	cr_assert_float_eq(got, expected, 1e-12 * fmax(1, fabs(expected)), "%.17g, expected %.17g",
			   got, expected);
}

static const double before[] = {797.5,	798.0, 799.25, 800.0, 801.5,
				803.25, 805.0, 812.5,  845.5, 1210.75};
static const double after[] = {799.5, 811.25, 819.0, 821.5, 822.125,
			       825.5, 830.5,  833.5, 870.5, 1250.75};

static struct nm_ranked rank(const double *base, size_t bases, const double *changed,
			     size_t changes)
{
	const struct nm_design *design = nm_design_get(&designs, bases, changes, false);
	struct nm_ranked out;

	cr_assert(design);
	cr_assert_eq(nm_rank_independent(design, base, changed, &out), 0);
	return out;
}

static struct nm_ranked rank_pairs(const double *differences, size_t count)
{
	const struct nm_design *design = nm_design_get(&designs, count, count, true);
	struct nm_ranked out;

	cr_assert(design);
	cr_assert_eq(nm_rank_pairs(design, differences, &out), 0);
	return out;
}

/* R 4.2.2: wilcox.test(after, before, conf.int = TRUE, exact = TRUE) */
Test(ranks, without_ties_are_those_of_r, .fini = free_arena)
{
	struct nm_ranked out = rank(before, COUNT(before), after, COUNT(after));

	assert_near(out.p, 0.043257052544978233);
	assert_near(out.shift.value, 20.8125);
	assert_near(out.shift.lo, 0.25);
	assert_near(out.shift.hi, 32.5);
	assert_near(out.delta, 0.54);
}

/* R 4.2.2: wilcox.test(after, before, paired = TRUE, conf.int = TRUE, exact = TRUE), in the order of the rounds. */
Test(ranks, of_pairs_are_those_of_r, .fini = free_arena)
{
	static const double differences[] = {1.5, 8.25, 14, 18, 22.125, 22.25, 24, 25, 36, 40};
	struct nm_ranked out = rank_pairs(differences, COUNT(differences));

	assert_near(out.p, 0.001953125);
	assert_near(out.delta, 1);
	cr_assert(out.shift.lo < out.shift.value && out.shift.value < out.shift.hi);
}

/* Of all 1024 signs, 3 leave at most that sum of ranks to the lesser side: 1.5 for -60. By its size it would be 10, and 86. */
Test(ranks, of_pairs_that_met_other_modes, .fini = free_arena)
{
	static const double differences[] = {-60, 1, 2, 3, 4, 5, 6, 7, 8, 50};
	static const double as_far[] = {-20, 1, 2, 3, 4, 5, 6, 7};

	assert_near(rank_pairs(differences, COUNT(differences)).p, 2 * 3 / 1024.0);
	assert_near(rank_pairs(as_far, COUNT(as_far)).p, 2 * 25 / 256.0);
}

/* Of all 43758 ways to choose 10 of these 18 values, 1114 have at least that sum of ranks: counted one by one in Python. */
Test(ranks, with_ties_are_exact, .fini = free_arena)
{
	static const double a[] = {1, 2, 2, 3, 3, 3, 4, 5};
	static const double b[] = {2, 3, 3, 4, 4, 5, 5, 5, 6, 7};
	struct nm_ranked out = rank(a, COUNT(a), b, COUNT(b));
	struct nm_ranked swapped = rank(b, COUNT(b), a, COUNT(a));

	assert_near(out.p, 2 * 1114.0 / 43758);
	assert_near(swapped.p, out.p);
	assert_near(swapped.delta, -out.delta);
	assert_near(swapped.shift.value, -out.shift.value);
	assert_near(swapped.shift.lo, -out.shift.hi);
}

/* Of all 512 signs of these 9 differences, 16 have at most that sum of ranks: counted one by one in Python. */
Test(ranks, of_pairs_with_ties_and_zeros, .fini = free_arena)
{
	static const double differences[] = {-2, -1, 0, 0.5, 1.5, 2, 3, 3, 4, 5};
	struct nm_ranked out = rank_pairs(differences, COUNT(differences));

	assert_near(out.p, 0.0625);
	assert_near(out.delta, 0.5);
}

Test(ranks, of_equal_sides, .fini = free_arena)
{
	static const double same[] = {3, 3, 3, 3, 3};
	static const double zeros[] = {0, 0, 0, 0, 0, 0};
	struct nm_ranked out = rank(same, COUNT(same), same, COUNT(same));

	assert_near(out.p, 1);
	assert_near(out.delta, 0);
	assert_near(out.shift.lo, 0);
	assert_near(out.shift.hi, 0);
	assert_near(rank_pairs(zeros, COUNT(zeros)).p, 1);
	assert_near(rank(same, 1, same, 1).p, 1);
}

/* R 4.2.2: qwilcox(0.025, 10, 10), qwilcox(0.025, 6, 8), qsignrank(0.025, 10), and 2 / choose(20, 10). */
Test(ranks, design, .fini = free_arena)
{
	cr_assert_eq(nm_design_get(&designs, 10, 10, false)->critical, 24);
	cr_assert_eq(nm_design_get(&designs, 6, 8, false)->critical, 9);
	cr_assert_eq(nm_design_get(&designs, 10, 10, true)->critical, 9);
	cr_assert_eq(nm_design_get(&designs, 2, 2, false)->critical, 1);
	assert_near(nm_design_get(&designs, 10, 10, false)->smallest_p, 2 / 184756.0);
	assert_near(nm_design_get(&designs, 8, 8, true)->smallest_p, 2 / 256.0);
	cr_assert_eq(nm_design_get(&designs, 10, 10, false),
		     nm_design_get(&designs, 10, 10, false));
}

Test(ranks, effects_have_names)
{
	cr_assert_str_eq(nm_effect_name(0.146), "negligible");
	cr_assert_str_eq(nm_effect_name(-0.147), "small");
	cr_assert_str_eq(nm_effect_name(0.33), "medium");
	cr_assert_str_eq(nm_effect_name(-0.474), "large");
}

/* R 4.2.2: p.adjust(p, "BH") */
Test(family, is_adjusted_as_in_r)
{
	double adjusted[5];
	struct nm_test tests[] = {{0.01, &adjusted[0]},
				  {0.04, &adjusted[1]},
				  {0.03, &adjusted[2]},
				  {0.005, &adjusted[3]},
				  {0.6, &adjusted[4]}};

	nm_family_adjust(tests, COUNT(tests));
	assert_near(adjusted[0], 0.025);
	assert_near(adjusted[1], 0.05);
	assert_near(adjusted[2], 0.05);
	assert_near(adjusted[3], 0.025);
	assert_near(adjusted[4], 0.6);
}

static struct nm_interval ratio(const double *base, size_t bases, const double *changed,
				size_t changes, enum nm_estimate estimate)
{
	struct nm_draws base_draws = nm_draws_make(&arena, bases, estimate);
	struct nm_draws changed_draws = nm_draws_make(&arena, changes, estimate);
	struct nm_interval out;

	cr_assert_eq(nm_interval_of_ratio(&base_draws, base, &changed_draws, changed, &out), 0);
	return out;
}

/* All 6912 resamples of both sides, one by one in Python. */
Test(intervals, are_those_of_all_resamples, .fini = free_arena)
{
	static const double base[] = {10, 11, 12.5, 13};
	static const double changed[] = {13.5, 14, 15.5};
	struct nm_interval median =
		ratio(base, COUNT(base), changed, COUNT(changed), NM_ESTIMATE_MEDIAN);
	struct nm_interval floor =
		ratio(base, COUNT(base), changed, COUNT(changed), NM_ESTIMATE_FLOOR);

	assert_near(median.lo, 1.0588235294117647);
	assert_near(median.hi, 1.4761904761904763);
	assert_near(floor.lo, 1.08);
	assert_near(floor.hi, 1.55);
}

static void assert_total(size_t n, enum nm_estimate estimate)
{
	struct nm_draws draws = nm_draws_make(&arena, n, estimate);
	double sum = 0;

	for (size_t i = 0; i < draws.count; i++) {
		cr_assert(draws.items[i].mass > 0 && draws.items[i].low <= draws.items[i].high);
		cr_assert_lt(draws.items[i].high, n);
		sum += draws.items[i].mass;
	}
	cr_assert_float_eq(sum, 1, 1e-9, "%zu rounds: %.12g", n, sum);
}

Test(intervals, draws_are_a_distribution, .fini = free_arena)
{
	static const size_t rounds[] = {1, 2, 3, 6, 10, 19, 20, 100, 300};

	for (size_t i = 0; i < COUNT(rounds); i++) {
		assert_total(rounds[i], NM_ESTIMATE_MEDIAN);
		assert_total(rounds[i], NM_ESTIMATE_FLOOR);
	}
}

/* What 10,000 resamples come to differs from what all of them do by little. */
Test(intervals, agree_with_resampling, .fini = free_arena)
{
	struct nm_draws draws = nm_draws_make(&arena, COUNT(before), NM_ESTIMATE_MEDIAN);
	struct nm_interval sampled;
	struct nm_interval all;

	cr_assert_eq(nm_bootstrap(before, COUNT(before), nm_median_sorted, 7, &sampled), 0);
	cr_assert_eq(nm_interval_of(&draws, before, &all), 0);
	cr_assert_float_eq(all.lo, sampled.lo, 0.5);
	cr_assert_float_eq(all.hi, sampled.hi, 5);
}

Test(intervals, scaling_changes_nothing, .fini = free_arena)
{
	struct nm_interval plain =
		ratio(before, COUNT(before), after, COUNT(after), NM_ESTIMATE_MEDIAN);
	struct nm_interval inverse =
		ratio(after, COUNT(after), before, COUNT(before), NM_ESTIMATE_MEDIAN);
	double scaled_before[COUNT(before)];
	double scaled_after[COUNT(after)];
	struct nm_interval scaled;

	for (size_t i = 0; i < COUNT(before); i++) {
		scaled_before[i] = before[i] * 1e-3;
		scaled_after[i] = after[i] * 1e-3;
	}
	scaled =
		ratio(scaled_before, COUNT(before), scaled_after, COUNT(after), NM_ESTIMATE_MEDIAN);
	assert_near(scaled.lo, plain.lo);
	assert_near(scaled.hi, plain.hi);
	assert_near(inverse.lo, 1 / plain.hi);
	assert_near(inverse.hi, 1 / plain.lo);
}
