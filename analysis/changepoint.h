/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_CHANGEPOINT_H
#define NM_ANALYSIS_CHANGEPOINT_H

#include <stddef.h>
#include <stdint.h>

/** Points on either side of a change, at least: two in a row. */
#define NM_CHANGE_SHORTEST ((size_t)2)
/** No split of fewer points can be significant at 1 % by permutation: 2 / C(9, 4) is more than that, and 2 / C(10, 5) less. */
#define NM_CHANGE_MIN_POINTS 10
#define NM_CHANGE_MAX_POINTS 100000

/** How a series is divided. */
struct nm_change_rule {
	double significance; /* of one division, by permutation */
	size_t permutations; /* at most, in each test */
	uint64_t seed;
};

extern const struct nm_change_rule nm_change_rule_default; /* 1 %, 999 permutations, seed 1 */

struct nm_change {
	size_t index;  /* of the first value after it */
	double energy; /* the scaled energy statistic, between the changes before and behind */
	double p;      /* of the permutation test that divided there */
	double p_step; /* Student's t-test between those neighbours, times the places where it could be */
	double adjusted; /* of p_step, over the family that the caller judges */
};

/** The best division of values[0..count): the index of its first value on the right, and its statistic. */
struct nm_division {
	size_t index;
	double energy;
};

/**
 * Divides values in two where the scaled energy statistic (exponent 1) is highest, with NM_CHANGE_SHORTEST values on
 * either side: Matteson and James, arXiv 1306.4933, equations 5 to 7 with a right side that reaches to the end.
 * O(n log n). count is from 2 * NM_CHANGE_SHORTEST to NM_CHANGE_MAX_POINTS.
 */
int nm_divide(const double *values, size_t count, struct nm_division *out);

/**
 * E-divisive means: divides as long as a permutation test of the part finds its best division significant, then moves
 * every change to the best place between its neighbours. The same values and rule give the same changes.
 *
 * out has room for count / NM_CHANGE_SHORTEST. *tests is how many divisions were tested. A series of less than
 * NM_CHANGE_MIN_POINTS has none. -EINVAL for more than NM_CHANGE_MAX_POINTS, -ENOMEM.
 */
int nm_change_points(const double *values, size_t count, const struct nm_change_rule *rule,
		     struct nm_change *out, size_t *found, size_t *tests);

#endif
