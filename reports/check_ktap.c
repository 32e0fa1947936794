/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* KTAP, Documentation/dev-tools/ktap.rst: a test for each workload, and within it one for each result. */
#include "reports/checks.h"

#include "core/document.h"

#include <errno.h>

struct totals {
	size_t by_outcome[NM_OUTCOME_FAILURE + 1];
};

/* '#' would begin a directive. */
static void put_text(struct nm_text *out, const char *text)
{
	for (; *text; text++)
		nm_text_put(out, *text == '#' ? " " : text, 1);
}

static int put_result(struct nm_text *out, struct totals *totals, size_t number,
		      enum nm_check_outcome outcome, const char *indent, const char *name,
		      const char *detail)
{
	static const char *const directives[] = {NULL, "SKIP", "ERROR", NULL};

	if (!name || !detail)
		return -ENOMEM;
	totals->by_outcome[outcome]++;
	if (outcome == NM_OUTCOME_FAILURE) {
		nm_text_printf(out, "%s# ", indent);
		put_text(out, detail);
		nm_text_puts(out, "\n");
	}
	nm_text_printf(out, "%s%s %zu ", indent, outcome >= NM_OUTCOME_ERROR ? "not ok" : "ok",
		       number);
	put_text(out, name);
	if (directives[outcome]) {
		nm_text_printf(out, " # %s ", directives[outcome]);
		put_text(out, detail);
	}
	nm_text_puts(out, "\n");
	return 0;
}

static void put_totals(struct nm_text *out, const struct totals *totals, const char *indent)
{
	nm_text_printf(out, "%s# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:%zu\n",
		       indent, totals->by_outcome[NM_OUTCOME_PASS],
		       totals->by_outcome[NM_OUTCOME_FAILURE], totals->by_outcome[NM_OUTCOME_SKIP],
		       totals->by_outcome[NM_OUTCOME_ERROR]);
}

/* "warn: evidence; remedy": the level would be lost otherwise. */
static char *row_detail(struct nm_arena *arena, const struct nm_check_row *row)
{
	const char *detail = nm_check_detail(arena, row->evidence, row->remedy);

	if (!detail)
		return NULL;
	return nm_arena_printf(arena, "%s%s%s", nm_status_names[row->status], *detail ? ": " : "",
			       detail);
}

static int put_workload(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
			const struct nm_check_workload *workload)
{
	static const char indent[] = "  ";
	struct totals totals = {0};
	int r = 0;

	nm_text_printf(out, "%sKTAP version 1\n%s1..%zu\n", indent, indent, workload->rows.count);
	for (size_t i = 0; !r && i < workload->rows.count; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];

		r = put_result(out, &totals, i + 1, nm_check_row_outcome(check, row), indent,
			       nm_check_row_name(arena, workload, row), row_detail(arena, row));
	}
	put_totals(out, &totals, indent);
	return r;
}

int nm_check_render_ktap(const struct nm_check *check, const struct nm_check_options *options,
			 struct nm_text *out)
{
	struct nm_arena arena = {0};
	struct totals totals = {0};
	int r = 0;

	(void)options;
	nm_text_printf(out, "KTAP version 1\n1..%zu\n", check->workloads.count);
	for (size_t i = 0; !r && i < check->workloads.count; i++) {
		const struct nm_check_workload *workload = &check->workloads.items[i];

		r = put_workload(out, &arena, check, workload);
		if (!r)
			r = put_result(out, &totals, i + 1,
				       nm_check_verdict_outcome(check, workload), "",
				       workload->name, nm_check_verdict_text(&arena, workload));
	}
	put_totals(out, &totals, "");
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
