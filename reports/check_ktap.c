/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* KTAP, Documentation/dev-tools/ktap.rst: a test for each workload, and within it one for each result. */
#include "reports/checks.h"
#include "reports/ktap.h"

#include "core/document.h"

#include <errno.h>

/* "warn: evidence; remedy": the level would be lost otherwise. */
static char *row_detail(struct nm_arena *arena, const struct nm_check_row *row)
{
	const char *detail = nm_check_detail(arena, row->evidence, row->remedy);

	if (!detail)
		return NULL;
	return nm_arena_printf(arena, "%s%s%s", nm_status_names[row->status], *detail ? ": " : "",
			       detail);
}

static int put_result(struct nm_text *out, struct nm_ktap_totals *totals, const char *indent,
		      size_t number, enum nm_check_outcome outcome, const char *name,
		      const char *detail)
{
	const struct nm_ktap_result result = {.outcome = outcome, .name = name, .detail = detail};

	if (!name || !detail)
		return -ENOMEM;
	nm_ktap_put_result(out, totals, indent, number, &result);
	return 0;
}

static int put_workload(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
			const struct nm_check_workload *workload)
{
	static const char indent[] = "  ";
	struct nm_ktap_totals totals = {0};
	int r = 0;

	nm_text_printf(out, "%sKTAP version 1\n%s1..%zu\n", indent, indent, workload->rows.count);
	for (size_t i = 0; !r && i < workload->rows.count; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];

		r = put_result(out, &totals, indent, i + 1, nm_check_row_outcome(check, row),
			       nm_check_row_name(arena, workload, row), row_detail(arena, row));
	}
	nm_ktap_put_totals(out, &totals, indent);
	return r;
}

int nm_check_render_ktap(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct nm_ktap_totals totals = {0};
	int r = 0;

	(void)options;
	nm_text_printf(out, "KTAP version 1\n1..%zu\n", check->workloads.count);
	for (size_t i = 0; !r && i < check->workloads.count; i++) {
		const struct nm_check_workload *workload = &check->workloads.items[i];

		r = put_workload(out, &arena, check, workload);
		if (!r)
			r = put_result(out, &totals, "", i + 1,
				       nm_check_verdict_outcome(check, workload), workload->name,
				       nm_check_verdict_text(&arena, workload));
	}
	nm_ktap_put_totals(out, &totals, "");
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
