/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/prometheus.h"

#include "analysis/outcomes.h"
#include "core/document.h"
#include "reports/escape.h"
#include "reports/renderers.h"
#include "reports/values.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

void nm_prometheus_begin(struct nm_text *out, const char *metric, const char *help)
{
	nm_text_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", metric, help, metric);
}

void nm_prometheus_put_series(struct nm_text *out, const char *metric, const char *name,
			      const char *operation, int context)
{
	nm_text_printf(out, "%s{op=\"", metric);
	nm_put_label(out, operation);
	nm_text_printf(out, "\",context=\"%s\",variant=\"", nm_context_names[context]);
	nm_put_label(out, nm_name_variant(name, operation, context));
	nm_text_puts(out, "\"");
}

void nm_prometheus_put_times(struct nm_text *out, const char *version, const char *metric,
			     const char *help, const char *time)
{
	struct tm broken = {0};
	const char *end = strptime(time, "%Y-%m-%dT%H:%M:%SZ", &broken);

	nm_prometheus_begin(out, "nestmark_build_info", "The nestmark that wrote this.");
	nm_text_puts(out, "nestmark_build_info{version=\"");
	nm_put_label(out, version);
	nm_text_puts(out, "\"} 1\n");
	if (!end || *end)
		return;
	nm_prometheus_begin(out, metric, help);
	nm_text_printf(out, "%s %lld\n", metric, (long long)timegm(&broken));
}

/* What all metrics of a run go over: measurements whose series is not yet there. */
struct series {
	const struct nm_document *document;
	struct nm_outcomes outcomes;
	const bool *first;
};

static bool is_series(const struct series *series, size_t i, enum nm_clock clock)
{
	const struct nm_measurement *m = &series->document->measurements.items[i];

	return series->first[i] && nm_has_results(m) && !strcmp(m->unit, nm_clock_units[clock]);
}

static void put_statistics(struct nm_text *out, const struct series *series, size_t i,
			   const char *metric, double unit)
{
	const struct nm_measurement *m = &series->document->measurements.items[i];
	struct nm_named_statistic statistics[NM_SUMMARY_STATISTICS];

	nm_summary_statistics(&m->summary, statistics);
	for (size_t s = 0; s < NM_SUMMARY_STATISTICS; s++) {
		if (!isfinite(statistics[s].statistic->value))
			continue;
		nm_prometheus_put_series(out, metric, series->outcomes.items[i].name, m->operation,
					 m->context);
		nm_text_printf(out, ",stat=\"%s\"} %.10g\n", statistics[s].name,
			       statistics[s].statistic->value * unit);
	}
}

/* Base units: seconds. */
static void put_costs(struct nm_text *out, const struct series *series)
{
	static const struct {
		enum nm_clock clock;
		double unit;
		const char *metric, *help;
	} costs[] = {
		{NM_CLOCK_TSC, 1e-9, "nestmark_latency_seconds",
		 "Latency of one operation in the last run."},
		{NM_CLOCK_INSTRUCTIONS, 1, "nestmark_instructions",
		 "Instructions of one operation in the last run."},
	};

	for (size_t c = 0; c < sizeof(costs) / sizeof(costs[0]); c++) {
		bool begun = false;

		for (size_t i = 0; i < series->outcomes.count; i++) {
			if (!is_series(series, i, costs[c].clock))
				continue;
			if (!begun)
				nm_prometheus_begin(out, costs[c].metric, costs[c].help);
			begun = true;
			put_statistics(out, series, i, costs[c].metric, costs[c].unit);
		}
	}
}

static void put_ratios(struct nm_text *out, const struct series *series)
{
	static const char metric[] = "nestmark_native_ratio";
	bool begun = false;

	for (size_t i = 0; i < series->outcomes.count; i++) {
		const struct nm_measurement *m = &series->document->measurements.items[i];

		if (!series->first[i] || !nm_has_results(m) || !isfinite(m->native_ratio.value))
			continue;
		if (!begun)
			nm_prometheus_begin(out, metric,
					    "Latency in a guest against the same without one.");
		begun = true;
		nm_prometheus_put_series(out, metric, series->outcomes.items[i].name, m->operation,
					 m->context);
		nm_text_printf(out, "} %.10g\n", m->native_ratio.value);
	}
}

static void put_states(struct nm_text *out, const struct nm_document *document)
{
	size_t counts[NM_STATE_TIMEOUT + 1] = {0};

	for (size_t i = 0; i < document->measurements.count; i++)
		counts[document->measurements.items[i].state]++;
	nm_prometheus_begin(out, "nestmark_measurements", "Measurements of the last run by state.");
	for (size_t state = 0; state <= NM_STATE_TIMEOUT; state++)
		nm_text_printf(out, "nestmark_measurements{state=\"%s\"} %zu\n",
			       nm_state_names[state], counts[state]);
	nm_prometheus_begin(out, "nestmark_run_complete",
			    "Whether the last run did all that it was asked for.");
	nm_text_printf(out, "nestmark_run_complete %d\n", document->run.state == NM_RUN_COMPLETE);
}

int nm_render_prometheus(const struct nm_document *document,
			 const struct nm_render_options *options, struct nm_text *out)
{
	struct series series = {.document = document};
	struct nm_arena arena = {0};
	int r = nm_outcomes_of_run(&arena, document, &series.outcomes);

	(void)options;
	if (!r)
		series.first = nm_outcomes_first(&arena, &series.outcomes);
	if (!r && !series.first)
		r = -ENOMEM;
	if (!r) {
		put_costs(out, &series);
		put_ratios(out, &series);
		put_states(out, document);
		nm_prometheus_put_times(out, document->run.tool_version,
					"nestmark_run_timestamp_seconds",
					"Unix time at which the last run ended.",
					document->run.ended);
	}
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
