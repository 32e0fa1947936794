/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/intervals.h"

#include "core/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LOWER 0.025
#define UPPER 0.975

/* Rounding, in sums of masses. */
#define SLACK 1e-12

/* The distribution of the estimate over resamples; the caller frees its items. */
static int distribution(const struct nm_draws *draws, const double *sorted, struct nm_masses *out)
{
	out->items = malloc(draws->count * sizeof(*out->items));
	out->count = draws->count;
	if (!out->items)
		return nm_fail(ENOMEM, "out of memory");
	for (size_t i = 0; i < draws->count; i++) {
		const struct nm_draw *draw = &draws->items[i];
		double low = sorted[draw->low];

		out->items[i] = (struct nm_mass) {.value = low + (sorted[draw->high] - low) / 2,
						  .mass = draw->mass};
	}
	nm_masses_sort(out);
	return 0;
}

static void take_logarithms(struct nm_masses *masses)
{
	for (size_t i = 0; i < masses->count; i++)
		masses->items[i].value = log(masses->items[i].value);
}

int nm_interval_of(const struct nm_draws *draws, const double *sorted, struct nm_interval *out)
{
	struct nm_masses masses;
	int r = distribution(draws, sorted, &masses);

	if (!r) {
		out->lo = nm_masses_quantile(&masses, LOWER - SLACK);
		out->hi = nm_masses_quantile(&masses, UPPER - SLACK);
	}
	free(masses.items);
	return r;
}

int nm_interval_of_ratio(const struct nm_draws *base_draws, const double *base_sorted,
			 const struct nm_draws *changed_draws, const double *changed_sorted,
			 struct nm_interval *out)
{
	struct nm_masses base = {0};
	struct nm_masses changed = {0};
	int r = distribution(base_draws, base_sorted, &base);

	if (!r)
		r = distribution(changed_draws, changed_sorted, &changed);
	if (!r) {
		take_logarithms(&base);
		take_logarithms(&changed);
		out->lo = exp(nm_difference_quantile(&base, &changed, LOWER - SLACK));
		out->hi = exp(nm_difference_quantile(&base, &changed, UPPER - SLACK));
	}
	free(base.items);
	free(changed.items);
	return r;
}
