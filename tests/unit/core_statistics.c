/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/instructions.h"
#include "core/statistics.h"
#include "helpers.h"

#include <errno.h>
#include <math.h>

#define SEED 20260105u

static const double odd[] = {812.5, 799.25, 805.0, 1210.75, 801.5, 798.0, 803.25,
			     845.5, 800.0,  797.5, 806.75,  930.0, 802.0};
static const double even[] = {12.1, 11.9, 12.4, 15.2, 12.0, 11.8,
			      12.3, 13.7, 12.2, 12.6, 11.7, 19.9};
static const double base[] = {101.5, 99.0, 100.25, 98.5, 103.0, 110.5, 97.75, 99.5, 100.75};
static const double changed[] = {205.0,	 199.5, 210.25, 230.0, 202.5, 201.0,
				 250.75, 204.0, 198.25, 207.5, 203.5};

static double mean_sorted(const double *sorted, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += sorted[i];
	return sum / (double)count;
}

static struct nm_interval interval_of(const double *rounds, size_t count, nm_estimator estimator,
				      uint64_t seed)
{
	struct nm_interval interval = {0};

	cr_assert_eq(nm_bootstrap(rounds, count, estimator, seed, &interval), 0, "%s",
		     nm_error_last()->text);
	return interval;
}

static struct nm_interval ratio_of(const double *below, size_t below_count, const double *above,
				   size_t above_count)
{
	struct nm_interval interval = {0};

	cr_assert_eq(nm_bootstrap_ratio(below, below_count, above, above_count, SEED, &interval), 0,
		     "%s", nm_error_last()->text);
	return interval;
}

static void assert_near(double value, double expected, double within, const char *what)
{
	cr_assert(fabs(value - expected) <= within, "%s is %.17g, expected %.17g within %g", what,
		  value, expected, within);
}

Test(core_statistics, percentiles_are_nearest_ranks)
{
	static const struct {
		size_t count;
		unsigned int permille;
		size_t index;
	} cases[] = {
		{1, 0, 0},	{1, 500, 0},	  {1, 999, 0},	      {2, 500, 0},
		{2, 501, 1},	{3, 500, 1},	  {5, 50, 0},	      {5, 300, 1},
		{5, 400, 1},	{5, 401, 2},	  {5, 1000, 4},	      {10, 500, 4},
		{10, 900, 8},	{10, 990, 9},	  {20, 50, 0},	      {21, 50, 1},
		{1000, 50, 49}, {1000, 990, 989}, {1000, 999, 998},   {2000, 500, 999},
		{2000, 50, 99}, {10000, 25, 249}, {10000, 975, 9749}, {10000, 999, 9989},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_assert_eq(nm_rank(cases[i].count, cases[i].permille), cases[i].index,
			     "%u permille of %zu: index %zu", cases[i].permille, cases[i].count,
			     nm_rank(cases[i].count, cases[i].permille));
}

/* The definition itself: the first value that has at least this share of all at or below it. */
static size_t rank_by_definition(size_t count, unsigned int permille)
{
	size_t index = 0;

	while ((index + 1) * 1000 < count * permille)
		index++;
	return index;
}

Test(core_statistics, percentiles_follow_their_definition)
{
	for (size_t count = 1; count <= 150; count++)
		for (unsigned int permille = 0; permille <= 1000; permille++)
			cr_assert_eq(nm_rank(count, permille), rank_by_definition(count, permille),
				     "%u permille of %zu", permille, count);
}

Test(core_statistics, the_median_of_an_even_count_is_between_the_middle_two)
{
	static const double sorted[] = {1, 2, 4, 8, 16};

	cr_assert(nm_median_sorted(sorted, 1) == 1, "of one");
	cr_assert(nm_median_sorted(sorted, 2) == 1.5, "of two");
	cr_assert(nm_median_sorted(sorted, 3) == 2, "of three");
	cr_assert(nm_median_sorted(sorted, 4) == 3, "of four");
	cr_assert(nm_median_sorted(sorted, 5) == 4, "of five");
}

Test(core_statistics, the_floor_is_at_a_quarter_of_the_rounds)
{
	static const size_t cases[][2] = {{1, 0},  {2, 0},  {4, 0},  {5, 1},  {6, 1},
					  {10, 2}, {12, 2}, {13, 3}, {20, 4}, {100, 24}};
	double sorted[100];

	for (size_t i = 0; i < COUNT(sorted); i++)
		sorted[i] = (double)i;
	for (size_t i = 0; i < COUNT(cases); i++)
		cr_assert(nm_floor_sorted(sorted, cases[i][0]) == (double)cases[i][1],
			  "of %zu rounds it is number %g", cases[i][0],
			  nm_floor_sorted(sorted, cases[i][0]));
}

/* The reference values of splitmix64.c for seed 1234567, as also published with its ports. */
Test(core_statistics, seeds_are_spread_by_splitmix64)
{
	static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
					    9817491932198370423u, 4593380528125082431u};
	struct nm_random random;

	nm_random_seed(&random, 1234567);
	for (size_t i = 0; i < COUNT(expected); i++)
		cr_assert_eq(random.state[i], expected[i], "word %zu is %llu", i,
			     (unsigned long long)random.state[i]);
}

/* xoshiro256starstar.c from the state 1, 2, 3, 4. */
Test(core_statistics, numbers_are_those_of_xoshiro256_starstar)
{
	static const uint64_t expected[] = {11520u,
					    0u,
					    1509978240u,
					    1215971899390074240u,
					    1216172134540287360u,
					    607988272756665600u,
					    16172922978634559625u,
					    8476171486693032832u,
					    10595114339597558777u,
					    2904607092377533576u};
	struct nm_random random = {{1, 2, 3, 4}};

	for (size_t i = 0; i < COUNT(expected); i++) {
		uint64_t value = nm_random_next(&random);

		cr_assert_eq(value, expected[i], "number %zu is %llu", i,
			     (unsigned long long)value);
	}
}

/* From an implementation of both algorithms in Python, written from their descriptions. */
Test(core_statistics, a_seed_gives_the_same_numbers_on_every_machine)
{
	static const struct {
		uint64_t seed;
		uint64_t values[5];
	} cases[] = {
		{0,
		 {11091344671253066420u, 13793997310169335082u, 1900383378846508768u,
		  7684712102626143532u, 13521403990117723737u}},
		{42,
		 {1546998764402558742u, 6990951692964543102u, 12544586762248559009u,
		  17057574109182124193u, 18295552978065317476u}},
		{UINT64_MAX,
		 {10328197420357168392u, 14156678507024973869u, 9357971779955476126u,
		  13791585006304312367u, 10463432026814718762u}},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nm_random random;

		nm_random_seed(&random, cases[i].seed);
		for (size_t j = 0; j < 5; j++)
			cr_assert_eq(nm_random_next(&random), cases[i].values[j],
				     "number %zu of seed %llu", j,
				     (unsigned long long)cases[i].seed);
	}
}

Test(core_statistics, bounded_numbers_are_uniform)
{
	size_t seen[6] = {0};
	struct nm_random random;

	nm_random_seed(&random, SEED);
	for (int i = 0; i < 60000; i++) {
		uint64_t value = nm_random_below(&random, 6);

		cr_assert_lt(value, 6, "%llu is not below 6", (unsigned long long)value);
		seen[value]++;
	}
	for (size_t i = 0; i < 6; i++)
		cr_assert(seen[i] > 9600 && seen[i] < 10400, "%zu came %zu of 60000 times", i,
			  seen[i]);
}

/* A plain remainder would give the lowest third of this range half of all numbers. */
Test(core_statistics, bounded_numbers_have_no_modulo_bias)
{
	const uint64_t bound = UINT64_C(3) << 62;
	struct nm_random random;
	int low = 0;

	nm_random_seed(&random, SEED);
	for (int i = 0; i < 9000; i++) {
		uint64_t value = nm_random_below(&random, bound);

		cr_assert_lt(value, bound, "a number above the bound");
		low += value < bound / 3;
	}
	cr_assert(low > 2800 && low < 3200, "%d of 9000 lie in the lowest third", low);
	cr_assert_eq(nm_random_below(&random, 1), 0, "below 1 is not 0");
}

Test(core_statistics, numbers_are_sorted_over_their_whole_range)
{
	int64_t whole[] = {3, INT64_MAX, -1, INT64_MIN, 0, 3, INT64_MIN + 1};
	static const int64_t whole_sorted[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 3, 3, INT64_MAX};
	double real[] = {0.5, -1e300, 1e-300, 0.25, INFINITY, 0.5};
	static const double real_sorted[] = {-1e300, 1e-300, 0.25, 0.5, 0.5, INFINITY};

	nm_sort_int64(whole, COUNT(whole));
	nm_sort_real(real, COUNT(real));
	for (size_t i = 0; i < COUNT(whole); i++)
		cr_assert_eq(whole[i], whole_sorted[i], "integer %zu", i);
	for (size_t i = 0; i < COUNT(real); i++)
		cr_assert(real[i] == real_sorted[i], "real %zu", i);
}

Test(core_statistics, the_bootstrap_depends_on_its_seed_alone)
{
	struct nm_interval first = interval_of(odd, COUNT(odd), mean_sorted, 1);
	struct nm_interval again = interval_of(odd, COUNT(odd), mean_sorted, 1);
	struct nm_interval other = interval_of(odd, COUNT(odd), mean_sorted, 2);

	cr_assert(first.lo == again.lo && first.hi == again.hi && first.value == again.value,
		  "the same seed gives another interval");
	cr_assert(first.lo != other.lo || first.hi != other.hi,
		  "another seed gives the same interval");
	cr_assert(first.value == other.value, "the estimate depends on the seed");
}

Test(core_statistics, the_bootstrap_leaves_its_input_alone)
{
	double rounds[COUNT(odd)];

	memcpy(rounds, odd, sizeof(odd));
	interval_of(rounds, COUNT(rounds), nm_median_sorted, SEED);
	ratio_of(rounds, COUNT(rounds), rounds, COUNT(rounds));
	cr_assert_eq(memcmp(rounds, odd, sizeof(odd)), 0, "rounds have changed");
}

Test(core_statistics, the_estimate_does_not_depend_on_the_order)
{
	static const double backwards[] = {5, 4, 3, 2, 1};
	struct nm_interval interval = interval_of(backwards, 5, nm_median_sorted, SEED);

	cr_assert(interval.value == 3, "the median is %g", interval.value);
	interval = interval_of(backwards, 5, nm_floor_sorted, SEED);
	cr_assert(interval.value == 2, "the floor is %g", interval.value);
}

Test(core_statistics, the_interval_lies_around_the_estimate_and_within_the_data)
{
	static const nm_estimator estimators[] = {nm_median_sorted, nm_floor_sorted, mean_sorted};

	for (size_t i = 0; i < COUNT(estimators); i++) {
		struct nm_interval interval = interval_of(odd, COUNT(odd), estimators[i], SEED);

		cr_assert(interval.lo <= interval.value && interval.value <= interval.hi,
			  "estimator %zu: %g is not in [%g, %g]", i, interval.value, interval.lo,
			  interval.hi);
		cr_assert(interval.lo >= 797.5 && interval.hi <= 1210.75,
			  "estimator %zu: [%g, %g] is wider than the data", i, interval.lo,
			  interval.hi);
		cr_assert(interval.lo < interval.hi, "estimator %zu: no interval", i);
	}
}

static void assert_scaled(double by, double within)
{
	struct nm_interval plain = interval_of(even, COUNT(even), nm_median_sorted, SEED);
	struct nm_interval scaled;
	double rounds[COUNT(even)];

	for (size_t i = 0; i < COUNT(even); i++)
		rounds[i] = even[i] * by;
	scaled = interval_of(rounds, COUNT(even), nm_median_sorted, SEED);
	assert_near(scaled.value, plain.value * by, within, "the estimate");
	assert_near(scaled.lo, plain.lo * by, within, "the lower end");
	assert_near(scaled.hi, plain.hi * by, within, "the upper end");
}

Test(core_statistics, the_interval_scales_with_the_data)
{
	assert_scaled(1024, 0);
	assert_scaled(0.125, 0);
	assert_scaled(1000, 1e-9);
	assert_scaled(3.7e-9, 1e-21);
}

Test(core_statistics, the_interval_of_constant_data_is_the_constant)
{
	double rounds[20];
	struct nm_interval interval;

	for (size_t i = 0; i < COUNT(rounds); i++)
		rounds[i] = 0.1;
	for (size_t count = 1; count <= COUNT(rounds); count++) {
		interval = interval_of(rounds, count, nm_median_sorted, SEED);
		cr_assert(interval.value == 0.1 && interval.lo == 0.1 && interval.hi == 0.1,
			  "%zu rounds: [%g, %g]", count, interval.lo, interval.hi);
		interval = ratio_of(rounds, count, rounds, COUNT(rounds));
		cr_assert(interval.value == 1 && interval.lo == 1 && interval.hi == 1,
			  "ratio of %zu rounds: [%g, %g]", count, interval.lo, interval.hi);
	}
}

/*
 * scipy 1.10.1: scipy.stats.bootstrap(method='percentile', n_resamples=400000, random_state=1). With these rounds the ends
 * of the interval of a median are rounds themselves, or the mean of two.
 */
Test(core_statistics, intervals_agree_with_scipy)
{
	struct nm_interval interval = interval_of(odd, COUNT(odd), nm_median_sorted, SEED);

	assert_near(interval.value, 803.25, 0, "median of an odd count");
	assert_near(interval.lo, 800, 0, "lower end, odd");
	assert_near(interval.hi, 812.5, 0, "upper end, odd");
	interval = interval_of(even, COUNT(even), nm_median_sorted, SEED);
	assert_near(interval.value, 12.25, 1e-12, "median of an even count");
	assert_near(interval.lo, 11.95, 1e-12, "lower end, even");
	assert_near(interval.hi, 13.15, 1e-12, "upper end, even");
}

/* The ends of a mean are continuous: four standard errors of 10,000 resamples, about 3 % of the width. */
Test(core_statistics, intervals_of_means_agree_with_scipy)
{
	const double lo = 803.3461538461538;
	const double hi = 916.1543269230763;
	struct nm_interval interval = interval_of(odd, COUNT(odd), mean_sorted, SEED);

	assert_near(interval.value, 847.0769230769231, 1e-9, "mean");
	assert_near(interval.lo, lo, 0.03 * (hi - lo), "lower end");
	assert_near(interval.hi, hi, 0.03 * (hi - lo), "upper end");
}

Test(core_statistics, intervals_of_ratios_agree_with_scipy)
{
	const double lo = 1.9805825242718447;
	const double hi = 2.1065989847715736;
	struct nm_interval interval = ratio_of(base, COUNT(base), changed, COUNT(changed));

	assert_near(interval.value, 2.0349127182044886, 1e-12, "ratio");
	/* The ends are quotients of few values: a draw may end one step off. */
	assert_near(interval.lo, lo, 0.1 * (hi - lo), "lower end");
	assert_near(interval.hi, hi, 0.1 * (hi - lo), "upper end");
}

Test(core_statistics, swapping_the_sides_of_a_ratio_inverts_it)
{
	struct nm_interval one = ratio_of(base, COUNT(base), changed, COUNT(changed));
	struct nm_interval other = ratio_of(changed, COUNT(changed), base, COUNT(base));

	assert_near(other.value * one.value, 1, 1e-15, "the product");
	assert_near(1 / other.hi, one.lo, 0.0126, "the lower end");
	assert_near(1 / other.lo, one.hi, 0.0126, "the upper end");
}

/* Uniform in (0, 1]. */
static double uniform(struct nm_random *random)
{
	return ((double)(nm_random_next(random) >> 11) + 1) * 0x1p-53;
}

static double normal(struct nm_random *random)
{
	return sqrt(-2 * log(uniform(random))) * cos(6.283185307179586 * uniform(random));
}

Test(core_statistics, the_interval_of_the_median_covers_the_truth)
{
	const int trials = 400;
	struct nm_random random;
	int covered = 0;

	nm_random_seed(&random, SEED);
	for (int trial = 0; trial < trials; trial++) {
		struct nm_interval interval;
		double rounds[10];

		for (size_t i = 0; i < COUNT(rounds); i++)
			rounds[i] = 1000 + 50 * normal(&random);
		interval = interval_of(rounds, COUNT(rounds), nm_median_sorted, (uint64_t)trial);
		covered += interval.lo <= 1000 && 1000 <= interval.hi;
	}
	cr_assert(covered >= trials * 88 / 100 && covered <= trials * 99 / 100,
		  "%d of %d intervals cover the true median", covered, trials);
}

Test(core_statistics, no_rounds_and_too_many_are_refused)
{
	static double rounds[NM_MAX_ROUNDS + 1];
	struct nm_interval interval;

	cr_assert_eq(nm_bootstrap(rounds, 0, nm_median_sorted, SEED, &interval), -EINVAL, "none");
	assert_error_says("0 rounds");
	cr_assert_eq(nm_bootstrap(rounds, NM_MAX_ROUNDS + 1, nm_median_sorted, SEED, &interval),
		     -EINVAL, "too many");
	assert_error_says("1001 rounds: expected 1 to 1000");
	cr_assert_eq(nm_bootstrap_ratio(rounds, 0, odd, 2, SEED, &interval), -EINVAL, "no base");
	cr_assert_eq(nm_bootstrap_ratio(odd, 2, rounds, 0, SEED, &interval), -EINVAL, "no change");
	cr_assert_eq(nm_bootstrap_ratio(odd, 2, rounds, NM_MAX_ROUNDS + 1, SEED, &interval),
		     -EINVAL, "too many changed");
	cr_assert_eq(nm_bootstrap_ratio(rounds, NM_MAX_ROUNDS + 1, odd, 2, SEED, &interval),
		     -EINVAL, "too many bases");
}

Test(core_statistics, as_many_rounds_as_the_limit_are_taken)
{
	static double rounds[NM_MAX_ROUNDS];
	struct nm_interval interval;

	for (size_t i = 0; i < NM_MAX_ROUNDS; i++)
		rounds[i] = (double)(NM_MAX_ROUNDS - i);
	interval = interval_of(rounds, NM_MAX_ROUNDS, nm_floor_sorted, SEED);
	cr_assert(interval.value == NM_MAX_ROUNDS / 4, "the floor is %g", interval.value);
	cr_assert(interval.lo > NM_MAX_ROUNDS / 4 - 45 && interval.hi < NM_MAX_ROUNDS / 4 + 45,
		  "its interval is [%g, %g]", interval.lo, interval.hi);
}

/* Whether a TSC counts instructions */

#define INSTRUCTIONS 1000u

static uint64_t agreed(int64_t usual, int64_t other, size_t others)
{
	int64_t values[15];

	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = i < others ? other : usual;
	return nm_agreed_ticks(values, COUNT(values), INSTRUCTIONS);
}

Test(core_instructions, what_most_repetitions_agree_on_counts)
{
	cr_assert_eq(agreed(1000, 0, 0), 1, "one tick each");
	cr_assert_eq(agreed(2000, 0, 0), 2, "two ticks each");
	cr_assert_eq(agreed(2000, 7000, 7), 2, "interrupts in a minority");
	cr_assert_eq(agreed(2000, -5000, 7), 2, "and in the shorter loop");
	cr_assert_eq(agreed(2000, 2001, 8), 0, "interrupts in most of them");
}

Test(core_instructions, a_fraction_is_no_count)
{
	cr_assert_eq(agreed(500, 0, 0), 0, "half a tick each");
	cr_assert_eq(agreed(1001, 0, 0), 0, "a little more than one");
	cr_assert_eq(agreed(0, 0, 0), 0, "none");
	cr_assert_eq(agreed(-1000, 0, 0), 0, "less than none");
}

Test(core_instructions, no_two_values_agree_on_a_clock)
{
	int64_t values[15];

	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = 1000 * (int64_t)(i + 1);
	cr_assert_eq(nm_agreed_ticks(values, COUNT(values), INSTRUCTIONS), 0, "they agree");
}
