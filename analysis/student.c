/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/student.h"

#include <float.h>
#include <math.h>

#define MAX_TERMS 500

/* Lentz's method never divides by zero. */
static double away_from_zero(double x)
{
	return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), for x below (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
	double result = d;

	for (int m = 1; m < MAX_TERMS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change;

		d = 1 / away_from_zero(1 + even * d);
		c = away_from_zero(1 + even / c);
		result *= d * c;
		d = 1 / away_from_zero(1 + odd * d);
		c = away_from_zero(1 + odd / c);
		change = d * c;
		result *= change;
		if (fabs(change - 1) < 1e-15)
			break;
	}
	return result;
}

/* The regularized incomplete beta function I_x(a, b). */
static double incomplete_beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x > 0;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

struct moments {
	double mean;
	double squares; /* of the distances from it */
};

static struct moments moments_of(const double *values, size_t count)
{
	struct moments moments = {0};

	for (size_t i = 0; i < count; i++)
		moments.mean += values[i];
	moments.mean /= (double)count;
	for (size_t i = 0; i < count; i++)
		moments.squares += (values[i] - moments.mean) * (values[i] - moments.mean);
	return moments;
}

double nm_student_p(const double *a, size_t a_count, const double *b, size_t b_count)
{
	double freedom = (double)(a_count + b_count) - 2;
	struct moments x = moments_of(a, a_count);
	struct moments y = moments_of(b, b_count);
	double distance = x.mean - y.mean;
	double error =
		(x.squares + y.squares) / freedom * (1 / (double)a_count + 1 / (double)b_count);

	if (error <= 0)
		return distance == 0;
	return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + distance * distance / error));
}
