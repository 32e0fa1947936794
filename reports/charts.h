/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_CHARTS_H
#define NM_REPORTS_CHARTS_H

#include "core/arena.h"
#include "core/comparison.h"
#include "core/document.h"
#include "core/text.h"

/** One drawing, ready to stand in HTML. Its shapes are those of nm_chart_shapes, its colours variables of the page. */
struct nm_chart {
	const char *title;
	const char *text; /* what it shows and how to read it, also for those who do not see it */
	size_t left_out;  /* measurements that found no room; the tables have them */
	struct nm_text body; /* what stands in the svg element */
	char view_box[48];
};

struct nm_charts {
	struct nm_chart *items;
	size_t count;
	const char *missing; /* why there is none of one that could be; NULL */
};

/** Defines what charts use; stands once in a page. */
extern const char nm_chart_shapes[];

/** Draws what the document has data for. Without gnuplot there is no chart, and `missing` says so. */
int nm_charts_of_run(struct nm_arena *arena, const struct nm_document *document,
		     struct nm_charts *out);
int nm_charts_of_comparison(struct nm_arena *arena, const struct nm_comparison *comparison,
			    struct nm_charts *out);
void nm_charts_free(struct nm_charts *charts);

#endif
