/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Bencher Metric Format (bencher.dev/bmf.json): benchmark, then measure, then value with its interval. */
#include "analysis/outcomes.h"
#include "core/json.h"
#include "reports/renderers.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define NAME_LENGTH 1024u /* characters; of bytes there are at least as many */

static void add_bound(nm_json *metric, const char *key, double value)
{
	if (isfinite(value))
		nm_json_add(metric, key, nm_json_real(value));
}

/* "latency" is Bencher's own measure, in nanoseconds. */
static void add_measure(nm_json *benchmark, const char *measure,
			const struct nm_statistic *statistic)
{
	nm_json *metric;

	if (!isfinite(statistic->value))
		return;
	metric = nm_json_new_object();
	nm_json_add(metric, "value", nm_json_real(statistic->value));
	add_bound(metric, "lower_value", statistic->lo);
	add_bound(metric, "upper_value", statistic->hi);
	nm_json_add(benchmark, measure, metric);
}

static nm_json *benchmark_of(const struct nm_measurement *m)
{
	bool counted = !strcmp(m->unit, nm_clock_units[NM_CLOCK_INSTRUCTIONS]);
	nm_json *benchmark = nm_json_new_object();

	add_measure(benchmark, counted ? "instructions" : "latency", &m->summary.p50);
	add_measure(benchmark, counted ? "instructions-floor" : "latency-floor", &m->summary.floor);
	add_measure(benchmark, counted ? "instructions-p99" : "latency-p99", &m->summary.p99);
	return benchmark;
}

int nm_render_bencher(const struct nm_document *document, const struct nm_render_options *options,
		      struct nm_text *out)
{
	struct nm_outcomes outcomes = {0};
	struct nm_arena arena = {0};
	const bool *first = NULL;
	nm_json *json;
	int r = nm_outcomes_of_run(&arena, document, &outcomes);

	(void)options;
	if (!r)
		first = nm_outcomes_first(&arena, &outcomes);
	if (!r && !first)
		r = -ENOMEM;
	json = nm_json_new_object();
	for (size_t i = 0; !r && i < outcomes.count; i++) {
		const struct nm_measurement *m = &document->measurements.items[i];
		const char *name = outcomes.items[i].name;

		if (first[i] && nm_has_results(m) && strlen(name) <= NAME_LENGTH)
			nm_json_add(json, name, benchmark_of(m));
	}
	if (!r)
		r = nm_json_write(out, json, true);
	nm_json_free(json);
	nm_arena_free(&arena);
	return r;
}
