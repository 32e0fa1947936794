/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What analysis/ makes of numbers on stdin, for ranks.py to hold against others: a line "independent M N" or "pairs N" or
 * "family N", then the numbers. Answers with a line of numbers for each.
 */
#include "analysis/family.h"
#include "analysis/intervals.h"
#include "analysis/ranks.h"
#include "core/statistics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 2000

static double base[MOST], changed[MOST];

static int read_values(double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (scanf("%lf", &values[i]) != 1)
			return -1;
	return 0;
}

static int print(int r, const struct nm_ranked *ranked, const struct nm_interval *ratio)
{
	if (!r)
		printf("%.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", ranked->p,
		       ranked->shift.value, ranked->shift.lo, ranked->shift.hi, ranked->delta,
		       ratio->lo, ratio->hi);
	return r;
}

static int independent(struct nm_designs *designs)
{
	struct nm_ranked ranked = {0};
	struct nm_interval ratio = {0};
	const struct nm_design *design;
	size_t m;
	size_t n;
	int r;

	if (scanf("%zu %zu", &m, &n) != 2 || m > MOST || n > MOST || read_values(base, m) ||
	    read_values(changed, n))
		return -1;
	nm_sort_real(base, m);
	nm_sort_real(changed, n);
	design = nm_design_get(designs, m, n, false);
	if (!design)
		return -1;
	r = nm_rank_independent(design, base, changed, &ranked);
	if (!r)
		r = nm_interval_of_ratio(&design->base_draws[NM_ESTIMATE_MEDIAN], base,
					 &design->changed_draws[NM_ESTIMATE_MEDIAN], changed,
					 &ratio);
	return print(r, &ranked, &ratio);
}

static int pairs(struct nm_designs *designs)
{
	struct nm_ranked ranked = {0};
	struct nm_interval median = {0};
	const struct nm_design *design;
	size_t n;
	int r;

	if (scanf("%zu", &n) != 1 || n > MOST || read_values(base, n))
		return -1;
	nm_sort_real(base, n);
	design = nm_design_get(designs, n, n, true);
	if (!design)
		return -1;
	r = nm_rank_pairs(design, base, &ranked);
	if (!r)
		r = nm_interval_of(&design->base_draws[NM_ESTIMATE_MEDIAN], base, &median);
	return print(r, &ranked, &median);
}

static int family(void)
{
	struct nm_test tests[MOST];
	size_t n;

	if (scanf("%zu", &n) != 1 || n > MOST || read_values(base, n))
		return -1;
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct nm_test) {base[i], &changed[i]};
	nm_family_adjust(tests, n);
	for (size_t i = 0; i < n; i++)
		printf("%.17g ", changed[i]);
	printf("\n");
	return 0;
}

int main(void)
{
	struct nm_arena arena = {0};
	struct nm_designs designs = {.arena = &arena};
	char what[16];
	int r = 0;

	while (!r && scanf("%15s", what) == 1)
		r = !strcmp(what, "independent") ? independent(&designs)
		    : !strcmp(what, "pairs")	 ? pairs(&designs)
						 : family();
	nm_arena_free(&arena);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
