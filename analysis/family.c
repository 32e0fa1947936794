/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/family.h"

#include <math.h>
#include <stdlib.h>

static int compare_tests(const void *a, const void *b)
{
	const struct nm_test *x = a;
	const struct nm_test *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

void nm_family_adjust(struct nm_test *tests, size_t count)
{
	double lowest = 1;

	qsort(tests, count, sizeof(*tests), compare_tests);
	for (size_t rank = count; rank > 0; rank--) {
		lowest = fmin(lowest, tests[rank - 1].p * (double)count / (double)rank);
		*tests[rank - 1].adjusted = lowest;
	}
}
