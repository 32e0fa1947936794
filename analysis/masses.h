/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_ANALYSIS_MASSES_H
#define NM_ANALYSIS_MASSES_H

#include <stddef.h>

/** A finite distribution: values in ascending order, each with its mass. */
struct nm_mass {
	double value;
	double mass;
};

struct nm_masses {
	struct nm_mass *items;
	size_t count;
};

/** Sorts by value. */
void nm_masses_sort(struct nm_masses *masses);

/** The smallest value at or below which lies at least `target` of the mass. */
double nm_masses_quantile(const struct nm_masses *masses, double target);

/**
 * The same of all differences y - x, each with the product of both masses, without making them: x->count + y->count
 * steps for each bit of the result.
 */
double nm_difference_quantile(const struct nm_masses *x, const struct nm_masses *y, double target);

#endif
