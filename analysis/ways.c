/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/ways.h"

static void accumulate(double *probabilities, size_t limit)
{
	for (size_t s = 1; s <= limit; s++)
		probabilities[s] += probabilities[s - 1];
}

/* One more item: with the probability `taken` its rank is added to the sums of `before`. */
static void take(double *sums, const double *before, size_t rank, size_t limit, double taken)
{
	for (size_t s = rank; s <= limit; s++)
		sums[s] += taken * before[s - rank];
}

/*
 * Row k holds the number of choices of k items by their sum, over the number of choices of `chosen` of all, so that the
 * last row becomes probabilities. Sums of positive numbers: no digit is lost.
 */
double *nm_ways_of(struct nm_arena *arena, const unsigned int *ranks, size_t count, size_t chosen,
		   size_t limit)
{
	size_t row = limit + 1;
	double *ways = nm_arena_alloc(arena, (chosen + 1) * row * sizeof(*ways));

	if (!ways)
		return NULL;
	ways[0] = 1;
	for (size_t k = 1; k <= chosen; k++)
		ways[0] *= (double)k / (double)(count - chosen + k);
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1 < chosen ? i + 1 : chosen; k > 0; k--)
			take(ways + k * row, ways + (k - 1) * row, ranks[i], limit, 1);
	accumulate(ways + chosen * row, limit);
	return ways + chosen * row;
}

double *nm_ways_of_any(struct nm_arena *arena, const unsigned int *ranks, size_t count,
		       size_t limit)
{
	double *ways = nm_arena_alloc(arena, (limit + 1) * sizeof(*ways));

	if (!ways)
		return NULL;
	ways[0] = 1;
	for (size_t i = 0; i < count; i++) {
		for (size_t s = limit + 1; s-- > 0;)
			ways[s] = (ways[s] + (s >= ranks[i] ? ways[s - ranks[i]] : 0)) / 2;
	}
	accumulate(ways, limit);
	return ways;
}
