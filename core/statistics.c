/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/statistics.h"

#include "core/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

void nm_random_seed(struct nm_random *random, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		random->state[i] = splitmix64(&seed);
}

/* Blackman and Vigna, "Scrambled linear pseudorandom number generators". */
uint64_t nm_random_next(struct nm_random *random)
{
	uint64_t *s = random->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t nm_random_below(struct nm_random *random, uint64_t bound)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
	uint64_t value;

	do
		value = nm_random_next(random);
	while (value >= limit);
	return value % bound;
}

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int compare_real(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

void nm_sort_int64(int64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_int64);
}

void nm_sort_real(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_real);
}

size_t nm_rank(size_t count, unsigned int permille)
{
	size_t rank = (count * permille + 999) / 1000;

	return rank ? rank - 1 : 0;
}

double nm_median_sorted(const double *sorted, size_t count)
{
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double nm_floor_sorted(const double *sorted, size_t count)
{
	return sorted[nm_rank(count, 250)];
}

/* Draws as many rounds as there are, with replacement. Counting each keeps the result sorted. */
static void resample(struct nm_random *random, const double *sorted, size_t count, double *out)
{
	uint32_t drawn[NM_MAX_ROUNDS];
	size_t used = 0;

	memset(drawn, 0, count * sizeof(*drawn));
	for (size_t i = 0; i < count; i++)
		drawn[nm_random_below(random, count)]++;
	for (size_t i = 0; i < count; i++)
		for (uint32_t n = drawn[i]; n; n--)
			out[used++] = sorted[i];
}

static void sort_into(double *out, const double *values, size_t count)
{
	memcpy(out, values, count * sizeof(*out));
	nm_sort_real(out, count);
}

static void interval_of(double *estimates, struct nm_interval *out)
{
	nm_sort_real(estimates, NM_BOOTSTRAP_RESAMPLES);
	out->lo = estimates[nm_rank(NM_BOOTSTRAP_RESAMPLES, 25)];
	out->hi = estimates[nm_rank(NM_BOOTSTRAP_RESAMPLES, 975)];
}

static int check_count(size_t count)
{
	if (count < 1 || count > NM_MAX_ROUNDS)
		return nm_fail(EINVAL, "%zu rounds: expected 1 to %d", count, NM_MAX_ROUNDS);
	return 0;
}

/* Rounds that are all the same, as counted ones are: every draw of them is what they are. */
static bool are_same(const double *sorted, size_t count)
{
	return sorted[0] == sorted[count - 1];
}

int nm_bootstrap(const double *rounds, size_t count, nm_estimator estimator, uint64_t seed,
		 struct nm_interval *out)
{
	double sorted[NM_MAX_ROUNDS];
	double draw[NM_MAX_ROUNDS];
	struct nm_random random;
	double *estimates;
	int r = check_count(count);

	if (r)
		return r;
	sort_into(sorted, rounds, count);
	out->value = estimator(sorted, count);
	out->lo = out->value;
	out->hi = out->value;
	if (are_same(sorted, count))
		return 0;
	estimates = malloc(NM_BOOTSTRAP_RESAMPLES * sizeof(*estimates));
	if (!estimates)
		return nm_fail(ENOMEM, "out of memory");
	nm_random_seed(&random, seed);
	for (size_t i = 0; i < NM_BOOTSTRAP_RESAMPLES; i++) {
		resample(&random, sorted, count, draw);
		estimates[i] = estimator(draw, count);
	}
	interval_of(estimates, out);
	free(estimates);
	return 0;
}

int nm_bootstrap_ratio(const double *base, size_t base_count, const double *changed,
		       size_t changed_count, uint64_t seed, struct nm_interval *out)
{
	double base_sorted[NM_MAX_ROUNDS];
	double changed_sorted[NM_MAX_ROUNDS];
	double draw[NM_MAX_ROUNDS];
	struct nm_random random;
	double *estimates;
	int r = check_count(base_count);

	if (!r)
		r = check_count(changed_count);
	if (r)
		return r;
	sort_into(base_sorted, base, base_count);
	sort_into(changed_sorted, changed, changed_count);
	out->value = nm_median_sorted(changed_sorted, changed_count) /
		     nm_median_sorted(base_sorted, base_count);
	out->lo = out->value;
	out->hi = out->value;
	if (are_same(base_sorted, base_count) && are_same(changed_sorted, changed_count))
		return 0;
	estimates = malloc(NM_BOOTSTRAP_RESAMPLES * sizeof(*estimates));
	if (!estimates)
		return nm_fail(ENOMEM, "out of memory");
	nm_random_seed(&random, seed);
	for (size_t i = 0; i < NM_BOOTSTRAP_RESAMPLES; i++) {
		double above;

		resample(&random, changed_sorted, changed_count, draw);
		above = nm_median_sorted(draw, changed_count);
		resample(&random, base_sorted, base_count, draw);
		estimates[i] = above / nm_median_sorted(draw, base_count);
	}
	interval_of(estimates, out);
	free(estimates);
	return 0;
}
