/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/ktap.h"
#include "reports/results.h"

#include <errno.h>

static int put_result(struct nm_results *results, struct nm_text *out,
		      struct nm_ktap_totals *totals, size_t i)
{
	const struct nm_outcome *outcome = &results->outcomes.items[i];
	const char *detail = nm_arena_printf(&results->arena, "%s%s%s", outcome->word,
					     *outcome->reason ? ": " : "", outcome->reason);
	const struct nm_ktap_result result = {.outcome = outcome->outcome,
					      .timeout = outcome->timeout,
					      .name = outcome->name,
					      .detail = detail};

	if (!detail)
		return -ENOMEM;
	if (*results->figures[i])
		nm_ktap_put_comment(out, "", results->figures[i]);
	nm_ktap_put_result(out, totals, "", i + 1, &result);
	return 0;
}

int nm_results_ktap(struct nm_results *results, struct nm_text *out)
{
	struct nm_ktap_totals totals = {0};
	int r = 0;

	nm_text_printf(out, "KTAP version 1\n1..%zu\n", results->outcomes.count);
	for (size_t i = 0; !r && i < results->outcomes.count; i++)
		r = put_result(results, out, &totals, i);
	nm_ktap_put_totals(out, &totals, "");
	return r ? r : nm_text_status(out);
}
