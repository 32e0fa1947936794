/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_COMPARISON_VIEW_H
#define NM_REPORTS_COMPARISON_VIEW_H

#include "core/arena.h"
#include "core/comparison.h"

/* What text and Markdown both show of a comparison, as strings ready to print. */

enum nm_comparison_column {
	NM_COMPARISON_OPERATION,
	NM_COMPARISON_CONTEXT,
	NM_COMPARISON_BASE,
	NM_COMPARISON_NEW,
	NM_COMPARISON_FLOOR,
	NM_COMPARISON_P50,
	NM_COMPARISON_P99,
	NM_COMPARISON_PUBLISHED,
	NM_COMPARISON_VERDICT,
	NM_COMPARISON_COLUMNS,
};

struct nm_comparison_row {
	int verdict; /* enum nm_verdict */
	const char *cells[NM_COMPARISON_COLUMNS];
};

struct nm_comparison_view {
	const char *titles[NM_COMPARISON_COLUMNS]; /* NULL: the column is not shown */
	struct nm_strings title; /* one line each: the sides, and how they were compared */
	struct nm_strings differences;
	struct {
		struct nm_comparison_row *items;
		size_t count;
	} rows;
	struct nm_strings groups;
	struct nm_strings reasons; /* one line for everything that is not decided */
	struct nm_strings gate; /* its warnings and failures, and the outcome last; empty without */
	const char *conclusion; /* how many lines have which verdict */
	struct nm_strings notes; /* how to read the table */
};

int nm_comparison_view_build(struct nm_comparison_view *view, struct nm_arena *arena,
			     const struct nm_comparison *comparison);

#endif
