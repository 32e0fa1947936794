/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/changepoint.h"
#include "analysis/student.h"
#include "core/statistics.h"
#include "helpers.h"

#include <math.h>
#include <string.h>

#define NIGHTS 60
#define TRIALS 200

/* From tests/oracles/changepoint.py: numpy and scipy. */
static const struct known {
	uint64_t seed;
	size_t count, step_at;
	double step;
	size_t index;
	double energy;
	double p;
} known[] = {
	{1, 4, 2, 0, 2, 156, 0.0535219851139},
	{2, 10, 5, 500, 5, 2145.5, 1.52479811983e-06},
	{3, 30, 28, 400, 28, 1146.74567901, 9.13460114734e-10},
	{4, 30, 10, 100, 12, 429.762566845, 0.000524481627417},
	{5, 60, 41, 60, 53, 353.891025641, 0.00052949558112},
	{6, 365, 200, 25, 195, 860.284010298, 6.76040957353e-08},
	{7, 365, 365, 0, 282, 217.051844577, 0.0150422903066},
	{8, 12, 6, -300, 6, 1092.4, 5.85950385331e-05},
};

static bool is_near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

static void fill_known(const struct known *wanted, double *values)
{
	uint64_t seed = wanted->seed;

	for (size_t i = 0; i < wanted->count; i++) {
		values[i] = 10000 + (i >= wanted->step_at ? wanted->step : 0);
		for (int draw = 0; draw < 3; draw++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			values[i] += (double)((seed >> 33) % 100);
		}
	}
}

Test(changepoint, divides_as_the_oracle_does)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct nm_division division = {0};
		double values[365];
		size_t index;
		double p;

		fill_known(&known[i], values);
		cr_assert_eq(nm_divide(values, known[i].count, &division), 0);
		index = division.index;
		cr_expect_eq(index, known[i].index, "%zu: at %zu", i, index);
		cr_expect(is_near(division.energy, known[i].energy), "%zu: %.12g", i,
			  division.energy);
		p = nm_student_p(values, index, values + index, known[i].count - index);
		cr_expect(fabs(p - known[i].p) <= 1e-8 * known[i].p, "%zu: p %.12g", i, p);
	}
}

/* The sum of twelve uniform draws less six: nearly normal, the same everywhere. */
static double noise(struct nm_random *random)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(nm_random_next(random) >> 11) / 9007199254740992.0;
	return sum;
}

static void make_nights(struct nm_random *random, double *values, double spread, size_t step_at,
			double step)
{
	for (size_t i = 0; i < NIGHTS; i++)
		values[i] = 1000 * (i >= step_at ? 1 + step : 1) * (1 + spread * noise(random));
}

static size_t find(const double *values, size_t count, struct nm_change *changes)
{
	size_t found = 0;
	size_t tests = 0;

	cr_assert_eq(nm_change_points(values, count, &nm_change_rule_default, changes, &found,
				      &tests),
		     0);
	return found;
}

Test(changepoint, finds_a_step_in_its_night)
{
	struct nm_change changes[NIGHTS / 2];
	struct nm_random random;
	double values[NIGHTS];
	size_t close = 0;
	size_t extra = 0;

	nm_random_seed(&random, 1);
	for (size_t trial = 0; trial < TRIALS; trial++) {
		size_t step_at = 5 + trial % 50;
		size_t found;

		make_nights(&random, values, 0.02, step_at, trial % 2 ? 0.05 : -0.05);
		found = find(values, NIGHTS, changes);
		extra += found > 1 ? found - 1 : 0;
		for (size_t i = 0; i < found; i++)
			if (changes[i].index + 2 >= step_at && changes[i].index <= step_at + 2) {
				close++;
				break;
			}
	}
	cr_expect_geq(close, TRIALS * 94 / 100, "%zu of %d", close, TRIALS);
	cr_expect_leq(extra, TRIALS * 4 / 100, "%zu more", extra);
}

Test(changepoint, finds_nothing_in_noise)
{
	struct nm_change changes[NIGHTS / 2];
	struct nm_random random;
	double values[NIGHTS];
	size_t alarms = 0;

	nm_random_seed(&random, 2);
	for (size_t trial = 0; trial < 2 * TRIALS; trial++) {
		make_nights(&random, values, 0.02, NIGHTS, 0);
		/* Half of the machines have a night in ten that is slow. */
		for (size_t i = trial % 2 ? 0 : NIGHTS; i < NIGHTS; i++)
			values[i] *= nm_random_below(&random, 10) ? 1 : 1.3;
		alarms += find(values, NIGHTS, changes) > 0;
	}
	/* 1 % of 400, and three standard deviations. */
	cr_expect_leq(alarms, 10, "%zu false alarms", alarms);
}

Test(changepoint, finds_two_steps)
{
	struct nm_change changes[NIGHTS / 2];
	struct nm_random random;
	double values[NIGHTS];

	nm_random_seed(&random, 3);
	make_nights(&random, values, 0.01, 20, 0.1);
	for (size_t i = 40; i < NIGHTS; i++)
		values[i] *= 0.9;
	cr_assert_eq(find(values, NIGHTS, changes), 2);
	cr_expect_eq(changes[0].index, 20);
	cr_expect_eq(changes[1].index, 40);
	cr_expect_lt(changes[0].p_step, 1e-6);
}

Test(changepoint, two_nights_are_enough_and_one_is_not)
{
	struct nm_change changes[NIGHTS / 2];
	struct nm_random random;
	double values[NIGHTS];

	nm_random_seed(&random, 4);
	make_nights(&random, values, 0.005, NIGHTS - 2, 0.05);
	cr_assert_eq(find(values, NIGHTS, changes), 1);
	cr_expect_eq(changes[0].index, NIGHTS - 2);
	cr_expect_eq(find(values, NIGHTS - 1, changes), 0);
}

Test(changepoint, is_the_same_every_time_and_for_every_unit)
{
	struct nm_change changes[NIGHTS / 2];
	struct nm_change again[NIGHTS / 2];
	struct nm_random random;
	double values[NIGHTS];
	size_t found;

	nm_random_seed(&random, 5);
	make_nights(&random, values, 0.02, 30, 0.04);
	found = find(values, NIGHTS, changes);
	cr_assert_eq(found, 1);
	cr_expect_eq(find(values, NIGHTS, again), 1);
	cr_expect_eq(memcmp(changes, again, found * sizeof(*changes)), 0);
	for (size_t i = 0; i < NIGHTS; i++)
		values[i] *= 1024;
	cr_expect_eq(find(values, NIGHTS, again), 1);
	cr_expect_eq(again[0].index, changes[0].index);
	cr_expect_eq(again[0].p, changes[0].p);
}

Test(changepoint, counts_have_no_noise)
{
	struct nm_change changes[NIGHTS / 2];
	double values[NIGHTS];

	for (size_t i = 0; i < NIGHTS; i++)
		values[i] = 2604;
	cr_expect_eq(find(values, NIGHTS, changes), 0);
	for (size_t i = 50; i < NIGHTS; i++)
		values[i] = 2605;
	cr_assert_eq(find(values, NIGHTS, changes), 1);
	cr_expect_eq(changes[0].index, 50);
	cr_expect_eq(changes[0].p_step, 0);
}

Test(changepoint, refuses_what_it_cannot_divide)
{
	struct nm_division division;
	struct nm_change changes[1];
	double values[NM_CHANGE_MIN_POINTS] = {0};
	size_t found = 9;
	size_t tests = 9;

	cr_expect_eq(nm_divide(values, 3, &division), -EINVAL);
	cr_expect_eq(nm_change_points(values, NM_CHANGE_MAX_POINTS + 1, &nm_change_rule_default,
				      changes, &found, &tests),
		     -EINVAL);
	cr_expect_eq(nm_change_points(values, NM_CHANGE_MIN_POINTS - 1, &nm_change_rule_default,
				      changes, &found, &tests),
		     0);
	cr_expect_eq(found, 0);
	cr_expect_eq(tests, 0);
}
