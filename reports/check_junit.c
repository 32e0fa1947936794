/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One suite for each workload; its verdict is the last test of it. */
#include "reports/checks.h"
#include "reports/junit.h"

#include "core/document.h"

#include <errno.h>

static int put_case(struct nm_text *out, struct nm_arena *arena,
		    const struct nm_check_workload *workload, const char *name,
		    enum nm_check_outcome outcome, const char *type, const char *detail)
{
	char *full = name ? nm_arena_printf(arena, "%s: %s", workload->name, name) : NULL;
	const struct nm_junit_case test = {.class = workload->name,
					   .name = full,
					   .outcome = outcome,
					   .type = type,
					   .message = detail,
					   .text = detail};

	if (!full || !detail)
		return -ENOMEM;
	nm_junit_put_case(out, &test);
	return 0;
}

static int put_cases(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
		     const struct nm_check_workload *workload)
{
	int r = 0;

	for (size_t i = 0; !r && i < workload->rows.count; i++) {
		const struct nm_check_row *row = &workload->rows.items[i];

		r = put_case(out, arena, workload, nm_check_row_name(arena, workload, row),
			     nm_check_row_outcome(check, row), nm_status_names[row->status],
			     nm_check_detail(arena, row->evidence, row->remedy));
	}
	return r ? r
		 : put_case(out, arena, workload, "verdict",
			    nm_check_verdict_outcome(check, workload),
			    nm_readiness_names[workload->verdict],
			    nm_check_verdict_text(arena, workload));
}

static void put_properties(struct nm_text *out, const struct nm_check *check,
			   const struct nm_check_workload *workload)
{
	nm_junit_begin_properties(out);
	nm_junit_put_property(out, "nestmark", check->tool_version);
	nm_junit_put_property(out, "machine", check->source);
	nm_junit_put_property(out, "title", workload->title);
	nm_junit_put_property(out, "as_of", workload->as_of);
	nm_junit_put_property(out, "source", workload->source);
	nm_junit_put_property(out, "verdict", nm_readiness_names[workload->verdict]);
	nm_junit_end_properties(out);
}

static int put_suite(struct nm_text *out, struct nm_arena *arena, const struct nm_check *check,
		     size_t index)
{
	const struct nm_check_workload *workload = &check->workloads.items[index];
	struct nm_junit_suite suite = {.name = workload->name,
				       .package = "nestmark.check",
				       .host = check->host,
				       .time = check->time,
				       .tests = workload->rows.count + 1};
	int r;

	for (size_t i = 0; i < workload->rows.count; i++)
		suite.counts[nm_check_row_outcome(check, &workload->rows.items[i])]++;
	suite.counts[nm_check_verdict_outcome(check, workload)]++;
	nm_junit_begin_suite(out, &suite, index);
	put_properties(out, check, workload);
	r = put_cases(out, arena, check, workload);
	nm_junit_end_suite(out);
	return r;
}

int nm_check_render_junit(const struct nm_check *check, const struct nm_check_options *options,
			  struct nm_text *out)
{
	struct nm_arena arena = {0};
	int r = 0;

	(void)options;
	nm_junit_begin(out);
	for (size_t i = 0; !r && i < check->workloads.count; i++)
		r = put_suite(out, &arena, check, i);
	nm_junit_end(out);
	nm_arena_free(&arena);
	return r ? r : nm_text_status(out);
}
