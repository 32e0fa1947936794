/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_REPORTS_TRENDS_H
#define NM_REPORTS_TRENDS_H

#include "core/history.h"
#include "core/trend.h"
#include "reports/report.h"

/** A format of trends, as nm_renderer is one of run documents. */
struct nm_trend_renderer {
	const char *name;
	const char *extension;
	int (*render)(const struct nm_trend *trend, const struct nm_render_options *options,
		      struct nm_text *out);
};

/** All of them; name is NULL at the end. */
extern const struct nm_trend_renderer nm_trend_renderers[];

int nm_trend_render_text(const struct nm_trend *trend, const struct nm_render_options *options,
			 struct nm_text *out);
int nm_trend_render_markdown(const struct nm_trend *trend, const struct nm_render_options *options,
			     struct nm_text *out);
int nm_trend_render_json(const struct nm_trend *trend, const struct nm_render_options *options,
			 struct nm_text *out);

/** Otava's shape: time,commit and a column for each series and statistic. -EINVAL for more than one machine. */
int nm_trend_render_csv(const struct nm_trend *trend, const struct nm_render_options *options,
			struct nm_text *out);

/** A chart of the series that are shown. -EINVAL when there are none or too many, or the error of nm_gnuplot(). */
int nm_trend_render_svg(const struct nm_trend *trend, const struct nm_render_options *options,
			struct nm_text *out);

/** Tables of runs, and of the values of one run. */
int nm_history_render_runs(const struct nm_history *history,
			   const struct nm_render_options *options, struct nm_text *out);
int nm_history_render_run(const struct nm_history *history, const struct nm_render_options *options,
			  struct nm_text *out);

#endif
