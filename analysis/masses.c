/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/masses.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static int compare_masses(const void *a, const void *b)
{
	double x = ((const struct nm_mass *)a)->value;
	double y = ((const struct nm_mass *)b)->value;

	return (x > y) - (x < y);
}

void nm_masses_sort(struct nm_masses *masses)
{
	qsort(masses->items, masses->count, sizeof(*masses->items), compare_masses);
}

double nm_masses_quantile(const struct nm_masses *masses, double target)
{
	double sum = 0;
	size_t i = 0;

	for (; i + 1 < masses->count; i++) {
		sum += masses->items[i].mass;
		if (sum >= target)
			break;
	}
	return masses->items[i].value;
}

static double total(const struct nm_masses *masses)
{
	double sum = 0;

	for (size_t i = 0; i < masses->count; i++)
		sum += masses->items[i].mass;
	return sum;
}

/* The mass of the differences that are at most `limit`, with the largest one of them and the smallest one beyond. */
struct cut {
	double mass, below, above;
};

static struct cut cut_at(const struct nm_masses *x, const struct nm_masses *y, double x_total,
			 double limit)
{
	struct cut cut = {.below = -INFINITY, .above = INFINITY};
	double left = x_total; /* mass of the x from i on */
	size_t i = 0;

	for (size_t j = 0; j < y->count; j++) {
		while (i < x->count && y->items[j].value - x->items[i].value > limit)
			left -= x->items[i++].mass;
		if (i)
			cut.above = fmin(cut.above, y->items[j].value - x->items[i - 1].value);
		if (i == x->count)
			break;
		cut.mass += y->items[j].mass * left;
		cut.below = fmax(cut.below, y->items[j].value - x->items[i].value);
	}
	return cut;
}

/* Halves what lies between; `hi` is always a difference, so that it ends when none is left below it. */
double nm_difference_quantile(const struct nm_masses *x, const struct nm_masses *y, double target)
{
	double lo = y->items[0].value - x->items[x->count - 1].value;
	double hi = y->items[y->count - 1].value - x->items[0].value;
	double width = DBL_EPSILON * fmax(fabs(lo), fabs(hi));
	double x_total = total(x);

	if (cut_at(x, y, x_total, lo).mass >= target)
		return lo;
	while (hi - lo > width) {
		struct cut cut = cut_at(x, y, x_total, lo + (hi - lo) / 2);

		if (cut.mass >= target)
			hi = cut.below;
		else if (cut.above >= hi)
			break;
		else
			lo += (hi - lo) / 2;
	}
	return hi;
}
