/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_RANKS_H
#define NM_ANALYSIS_RANKS_H

#include "analysis/design.h"
#include "core/statistics.h"

/**
 * A pair so many times as far apart as the median one mostly met the machine in two modes, which says little of what is
 * compared but would have the highest ranks: it has the lowest instead, as if it were the nearest.
 */
#define NM_FAR_PAIRS 4

/** What rank statistics say of two sets of rounds. */
struct nm_ranked {
	double p; /* two-sided: twice the tail on the side of what was observed, at most 1 */
	struct nm_interval
		shift; /* Hodges and Lehmann's, changed - base, with its 95 % rank interval */
	double delta;  /* Cliff's: P(changed > base) - P(changed < base); of pairs, within them */
};

/**
 * Mann and Whitney's test of two independent sets, both sorted. Exact up to NM_EXACT_ROUNDS in all, ties included (of all
 * ways to deal these values to both sides); above that by the normal approximation, corrected for ties and
 * continuity.
 */
int nm_rank_independent(const struct nm_design *design, const double *base, const double *changed,
			struct nm_ranked *out);

/**
 * Wilcoxon's signed-rank test of pairs, given the sorted differences changed - base. Pairs without a difference are left
 * out of the test (Wilcoxon's way, which is R's and scipy's default), not of the shift; those beyond NM_FAR_PAIRS times the
 * median distance, which of an even number is the upper one, rank lowest. Exact and approximate as above.
 */
int nm_rank_pairs(const struct nm_design *design, const double *differences, struct nm_ranked *out);

/** "negligible", "small", "medium", "large": Romano and others, 2006; below 0.147, 0.33, 0.474. */
const char *nm_effect_name(double delta);

#endif
