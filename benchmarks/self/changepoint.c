/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* What change-point detection finds: power and false alarms of analysis/changepoint.c by simulation, as a table. */
#include "analysis/changepoint.h"
#include "core/statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define TRIALS 300
#define MAX    365

/* The sum of twelve uniform draws less six. */
static double noise(struct nm_random *random)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(nm_random_next(random) >> 11) / 9007199254740992.0;
	return sum;
}

struct setting {
	size_t nights, after; /* the step, if any, is that many nights from the end */
	double noise, step;   /* percent */
	unsigned int slow;    /* one night in so many is 30 % slower; 0: none */
};

static void simulate(const struct setting *setting)
{
	struct nm_change changes[MAX];
	struct nm_random random;
	double values[MAX];
	size_t at = setting->nights - setting->after;
	size_t found_series = 0;
	size_t right = 0;
	size_t close = 0;

	nm_random_seed(&random, 20260105);
	for (size_t trial = 0; trial < TRIALS; trial++) {
		size_t found = 0;
		size_t tests = 0;
		bool exact = false;
		bool near = false;

		for (size_t i = 0; i < setting->nights; i++) {
			values[i] = 1000 * (1 + setting->noise / 100 * noise(&random));
			values[i] *= i >= at ? 1 + setting->step / 100 : 1;
			if (setting->slow && !nm_random_below(&random, setting->slow))
				values[i] *= 1.3;
		}
		if (nm_change_points(values, setting->nights, &nm_change_rule_default, changes,
				     &found, &tests))
			return;
		for (size_t i = 0; i < found; i++) {
			exact |= changes[i].index == at;
			near |= fabs((double)changes[i].index - (double)at) <= 1;
		}
		found_series += found > 0;
		right += exact;
		close += near;
	}
	printf("| %zu | %zu | %g %% | %g %% | %s | %.1f %% | %.1f %% | %.1f %% |\n",
	       setting->nights, setting->after, setting->noise, setting->step,
	       setting->slow ? "yes" : "no", 100.0 * (double)found_series / TRIALS,
	       100.0 * (double)close / TRIALS, 100.0 * (double)right / TRIALS);
}

int main(void)
{
	static const struct setting settings[] = {
		{30, 10, 1, 0, 0}, {30, 10, 1, 0, 10},	{365, 10, 1, 0, 0}, {30, 2, 0.5, 5, 0},
		{30, 2, 1, 5, 0},  {30, 3, 1, 5, 0},	{30, 5, 1, 5, 0},   {30, 10, 1, 5, 0},
		{30, 10, 1, 3, 0}, {30, 10, 2, 5, 0},	{30, 10, 1, 5, 10}, {365, 2, 1, 5, 0},
		{365, 5, 1, 5, 0}, {365, 100, 1, 3, 0},
	};

	puts("| nights | after the step | noise | step | slow nights | some change | the step, "
	     "within a "
	     "night | in its night |\n|---|---|---|---|---|---|---|---|");
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		simulate(&settings[i]);
	return 0;
}
