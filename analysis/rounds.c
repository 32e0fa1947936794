/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/rounds.h"

#include "core/statistics.h"

#include <errno.h>
#include <math.h>

static double value_of(const struct nm_round *round, enum nm_compared_kind kind)
{
	if (round->state != NM_STATE_OK)
		return NAN;
	return kind == NM_COMPARED_FLOOR ? round->p5
	       : kind == NM_COMPARED_P50 ? round->p50
					 : round->p99;
}

static size_t all_rounds(const struct nm_found *found)
{
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++)
		count += found->items[i]->rounds.count;
	return count;
}

size_t nm_rounds_count(const struct nm_found *found)
{
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++)
		for (size_t j = 0; j < found->items[i]->rounds.count; j++)
			count += found->items[i]->rounds.items[j].state == NM_STATE_OK;
	return count;
}

static int collect_sorted(struct nm_arena *arena, const struct nm_found *found,
			  enum nm_compared_kind kind, double **out, size_t *count)
{
	*out = nm_arena_alloc(arena, all_rounds(found) * sizeof(**out));
	if (!*out)
		return -ENOMEM;
	for (size_t i = 0; i < found->count; i++)
		for (size_t j = 0; j < found->items[i]->rounds.count; j++) {
			double value = value_of(&found->items[i]->rounds.items[j], kind);

			if (isfinite(value))
				(*out)[(*count)++] = value;
		}
	nm_sort_real(*out, *count);
	return 0;
}

static double estimate(const double *sorted, size_t count, enum nm_compared_kind kind)
{
	return kind == NM_COMPARED_FLOOR ? nm_floor_sorted(sorted, count)
					 : nm_median_sorted(sorted, count);
}

/* Sets *among when a value lies within the estimates of several measurements. */
static int look_among(struct nm_arena *arena, const struct nm_found *found,
		      enum nm_compared_kind kind, double value, bool *among)
{
	double lowest = INFINITY;
	double highest = -INFINITY;

	if (found->count < 2)
		return 0;
	for (size_t i = 0; i < found->count; i++) {
		const struct nm_found one = {.items = &found->items[i], .count = 1};
		double *values = NULL;
		size_t count = 0;
		int r = collect_sorted(arena, &one, kind, &values, &count);

		if (r)
			return r;
		if (!count)
			continue;
		lowest = fmin(lowest, estimate(values, count, kind));
		highest = fmax(highest, estimate(values, count, kind));
	}
	*among |= value >= lowest && value <= highest;
	return 0;
}

int nm_rounds_within(struct nm_arena *arena, const struct nm_pairing *pairing,
		     enum nm_compared_kind kind, const struct nm_rounds *rounds, bool *within)
{
	int r;

	*within = false;
	if (!rounds->base_count || !rounds->changed_count)
		return 0;
	r = look_among(arena, &pairing->base, kind,
		       estimate(rounds->changed, rounds->changed_count, kind), within);
	return r ? r
		 : look_among(arena, &pairing->changed, kind,
			      estimate(rounds->base, rounds->base_count, kind), within);
}

/* What a block of rounds, which one process gave, says: for the floor its quieter half, on average. */
static double reduce(double *values, size_t count, enum nm_compared_kind kind)
{
	const size_t quiet = (count + 1) / 2;
	double sum = 0;

	if (!count)
		return NAN;
	nm_sort_real(values, count);
	if (kind != NM_COMPARED_FLOOR)
		return nm_median_sorted(values, count);
	for (size_t i = 0; i < quiet; i++)
		sum += values[i];
	return sum / (double)quiet;
}

static double value_of_block(const struct nm_measurement *m, uint64_t number, uint64_t size,
			     enum nm_compared_kind kind)
{
	double values[NM_MAX_ROUNDS];
	size_t count = 0;

	for (size_t i = 0; i < m->rounds.count && count < NM_MAX_ROUNDS; i++) {
		const struct nm_round *round = &m->rounds.items[i];

		if (round->index && (round->index - 1) / size == number &&
		    isfinite(value_of(round, kind)))
			values[count++] = value_of(round, kind);
	}
	return reduce(values, count, kind);
}

/* Pairs of which a side failed are left out. */
static int collect_pairs(struct nm_arena *arena, const struct nm_measurement *base,
			 const struct nm_measurement *changed, uint64_t size,
			 enum nm_compared_kind kind, struct nm_rounds *out)
{
	uint64_t blocks = (base->rounds.count + size - 1) / size;

	out->base = nm_arena_alloc(arena, blocks * sizeof(double));
	out->changed = nm_arena_alloc(arena, blocks * sizeof(double));
	if (!out->base || !out->changed)
		return -ENOMEM;
	for (uint64_t i = 0; i < blocks; i++) {
		double x = value_of_block(base, i, size, kind);
		double y = value_of_block(changed, i, size, kind);

		if (!isfinite(x) || !isfinite(y))
			continue;
		out->base[out->base_count++] = x;
		out->changed[out->changed_count++] = y;
	}
	return 0;
}

int nm_rounds_collect(struct nm_arena *arena, const struct nm_pairing *pairing,
		      enum nm_compared_kind kind, const struct nm_compare_request *request,
		      struct nm_rounds *out)
{
	int r;

	if (request->paired)
		return collect_pairs(arena, pairing->base.items[0], pairing->changed.items[0],
				     request->block ? request->block : 1, kind, out);
	r = collect_sorted(arena, &pairing->base, kind, &out->base, &out->base_count);
	return r ? r
		 : collect_sorted(arena, &pairing->changed, kind, &out->changed,
				  &out->changed_count);
}
