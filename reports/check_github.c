/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "reports/checks.h"
#include "reports/github.h"

#include "core/document.h"

#include <errno.h>

static int add_row(struct nm_annotations *list, const struct nm_check_workload *workload,
		   const struct nm_check_row *row)
{
	struct nm_arena *arena = &list->arena;
	bool hard = row->level == NM_LEVEL_HARD;
	bool undecided = row->status == NM_STATUS_UNKNOWN && hard;
	char *name;

	if (row->status != NM_STATUS_FAIL && row->status != NM_STATUS_WARN && !undecided)
		return 0;
	name = nm_check_row_name(arena, workload, row);
	if (!name)
		return -ENOMEM;
	return nm_annotations_add(list,
				  row->status == NM_STATUS_FAIL ? NM_SEVERITY_ERROR
								: NM_SEVERITY_WARNING,
				  hard, nm_arena_printf(arena, "%s: %s", workload->name, name),
				  nm_check_detail(arena, row->evidence, row->remedy));
}

/* Rows only of what was asked for; the rest is information. */
static int collect(struct nm_annotations *list, const struct nm_check *check)
{
	int r = 0;

	for (size_t w = 0; !r && w < check->workloads.count; w++) {
		const struct nm_check_workload *workload = &check->workloads.items[w];

		for (size_t i = 0; check->named && !r && i < workload->rows.count; i++)
			r = add_row(list, workload, &workload->rows.items[i]);
		if (!r)
			r = nm_annotations_add(list, NM_SEVERITY_NOTICE, workload->verdict,
					       nm_arena_printf(&list->arena, "%s", workload->name),
					       nm_check_verdict_text(&list->arena, workload));
	}
	return r;
}

int nm_check_render_github(const struct nm_check *check, const struct nm_check_options *options,
			   struct nm_text *out)
{
	struct nm_annotations list = {0};
	int r = collect(&list, check);

	(void)options;
	if (r)
		nm_arena_free(&list.arena);
	return r ? r : nm_annotations_put(out, &list, "nestmark check");
}
