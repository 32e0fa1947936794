/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/github.h"
#include "reports/results.h"

static enum nm_severity severity_of(const struct nm_outcome *outcome)
{
	if (outcome->undecided)
		return NM_SEVERITY_WARNING;
	return outcome->outcome == NM_OUTCOME_SKIP ? NM_SEVERITY_NOTICE : NM_SEVERITY_ERROR;
}

static int add_outcome(struct nm_results *results, struct nm_annotations *list, size_t i)
{
	const struct nm_outcome *outcome = &results->outcomes.items[i];
	const char *figures = results->figures[i];
	const char *separator = *outcome->reason && *figures ? "; " : "";

	if (outcome->outcome == NM_OUTCOME_PASS)
		return 0;
	return nm_annotations_add(list, severity_of(outcome), outcome->weight,
				  nm_arena_printf(&list->arena, "%s %s", outcome->name,
						  outcome->word),
				  nm_arena_printf(&list->arena, "%s%s%s", outcome->reason,
						  separator, figures));
}

int nm_results_github(struct nm_results *results, struct nm_text *out)
{
	struct nm_annotations list = {0};
	enum nm_severity severity = results->incomplete ? NM_SEVERITY_WARNING : NM_SEVERITY_NOTICE;
	/* The conclusion is always among those that are shown. */
	int r = nm_annotations_add(&list, severity, 1e300, results->name, results->conclusion);

	for (size_t i = 0; !r && i < results->outcomes.count; i++)
		r = add_outcome(results, &list, i);
	for (size_t i = 0; !r && i < results->failures.count; i++)
		r = nm_annotations_add(&list, NM_SEVERITY_ERROR, 1e299, "nestmark compare: gate",
				       results->failures.items[i]);
	if (r)
		nm_arena_free(&list.arena);
	return r ? r : nm_annotations_put(out, &list, results->name);
}
