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

/* The mass of the differences that are at most `limit`. *largest: the largest one of them. */
static double mass_up_to(const struct nm_masses *x, const struct nm_masses *y, double x_total,
			 double limit, double *largest)
{
	double above = x_total; /* mass of the x from i on */
	double sum = 0;
	size_t i = 0;

	*largest = -INFINITY;
	for (size_t j = 0; j < y->count; j++) {
		while (i < x->count && y->items[j].value - x->items[i].value > limit)
			above -= x->items[i++].mass;
		if (i == x->count)
			break;
		sum += y->items[j].mass * above;
		*largest = fmax(*largest, y->items[j].value - x->items[i].value);
	}
	return sum;
}

double nm_difference_quantile(const struct nm_masses *x, const struct nm_masses *y, double target)
{
	double lo = y->items[0].value - x->items[x->count - 1].value;
	double hi = y->items[y->count - 1].value - x->items[0].value;
	double width = DBL_EPSILON * fmax(fabs(lo), fabs(hi));
	double x_total = total(x);
	double largest;

	if (mass_up_to(x, y, x_total, lo, &largest) >= target)
		return lo;
	while (hi - lo > width) {
		double middle = lo + (hi - lo) / 2;

		if (mass_up_to(x, y, x_total, middle, &largest) >= target)
			hi = middle;
		else
			lo = middle;
	}
	mass_up_to(x, y, x_total, hi, &largest);
	return largest;
}
