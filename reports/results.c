/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/results.h"

#include "reports/format.h"

#include <errno.h>
#include <math.h>

static const char *or_none(const char *text)
{
	return text ? text : "";
}

static int set_properties(struct nm_results *results, const struct nm_pair *pairs, size_t count)
{
	int r = 0;

	for (size_t i = 0; !r && i < count; i++)
		r = nm_map_set(&results->arena, &results->properties, pairs[i].name,
			       pairs[i].value);
	return r;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *measured_figures(struct nm_arena *arena, const struct nm_measurement *m)
{
	const struct nm_summary *s = &m->summary;
	const char *floor = nm_format_statistic(arena, m->unit, &s->floor);
	const char *p50 = nm_format_statistic(arena, m->unit, &s->p50);
	const char *p99 = nm_format_value(arena, m->unit, s->p99.value);
	const char *exits = nm_format_count(arena, m->evidence.exits_per_op);

	if (!isfinite(s->p50.value))
		return "";
	if (!floor || !p50 || !p99 || !exits)
		return NULL;
	return nm_arena_printf(arena, "quiet floor %s, p50 %s, p99 %s, exits per operation %s",
			       floor, p50, p99, exits);
}

/* "12 ok, 3 skipped, 1 not ok": what a reader wants to know first. */
static char *conclude(struct nm_results *results, const char *subject, const char *state)
{
	const size_t *counts = results->outcomes.counts;

	return nm_arena_printf(&results->arena, "%s: %zu ok, %zu skipped, %zu failed, %zu errors%s",
			       subject, counts[NM_OUTCOME_PASS], counts[NM_OUTCOME_SKIP],
			       counts[NM_OUTCOME_FAILURE], counts[NM_OUTCOME_ERROR], state);
}

static int allocate_figures(struct nm_results *results)
{
	results->figures = nm_arena_alloc(&results->arena, (results->outcomes.count + 1) *
								   sizeof(*results->figures));
	return results->figures ? 0 : -ENOMEM;
}

int nm_results_of_run(struct nm_results *results, const struct nm_document *document)
{
	const struct nm_run *run = &document->run;
	const struct nm_pair properties[] = {
		{"run_uuid", NM_STRING(run->uuid)},
		{"nestmark", NM_STRING(run->tool_version)},
		{"state", NM_STRING(nm_run_state_names[run->state])},
		{"profile", NM_STRING(or_none(run->plan.profile))},
		{"kernel", NM_STRING(or_none(document->environment.kernel_release))},
		{"cpu", NM_STRING(or_none(document->machine.brand))},
	};
	int r = nm_outcomes_of_run(&results->arena, document, &results->outcomes);

	results->name = "nestmark run";
	results->package = "nestmark.run";
	results->host = run->host;
	results->time = run->started;
	results->incomplete = run->state == NM_RUN_INCOMPLETE;
	if (!r)
		r = set_properties(results, properties, COUNT(properties));
	if (!r)
		r = allocate_figures(results);
	for (size_t i = 0; !r && i < results->outcomes.count; i++) {
		results->figures[i] =
			measured_figures(&results->arena, &document->measurements.items[i]);
		r = results->figures[i] ? 0 : -ENOMEM;
	}
	if (!r)
		results->conclusion =
			conclude(results, "measurements",
				 results->incomplete ? "; the run is incomplete" : "");
	return r || results->conclusion ? r : -ENOMEM;
}

static const char *compared_figures(struct nm_arena *arena, const struct nm_compared *line)
{
	const char *figures = "";

	for (size_t i = 0; figures && i < line->statistics.count; i++) {
		const struct nm_compared_statistic *s = &line->statistics.items[i];
		const char *base = nm_format_statistic(arena, line->unit, &s->base);
		const char *changed = nm_format_statistic(arena, line->unit, &s->changed);
		const char *ratio = nm_format_ratio(arena, &s->ratio);

		if (!base || !changed || !ratio)
			return NULL;
		figures = nm_arena_printf(arena, "%s%s%s: base %s, new %s, ratio %s", figures,
					  i ? "; " : "", nm_compared_kind_names[s->kind], base,
					  changed, ratio);
	}
	return figures;
}

static int fill_gate(struct nm_results *results, const struct nm_comparison *comparison)
{
	const struct nm_gate *gate = comparison->gate;
	const struct nm_pair properties[] = {
		{"policy", NM_STRING(gate->policy)},
		{"gate", NM_STRING(gate->passed ? "passed" : "failed")},
	};

	results->failures = gate->failures;
	return set_properties(results, properties, COUNT(properties));
}

int nm_results_of_comparison(struct nm_results *results, const struct nm_comparison *comparison)
{
	const struct nm_pair properties[] = {
		{"base", NM_STRING(comparison->base.label)},
		{"new", NM_STRING(comparison->changed.label)},
		{"nestmark", NM_STRING(comparison->tool_version)},
		{"verdict", NM_STRING(nm_verdict_names[comparison->verdict])},
	};
	int r = nm_outcomes_of_comparison(&results->arena, comparison, &results->outcomes);

	results->name = "nestmark compare";
	results->package = "nestmark.compare";
	results->time = comparison->time;
	if (!r)
		r = set_properties(results, properties, COUNT(properties));
	if (!r && comparison->gate)
		r = fill_gate(results, comparison);
	if (!r)
		r = allocate_figures(results);
	for (size_t i = 0; !r && i < results->outcomes.count; i++) {
		results->figures[i] =
			compared_figures(&results->arena, &comparison->lines.items[i]);
		r = results->figures[i] ? 0 : -ENOMEM;
	}
	if (!r)
		results->conclusion = conclude(results, nm_verdict_names[comparison->verdict], "");
	return r || results->conclusion ? r : -ENOMEM;
}

void nm_results_free(struct nm_results *results)
{
	nm_arena_free(&results->arena);
	*results = (struct nm_results) {0};
}
