/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_CORE_STATISTICS_H
#define NM_CORE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** xoshiro256** seeded by splitmix64: integers only, the same sequence on every machine. */
struct nm_random {
	uint64_t state[4];
};

void nm_random_seed(struct nm_random *random, uint64_t seed);
uint64_t nm_random_next(struct nm_random *random);
/** Uniform in [0, bound), without modulo bias; bound must not be 0. */
uint64_t nm_random_below(struct nm_random *random, uint64_t bound);

void nm_sort_int64(int64_t *values, size_t count);
void nm_sort_real(double *values, size_t count);

/**
 * Zero-based index of a percentile by nearest rank: the smallest value with at least permille/1000 of all
 * values at or below it. count must not be 0. A published percentile is thus a value that occurred.
 */
size_t nm_rank(size_t count, unsigned int permille);

/** Median of sorted values, the mean of the two middle ones for an even count. */
double nm_median_sorted(const double *sorted, size_t count);

/**
 * The quiet floor over rounds: of the sorted round p5s, the one at a quarter of the rounds (nearest rank), so
 * the second of 6, the third of 10, the fifth of 20. The lowest one repeats itself less well (docs/measurement.md).
 */
double nm_floor_sorted(const double *sorted, size_t count);

/** Reduces one resample of rounds, sorted, to a number. */
typedef double (*nm_estimator)(const double *sorted, size_t count);

struct nm_interval {
	double value;
	double lo;
	double hi;
};

#define NM_BOOTSTRAP_RESAMPLES 10000
#define NM_MAX_ROUNDS	       1000

/**
 * Percentile bootstrap, 95 %, over rounds: the estimate of the rounds as they are, and the 2.5 % and 97.5 %
 * quantiles of the estimates of 10,000 resamples. -EINVAL for 0 or more than NM_MAX_ROUNDS rounds.
 */
int nm_bootstrap(const double *rounds, size_t count, nm_estimator estimator, uint64_t seed,
		 struct nm_interval *out);

/** The same for the ratio of medians new / base, both sides resampled independently. */
int nm_bootstrap_ratio(const double *base, size_t base_count, const double *changed,
		       size_t changed_count, uint64_t seed, struct nm_interval *out);

#endif
