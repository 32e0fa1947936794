/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_DESIGN_H
#define NM_ANALYSIS_DESIGN_H

#include "analysis/masses.h"
#include "core/arena.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What numbers of rounds alone decide, before there are values: the null distribution of the rank test, and how the
 * bootstrap draws. Comparisons have few different ones, so each is made once.
 */

/** Rounds of both sides up to which rank tests are exact; above, the normal approximation takes over. */
#define NM_EXACT_ROUNDS 60u

/** What is estimated from the rounds of one side. */
enum nm_estimate { NM_ESTIMATE_MEDIAN, NM_ESTIMATE_FLOOR, NM_ESTIMATES };

/** One outcome of a resample: the mean of the rounds `low` and `high`, counted in their order. */
struct nm_draw {
	size_t low, high;
	double mass;
};

struct nm_draws {
	struct nm_draw *items;
	size_t count;
};

struct nm_design {
	size_t base, changed; /* rounds; of pairs both are the same */
	bool paired;
	double *cumulative; /* P(statistic <= i) without ties; NULL above NM_EXACT_ROUNDS */
	size_t outcomes;    /* of the statistic: 0 … outcomes - 1 */
	size_t critical; /* rank, from 1, of the difference at either end of the 95 % interval of the shift */
	double smallest_p; /* that the test can give */
	struct nm_draws base_draws[NM_ESTIMATES];
	struct nm_draws changed_draws[NM_ESTIMATES];
};

struct nm_designs {
	struct nm_arena *arena;
	struct nm_design **items;
	size_t count;
};

/** The design of so many rounds, made when it is the first one of them; NULL without memory. */
const struct nm_design *nm_design_get(struct nm_designs *designs, size_t base, size_t changed,
				      bool paired);

/**
 * The distribution of an estimate over all resamples of n rounds: what a percentile bootstrap comes to with endless
 * resamples. An order statistic of a resample has a closed form (Efron, "Bootstrap methods: another look at the
 * jackknife", 1979), and so have two neighbours. NULL items without memory.
 */
struct nm_draws nm_draws_make(struct nm_arena *arena, size_t n, enum nm_estimate estimate);

#endif
