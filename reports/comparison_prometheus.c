/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "analysis/outcomes.h"
#include "reports/comparison_renderers.h"
#include "reports/prometheus.h"

#include <errno.h>
#include <math.h>

static void put_line(struct nm_text *out, const struct nm_compared *line, const char *name,
		     const char *metric)
{
	bool seen[NM_COMPARED_P99 + 1] = {false};

	for (size_t i = 0; i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];

		if (!isfinite(s->ratio.value) || seen[s->kind])
			continue;
		seen[s->kind] = true;
		nm_prometheus_put_series(out, metric, name, line->operation, line->context);
		nm_text_printf(out, ",stat=\"%s\"} %.10g\n", nm_compared_kind_names[s->kind],
			       s->ratio.value);
	}
}

static void put_verdicts(struct nm_text *out, const struct nm_comparison *comparison)
{
	size_t counts[NM_VERDICT_UNSUPPORTED + 1] = {0};

	for (size_t i = 0; i < comparison->lines.count; i++)
		counts[comparison->lines.items[i].verdict]++;
	nm_prometheus_begin(out, "nestmark_verdicts", "Lines of the last comparison by verdict.");
	for (size_t verdict = 0; verdict <= NM_VERDICT_UNSUPPORTED; verdict++)
		nm_text_printf(out, "nestmark_verdicts{verdict=\"%s\"} %zu\n",
			       nm_verdict_names[verdict], counts[verdict]);
	if (!comparison->gate)
		return;
	nm_prometheus_begin(out, "nestmark_gate_passed",
			    "Whether the last comparison is within its policy.");
	nm_text_printf(out, "nestmark_gate_passed %d\n", comparison->gate->passed);
}

int nm_comparison_render_prometheus(const struct nm_comparison *comparison,
				    const struct nm_render_options *options, struct nm_text *out)
{
	static const char metric[] = "nestmark_ratio";
	struct nm_outcomes outcomes = {0};
	struct nm_arena arena = {0};
	const bool *first = NULL;
	int r = nm_outcomes_of_comparison(&arena, comparison, &outcomes);

	(void)options;
	if (!r)
		first = nm_outcomes_first(&arena, &outcomes);
	if (!r && !first)
		r = -ENOMEM;
	if (!r) {
		nm_prometheus_begin(out, metric, "New against base in the last comparison.");
		for (size_t i = 0; i < outcomes.count; i++)
			if (first[i])
				put_line(out, &comparison->lines.items[i], outcomes.items[i].name,
					 metric);
		put_verdicts(out, comparison);
		nm_prometheus_put_times(out, comparison->tool_version,
					"nestmark_comparison_timestamp_seconds",
					"Unix time of the last comparison.", comparison->time);
	}
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
