/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/junit.h"
#include "reports/results.h"

#include <errno.h>
#include <string.h>

static void put_properties(struct nm_text *out, const struct nm_map *properties)
{
	nm_junit_begin_properties(out);
	for (size_t i = 0; i < properties->count; i++)
		nm_junit_put_property(out, properties->pairs[i].name,
				      properties->pairs[i].value.string);
	nm_junit_end_properties(out);
}

static int put_case(struct nm_results *results, struct nm_text *out, size_t i)
{
	const struct nm_outcome *outcome = &results->outcomes.items[i];
	const char *figures = results->figures[i];
	const char *separator = *outcome->reason && *figures ? "; " : "";
	/* What failed is known by its figures, what is no result by its reason. */
	bool figures_first = outcome->outcome == NM_OUTCOME_FAILURE && *figures;
	const struct nm_junit_case test = {
		.class = outcome->group,
		.name = outcome->name,
		.seconds = outcome->seconds,
		.outcome = outcome->outcome,
		.type = outcome->word,
		.message = figures_first ? figures : outcome->reason,
		.text = nm_arena_printf(&results->arena, "%s%s%s", outcome->reason, separator,
					figures),
	};

	if (!test.text)
		return -ENOMEM;
	nm_junit_put_case(out, &test);
	return 0;
}

int nm_results_junit(struct nm_results *results, struct nm_text *out)
{
	struct nm_junit_suite suite = {.name = results->name,
				       .package = results->package,
				       .host = results->host,
				       .time = results->time,
				       .tests = results->outcomes.count,
				       .seconds = results->outcomes.seconds};
	int r = 0;

	memcpy(suite.counts, results->outcomes.counts, sizeof(suite.counts));
	nm_junit_begin(out);
	nm_junit_begin_suite(out, &suite, 0);
	put_properties(out, &results->properties);
	for (size_t i = 0; !r && i < results->outcomes.count; i++)
		r = put_case(results, out, i);
	nm_junit_end_suite(out);
	nm_junit_end(out);
	return r ? r : nm_text_status(out);
}
