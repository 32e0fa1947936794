/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_PLOT_H
#define NM_REPORTS_PLOT_H

#include "reports/charts.h"

#include <stdbool.h>

/* The kinds of drawings: fixed scripts, and the tables of numbers and labels that they read. */

enum nm_plot_kind {
	NM_PLOT_BARS,	     /* rows of bars with intervals; block 0 has the labels of the rows */
	NM_PLOT_RATIOS,	     /* the same for ratios, as points beside the line at 1 */
	NM_PLOT_PERCENTILES, /* latency against 1 - p */
	NM_PLOT_SIZES,	     /* latency against bytes */
	NM_PLOT_HISTOGRAM,   /* samples against latency */
};

/** Blocks of rows. Each block begins with its title, which is that of a series. */
struct nm_plot {
	enum nm_plot_kind kind;
	bool counted; /* instructions instead of seconds */
	struct nm_text data;
	size_t blocks;
};

void nm_plot_begin_block(struct nm_plot *plot, const char *title);

/** One field of a row: numbers that are not finite, or not above 0, are missing. */
void nm_plot_put_number(struct nm_plot *plot, double value);
void nm_plot_put_position(struct nm_plot *plot, double value);

/** A label: letters, digits and a few signs; all else becomes '?'. */
void nm_plot_put_label(struct nm_plot *plot, const char *text);
void nm_plot_end_row(struct nm_plot *plot);

/** A row: where it stands, its value and its interval; the value alone where that has no ends. */
void nm_plot_put_bar(struct nm_plot *plot, double position, const struct nm_statistic *statistic,
		     double scale);

/** Draws into chart, whose titles are set. 0, or the error of nm_gnuplot(). */
int nm_plot_draw(struct nm_plot *plot, struct nm_chart *chart);

/** A chart that is drawn into next; NULL without memory. */
struct nm_chart *nm_charts_add(struct nm_arena *arena, struct nm_charts *charts, const char *title,
			       const char *text);

/** Draws the last chart; where that fails, takes it away again and says why in charts->missing. -ENOMEM. */
int nm_charts_finish(struct nm_arena *arena, struct nm_charts *charts, struct nm_plot *plot);

#endif
